"""A whole interval of few rows at once: what perf prints where nothing is counted apart.

At ten intervals a second each line of code, and each object that is touched, must first come back
into the caches: that takes longer than the work itself. So the rows of an interval are made into
one pattern, which checks all that stands still and finds all that does not; of what it finds only
numbers are made, and readings when somebody asks for them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final, NamedTuple

from .later_samples import LaterSample
from .perf_rows import Row, make_count, share_of
from .samples import NO_COUNT_SHARES, Reading, Sample, Status

__all__ = ["MOST_ROWS", "Counted", "FewRows", "pct_share"]

#: beyond so many rows arrays are faster
MOST_ROWS: Final = 64

_TIME: Final = rb" *([0-9]{1,12}\.[0-9]{1,12})"
#: up to fifteen digits before the point a float64 is exact
_VALUE: Final = rb"([0-9]{1,15}(?:\.[0-9]{1,20})?|<not counted>|<not supported>)"
_RUNTIME: Final = rb"[0-9]+"
_SHARE: Final = rb"([0-9]{1,3}\.[0-9]{1,2})"
_PCT = re.compile(rb"[0-9]{1,3}\.[0-9]{1,2}").fullmatch

_NONE: Final = {
    b"<not counted>": Status.NOT_COUNTED,
    b"<not supported>": Status.NOT_SUPPORTED,
}
_NO_SHARES: Final = {text: NO_COUNT_SHARES[status] for text, status in _NONE.items()}


class Counted(NamedTuple):
    """What the pattern found in an interval.

    Attributes
    ----------
    time
        The time column, without padding.
    values, percentages
        These fields of each row, as printed.
    end
        How many bytes it takes.
    """

    time: str
    values: tuple[bytes, ...]
    percentages: tuple[bytes, ...]
    end: int


class FewRows:
    """The rows of an interval, as those of the next ones are expected.

    Parameters
    ----------
    rows, fields
        The rows, none of which is a part, and what stands in each of their fields, the value in
        the second.
    separator
        perf's ``-x``.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        fields: Sequence[Sequence[bytes]],
        separator: bytes,
    ) -> None:
        self._rows = rows
        #: event and unit of each reading: the same object for each sample
        self._keys = tuple((row.event, row.unit) for row in rows)
        self._match = re.compile(_pattern(fields, separator)).match
        self._separator = separator
        #: what was found in the last interval: its percentages and what has no count; the shares
        #: that these are; whether anything was counted
        self._shares: tuple[object, list[float], bool] = (None, [], False)

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, data: bytes) -> Counted | None:
        """What a whole interval says; `None` if `data` does not begin with one that looks so."""
        match = self._match(data)
        if match is None:
            return None
        found = match.groups()
        return Counted(found[1].decode(), found[2::2], found[3::2], match.end())

    def is_later(self, found: Counted, data: bytes) -> bool:
        """Whether what follows an interval is of a later one, and not one row more of it."""
        time, separator, _ = data.partition(self._separator)
        return bool(separator) and time.strip() != found.time.encode()

    def numbers(self, found: Counted) -> tuple[list[float], list[float]]:
        """Counts and shares as `Sample.numbers` has them."""
        values = found.values
        counts = [math.nan if value in _NONE else float(value) for value in values]
        # as a rule the same events are counted, all of the time: then the shares are as before
        key = found.percentages, tuple(map(_NO_SHARES.get, values))
        if key != self._shares[0]:
            shares = [no or pct_share(pct) for pct, no in zip(*key, strict=True)]
            self._shares = key, shares, max(shares) >= 0
        return counts, self._shares[1]

    def readings(self, found: Counted, seconds: float | None) -> tuple[Reading, ...]:
        """The readings, as `perf_intervals.readings` makes them of rows."""
        each = zip(self._rows, found.values, found.percentages, strict=True)
        return tuple(_reading(row, value, pct, seconds) for row, value, pct in each)

    def sample(
        self,
        found: Counted,
        seconds: float | None,
        *,
        time: float,
        timestamp: float | None,
        duration: float,
        cores: str | None,
        interval: float | None,
    ) -> Sample:
        """A sample that makes its readings when they are asked for; `seconds` gives its rates."""
        numbers = self.numbers(found)
        any_counted = self._shares[2]
        return LaterSample.of(
            partial(self.readings, found, seconds),
            self._keys,
            numbers,
            time=time,
            timestamp=timestamp,
            duration=duration,
            has_rates=seconds is not None and any_counted,
            cores=cores,
            interval=interval,
        )


def _reading(row: Row, value: bytes, pct: bytes, seconds: float | None) -> Reading:
    status = _NONE.get(value)
    if status is not None:
        return Reading(row.event, None, None, row.unit, status, 0.0)
    count = make_count(value.decode())
    rate = count / seconds if seconds else None
    return Reading(row.event, count, rate, row.unit, Status.COUNTED, pct_share(pct))


def _pattern(fields: Sequence[Sequence[bytes]], separator: bytes) -> bytes:
    """A pattern of these rows with any numbers: its groups are the time, then value and share."""
    between = re.escape(separator)
    # no more separators than before, or it would be another row
    other = b"[^" + re.escape(separator[:1]) + rb"\n]*"
    lines = []
    for place, (_, _, unit, event, _, _, *metrics) in enumerate(fields):
        head = rb"\1" if place else b"(" + _TIME + b")"
        fixed = (re.escape(unit), re.escape(event))
        cells = (head, _VALUE, *fixed, _RUNTIME, _SHARE, *(other for _ in metrics))
        lines.append(between.join(cells) + b"\n")
    return b"".join(lines)


@lru_cache(maxsize=16_384)
def pct_share(percentage: bytes) -> float:
    """A percentage as a share; −1 if it is none."""
    return share_of(percentage.decode()) if _PCT(percentage) else -1.0
