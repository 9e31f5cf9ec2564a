"""What was counted altogether, and how two recordings compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from perfwidgets.errors import RecordingError

__all__ = ["Ratio", "RecordingComparison", "Total", "Totals", "compare_recordings", "unique_names"]

#: a hostile file may name others in each sample
_MOST_EVENTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Total:
    """What was counted of one event, over all intervals.

    Attributes
    ----------
    event
        Its name; the second of a name is ``name #2``.
    count
        The sum of the counts, exact for whole numbers; `None` if it was never counted.
    rate
        `count` per second of the intervals in which it was counted; `None` without a known time.
    unit
        perf's unit; `None` for plain numbers.
    share
        The share of these intervals in which it was on a counter, 0 to 1, weighed by their
        length. Below 1 the count is perf's extrapolation.
    seconds
        How long these intervals were together.
    counted, intervals
        In how many intervals it was counted, of how many that had it.
    """

    event: str
    count: int | float | None
    rate: float | None
    unit: str | None
    share: float
    seconds: float
    counted: int
    intervals: int

    @property
    def scaled(self) -> bool:
        """Whether the count is extrapolated, in some interval at least."""
        return self.count is not None and self.share < 1.0


class Totals(Mapping[str, Total]):
    """Event -> its `Total`, in the order in which they came; a table when it is shown."""

    def __init__(self, totals: Iterable[Total]) -> None:
        self._totals = {total.event: total for total in totals}

    def __getitem__(self, event: str) -> Total:
        try:
            return self._totals[event]
        except KeyError:
            known = ", ".join(self._totals) or "none"
            raise KeyError(f"there is no total of {event!r}; there is of: {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._totals)

    def __len__(self) -> int:
        return len(self._totals)

    def __repr__(self) -> str:
        head = ("event", "count", "unit", "per second", "share", "intervals")
        return _table(head, [_total_cells(total) for total in self.values()])


class Summing:
    """Adds up readings, event by event."""

    def __init__(self) -> None:
        self._sums: dict[str, _Sum] = {}
        self._layout: tuple[Any, list[_Sum]] = (None, [])

    def columns(self, pairs: Sequence[tuple[str, str | None]]) -> list[_Sum]:
        """The sums of these events, given with their units; the same list for the same events."""
        if self._layout[0] is not pairs:
            names = unique_names([event for event, _ in pairs])
            if len(self._sums) + len(names) > _MOST_EVENTS:
                raise RecordingError(
                    f"The recording has more than {_MOST_EVENTS:,} events",
                    "None of ours has; is it a recording of perf?",
                )
            found = [
                self._sums.setdefault(name, _Sum(unit))
                for name, (_, unit) in zip(names, pairs, strict=True)
            ]
            self._layout = (pairs, found)
        return self._layout[1]

    def totals(self) -> Totals:
        """What there is by now."""
        return Totals(each.total(name) for name, each in self._sums.items())


class _Sum:
    """The counts of one event over all intervals."""

    def __init__(self, unit: str | None) -> None:
        self.unit = unit
        self._whole = 0
        self._floats: list[float] = []
        self._seconds = self._shared_seconds = self._shares = 0.0
        self._counted = self._intervals = self._timed = 0

    def add(self, count: int | float | None, share: float, seconds: float | None) -> None:
        """Add an interval; one without a count is counted as an interval only."""
        self._intervals += 1
        if count is None:
            return
        self._counted += 1
        self._shares += share
        if isinstance(count, int):
            self._whole += count
        else:
            self._floats.append(count)
            if len(self._floats) > 4096:
                self._floats = _partials(self._floats)
        if seconds:
            self._timed += 1
            self._seconds += seconds
            self._shared_seconds += seconds * share

    def total(self, event: str) -> Total:
        seconds, counted = self._seconds, self._counted
        if not counted:
            return Total(event, None, None, self.unit, 0.0, 0.0, 0, self._intervals)
        count, rate = self._count(), None
        if seconds and self._timed == counted:
            rate = _divided(count, seconds)
        share = self._shared_seconds / seconds if seconds else self._shares / counted
        share = min(1.0, share)
        return Total(event, count, rate, self.unit, share, seconds, counted, self._intervals)

    def _count(self) -> int | float:
        if not self._floats:
            return self._whole
        try:
            # perf prints two decimals: what is beyond six is the floats' own
            return round(self._whole + math.fsum(self._floats), 6)
        except (OverflowError, ValueError):  # beyond all floats, or of infinities
            return math.nan


def _partials(numbers: list[float]) -> list[float]:
    """Few floats with the same exact sum (Shewchuk), so that a day of them needs no memory."""
    partials: list[float] = []
    for number in numbers:
        kept = 0
        x = number
        for y in partials:
            big, small = (x, y) if abs(x) >= abs(y) else (y, x)
            high = big + small
            low = small - (high - big)
            if low:
                partials[kept] = low
                kept += 1
            x = high
        partials[kept:] = [x]
    return partials


@dataclass(frozen=True, slots=True)
class Ratio:
    """How an event of one recording compares with the same of another.

    Attributes
    ----------
    event
        Its name.
    first, second
        Its totals; `None` where a recording has no such event.
    counts, rates
        The second's divided by the first's; `None` where one was not counted, or the first is 0.
    """

    event: str
    first: Total | None
    second: Total | None
    counts: float | None
    rates: float | None


class RecordingComparison(Mapping[str, Ratio]):
    """Event -> its `Ratio`; a table when it is shown."""

    def __init__(self, first: Totals, second: Totals) -> None:
        self._ratios = {
            event: _ratio(event, first.get(event), second.get(event))
            for event in dict.fromkeys((*first, *second))
        }

    def __getitem__(self, event: str) -> Ratio:
        return self._ratios[event]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ratios)

    def __len__(self) -> int:
        return len(self._ratios)

    def __repr__(self) -> str:
        head = ("event", "first", "second", "counts", "per second")
        rows = [
            (
                ratio.event,
                _number(ratio.first.count if ratio.first else None),
                _number(ratio.second.count if ratio.second else None),
                _factor(ratio.counts),
                _factor(ratio.rates),
            )
            for ratio in self.values()
        ]
        return _table(head, rows)


def compare_recordings(first: Any, second: Any) -> RecordingComparison:
    """Compare two recordings, or parts of them, event by event.

    Parameters
    ----------
    first, second
        As `read_recording` returns them, or `Recording.between`.

    Returns
    -------
    RecordingComparison
        Event -> `Ratio`, the second divided by the first; a table when it is shown.
    """
    return RecordingComparison(first.totals(), second.totals())


def unique_names(names: Iterable[str]) -> list[str]:
    """``[a, b, a]`` as ``[a, b, "a #2"]``."""
    seen: dict[str, int] = {}
    keys = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        keys.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return keys


def _ratio(event: str, first: Total | None, second: Total | None) -> Ratio:
    if first is None or second is None:
        return Ratio(event, first, second, None, None)
    counts = _divided(second.count, first.count)
    return Ratio(event, first, second, counts, _divided(second.rate, first.rate))


def _divided(value: float | None, by: float | None) -> float | None:
    try:
        return value / by if value is not None and by else None
    except OverflowError:  # a whole number beyond all floats
        return None


def _total_cells(total: Total) -> tuple[str, ...]:
    return (
        total.event,
        _number(total.count),
        total.unit or "",
        _number(total.rate),
        f"{total.share:.0%}" if total.count is not None else "",
        f"{total.counted} of {total.intervals}",
    )


def _number(value: float | None) -> str:
    if value is None:
        return "not counted"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _factor(value: float | None) -> str:
    return "" if value is None else f"× {value:.3g}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def line(cells: tuple[str, ...]) -> str:
        first, *rest = (
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return "  ".join((first, *rest)).rstrip()

    return "\n".join(line(cells) for cells in lines)
