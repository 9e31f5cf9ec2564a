"""Blocks of perf's rows in columns: what an interval prints, once the rows before it are known.

perf prints the same rows interval after interval, and only time, value, runtime and percentage
(and the metrics, of which nothing is kept) change. So the separators of a block are found in one
go; fields that stand still are compared with those of an interval that was read row by row, and
the others are checked and read a column at a time. Whatever differs in any way is left to
`RowParser`.
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
from .perf_fields import Fields, Texts
from .perf_intervals import groups_of
from .perf_rows import Row, RowParser, is_time
from .samples import NO_COUNT_SHARES, ColumnParts, PartColumns, Reading, Status

__all__ = ["Block", "Layout"]

_Floats = NDArray[np.float64]
_Bools = NDArray[np.bool_]

#: up to here a float64 is exact to the digit
_EXACT: Final = 1e15
_DECIMAL = re.compile(rb"[0-9]{1,15}\.[0-9]{1,20}").fullmatch
_NONE: Final = {
    b"<not counted>": NO_COUNT_SHARES[Status.NOT_COUNTED],
    b"<not supported>": NO_COUNT_SHARES[Status.NOT_SUPPORTED],
}


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
    labels, names
        What stands before each row's value, and behind it: label, and unit with event.
    few
        How a whole interval is read at once if it has few rows, none of which is a part.
    groups
        The rows of each reading.
    order
        The rows' places, group by group; `None` where that is perf's order.
    """

    def __init__(
        self, rows: Sequence[Row], fields: Sequence[list[bytes]], at: int, separator: bytes
    ) -> None:
        self.rows = rows
        #: whether they answer all that was asked for
        self.answers = False
        self.separator = separator
        self.stride = len(fields[0]) - 1
        self.at = at
        self.labels = Texts([separator.join(row[1:at]) for row in fields]) if at > 1 else None
        self.names = Texts([separator.join(row[at + 1 : at + 3]) for row in fields])
        found = groups_of(rows)
        places = [place for group in found for place in group]
        self.order = None if places == list(range(len(rows))) else np.array(places)
        bounds = [0]
        for group in found:
            bounds.append(bounds[-1] + len(group))
        self.starts = np.array(bounds[:-1])
        is_plain = at == 1 and all(row.label is None for row in rows)
        self.few = (
            FewRows(rows, fields, separator)
            if is_plain and len(rows) <= MOST_ROWS and not separator.isspace()
            else None
        )
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
        if separator.strip(separator[:1]):
            return None  # its places are not where its first letter is
        if any(len({rows[place].unit for place in group}) > 1 for group in groups_of(rows)):
            return None  # a reading's parts have its unit
        for row, cells in zip(rows, fields, strict=True):
            text = [cell.decode("utf-8", "backslashreplace") for cell in cells]
            if len(cells) != len(fields[0]) or parser.row_at(text, at) != row:
                return None
        return cls(rows, fields, at, separator)

    def begin(self, head: bytes, time: str) -> Block | None:
        """A block without rows at `time`, printed as `head`; `None` if that is no time."""
        return Block(self, head, time) if is_time(time) else None


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
        layout, at = self._layout, self._layout.at
        if head != self._head:
            return 0
        fields = Fields.of(lines, layout.separator, layout.stride, head)
        if fields is None or self._count + len(fields) > len(layout.rows):
            return 0
        if not fields.are(at + 1, at + 2, layout.names, self._count):
            return 0
        if layout.labels and not fields.are(1, at - 1, layout.labels, self._count):
            return 0
        shares = _shares(fields, at + 4)
        if shares is None or not fields.are_digits(at + 3):
            return 0
        found = _numbers(fields, at, shares)
        if found is None:
            return 0
        numbers, decimal = found
        self._count += len(fields)
        self._numbers.append(numbers)
        self._decimal.append(decimal)
        self._shares.append(shares)
        return len(fields)

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
        counts, shares = columns.counts, columns.shares
        best = np.maximum.reduceat(shares, layout.starts).tolist()
        counted = shares >= 0
        if not counted.all():
            counts, shares = np.where(counted, counts, 0.0), np.where(counted, shares, 1.0)
        sums = np.add.reduceat(counts, layout.starts).tolist()
        weakest = np.minimum.reduceat(shares, layout.starts)
        decimal = np.logical_or.reduceat(columns.decimal, layout.starts).tolist()
        found = []
        for group, total, weak, most, has_decimals in zip(
            layout.groups, sums, weakest.tolist(), best, decimal, strict=True
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
            if has_decimals or total >= 2**53:
                count = columns.total(group.start, group.stop, total)
            else:
                count = int(total)
            rate = count / seconds if seconds else None
            status = Status.COUNTED
            found.append(Reading(first.event, count, rate, first.unit, status, weak, parts))
        return found


def _numbers(fields: Fields, place: int, shares: _Floats) -> tuple[_Floats, _Bools] | None:
    """Values as exact numbers, NaN where there is none, and which have decimals.

    Why there is none is put into `shares`. `None` if one is no value, or has more digits than a
    float64.
    """
    whole, fine = fields.numbers(place)
    numbers = whole.astype(np.float64)
    decimal = np.zeros(len(numbers), np.bool_)
    rows = np.flatnonzero(~fine)
    if not len(rows):
        return numbers, decimal
    for text, share in _NONE.items():
        found = fields.is_text(place, rows, text)
        numbers[rows[found]], shares[rows[found]] = np.nan, share
        rows = rows[~found]
    if not len(rows):
        return numbers, decimal
    hundredths, fine = fields.hundredths(place, rows)  # as clocks are printed
    numbers[rows], decimal[rows] = hundredths / 100.0, True
    for row in rows[~fine].tolist():
        printed = fields.text(place, row)
        if not _DECIMAL(printed) or (number := float(printed)) >= _EXACT:
            return None
        numbers[row] = number
    return numbers, decimal


def _shares(fields: Fields, place: int) -> _Floats | None:
    """Percentages as shares; `None` if one is no percentage."""
    words = fields.short(place)
    if words is None:
        return None
    if (words == words[0]).all():  # as a rule all are 100.00
        share = pct_share(fields.text(place, 0))
        return None if share < 0 else np.full(len(words), share)
    _, rows, which = np.unique(words, return_index=True, return_inverse=True)
    shares = np.array([pct_share(fields.text(place, row)) for row in rows.tolist()])
    return None if shares.min() < 0 else shares[which]


def _status(share: float) -> Status:
    if share >= 0:
        return Status.COUNTED
    return (
        Status.NOT_COUNTED if share == NO_COUNT_SHARES[Status.NOT_COUNTED] else Status.NOT_SUPPORTED
    )
