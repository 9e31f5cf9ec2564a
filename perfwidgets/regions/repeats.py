"""The runs of a region, event by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from perfwidgets.samples import Reading, Sample, Status

__all__ = ["Counted", "columns_of", "counts_of", "mean_of"]

#: a reading of one run, and the seconds that the run took
Counted = tuple[Reading, float | None]


def columns_of(runs: Sequence[Sample]) -> dict[tuple[str, int], list[Counted]]:
    """Each event's readings over the runs; a name that was asked for twice has two columns."""
    columns: dict[tuple[str, int], list[Counted]] = {}
    for run in runs:
        seen: Counter[str] = Counter()
        for reading in run:
            key = (reading.event, seen[reading.event])
            columns.setdefault(key, []).append((reading, run.duration))
            seen[reading.event] += 1
    return columns


def counts_of(column: Iterable[Counted]) -> list[int | float]:
    """Return the counts of the runs that counted the event."""
    return [reading.count for reading, _ in column if reading.count is not None]


def mean_of(column: Sequence[Counted]) -> Reading:
    """Return the mean of the runs that counted the event; of a single run the reading as it is."""
    counted = [(reading, taken) for reading, taken in column if reading.count is not None]
    if len(column) == 1 or not counted:
        return column[0][0]
    first = counted[0][0]
    total, number = sum(counts_of(counted)), len(counted)
    whole = isinstance(total, int) and total % number == 0
    seconds = sum(taken for _, taken in counted if taken is not None)
    return Reading(
        first.event,
        total // number if whole else total / number,
        total / seconds if seconds else None,
        first.unit,
        Status.COUNTED,
        min(reading.running for reading, _ in counted),
    )
