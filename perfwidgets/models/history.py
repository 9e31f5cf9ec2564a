"""The last samples, in columns."""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from perfwidgets.export import Columns
from perfwidgets.models.marks import Marks
from perfwidgets.models.tables import Tables
from perfwidgets.samples import NO_COUNT_SHARES, Sample, Status

__all__ = ["History", "RowBytes", "Rows", "no_count_share", "unique_names"]

_Floats = NDArray[np.float64]
_Shares = NDArray[np.float32]

#: a row's time and duration stand before its counts
_HEADS = 2
_SLACK = 16
#: intervals may lie so far apart though none is missing (s)
_SLACK_TIME = 0.05
#: a time before the last by more than clocks are adjusted by (s); static/columns.js has the same
_STEP_BACK = 1.0
#: no window and interval make us hold more rows than this
_MOST_ROWS = 4_000_000
#: nor does any recording make us hold more columns, or more numbers
_MOST_COLUMNS = 4096
_MOST_CELLS = 32_000_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a history, oldest first.

    Attributes
    ----------
    first
        The number of the first row; rows are numbered from 0 as they are added.
    events
        Names of the columns of `counts` and `shares`.
    times
        Ends of the intervals in Unix seconds (seconds from the beginning where a source does not
        tell), shape ``(n,)``.
    durations
        Measured lengths in seconds, ``(n,)``; NaN in a row that marks a gap, and where the
        interval was too short for rates.
    counts
        ``(n, events)``; NaN where not counted.
    shares
        ``(n, events)``: the share of the interval that was counted, 0 to 1; −1 not counted,
        −2 not supported, −3 no row.
    """

    first: int
    events: tuple[str, ...]
    times: _Floats
    durations: _Floats
    counts: _Floats
    shares: _Shares

    def narrowed(self, width: int) -> Rows:
        """These rows with only the first `width` events."""
        if width >= len(self.events):
            return self
        counts, shares = self.counts[:, :width], self.shares[:, :width]
        return Rows(self.first, self.events[:width], self.times, self.durations, counts, shares)


class RowBytes(NamedTuple):
    """Rows of a history as the machine's own bytes, oldest first.

    Attributes
    ----------
    first, rows, events
        The number of the first row, how many there are, and how many events each has.
    doubles
        Of each row its time, its duration and its counts, as float64.
    shares
        Of each row its shares, as float32.
    """

    first: int
    rows: int
    events: int
    doubles: bytes
    shares: bytes


class History(Tables):
    """A ring buffer of samples, one column for each event; bounded in time and memory.

    Written by one thread, read by any: what is read is a copy.

    Parameters
    ----------
    window
        How far back it reaches, in seconds.
    interval
        The expected time between samples in seconds, which sets the first size.
    marks
        Named moments, which tables show beside the interval they fell into.
    """

    def __init__(
        self, window: float, interval: float | None = None, marks: Marks | None = None
    ) -> None:
        self.window = window
        self.marks = marks if marks is not None else Marks()
        #: called before anything is read: whoever fills it may hold some rows back until then
        self.catch_up: Callable[[], object] = _nothing
        self._lock = threading.Lock()
        self._columns: dict[str, int] = {}
        self._units: dict[str, str | None] = {}
        self._is_unix = True
        self._layout: _Layout | None = None
        #: events that have no column, as there are too many (the first of them)
        self.left_out: set[str] = set()
        self._next = 0
        self._oldest = 0
        self._allocate(self._rows_for(interval or 1.0), 0)

    def __len__(self) -> int:
        self.catch_up()
        return self._next - self._oldest

    def __repr__(self) -> str:
        return f"History({len(self._columns)} events, window={self.window:g})"

    @property
    def events(self) -> tuple[str, ...]:
        """The columns: names of events; the second of a name is ``name #2``."""
        return tuple(self._columns)

    @property
    def next_number(self) -> int:
        """The number that the next row will have."""
        self.catch_up()
        return self._next

    @property
    def last_time(self) -> float | None:
        """The end of the newest interval in Unix seconds; `None` without any."""
        self.catch_up()
        with self._lock:
            if self._next == self._oldest:
                return None
            return self._time_at(self._next - 1)

    @property
    def nbytes(self) -> int:
        """Memory held by the columns in bytes, once they are full."""
        return self._table.nbytes + self._shares.nbytes

    def expect(self, interval: float | None) -> None:
        """Make room for samples `interval` seconds apart."""
        with self._lock:
            capacity = self._rows_for(interval or 1.0)
            if capacity > self._capacity:
                self._move(capacity, self._counts.shape[1])

    def append(self, sample: Sample) -> None:
        """Add what one interval counted."""
        time = sample.timestamp if sample.timestamp is not None else sample.time
        with self._lock:
            self._is_unix = sample.timestamp is not None
            self._step_back(time)
            layout = self._layout_of(sample)
            row = self._row(time)
            counts, shares = sample.numbers
            duration = sample.duration
            if duration is None or not (sample.has_rates or max(shares, default=-1.0) < 0):
                duration = math.nan  # not known, or too short for rates
            # a whole row of bytes: each touch of an array costs more than the number put there
            if layout.places is None:
                doubles, floats = layout.doubles, layout.floats
                doubles.pack_into(self._table_bytes, row * doubles.size, time, duration, *counts)
                floats.pack_into(self._share_bytes, row * floats.size, *shares)
            else:
                self._clear(row, time)
                self._durations[row] = duration
                self._counts[row, layout.places] = counts
                self._shares[row, layout.places] = shares

    def gap(self) -> None:
        """Mark that samples are missing after the last one: lines break here."""
        with self._lock:
            if self._next > self._oldest:
                last = (self._next - 1) % self._capacity
                marks_one = math.isnan(self._durations[last])
                if not (marks_one and np.isnan(self._counts[last]).all()):
                    time = float(self._times[last])
                    self._clear(self._row(time), time)

    def gap_before(self, sample: Sample) -> None:
        """Mark that samples are missing, if this one begins well after the last one's end."""
        last = self.last_time
        time = sample.timestamp if sample.timestamp is not None else sample.time
        if (
            last is not None
            and sample.duration
            and time - last > 1.5 * sample.duration + _SLACK_TIME
        ):
            self.gap()

    def rows(self, first: int = 0) -> Rows:
        """Return a copy of the rows from number `first` on, as far as they are still held."""
        self.catch_up()
        with self._lock:
            start = min(max(first, self._oldest), self._next)
            index = self._places(start)
            width = len(self._columns)
            return Rows(
                start,
                self.events,
                self._times[index].copy(),
                self._durations[index].copy(),
                self._counts[index, :width].copy(),
                self._shares[index, :width].copy(),
            )

    def row_bytes(self, first: int = 0) -> RowBytes:
        """Return the rows from number `first` on, as far as they are still held, as bytes.

        What `rows` returns, at a fraction of its cost where there are few.
        """
        self.catch_up()
        with self._lock:
            start = min(max(first, self._oldest), self._next)
            count, events, width = self._next - start, len(self._columns), self._width - _HEADS
            if not count:
                return RowBytes(start, 0, events, b"", b"")
            table = self._bytes_of_rows(self._table_bytes, 8 * self._width, start)
            shares = self._bytes_of_rows(self._share_bytes, 4 * width, start)
        if events < width:  # columns that nobody reads
            of_table = np.frombuffer(table).reshape(count, -1)[:, : _HEADS + events]
            of_shares = np.frombuffer(shares, np.float32).reshape(count, -1)[:, :events]
            table, shares = of_table.tobytes(), of_shares.tobytes()
        return RowBytes(start, count, events, table, shares)

    def _bytes_of_rows(self, cells: memoryview, size: int, start: int) -> bytes:
        """The rows from number `start` on of a column of rows of so many bytes."""
        begin, end = start % self._capacity * size, self._next % self._capacity * size
        if begin < end:
            return cells[begin:end].tobytes()
        return b"".join((cells[begin:], cells[:end]))

    def _places(self, start: int) -> slice | NDArray[np.int_]:
        """Where the rows from number `start` on are: as a rule side by side."""
        first, size = start % self._capacity, self._next - start
        if first + size <= self._capacity:
            return slice(first, first + size)
        return np.arange(start, self._next) % self._capacity

    @property
    def times(self) -> _Floats:
        """Ends of the intervals in Unix seconds."""
        return self.rows().times

    def counts(self, event: str) -> _Floats:
        """Counts of each interval; NaN where not counted."""
        return self.rows().counts[:, self._column(event)]

    def rates(self, event: str) -> _Floats:
        """Counts per second of the measured time; NaN where not counted."""
        rows = self.rows()
        with np.errstate(divide="ignore", invalid="ignore"):
            rates: _Floats = rows.counts[:, self._column(event)] / rows.durations
        rates[~(rows.durations > 0)] = math.nan
        return rates

    def running(self, event: str) -> _Floats:
        """The share of each interval that was counted, 0 to 1; NaN where there is no count."""
        shares = self.rows().shares[:, self._column(event)].astype(np.float64)
        shares[shares < 0] = math.nan
        return shares

    def columns(self) -> Columns:
        """Return a copy of all rows, in columns, for tables of every kind."""
        rows = self.rows()
        units = tuple(self._units.get(event) for event in rows.events)
        return Columns(
            *(rows.times, rows.durations, rows.counts, rows.shares, rows.events),
            units=units,
            is_unix=self._is_unix,
        )

    def _column(self, event: str) -> int:
        try:
            return self._columns[event]
        except KeyError:
            known = ", ".join(self._columns) or "none yet"
            raise KeyError(f"there is no history of {event!r}; there is of: {known}") from None

    def _layout_of(self, sample: Sample) -> _Layout:
        keys, layout = sample.keys, self._layout
        if layout is None or keys != layout.keys:
            names = unique_names([event for event, _ in keys])
            self._add_columns({name: key[1] for name, key in zip(names, keys, strict=True)})
            # one column more, which nobody reads, for all that have none
            places = [self._columns.get(name, _MOST_COLUMNS) for name in names]
            width = self._counts.shape[1]
            self._layout = layout = _Layout(keys, places, width)
        return layout

    def _add_columns(self, units: dict[str, str | None]) -> None:
        new = [key for key in units if key not in self._columns]
        room = _MOST_COLUMNS - len(self._columns)
        if len(self.left_out) < _MOST_COLUMNS:
            self.left_out.update(new[room:])
        self._columns |= {key: len(self._columns) + i for i, key in enumerate(new[:room])}
        self._units |= {key: unit for key, unit in units.items() if key in self._columns}
        width = len(self._columns) + bool(self.left_out)
        if width > self._counts.shape[1]:
            # only a file that is made so brings many one by one: each would move all rows
            spare = width // 4 if width > 64 else 0
            self._move(self._capacity, min(width + spare, _MOST_COLUMNS + 1))

    def _step_back(self, time: float) -> None:
        """A replay that goes back, or a clock that was set: what was before has no place."""
        if self._next > self._oldest and time < self._time_at(self._next - 1) - _STEP_BACK:
            self._oldest = self._next

    def _time_at(self, number: int) -> float:
        """The time of a row; an array's element costs more than the number is worth."""
        time: float = self._table_cells[number % self._capacity * self._width]
        return time

    def _row(self, time: float) -> int:
        """Take the next row, which is to end at `time`; return its place."""
        oldest_in_window = time - self.window
        while self._oldest < self._next and self._time_at(self._oldest) < oldest_in_window:
            self._oldest += 1
        if self._next - self._oldest == self._capacity:
            width = self._counts.shape[1]
            if self._capacity < _most_rows(width):
                self._move(2 * self._capacity, width)
            else:
                self._oldest += 1
        row = self._next % self._capacity
        self._next += 1
        return row

    def _clear(self, row: int, time: float) -> None:
        self._table[row] = math.nan
        self._times[row] = time
        self._shares[row] = NO_COUNT_SHARES[Status.MISSING]

    def _rows_for(self, interval: float) -> int:
        return min(math.ceil(self.window / interval * 1.02) + _SLACK, _MOST_ROWS)

    def _allocate(self, capacity: int, width: int) -> None:
        # time and duration stand before the counts, so that a row is one run of bytes
        # empty: the system finds memory for a row when it is written, and a window may be of days
        self._table = table = np.empty((capacity, _HEADS + width))
        self._times, self._durations, self._counts = table[:, 0], table[:, 1], table[:, _HEADS:]
        self._shares = np.empty((capacity, width), np.float32)
        # the same memory without numpy
        self._table_bytes, self._share_bytes = _bytes_of(table), _bytes_of(self._shares)
        self._table_cells = self._table_bytes.cast("d")
        self._capacity, self._width = table.shape

    def _move(self, capacity: int, width: int) -> None:
        capacity = min(capacity, _most_rows(width))
        self._oldest = max(self._oldest, self._next - capacity)
        table, shares = self._table, self._shares
        numbers = np.arange(self._oldest, self._next)
        source = numbers % len(table)
        self._allocate(capacity, width)
        target = numbers % capacity
        self._table[target] = math.nan
        self._shares[target] = NO_COUNT_SHARES[Status.MISSING]
        self._table[target, : table.shape[1]] = table[source]
        self._shares[target, : shares.shape[1]] = shares[source]


class _Layout:
    """Where the readings of samples go, as long as these have the same ones.

    Attributes
    ----------
    keys
        `Sample.keys`.
    places
        Their columns; `None` where they are all columns in their order.
    doubles, floats
        A row as bytes: time, duration and counts; shares.
    """

    def __init__(
        self, keys: tuple[tuple[str, str | None], ...], places: list[int], width: int
    ) -> None:
        self.keys = keys
        self.places = None if places == list(range(width)) else places
        self.doubles = struct.Struct(f"{_HEADS + width}d")
        self.floats = struct.Struct(f"{width}f")


def _nothing() -> None: ...


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _most_rows(width: int) -> int:
    return min(_MOST_ROWS, _MOST_CELLS // max(width, 1))


def no_count_share(status: Status) -> float:
    """What a share column holds where there is no count."""
    return NO_COUNT_SHARES.get(status, NO_COUNT_SHARES[Status.NOT_COUNTED])


def unique_names(names: Sequence[str]) -> list[str]:
    """``[a, b, a]`` as ``[a, b, "a #2"]``."""
    seen: dict[str, int] = {}
    keys = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        keys.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return keys
