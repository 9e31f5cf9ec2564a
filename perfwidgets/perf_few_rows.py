"""A block of few rows: what an interval prints where nothing is counted apart.

The same checks as in `perf_blocks`, without arrays: for some 20 rows these cost more than they
save, and at ten intervals a second each library that is touched must come back into the caches.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Protocol

from .perf_rows import Row, share_of
from .samples import Reading, Status

__all__ = ["MOST_ROWS", "FewRows", "RowsAsBefore", "pct_share"]

#: beyond so many rows arrays are faster
MOST_ROWS: Final = 64

_DECIMAL = re.compile(rb"[0-9]{1,15}\.[0-9]{1,20}").fullmatch
_PCT = re.compile(rb"[0-9]{1,3}\.[0-9]{1,2}").fullmatch
#: up to here a float64 is exact to the digit
_EXACT: Final = 1e15
_NONE: Final = {
    b"<not counted>": Status.NOT_COUNTED,
    b"<not supported>": Status.NOT_SUPPORTED,
}


class RowsAsBefore(Protocol):
    """What is known of an interval's rows from one that was read row by row (`Layout`)."""

    rows: Sequence[Row]
    separator: bytes
    stride: int
    at: int
    fixed: list[tuple[int, list[bytes]]]


class FewRows:
    """One interval's rows, as far as they have come.

    Attributes
    ----------
    time
        The time column, without padding.
    """

    def __init__(self, layout: RowsAsBefore, head: bytes, time: str) -> None:
        self.time = time
        self._layout = layout
        self._head = head
        #: of each row its count or why there is none, and its share
        self._found: list[tuple[int | float | Status, float]] = []

    def __len__(self) -> int:
        return len(self._found)

    @property
    def is_full(self) -> bool:
        """Whether all rows of the layout have come."""
        return len(self._found) == len(self._layout.rows)

    def take(self, lines: bytes, head: bytes) -> int:
        """Take whole lines that begin with `head`: how many, or 0 if they are not the next rows."""
        layout = self._layout
        stride, at = layout.stride, layout.at
        fields = lines.split(layout.separator)
        count, odd = divmod(len(fields) - 1, stride)
        start = len(self._found)
        stop = start + count
        if odd or head != self._head or stop > len(layout.rows):
            return 0
        if lines.count(b"\n") != count - 1:
            return 0
        end = b"\n" + head
        if not all(last.endswith(end) for last in fields[stride:-1:stride]):
            return 0
        if any(fields[place::stride] != column[start:stop] for place, column in layout.fixed):
            return 0
        runtimes = fields[at + 3 :: stride]
        if not b"".join(runtimes).isdigit() or not all(runtimes):
            return 0
        found = []
        for value, pct in zip(fields[at::stride], fields[at + 4 :: stride], strict=True):
            number, share = number_of(value), pct_share(pct)
            if number is None or share < 0:
                return 0
            found.append((number, share))
        self._found += found
        return count

    def rows(self) -> list[Row]:
        """The same, row by row."""
        return [
            row._replace(time=self.time, value=None, status=number, running=0.0)
            if isinstance(number, Status)
            else row._replace(time=self.time, value=number, status=Status.COUNTED, running=share)
            for row, (number, share) in zip(self._layout.rows, self._found, strict=False)
        ]

    def readings(self, seconds: float | None) -> list[Reading]:
        """The readings of a full block, as `perf_intervals.readings` makes them of its rows."""
        return [
            Reading(row.event, None, None, row.unit, number, 0.0)
            if isinstance(number, Status)
            else Reading(
                row.event,
                number,
                number / seconds if seconds else None,
                row.unit,
                Status.COUNTED,
                share,
            )
            for row, (number, share) in zip(self._layout.rows, self._found, strict=True)
        ]


def number_of(value: bytes) -> int | float | Status | None:
    """A value as an exact number, or why there is none; `None` if it is no value that we know."""
    if value.isdigit():
        return int(value) if len(value) <= 15 else None
    if value in _NONE:
        return _NONE[value]
    if _DECIMAL(value):
        number = float(value)
        return number if number < _EXACT else None
    return None


@lru_cache(maxsize=16_384)
def pct_share(percentage: bytes) -> float:
    """A percentage as a share; −1 if it is none."""
    return share_of(percentage.decode()) if _PCT(percentage) else -1.0
