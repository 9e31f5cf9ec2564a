"""The last rates of each part that was counted apart: of a core, of a host."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfwidgets.models.history import unique_names
from perfwidgets.samples import ColumnParts, Reading, Sample

__all__ = ["PartHistory", "PartRows", "labels_of"]

_Floats = NDArray[np.float64]
_Rates = NDArray[np.float32]

#: bytes that are held at most: 256 cores x 17 events fill them in 15 min at an interval of 1 s, in
#: 92 s at one of 0.1 s; static/strip_rows.js has the same
_MOST = 16_000_000
#: rows of the first block of a layout, and of its largest
_FEW_ROWS, _MANY_ROWS = 8, 256
#: a block takes this share of all at most, so that little is forgotten at once
_BLOCK_SHARE = 16
#: a time before the last by more than clocks are adjusted by (s), as in `History`
_STEP_BACK = 1.0


@dataclass(frozen=True, slots=True)
class PartRows:
    """Rows in which the same events were counted in the same parts, oldest first.

    Attributes
    ----------
    events
        As `History.events` names them; the second axis of `rates`.
    labels
        perf's labels of the parts (``CPU3``), the third axis.
    numbers
        Of the same rows in the `History`, shape ``(n,)``.
    times
        Ends of the intervals, as there, ``(n,)``.
    durations
        Measured lengths in seconds, ``(n,)``.
    rates
        Counts per second, ``(n, events, labels)``; NaN where not counted.
    """

    events: tuple[str, ...]
    labels: tuple[str, ...]
    numbers: _Floats
    times: _Floats
    durations: _Floats
    rates: _Rates


class PartHistory:
    """Rates of all parts of all events of the last samples; bounded in time and memory.

    Of parts that have parts themselves, as hosts have CPUs, the outer ones are held. What is not
    between two rows, since nothing was counted or no rates could be had, is simply not there.
    Written by one thread, read by any: what is read is a copy.

    Parameters
    ----------
    window
        How far back it reaches at most, in seconds.
    most
        How many bytes it holds at most. A sample that takes more than a sixteenth is not held.
    """

    def __init__(self, window: float, most: int = _MOST) -> None:
        self.window = window
        self.most = most
        self._lock = threading.Lock()
        self._blocks: deque[_Block] = deque()
        self._names: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def __len__(self) -> int:
        with self._lock:
            return sum(block.filled for block in self._blocks)

    def __repr__(self) -> str:
        return f"PartHistory({len(self)} rows, window={self.window:g})"

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        with self._lock:
            return self._size()

    @property
    def last_number(self) -> int:
        """The number of the newest row, −1 without any."""
        with self._lock:
            return int(self._blocks[-1].last_number) if self._blocks else -1

    def append(self, sample: Sample, number: int) -> None:
        """Add the rates of a sample, which is row `number` of the history; not one without parts."""
        labels = labels_of(sample)
        duration = sample.duration
        if not labels or not duration or all(r.rate is None for r in sample.readings):
            return
        time = sample.timestamp if sample.timestamp is not None else sample.time
        with self._lock:
            self._forget(time)
            block = self._block_for(self._events_of(sample), labels)
            if block is not None:
                block.append(number, time, duration, sample.readings)

    def rows(self, first: int = 0, most: float = math.inf) -> list[PartRows]:
        """Return a copy of the rows from number `first` on, oldest first.

        Parameters
        ----------
        first
            The least number.
        most
            Only the newest that take so many bytes.
        """
        with self._lock:
            found: list[tuple[_Block, int]] = []
            for block in reversed(self._blocks):
                fit = int(max(0, min(most / block.row_size, block.filled)))
                start = max(block.since(first), block.filled - fit)
                if start < block.filled:
                    found.append((block, start))
                most -= (block.filled - start) * block.row_size
                if start:
                    break
            return _joined(found[::-1])

    def _events_of(self, sample: Sample) -> tuple[str, ...]:
        names = tuple(reading.event for reading in sample.readings)
        if names != self._names[0]:
            self._names = (names, tuple(unique_names(names)))
        return self._names[1]

    def _forget(self, time: float) -> None:
        """Make room: by age, and all where a replay goes back or a clock was set."""
        blocks = self._blocks
        if blocks and time < blocks[-1].last_time - _STEP_BACK:
            blocks.clear()
        while blocks and blocks[0].last_time < time - self.window:
            blocks.popleft()

    def _block_for(self, events: tuple[str, ...], labels: tuple[str, ...]) -> _Block | None:
        """A block with room for one more row; `None` if a row is too large."""
        last = self._blocks[-1] if self._blocks else None
        same = last is not None and last.events == events and last.labels == labels
        if last is not None and same and last.filled < last.rows:
            return last
        most_rows = self.most // _BLOCK_SHARE // _row_size(events, labels)
        if not most_rows:
            return None
        # where parts come and go with each sample, blocks stay small
        wanted = 2 * last.rows if last is not None and same else _FEW_ROWS
        block = _Block(events, labels, min(wanted, _MANY_ROWS, most_rows))
        while self._blocks and self._size() + block.nbytes > self.most:
            self._blocks.popleft()
        self._blocks.append(block)
        return block

    def _size(self) -> int:
        return sum(block.nbytes for block in self._blocks)


class _Block:
    """Room for some rows of one layout."""

    def __init__(self, events: tuple[str, ...], labels: tuple[str, ...], rows: int) -> None:
        self.events, self.labels, self.rows = events, labels, rows
        self.filled = 0
        self.row_size = _row_size(events, labels)
        self.nbytes = rows * self.row_size
        self.places = {label: place for place, label in enumerate(labels)}
        #: numbers, times, durations
        self.heads = np.empty((3, rows))
        self.rates = np.empty((rows, len(events), len(labels)), np.float32)

    @property
    def last_number(self) -> float:
        return float(self.heads[0, self.filled - 1])

    @property
    def last_time(self) -> float:
        return float(self.heads[1, self.filled - 1])

    def since(self, number: int) -> int:
        """The place of the first row of at least this number."""
        return int(np.searchsorted(self.heads[0, : self.filled], number))

    def append(
        self, number: int, time: float, duration: float, readings: tuple[Reading, ...]
    ) -> None:
        self.heads[:, self.filled] = number, time, duration
        row = self.rates[self.filled]
        row[:] = np.nan
        with np.errstate(over="ignore"):  # what no machine counts is beyond any float32
            for rates, reading in zip(row, readings, strict=True):
                self._fill(rates, reading)
        self.filled += 1

    def _fill(self, rates: _Rates, reading: Reading) -> None:
        parts = reading.parts
        if isinstance(parts, ColumnParts) and tuple(parts) == self.labels:
            if parts.seconds:
                np.divide(parts.counts, parts.seconds, out=rates, casting="same_kind")
            return
        for label, part in parts.items():
            if part.rate is not None:
                rates[self.places[label]] = part.rate


def labels_of(sample: Sample | None) -> tuple[str, ...]:
    """The parts that events were counted in, as perf labels them: a hybrid CPU's differ."""
    return sample.labels if sample is not None else ()


def _row_size(events: tuple[str, ...], labels: tuple[str, ...]) -> int:
    return 24 + 4 * len(events) * len(labels)


def _joined(found: list[tuple[_Block, int]]) -> list[PartRows]:
    """The rows of blocks from the given places on, those of one layout together."""
    runs: list[list[tuple[_Block, int]]] = []
    for block, start in found:
        if runs and _layout(runs[-1][-1][0]) == _layout(block):
            runs[-1].append((block, start))
        else:
            runs.append([(block, start)])
    joined = []
    for run in runs:
        heads = np.concatenate([b.heads[:, start : b.filled] for b, start in run], axis=1)
        rates = np.concatenate([b.rates[start : b.filled] for b, start in run])
        numbers, times, durations = heads
        joined.append(PartRows(*_layout(run[0][0]), numbers, times, durations, rates))
    return joined


def _layout(block: _Block) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return block.events, block.labels
