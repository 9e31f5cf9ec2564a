"""What one interval counted: `Sample`, its `Reading` of each event, and their `Status`.

Plain values: they know no source and no view. A sample is made once and never changed, so it
may cross threads.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NO_COUNT_SHARES", "ColumnParts", "PartColumns", "Reading", "Sample", "Status"]


class Status(enum.Enum):
    """How an event fared in one interval. The value is the state in words."""

    COUNTED = "counted"
    #: perf printed ``<not counted>``: the event was never on a counter in this interval
    NOT_COUNTED = "not counted"
    #: perf printed ``<not supported>``, or refused the event's name
    NOT_SUPPORTED = "not supported"
    #: asked for, and perf printed no row for it
    MISSING = "missing"


#: how a column of shares says that there is no count
NO_COUNT_SHARES: Final = {
    Status.NOT_COUNTED: -1.0,
    Status.NOT_SUPPORTED: -2.0,
    Status.MISSING: -3.0,
}
_STATUSES: Final = {share: status for status, share in NO_COUNT_SHARES.items()}

_NO_PARTS: Mapping[str, Reading] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reading:
    """One event in one interval.

    Attributes
    ----------
    event
        The name, as perf printed it.
    count
        What was counted in this interval, exactly as printed (scaled by perf where `running` is
        below 1); `None` if it was not counted, which is not zero.
    rate
        `count` per second of the measured time; `None` where there is no count or no usable time.
    unit
        perf's own unit (``msec``, ``Joules``, ``MiB`` …), `None` for a plain number.
    status
        Whether it was counted, and if not, why.
    running
        Share of the interval in which the event was on a counter, 0 to 1. Below 1 the count is
        perf's extrapolation.
    parts
        Where it was counted apart: perf's own label (``CPU3``, ``S0-D0-C1``, ``N0``,
        ``comm-tid``) to that part's reading.
    """

    event: str
    count: int | float | None
    rate: float | None
    unit: str | None
    status: Status
    running: float
    parts: Mapping[str, Reading] = field(default_factory=lambda: _NO_PARTS, repr=False)

    @property
    def scaled(self) -> bool:
        """Whether the count is extrapolated, since the event shared its counter."""
        return self.status is Status.COUNTED and self.running < 1.0

    def __reduce__(self) -> tuple[Any, ...]:
        own = (self.event, self.count, self.rate, self.unit, self.status, self.running)
        return _restored, (own, dict(self.parts))


def _restored(own: tuple[Any, ...], parts: dict[str, Reading]) -> Reading:
    """A reading from a copy or a pickle, whose parts are plain ones then."""
    return Reading(*own, MappingProxyType(parts) if parts else _NO_PARTS)  # type: ignore[call-arg]


class PartColumns:
    """Counts of many parts, a column each, from which readings are made when asked for.

    Parameters
    ----------
    counts
        What was counted, exact; NaN where there is none.
    decimal
        Whether perf printed decimals.
    shares
        The share of time that was counted, or one of `NO_COUNT_SHARES`.
    seconds
        What to divide by for rates; `None` for no rates.
    """

    __slots__ = ("counts", "decimal", "seconds", "shares")

    def __init__(
        self,
        counts: NDArray[np.float64],
        decimal: NDArray[np.bool_],
        shares: NDArray[np.float64],
        seconds: float | None,
    ) -> None:
        self.counts, self.decimal, self.shares, self.seconds = counts, decimal, shares, seconds

    def ordered(self, order: NDArray[np.int_]) -> PartColumns:
        """The same in another order."""
        return PartColumns(
            self.counts[order], self.decimal[order], self.shares[order], self.seconds
        )

    def reading(self, event: str, unit: str | None, place: int) -> Reading:
        """The reading at `place`."""
        share = float(self.shares[place])
        if share < 0:
            return Reading(event, None, None, unit, _STATUSES[share], 0.0)
        count: int | float = float(self.counts[place])
        if not self.decimal[place]:
            count = int(count)
        rate = count / self.seconds if self.seconds else None
        return Reading(event, count, rate, unit, Status.COUNTED, share)

    def total(self, start: int, stop: int, total: float) -> int | float:
        """The sum of the counts from `start` to `stop`, which is about `total`, as `whole` has it."""
        is_decimal = self.decimal[start:stop].any()
        if not is_decimal and total < 2**53:
            return int(total)
        counts = [count for count in self.counts[start:stop].tolist() if not math.isnan(count)]
        return _rounded(counts) if is_decimal else sum(map(int, counts))


class ColumnParts(Mapping[str, Reading]):
    """The parts of one event in columns: labels to readings, made when asked for.

    Parameters
    ----------
    columns
        The columns, which other events share.
    event, unit
        As of each part's reading.
    places
        The labels, and which part has each, in their order.
    start
        Where the first part stands in the columns; the others follow.
    """

    __slots__ = ("_columns", "_event", "_places", "_start", "_unit")

    def __init__(
        self, columns: PartColumns, event: str, unit: str | None, places: dict[str, int], start: int
    ) -> None:
        self._columns, self._start = columns, start
        self._event, self._unit, self._places = event, unit, places

    def __getitem__(self, label: str) -> Reading:
        return self._columns.reading(self._event, self._unit, self._start + self._places[label])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def counts(self) -> NDArray[np.float64]:
        """The counts in the order of the labels; NaN where there is none."""
        return self._columns.counts[self._start : self._start + len(self)]

    @property
    def shares(self) -> NDArray[np.float64]:
        """The shares of time that were counted, or one of `NO_COUNT_SHARES`, in the same order."""
        return self._columns.shares[self._start : self._start + len(self)]

    @property
    def decimal(self) -> NDArray[np.bool_]:
        """Whether perf printed decimals, in the same order."""
        return self._columns.decimal[self._start : self._start + len(self)]

    @property
    def seconds(self) -> float | None:
        """What their rates are divided by; `None` for no rates."""
        return self._columns.seconds

    def __repr__(self) -> str:
        return f"<{len(self)} parts: {', '.join(self._places)}>"


@dataclass(frozen=True, eq=False)
class Sample:
    """What one interval counted.

    Iterating gives every `Reading` in perf's order; ``sample["cycles"]`` gives the first of that
    name. Readings of one name are never added up.

    Attributes
    ----------
    time
        Seconds from the source's beginning to the end of this interval.
    timestamp
        The end of this interval in Unix seconds; `None` if a file does not tell.
    duration
        Measured length of the interval in seconds; `None` if it is not known.
    readings
        One for each row that was printed, and one for each event asked for without a row.
    cores
        The cores asked for, as perf's list (``"0-3,8"``); `None` for all, or from a file.
    interval
        The interval asked for in seconds; `None` from a file.
    """

    time: float
    timestamp: float | None
    duration: float | None
    readings: tuple[Reading, ...]
    cores: str | None = None
    interval: float | None = None

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.readings)

    def __len__(self) -> int:
        return len(self.readings)

    def __contains__(self, event: object) -> bool:
        return any(reading.event == event for reading in self.readings)

    def __getitem__(self, event: str) -> Reading:
        for reading in self.readings:
            if reading.event == event:
                return reading
        known = ", ".join(dict.fromkeys(r.event for r in self.readings)) or "none"
        raise KeyError(f"this sample has no event {event!r}; it has: {known}")

    @cached_property
    def keys(self) -> tuple[tuple[str, str | None], ...]:
        """Event and unit of each reading."""
        return tuple((reading.event, reading.unit) for reading in self.readings)

    @cached_property
    def numbers(self) -> tuple[list[float], list[float]]:
        """Counts as numbers, NaN where there is none, and shares or one of `NO_COUNT_SHARES`."""
        counts = [math.nan if r.count is None else r.count for r in self.readings]
        return counts, [_share(reading) for reading in self.readings]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The parts that events were counted in, as perf labels them: a hybrid CPU's differ."""
        found: dict[str, None] = {}
        last: tuple[str, ...] = ()
        for reading in self.readings:
            own = tuple(reading.parts)
            if own != last:  # as a rule all events have the same
                last = own
                found |= dict.fromkeys(own)
        return tuple(found)

    @cached_property
    def has_rates(self) -> bool:
        """Whether anything was counted, for long enough to have a rate."""
        return any(reading.rate is not None for reading in self.readings)

    def stamped(self, timestamp: float | None) -> Self:
        """The same sample, its interval ended at `timestamp`."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), timestamp=timestamp)
        return other

    def _names(self, *statuses: Status) -> tuple[str, ...]:
        return tuple(dict.fromkeys(r.event for r in self.readings if r.status in statuses))

    @property
    def available(self) -> bool:
        """Whether every event asked for was counted (false on most machines: some are not)."""
        return bool(self.readings) and all(r.status is Status.COUNTED for r in self.readings)

    @property
    def counted(self) -> tuple[str, ...]:
        """Events with a count."""
        return self._names(Status.COUNTED)

    @property
    def unsupported(self) -> tuple[str, ...]:
        """Events that perf says are not supported here."""
        return self._names(Status.NOT_SUPPORTED)

    @property
    def missing(self) -> tuple[str, ...]:
        """Events asked for that have no count this time."""
        return self._names(Status.NOT_COUNTED, Status.MISSING)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; of a repeated event the first reading."""
        events: dict[str, Any] = {}
        for reading in self.readings:
            events.setdefault(reading.event, _reading_dict(reading))
        return {
            "available": self.available,
            "sample_time": self.time,
            "timestamp": self.timestamp,
            "duration": self.duration,
            "cpu_cores": self.cores if self.cores is not None else "all",
            "interval_ms": None if self.interval is None else round(self.interval * 1000),
            "events": events,
            "missing_events": list(self.missing),
            "unsupported_events": list(self.unsupported),
        }


def _share(reading: Reading) -> float:
    if reading.count is not None:
        return reading.running
    return NO_COUNT_SHARES.get(reading.status, NO_COUNT_SHARES[Status.NOT_COUNTED])


def _reading_dict(reading: Reading) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "value": reading.count,
        "unit": reading.unit,
        "status": reading.status.value,
        "running": reading.running,
    }
    if reading.parts:
        plain["parts"] = {label: _reading_dict(part) for label, part in reading.parts.items()}
    return plain


def whole(
    event: str, unit: str | None, parts: Mapping[str, Reading], duration: float | None
) -> Reading:
    """The reading over all of `parts`: the sum of those counted, as weak as the weakest of them."""
    counted = [part for part in parts.values() if part.status is Status.COUNTED]
    if not counted:
        statuses: Sequence[Status] = [part.status for part in parts.values()]
        worst = next(
            (s for s in (Status.NOT_COUNTED, Status.MISSING) if s in statuses),
            Status.NOT_SUPPORTED if statuses else Status.MISSING,
        )
        return Reading(event, None, None, unit, worst, 0.0, parts)
    counts = [part.count for part in counted if part.count is not None]
    count = _sum(counts)
    return Reading(
        event,
        count,
        count / duration if duration else None,
        unit,
        Status.COUNTED,
        min(part.running for part in counted),
        parts,
    )


def _sum(counts: Sequence[int | float]) -> int | float:
    some_float = any(isinstance(count, float) for count in counts)
    return _rounded(counts) if some_float else sum(counts)


def _rounded(counts: Iterable[float]) -> float:
    """A sum as a reader of perf's rows would write it, who sees at most six decimals.

    48.02 + 48.03 is 96.05.
    """
    return round(math.fsum(counts), 6)
