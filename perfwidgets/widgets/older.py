"""Extremes of rows that are too many to be sent to a fresh page."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfwidgets.formula import SECONDS
from perfwidgets.models.history import History, Rows

__all__ = ["Buckets", "Older", "derived_name"]

_Floats = NDArray[np.float64]
_Programs = Mapping[str, Sequence[float | str]]
#: rows in a bucket, to begin with; static/coarse.js has the same
_STRIDE = 16
#: rows that are read at once
_CHUNK = 4096
_LOW_FIRST, _GAP = 1, 2
_OPERATORS: dict[str, Any] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "<": np.minimum,
    ">": np.maximum,
    "/": lambda left, right: np.where(right == 0, np.nan, left / right),
}


def derived_name(metric: str) -> str:
    """What the series of a metric is called: an event may have the same name."""
    return f"= {metric}"


@dataclass(frozen=True, slots=True)
class Buckets:
    """What is known of consecutive rows, `stride` at a time, oldest first.

    Attributes
    ----------
    stride
        Rows in a bucket.
    first
        Number of the first bucket: its first row is that times `stride`.
    series
        Names of the columns: events, whose rates they are, and metrics.
    times
        Of the first and the last row of each bucket, shape ``(2, n)``.
    low, high
        The least and the greatest value, ``(series, n)``; NaN where there is none.
    flags
        ``(series, n)``: 1 where the least came first, 2 where a row has no value.
    """

    stride: int
    first: int
    series: tuple[str, ...]
    times: _Floats
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    flags: NDArray[np.uint8]

    def __len__(self) -> int:
        return int(self.times.shape[1])

    @property
    def end(self) -> int:
        """The number of the row after the last bucket's."""
        return (self.first + len(self)) * self.stride

    def with_series(self, names: Sequence[str]) -> Buckets:
        """The same with these series; of a new one there is nothing."""
        if tuple(names) == self.series:
            return self
        known = {name: i for i, name in enumerate(self.series)}
        new = _nothing(tuple(names), self.stride, self.first, self.times)
        for to, name in enumerate(names):
            if name in known:
                for own, old in zip(new._ranges, self._ranges, strict=True):
                    own[to] = old[known[name]]
        return new

    def then(self, later: Buckets) -> Buckets:
        """These, and those that follow."""
        times = np.concatenate([self.times, later.times], axis=1)
        pairs = zip(self._ranges, later._ranges, strict=True)
        return Buckets(
            *(self.stride, self.first, self.series, times),
            *(np.concatenate(pair, axis=1) for pair in pairs),
        )

    def since(self, time: float) -> Buckets:
        """Those that end at or after a time."""
        keep = slice(int(np.searchsorted(self.times[1], time)), None)
        return self._cut(keep, self.first + (keep.start or 0))

    def merged(self) -> Buckets:
        """Two become one; one that is left over at either end is dropped."""
        odd = self.first % 2
        count = (len(self) - odd) // 2
        even = self._cut(slice(odd, odd + 2 * count), self.first + odd)
        a, b = even._cut(slice(0, None, 2), 0), even._cut(slice(1, None, 2), 0)
        low_in_a = (a.low <= b.low) | np.isnan(b.low)
        high_in_a = (a.high >= b.high) | np.isnan(b.high)
        a_first, b_first = a.flags & _LOW_FIRST, b.flags & _LOW_FIRST
        first = np.where(low_in_a, np.where(high_in_a, a_first, _LOW_FIRST), 0)
        first = np.where(~low_in_a & ~high_in_a, b_first, first)
        flags = (((a.flags | b.flags) & _GAP) | first).astype(np.uint8)
        times = np.stack([a.times[0], b.times[1]])
        low, high = np.fmin(a.low, b.low), np.fmax(a.high, b.high)
        return Buckets(2 * self.stride, even.first // 2, self.series, times, low, high, flags)

    @property
    def _ranges(self) -> tuple[NDArray[Any], ...]:
        return self.low, self.high, self.flags

    def _cut(self, keep: slice, first: int) -> Buckets:
        ranges = (each[:, keep] for each in self._ranges)
        return Buckets(self.stride, first, self.series, self.times[:, keep], *ranges)


class Older:
    """Follows a history and keeps a bounded number of buckets of all its rows.

    Asked from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets = _nothing((), _STRIDE, 0, np.empty((2, 0)))

    def follow(self, history: History, programs: _Programs, most: int, least: int = _CHUNK) -> None:
        """Read what is new, once it is `least` rows; keep at most so many buckets.

        Parameters
        ----------
        history
            The rows.
        programs
            Metric -> its program, as the browser is sent it.
        most
            Buckets that are kept; more are merged.
        least
            New rows below which nothing is done.
        """
        with self._lock:
            if history.next_number - self._buckets.end < least:
                return
            rows = history.rows(self._buckets.end)
            self._read(rows, programs)
            if len(rows.times):
                self._buckets = self._buckets.since(float(rows.times[-1]) - history.window)
            while len(self._buckets) > most:
                self._buckets = self._buckets.merged()

    def buckets(self) -> Buckets:
        """What is kept now."""
        with self._lock:
            return self._buckets

    def _read(self, rows: Rows, programs: _Programs) -> None:
        names = (*rows.events, *map(derived_name, programs))
        last = float(self._buckets.times[1, -1]) if len(self._buckets) else -np.inf
        went_back = len(rows.times) > 0 and rows.times[0] < last - 1
        if rows.first != self._buckets.end or went_back:  # or rows were lost: begin anew
            first = -(-rows.first // _STRIDE)
            self._buckets = _nothing(names, _STRIDE, first, np.empty((2, 0)))
        self._buckets = self._buckets.with_series(names)
        stride, start = self._buckets.stride, self._buckets.end - rows.first
        while start + stride <= len(rows.times):
            part = slice(start, min(start + max(_CHUNK, stride), len(rows.times)))
            found = _extremes(rows, part, programs, self._buckets)
            self._buckets = self._buckets.then(found)
            start += len(found) * stride


def _nothing(names: tuple[str, ...], stride: int, first: int, times: _Floats) -> Buckets:
    shape = (len(names), times.shape[1])
    low, high = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    return Buckets(stride, first, names, times, low, high, np.full(shape, _GAP, np.uint8))


def _extremes(rows: Rows, part: slice, programs: _Programs, before: Buckets) -> Buckets:
    """Whole buckets of a part of rows that begins where `before` ends."""
    stride = before.stride
    count = (part.stop - part.start) // stride
    part = slice(part.start, part.start + count * stride)
    values = _values(rows, part, programs).reshape(-1, count, stride)
    none = np.isnan(values)
    raised, lowered = np.where(none, np.inf, values), np.where(none, -np.inf, values)
    first = np.argmin(raised, axis=2) <= np.argmax(lowered, axis=2)
    flags = np.where(none.any(axis=2), _GAP, 0) | np.where(first, _LOW_FIRST, 0)
    empty = none.all(axis=2)
    low, high = raised.min(axis=2), lowered.max(axis=2)
    low[empty] = high[empty] = np.nan
    times = rows.times[part].reshape(count, stride)
    ends = np.stack([times[:, 0], times[:, -1]])
    low, high = low.astype(np.float32), high.astype(np.float32)
    return Buckets(stride, 0, before.series, ends, low, high, flags.astype(np.uint8))


def _values(rows: Rows, part: slice, programs: _Programs) -> _Floats:
    """Rates of all events, then the values of metrics, ``(series, rows)``; NaN where none."""
    counts, durations = rows.counts[part].T, rows.durations[part]
    with np.errstate(all="ignore"):
        rates = np.where(durations > 0, counts / durations, np.nan)
        known = {**dict(zip(rows.events, counts, strict=True)), SECONDS: durations}
        derived = [_computed(program, known, durations) for program in programs.values()]
    return np.vstack([rates, *derived])


def _computed(program: Sequence[float | str], known: dict[str, _Floats], like: _Floats) -> _Floats:
    """The values of a metric; what is divided by zero or not finite has none."""
    stack: list[Any] = []
    nothing = np.full(like.shape, np.nan)
    for item in program:
        if not isinstance(item, str):
            stack.append(np.full(like.shape, float(item)))
        elif item == "~":
            stack.append(-stack.pop())
        elif item in _OPERATORS:
            right = stack.pop()
            stack.append(_OPERATORS[item](stack.pop(), right))
        else:
            stack.append(known.get(item, nothing))
    value = stack[0]
    return np.where(np.isfinite(value), value, np.nan)
