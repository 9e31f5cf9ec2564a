"""The runs of a region, event by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

from perfwidgets.metrics import Metric, MetricValue, evaluate
from perfwidgets.samples import Reading, Sample, Status

__all__ = ["Counted", "columns_of", "counts_of", "evaluate_runs", "mean_of"]

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


def evaluate_runs(
    runs: Sequence[Sample], metrics: Iterable[Metric] | None = None
) -> list[MetricValue]:
    """Compute metrics from means over the runs: each from those that counted all of its inputs."""
    found = _evaluated(runs, metrics)
    return found if len(runs) < 2 else [_of_whole_runs(value, runs) for value in found]


def _evaluated(runs: Sequence[Sample], metrics: Iterable[Metric] | None) -> list[MetricValue]:
    taken = [run.duration for run in runs if run.duration is not None]
    readings = [mean_of(column) for column in columns_of(runs).values()]
    return evaluate(readings, fmean(taken) if taken else None, process=True, metrics=metrics)


def _of_whole_runs(value: MetricValue, runs: Sequence[Sample]) -> MetricValue:
    """The same from the runs that have all of it: of others the inputs would not belong together."""
    if value.value is None:
        return value
    usable = [
        run for run in runs if all(e in run and run[e].count is not None for e in value.events)
    ]
    if len(usable) == len(runs):
        return value
    if not usable:
        reason = "not available: no run counted all of its inputs"
        return replace(value, value=None, running=0.0, reason=reason)
    return next(v for v in _evaluated(usable, [value.metric]) if v.name == value.name)
