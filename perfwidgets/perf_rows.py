"""One line of ``perf stat -x`` text -> one `Row`. Pure: no files, no state between intervals.

A row is ``[time SEP] [label SEP [count SEP]] value SEP unit SEP event [SEP cgroup]
[SEP variance%] SEP runtime SEP pct [SEP metrics…]``, with no header, no quoting and no escaping,
so it is read by what its fields can be: a unit or an event is never a number, the pct always has
decimals, and a thread's name can be anything, so the rightmost value that makes a whole row is it.
"""

from __future__ import annotations

import enum
import re
from functools import lru_cache
from typing import Final, NamedTuple

from .samples import Status

__all__ = [
    "SUMMARY",
    "Line",
    "Row",
    "RowParser",
    "is_furniture",
    "is_time",
    "make_count",
    "make_row",
    "share_of",
]

#: what stands in place of the time in a row of ``--summary``
SUMMARY: Final = "summary"

_MAX_FIELDS = 256
_MAX_EVENT_FIELDS = 64
_MAX_EVENT = 4096

_TIME = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}").fullmatch
# perf counts in 64 bits, 20 digits; more digits than 30 are not from perf
_VALUE = re.compile(r"-?[0-9]{1,30}(?:[.,][0-9]{1,20})?").fullmatch
_DIGITS = re.compile(r"[0-9]+").fullmatch
_PCT = re.compile(r"[0-9]{1,3}[.,][0-9]{1,2}").fullmatch
_TWO_DIGITS = re.compile(r"[0-9][0-9]").fullmatch
_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]*)?(?:[eE][-+]?[0-9]+)?%?").fullmatch
_VARIANCE = re.compile(r"(?:[0-9]+(?:[.,][0-9]+)?|-?nan|-?inf)%").fullmatch
_VARIANCE_TAIL = re.compile(r"[0-9]+%").fullmatch
_PMU_SUFFIX = re.compile(r" \[[^]]*\]$")
_CPU_LABEL = re.compile(r"CPU-?[0-9]+").fullmatch
_AGGREGATE_LABEL = re.compile(r"[NSD]-?[0-9]+(?:-[A-Z]+-?[0-9]+)*").fullmatch
_THREAD_LABEL = re.compile(r".*-[0-9]+", re.DOTALL).fullmatch
_SHORT_EVENT = re.compile(r"[A-Za-z_][^\s,;]*").fullmatch
_SHORT_UNITS = frozenset(("", "msec", "ns", "Joules", "MiB", "KiB", "bytes", "%", "C", "M"))

_NOT_COUNTS: Final = {
    "<not counted>": Status.NOT_COUNTED,
    "<not supported>": Status.NOT_SUPPORTED,
}

# The kinds of a line's fields, spelled as letters (`_shape`): a metric row has its value, unit and
# event empty (at least three e), a metricgroup row its runtime and pct (d p) early.
_METRIC_SHAPE = re.compile(r"T?(?:e?ld?)?(?=(?:[dp]*e){3})e*(?:dp)?e*[dpn]{0,2}[xl]?e*").fullmatch
_METRIC_ONLY_SHAPE = re.compile(r"T?(?:ld?)?[dpne]*").fullmatch

# `SEP runtime SEP pct`, then `time SEP value`; a separator is never of blanks alone


class Row(NamedTuple):
    """What one row says.

    Attributes
    ----------
    time
        The time column as printed, without padding; `SUMMARY`; `None` without such a column.
    label
        perf's label of what was counted (``CPU0``, ``S0-D0-C1``, ``comm-tid``), if apart.
    event
        The event's name, without the `` [pmu]`` that 6.12 adds.
    cgroup
        The cgroup's path, if counted by cgroup.
    unit
        perf's unit; `None` for a plain number.
    value
        What was counted, exactly; `None` where perf printed ``<not …>``.
    status
        Whether it was counted.
    running
        Share of the time on a counter, 0 to 1; 1.0 where no percentage was printed.
    """

    time: str | None
    label: str | None
    event: str
    cgroup: str | None
    unit: str | None
    value: int | float | None
    status: Status
    running: float


class Line(enum.Enum):
    """What a line can be that is no row."""

    #: blank, ``# started on``, metric rows and headers: of no interest
    PASSED = "passed"
    #: fits nothing
    UNKNOWN = "unknown"


class Cells(NamedTuple):
    """A row's fields from its value on, as their text.

    Attributes
    ----------
    value
        A number, with ``.`` or ``,`` before its decimals, or one of the two ``<not …>``.
    unit, event, cgroup
        As in `Row`; the unit may be empty, the event have a `` [pmu]`` behind it.
    pct
        Percentage of the time on a counter; `None` if none was printed.
    """

    value: str
    unit: str
    event: str
    cgroup: str | None
    pct: str | None


class RowParser:
    """Reads the rows of one output, whose separator is known.

    Parameters
    ----------
    separator
        What stands between fields, one or more characters.
    short_rows
        Whether rows without runtime and percentage (perf before 4.1) are rows; such rows are no
        longer believed once a full one was read.
    """

    def __init__(self, separator: str, *, short_rows: bool = False) -> None:
        self.separator = separator
        self._short_rows = short_rows
        self._metric_only = False
        # number of fields -> where the value stood in the last plain row of so many fields
        self._layouts: dict[int, int] = {}

    def parse(self, line: str) -> Row | Line:
        """Read a line, given without its newline."""
        separator = self.separator
        if separator == " ":
            line = line.lstrip(" ")
        raw = line.split(separator, _MAX_FIELDS)
        if len(raw) > _MAX_FIELDS:
            return Line.UNKNOWN
        fields = [field.strip() for field in raw]
        at = self._layouts.get(len(fields))
        if at is not None and _TIME(fields[0]):
            row = self._row_at(raw, fields, 1, at, wide=False)
            if row is not None:
                return row
        return self._search(raw, fields) or self._short_row(fields) or self._furniture(line, fields)

    def value_at(self, count: int) -> int | None:
        """Where the value stood in the last plain row of so many fields, behind its time."""
        return self._layouts.get(count)

    def row_at(self, raw: list[str], at: int) -> Row | None:
        """The row of these fields if its value is field `at`."""
        return self._row_at(raw, [field.strip() for field in raw], 1, at, wide=False)

    def _search(self, raw: list[str], fields: list[str]) -> Row | None:
        """The row that starts latest, since a thread's name may look like the start of one."""
        timed = bool(_TIME(fields[0])) or fields[0] == SUMMARY
        # a comma locale prints 200,71 and 100,00: with the separator "," a field more for each
        for wide in (False, True) if self.separator == "," else (False,):
            for start in (1, 0) if timed else (0,):
                for at in range(len(fields) - 5, start - 1, -1):
                    row = self._row_at(raw, fields, start, at, wide)
                    if row is not None:
                        self._learn(len(fields), start, at, row, wide)
                        return row
        return None

    def _learn(self, count: int, start: int, at: int, row: Row, wide: bool) -> None:
        self._short_rows = False
        # With two metric fields behind the pct and one each for unit and event, no later field
        # can be the value: then the search from the right may be skipped.
        if start == 1 and count == at + 7 and row.cgroup is None and not wide:
            self._layouts[count] = at

    def _row_at(
        self, raw: list[str], fields: list[str], start: int, at: int, wide: bool
    ) -> Row | None:
        """The row whose value is field `at`, behind a label that begins at `start`."""
        value = fields[at] if at < len(fields) else ""
        if value not in _NOT_COUNTS and not _VALUE(value):
            return None
        cells = self._cells(fields, at, wide)
        if cells is None:
            return None
        label = None
        if at > start:
            label = self._label(raw, fields, start, at)
            if label is None or (wide and at == start + 2 and "percore" in cells.event):
                return None
        return make_row(fields[0] if start else None, label, cells)

    def _cells(self, fields: list[str], at: int, wide: bool) -> Cells | None:
        value, after, count = fields[at], at + 1, len(fields)
        if wide and after < count and _DIGITS(fields[after]) and _DIGITS(value.lstrip("-")):
            value = f"{value}.{fields[after]}"
            after += 1
        if after + 3 >= count or _NUMBER(fields[after]):
            return None
        first = after + 1
        end = self._event_end(fields, first)
        runtime_at = _runtime_at(fields, end, wide) if end else None
        if not end or runtime_at is None:
            return None
        stop = _before_variance(fields, end, runtime_at, wide)
        if self.separator in ("/", ":"):  # msr/tsc/, cycles:u fall apart; a cgroup cannot be told
            end = stop
        between = fields[end:stop]
        if not _is_cgroup(between):
            return None
        event = self.separator.join(fields[first:end])
        pct = fields[runtime_at + 1]
        pct = f"{pct}.{fields[runtime_at + 2]}" if wide else pct
        cgroup = self.separator.join(between) if between else None
        return Cells(value, fields[after], event, cgroup, pct)

    def _event_end(self, fields: list[str], first: int) -> int | None:
        """Behind the event's last field: ``cpu/event=0x3c,umask=0x0/u`` holds separators."""
        slashes = 0
        for index in range(first, min(len(fields), first + _MAX_EVENT_FIELDS)):
            slashes += fields[index].count("/")
            if slashes % 2 == 0:
                return index + 1
        return None

    def _label(self, raw: list[str], fields: list[str], start: int, at: int) -> str | None:
        """The label between time and value, without the number of CPUs behind it."""
        first = fields[start]
        if at == start + 1 and (_CPU_LABEL(first) or _AGGREGATE_LABEL(first)):
            return first
        if at == start + 2 and _AGGREGATE_LABEL(first) and _DIGITS(fields[start + 1]):
            return first
        name = self.separator.join(raw[start:at]).strip(" ")
        return name if _THREAD_LABEL(name) else None

    def _short_row(self, fields: list[str]) -> Row | None:
        """Rows of perf 3.x: ``time,[label,]value,[unit,]event``."""
        if not self._short_rows or not 3 <= len(fields) <= 5 or not _TIME(fields[0]):
            return None
        labelled = bool(_CPU_LABEL(fields[1]) or _AGGREGATE_LABEL(fields[1]))
        value, *unit, event = fields[1 + labelled :] if len(fields) > 2 + labelled else ("", "")
        known = value in _NOT_COUNTS or _VALUE(value)
        if not known or not _SHORT_EVENT(event) or not _SHORT_UNITS.issuperset(unit) or unit[1:]:
            return None
        label = fields[1] if labelled else None
        cells = Cells(value, unit[0] if unit else "", event, None, None)
        return make_row(fields[0], label, cells)

    def _furniture(self, line: str, fields: list[str]) -> Line:
        """Whether a line that is no row is one that perf prints beside rows."""
        if is_furniture(line):
            return Line.PASSED
        if fields[0] == "time" and len(fields) > 1:
            self._metric_only = True
            return Line.PASSED
        shape = _shape(fields[:_MAX_EVENT_FIELDS])
        if _METRIC_SHAPE(shape) or (self._metric_only and _METRIC_ONLY_SHAPE(shape)):
            return Line.PASSED
        return Line.UNKNOWN


def _runtime_at(fields: list[str], end: int, wide: bool) -> int | None:
    """Where the runtime stands, which a percentage follows."""
    for index in range(end, len(fields) - 1 - wide):
        if not _DIGITS(fields[index]):
            continue
        following = fields[index + 1]
        if wide:
            if _DIGITS(following) and len(following) <= 3 and _TWO_DIGITS(fields[index + 2]):
                return index
        elif _PCT(following):
            return index
    return None


def _before_variance(fields: list[str], end: int, runtime_at: int, wide: bool) -> int:
    """Where the fields between event and runtime end, not counting the variance of ``-r``."""
    last = fields[runtime_at - 1] if runtime_at > end else ""
    if wide and runtime_at > end + 1 and _VARIANCE_TAIL(last) and _DIGITS(fields[runtime_at - 2]):
        return runtime_at - 2
    if _VARIANCE(last):
        return runtime_at - 1
    return runtime_at


def _is_cgroup(fields: list[str]) -> bool:
    """Whether these can be a path; two rows run together have numbers and empty fields there."""
    if len(fields) <= 1:
        return all(fields)
    return not any(not field or _NUMBER(field) for field in fields)


def make_row(time: str | None, label: str | None, cells: Cells) -> Row | None:
    """The row of these cells; `None` if its value or its event is none of perf's."""
    value, unit, event, cgroup, pct = cells
    name = _event_name(event) if len(event) <= _MAX_EVENT else None
    if name is None:
        return None
    status = _NOT_COUNTS.get(value)
    if status is not None:  # the percentage of such rows means nothing
        return Row(time, label, name, cgroup, unit or None, None, status, 0.0)
    if not _VALUE(value):
        return None
    running = 1.0 if pct is None else share_of(pct)
    return Row(time, label, name, cgroup, unit or None, make_count(value), Status.COUNTED, running)


def make_count(value: str) -> int | float:
    """A value as the number that perf printed: an exact integer, or a decimal."""
    return int(value) if value.lstrip("-").isdigit() else _decimal(value)


def is_time(text: str) -> bool:
    """Whether a field without padding can be the time."""
    return _TIME(text) is not None


@lru_cache(maxsize=1024)
def _event_name(text: str) -> str | None:
    """The name of an event, without a `` [pmu]`` behind it; `None` if it cannot be one."""
    name = _PMU_SUFFIX.sub("", text)
    return name if len(name.split()) == 1 and name.strip() == name and not _NUMBER(name) else None


@lru_cache(maxsize=1024)
def share_of(pct: str) -> float:
    """A percentage as a share of the time."""
    return min(_decimal(pct) / 100, 1.0)


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def _shape(fields: list[str]) -> str:
    """A letter for each field: T time, e empty, l label, d digits, p number with decimals, x."""
    first = "T" if _TIME(fields[0]) or fields[0] == SUMMARY else ""
    return first + "".join(map(_kind, fields[1:] if first else fields))


def _kind(field: str) -> str:
    if not field:
        return "e"
    if _DIGITS(field):
        return "d"
    if _PCT(field):
        return "p"
    if _NUMBER(field):
        return "n"
    known = _CPU_LABEL(field) or _AGGREGATE_LABEL(field) or _THREAD_LABEL(field)
    return "l" if known else "x"


def is_furniture(line: str) -> bool:
    """Whether a line is blank or the heading of ``-o FILE``."""
    return not line.strip() or line.startswith("# started on")
