"""Blocks of perf's rows in columns: what an interval prints, once the rows before it are known.

perf prints the same rows interval after interval, and only time, value, runtime and percentage
(and the metrics, of which nothing is kept) change. So a block is cut at its separators in one go;
fields that stand still are compared with those of an interval that was read row by row, and the
others are checked and read a column at a time. Whatever differs in any way is left to `RowParser`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .perf_few_rows import MOST_ROWS, FewRows, pct_share
from .perf_intervals import groups_of
from .perf_rows import Row, RowParser, is_time
from .samples import NO_COUNT_SHARES, ColumnParts, PartColumns, Reading, Status

__all__ = ["Block", "Layout"]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

_ALL_THE_TIME: Final = b"100.00"
#: up to here a float64 is exact to the digit
_EXACT: Final = 1e15
_VALUES = re.compile(
    rb"(?:(?:[0-9]{1,15}(?:\.[0-9]{1,20})?|<not counted>|<not supported>) )*+"
).fullmatch


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The rows of one reading: from `start` to `stop`, once they are in the order of groups."""

    first: Row
    start: int
    stop: int
    places: dict[str, int]


class Layout:
    """The rows of an interval: how their fields stand, and those that are always the same.

    Attributes
    ----------
    rows
        The interval's rows, in perf's order.
    separator
        perf's ``-x``.
    stride
        Separators in a row.
    at
        Where in a row the value stands.
    fixed
        ``(place in a row, that field of each row)``: label, unit and event.
    groups
        The rows of each reading.
    order
        The rows' places, group by group; `None` where that is perf's order.
    """

    def __init__(
        self, rows: Sequence[Row], fields: Sequence[list[bytes]], at: int, separator: bytes
    ) -> None:
        self.rows = rows
        self.separator = separator
        self.stride = len(fields[0]) - 1
        self.at = at
        same: dict[bytes, bytes] = {}  # equal fields as one object are compared faster
        self.fixed = [
            (place, [same.setdefault(row[place], row[place]) for row in fields])
            for place in (*range(1, at), at + 1, at + 2)
        ]
        found = groups_of(rows)
        places = [place for group in found for place in group]
        self.order = None if places == list(range(len(rows))) else np.array(places)
        bounds = [0]
        for group in found:
            bounds.append(bounds[-1] + len(group))
        self.starts = np.array(bounds[:-1])
        #: whether there are few rows, none of which is a part
        self.is_plain = len(rows) <= MOST_ROWS and all(row.label is None for row in rows)
        self.groups = [
            _Group(
                rows[group[0]], start, stop, {rows[p].label or "": n for n, p in enumerate(group)}
            )
            for group, (start, stop) in zip(found, pairwise(bounds), strict=True)
        ]

    @classmethod
    def of(cls, parser: RowParser, rows: Sequence[Row], lines: Sequence[bytes]) -> Self | None:
        """The layout of these lines, which were read as `rows`; `None` if they have not one."""
        separator = parser.separator.encode()
        fields = [line.split(separator) for line in lines]
        at = parser.value_at(len(fields[0])) if fields else None
        if at is None or any(row.cgroup is not None for row in rows):
            return None
        for row, cells in zip(rows, fields, strict=True):
            text = [cell.decode("utf-8", "backslashreplace") for cell in cells]
            if len(cells) != len(fields[0]) or parser.row_at(text, at) != row:
                return None
        return cls(rows, fields, at, separator)

    def begin(self, head: bytes, time: str) -> Block | FewRows | None:
        """A block without rows at `time`, printed as `head`; `None` if that is no time."""
        if not is_time(time):
            return None
        return FewRows(self, head, time) if self.is_plain else Block(self, head, time)


class Block:
    """One interval's rows in columns, as far as they have come.

    Attributes
    ----------
    time
        The time column, without padding.
    """

    def __init__(self, layout: Layout, head: bytes, time: str) -> None:
        self.time = time
        self._layout = layout
        self._head = head
        self._count = 0
        self._numbers: list[_Floats] = []
        self._decimal: list[_Bools] = []
        self._shares: list[_Floats] = []

    def __len__(self) -> int:
        return self._count

    @property
    def is_full(self) -> bool:
        """Whether all rows of the layout have come."""
        return self._count == len(self._layout.rows)

    def take(self, lines: bytes, head: bytes) -> int:
        """Take whole lines that begin with `head`: how many, or 0 if they are not the next rows."""
        layout = self._layout
        stride, at = layout.stride, layout.at
        fields = lines.split(layout.separator)
        count, odd = divmod(len(fields) - 1, stride)
        start, stop = self._count, self._count + count
        if odd or head != self._head or stop > len(layout.rows):
            return 0
        if not _are_lines(lines, fields[stride:-1:stride], head):
            return 0
        if any(fields[place::stride] != column[start:stop] for place, column in layout.fixed):
            return 0
        runtimes = fields[at + 3 :: stride]
        if not b"".join(runtimes).isdigit() or not all(runtimes):
            return 0
        values = fields[at::stride]
        found = _numbers(values)
        shares = _shares(fields[at + 4 :: stride])
        if found is None or shares is None:
            return 0
        numbers, decimal = found
        for place in np.flatnonzero(np.isnan(numbers)):
            status = (
                Status.NOT_COUNTED if values[place] == b"<not counted>" else Status.NOT_SUPPORTED
            )
            shares[place] = NO_COUNT_SHARES[status]
        self._count = stop
        self._numbers.append(numbers)
        self._decimal.append(decimal)
        self._shares.append(shares)
        return count

    def _columns(self, seconds: float | None) -> PartColumns:
        """What has come, in perf's order."""
        return PartColumns(
            np.concatenate(self._numbers),
            np.concatenate(self._decimal),
            np.concatenate(self._shares),
            seconds,
        )

    def rows(self) -> list[Row]:
        """The same, row by row."""
        columns = self._columns(None)
        found = []
        for place, row in enumerate(self._layout.rows[: self._count]):
            reading = columns.reading(row.event, row.unit, place)
            value, status, running = reading.count, reading.status, reading.running
            found.append(row._replace(time=self.time, value=value, status=status, running=running))
        return found

    def readings(self, seconds: float | None) -> list[Reading]:
        """The readings of a full block, as `perf_intervals.readings` makes them of its rows."""
        layout = self._layout
        columns = self._columns(seconds)
        if layout.order is not None:
            columns = columns.ordered(layout.order)
        counted = columns.shares >= 0
        sums = np.add.reduceat(np.where(counted, columns.counts, 0.0), layout.starts).tolist()
        weakest = np.minimum.reduceat(np.where(counted, columns.shares, 1.0), layout.starts)
        best = np.maximum.reduceat(columns.shares, layout.starts).tolist()
        found = []
        for group, total, weak, most in zip(
            layout.groups, sums, weakest.tolist(), best, strict=True
        ):
            first = group.first
            if first.label is None:
                found.append(columns.reading(first.event, first.unit, group.start))
                continue
            parts = ColumnParts(columns, first.event, first.unit, group.places, group.start)
            if most < 0:  # the sums are of nothing
                nothing = _status(most)
                found.append(Reading(first.event, None, None, first.unit, nothing, 0.0, parts))
                continue
            count = columns.total(group.start, group.stop, total)
            rate = count / seconds if seconds else None
            status = Status.COUNTED
            found.append(Reading(first.event, count, rate, first.unit, status, weak, parts))
        return found


def _are_lines(lines: bytes, ends: list[bytes], head: bytes) -> bool:
    """Whether a line ends in each of `ends`, with the next one's time behind it, and nowhere else."""
    end = b"\n" + head
    if not all(last.endswith(end) for last in set(ends)):
        return False
    newlines = np.count_nonzero(np.frombuffer(lines, np.uint8) == 10)
    return bool(newlines == len(ends))


def _numbers(values: list[bytes]) -> tuple[_Floats, _Bools] | None:
    """Values as exact numbers, NaN where there is none, and which have decimals.

    `None` if one is no value, or has more digits than a float64.
    """
    text = b" ".join(values)
    numbers: _Floats
    if b"".join(values).isdigit():
        if b" 00" in b" " + text:  # such a number may be longer than it looks
            return None
        numbers = np.fromstring(text, np.int64, sep=" ").astype(np.float64)
    elif _VALUES(text + b" "):
        text = text.replace(b"<not counted>", b"nan").replace(b"<not supported>", b"nan")
        numbers = np.fromstring(text, sep=" ")
    else:
        return None
    if len(numbers) != len(values) or (numbers >= _EXACT).any():
        return None
    decimal = np.zeros(len(values), np.bool_)
    if b"." in text:
        letters = np.frombuffer(text, np.uint8)
        blanks, points = (np.flatnonzero(letters == ord(letter)) for letter in " .")
        decimal[np.searchsorted(blanks, points)] = True
    return numbers, decimal


def _shares(percentages: list[bytes]) -> _Floats | None:
    """Percentages as shares; `None` if one is no percentage."""
    if percentages.count(_ALL_THE_TIME) == len(percentages):
        return np.ones(len(percentages))
    shares = [pct_share(percentage) for percentage in percentages]
    return None if min(shares) < 0 else np.array(shares)


def _status(share: float) -> Status:
    if share >= 0:
        return Status.COUNTED
    return (
        Status.NOT_COUNTED if share == NO_COUNT_SHARES[Status.NOT_COUNTED] else Status.NOT_SUPPORTED
    )
