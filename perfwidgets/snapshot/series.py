"""Values over time, of events and of metrics, and the few of them that a picture needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfwidgets.formula import SECONDS
from perfwidgets.metrics import BoundMetric
from perfwidgets.models.history import Rows

__all__ = ["Series", "chosen_rows", "event_series", "kept", "metric_series", "tail"]

_Floats = NDArray[np.float64]
_Places = NDArray[np.intp]
#: a clock is adjusted by less; where time steps back by more, something began anew (s)
_STEP_BACK = 1.0
_OPERATIONS: dict[str, Callable[[_Floats, _Floats], _Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": lambda left, right: np.divide(left, np.where(right == 0, math.nan, right)),
    "<": np.minimum,
    ">": np.maximum,
}


@dataclass(frozen=True, slots=True)
class Series:
    """Values at moments.

    Attributes
    ----------
    times
        Ends of the intervals, ``(n,)``.
    values
        ``(n,)``; NaN where there is none, and where the line breaks.
    share
        The least share of an interval that was counted, of those with a value; 1 if there is none.
    """

    times: _Floats
    values: _Floats
    share: float = 1.0

    @property
    def known(self) -> _Floats:
        """The values without gaps."""
        known: _Floats = self.values[np.isfinite(self.values)]
        return known

    @property
    def gaps(self) -> int:
        """How often the line breaks between two values."""
        has = np.isfinite(self.values)
        runs = np.count_nonzero(has & ~np.concatenate([[False], has[:-1]]))
        return max(0, int(runs) - 1)

    def thinned(self, most: int) -> Series:
        """About `most` of the values, among them every spike."""
        places = kept(self.values, most)
        return Series(self.times[places], self.values[places], self.share)


def event_series(rows: Rows, event: str) -> Series:
    """The rate of an event; empty where there is no such column."""
    if event not in rows.events:
        return Series(rows.times[:0], rows.times[:0])
    column = rows.events.index(event)
    with np.errstate(all="ignore"):
        values = rows.counts[:, column] / rows.durations
    values[~(rows.durations > 0)] = math.nan
    return Series(rows.times, values, _least_share(rows.shares[:, [column]], values))


def metric_series(rows: Rows, metric: BoundMetric) -> Series:
    """The value of a metric; NaN where it has none."""
    used = dict.fromkeys(metric.events.values())
    columns = {name: rows.events.index(name) for name in used if name in rows.events}
    if metric.reason or len(columns) < len(used):
        return Series(rows.times, np.full(len(rows.times), math.nan))
    inputs = {name: rows.counts[:, column] for name, column in columns.items()}
    program = metric.metric.parsed.renamed(metric.events)
    values = _run(program, {SECONDS: rows.durations, **inputs}, len(rows.times))
    return Series(rows.times, values, _least_share(rows.shares[:, list(columns.values())], values))


def _run(program: Sequence[float | str], inputs: dict[str, _Floats], length: int) -> _Floats:
    stack: list[_Floats] = []
    with np.errstate(all="ignore"):
        for item in program:
            if not isinstance(item, str):
                stack.append(np.full(length, item))
            elif item == "~":
                stack.append(-stack.pop())
            elif item in _OPERATIONS:
                right = stack.pop()
                stack.append(_OPERATIONS[item](stack.pop(), right))
            else:
                stack.append(inputs[item])
        # what is divided by zero has no value, nor has what is too large for one
        return np.where(np.isfinite(stack[0]), stack[0], math.nan)


def _least_share(shares: NDArray[np.float32], values: _Floats) -> float:
    found = shares[np.isfinite(values)]
    return float(found.min()) if found.size else 1.0


def kept(values: _Floats, most: int) -> _Places:
    """The places of about `most` values: the least and the greatest of each stretch.

    A stretch with a gap keeps the last of it, so that the line breaks there.
    """
    stride = math.ceil(2 * len(values) / max(most, 2))
    if stride <= 2:
        return np.arange(len(values))
    padding = -len(values) % stride
    stretches = np.concatenate([values, np.full(padding, math.inf)]).reshape(-1, stride)
    finite, gaps = np.isfinite(stretches), np.isnan(stretches)
    begins = np.arange(len(stretches)) * stride
    least = begins + np.where(finite, stretches, math.inf).argmin(axis=1)
    greatest = begins + np.where(finite, stretches, -math.inf).argmax(axis=1)
    last_gap = begins + stride - 1 - gaps[:, ::-1].argmax(axis=1)
    some, broken = finite.any(axis=1), gaps.any(axis=1)
    return np.unique(np.concatenate([least[some], greatest[some], last_gap[broken]]))


def chosen_rows(all_values: Sequence[_Floats], length: int, most: int) -> _Places:
    """The places of at most `most` rows that hold the spikes and gaps of all values.

    Where even those are too many, the newest of them.
    """
    if length <= most:
        return np.arange(length)
    few, many = 2, 2 * most
    chosen = _union(all_values, few, length)
    while many - few > max(2, few // 16):
        middle = (few + many) // 2
        places = _union(all_values, middle, length)
        if len(places) <= most:
            few, chosen = middle, places
        else:
            many = middle
    return chosen[-most:]


def _union(all_values: Sequence[_Floats], most: int, length: int) -> _Places:
    ends = np.array([0, length - 1])
    return np.unique(np.concatenate([ends, *(kept(values, most) for values in all_values)]))


def tail(rows: Rows, window: float | None) -> Rows:
    """The rows since time last stepped back, and of those the last `window` seconds."""
    first = 0
    back = np.flatnonzero(np.diff(rows.times) < -_STEP_BACK)
    if back.size:
        first = int(back[-1]) + 1
    if window is not None and len(rows.times):
        first = max(
            first, int(np.searchsorted(rows.times[first:], rows.times[-1] - window)) + first
        )
    return Rows(
        rows.first + first,
        rows.events,
        rows.times[first:],
        rows.durations[first:],
        rows.counts[first:],
        rows.shares[first:],
    )
