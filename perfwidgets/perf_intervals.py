"""Rows -> `Sample`: what the readers of perf's formats share."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from statistics import median
from types import MappingProxyType
from typing import IO, Final, Self

from .errors import ArgumentError, RecordingError
from .notes import Notes
from .perf_rows import SUMMARY, Row
from .samples import Reading, Sample, Status, whole

__all__ = [
    "MAX_LINE",
    "MAX_ROWS",
    "SampleReader",
    "Timeline",
    "groups_of",
    "open_lines",
    "pieces",
    "readings",
    "text",
    "unanswered",
]

#: a longer line, in bytes, is not from perf
MAX_LINE: Final = 1 << 20
_PIECE: Final = 1 << 18
#: more rows in one interval are not from perf: 4,000 threads times 100 events
MAX_ROWS: Final = 400_000
_MAX_UNTIMED: Final = 50_000
#: more events that came once and no more are not from perf; each would be missing in each interval
_MAX_ABSENT: Final = 512
#: an interval shorter than this share of the usual one gives no rates
_SHORTEST_SHARE: Final = 0.2

_PMU_EVENT = re.compile(r"([\w.-]+?)(_[0-9]+)?/([^/:]+)(?::(\w+))?/(\w*)").fullmatch
_NAME_TERM = re.compile(r"[/,]name=([^,/]+)")
_MODIFIER = re.compile(r":[ukhGHSDpPIWeb]+$")


class Timeline:
    """Measures intervals: each lasts from the time before it to its own.

    Parameters
    ----------
    interval
        The interval asked for in seconds; if unknown, the median of those so far is the usual one.
    """

    def __init__(self, interval: float | None = None) -> None:
        self._asked = interval
        self._last: float | None = None
        self._durations: deque[float] = deque(maxlen=61)

    @property
    def last(self) -> float | None:
        """The time of the last interval in seconds."""
        return self._last

    def is_new_run(self, time: float) -> bool:
        """Whether `time` begins a run: it is the first, or time went back."""
        return self._last is None or time < self._last

    def step(self, time: float) -> tuple[float, float | None]:
        """Go to `time`: the duration, and the same to divide by, or `None` if it is too short."""
        if self.is_new_run(time):
            self._durations.clear()
            self._last = 0.0
        duration = time - (self._last or 0.0)
        usual = self._asked or (median(self._durations) if self._durations else 0.0)
        self._last = time
        self._durations.append(duration)
        usable = duration > 0.0 and duration >= _SHORTEST_SHARE * usual
        return duration, duration if usable else None


def readings(rows: Sequence[Row], seconds: float | None) -> list[Reading]:
    """The readings of one interval's rows, in perf's order.

    Parameters
    ----------
    rows
        In any order. The n-th row of an event and label belongs to the n-th reading of the event.
    seconds
        What to divide by for rates; `None` for no rates.
    """
    return [_reading([rows[place] for place in group], seconds) for group in groups_of(rows)]


def groups_of(rows: Sequence[Row]) -> list[list[int]]:
    """The places of those rows that one reading is made of, for each reading."""
    repeats: Counter[tuple[str, str | None, str | None]] = Counter()
    slots: dict[tuple[str, bool, bool, int], list[int]] = {}
    for place, row in enumerate(rows):
        key = (row.event, row.label, row.cgroup)
        nth = repeats[key]
        repeats[key] = nth + 1
        slot = (row.event, row.label is None, row.cgroup is None, nth)
        slots.setdefault(slot, []).append(place)
    return list(slots.values())


def _reading(rows: list[Row], seconds: float | None) -> Reading:
    """One event's reading: of a single plain row, or the whole of labelled ones."""
    first = rows[0]
    if first.cgroup is None:
        return _labelled(rows, seconds)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.cgroup or "", []).append(row)
    parts = {path: _labelled(group, seconds) for path, group in groups.items()}
    return whole(first.event, first.unit, MappingProxyType(parts), seconds)


def _labelled(rows: list[Row], seconds: float | None) -> Reading:
    first = rows[0]
    if first.label is None:
        return _plain(first, seconds)
    parts = {row.label: _plain(row, seconds) for row in rows if row.label is not None}
    return whole(first.event, first.unit, MappingProxyType(parts), seconds)


def _plain(row: Row, seconds: float | None) -> Reading:
    rate = row.value / seconds if seconds and row.value is not None else None
    return Reading(row.event, row.value, rate, row.unit, row.status, row.running)


def missing(event: str) -> Reading:
    """The reading of an event that was asked for and has no row."""
    return Reading(event, None, None, None, Status.MISSING, 0.0)


@lru_cache(maxsize=4096)
def answers(printed: str) -> frozenset[str]:
    """The names that, asked for, may be printed as `printed`, itself not among them.

    perf adds ``:u`` where it may not count the kernel, a PMU where there are several, and a
    number to each of equal PMUs: ``cpu_atom/cycles:u/`` and ``cpu_core/cycles/u`` both answer
    ``cycles`` and ``cycles:u``, ``uncore_imc_0/clockticks/`` answers ``uncore_imc/clockticks/``.
    """
    names = {printed, _MODIFIER.sub("", printed)}
    if match := _PMU_EVENT(printed):
        pmu, number, event, inner, outer = match.groups()
        modifier = inner or outer or ""
        for unit in {pmu, f"{pmu}{number or ''}"}:
            names.add(f"{unit}/{event}/")
            if modifier:
                names |= {f"{unit}/{event}/{modifier}", f"{unit}/{event}:{modifier}/"}
        names |= {event, f"{event}:{modifier}" if modifier else event}
    return frozenset(names - {printed})


def unanswered(asked: Mapping[str, int], found: Sequence[Reading]) -> list[Reading]:
    """A `missing` reading for each event asked for without a row.

    Parameters
    ----------
    asked
        Each event's name and how often it was asked for.
    found
        The readings that there are.
    """
    printed = Counter(reading.event for reading in found)
    if all(printed[event] >= times for event, times in asked.items()):
        return []
    spare: Counter[str] = Counter()
    for name, times in printed.items():
        left = times - asked.get(name, 0)
        for event in answers(name) if left > 0 else ():
            spare[event] = max(spare[event], left)
    short: list[Reading] = []
    for event, times in asked.items():
        term = _NAME_TERM.search(event)
        have = printed[event] + spare[event] + (printed[term[1]] if term else 0)
        short += [missing(event)] * (times - have)
    return short


class SampleReader(ABC, Iterator[Sample]):
    """Iterator of the samples in perf's text; how a line becomes a row is the subclass's business.

    Attributes
    ----------
    notes
        The lines that fit nothing, as `Note`; complete once the iteration has ended.
        ``notes.left_out`` counts those beyond the first 10,000.
    summary
        What ``--summary`` printed at the end, as one sample without rates; `None` until the
        iteration has ended, and if there is none.
    """

    def __init__(self, lines: Iterable[tuple[str, bool]]) -> None:
        self.notes = Notes()
        self.summary: Sample | None = None
        self._lines = lines
        self._timeline = Timeline()
        self._seen: Counter[str] = Counter()
        self._number = 0
        self._untimed: list[tuple[Row, int, str]] = []
        self._samples = self._read()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Sample:
        return next(self._samples)

    @abstractmethod
    def _row(self, number: int, line: str, is_whole: bool) -> Row | None:
        """The row of a line, if it is one; else the line is noted or passed over."""

    def _read(self) -> Iterator[Sample]:
        pending: list[Row] = []
        for number, (line, is_whole) in enumerate(self._lines, 1):
            self._number = number
            row = self._row(number, line, is_whole)
            if row is None:
                continue
            if row.time is None or row.time == SUMMARY:
                self._keep_untimed(row, number, line)
                continue
            if self._untimed and not pending and self._timeline.last is None:
                self._note_untimed()
            if pending and pending[0].time != row.time:
                yield self._sample(pending)
                pending = []
            self._keep(pending, row, number, line)
        if pending:
            yield self._sample(pending)
        yield from self._end()

    def _keep(self, rows: list[Row], row: Row, number: int, line: str) -> None:
        if len(rows) < MAX_ROWS:
            rows.append(row)
        else:
            self.notes.add(number, line)

    def _keep_untimed(self, row: Row, number: int, line: str) -> None:
        if len(self._untimed) < _MAX_UNTIMED:
            self._untimed.append((row, number, line))
        else:
            self.notes.add(number, line)

    def _note_untimed(self) -> None:
        """Before the first time there is no summary: such a row has lost its beginning."""
        for _, number, line in self._untimed:
            self.notes.add(number, line)
        self.notes.sort()
        self._untimed.clear()

    def _sample(self, rows: list[Row]) -> Sample:
        time = float(rows[0].time or 0.0)
        if self._timeline.is_new_run(time):
            self._seen.clear()
        duration, seconds = self._timeline.step(time)
        found = readings(rows, seconds)
        return Sample(time, None, duration, (*found, *self._absent(found)))

    def _absent(self, found: list[Reading]) -> list[Reading]:
        """A reading of status `MISSING` for each event seen earlier in this run, not now."""
        printed = Counter(reading.event for reading in found)
        short = [missing(e) for e, n in self._seen.items() for _ in range(n - printed[e])]
        if len(short) > _MAX_ABSENT:
            self.notes.add(self._number, f"{len(short)} events are missing: no longer looked for")
            self._seen, short = printed, []
        elif printed != self._seen:
            self._seen |= printed
        return short

    def _end(self) -> Iterator[Sample]:
        """Rows without a time: the summary if others have one, else the only sample."""
        last = self._timeline.last
        untimed = [row for row, _, _ in self._untimed]
        summary = [row for row in untimed if last is not None or row.time == SUMMARY]
        plain = [row for row in untimed if last is None and row.time != SUMMARY]
        if summary:
            self.summary = Sample(last or 0.0, None, None, tuple(readings(summary, None)))
        if plain:
            yield Sample(0.0, None, None, tuple(readings(plain, None)))


def text(line: str | bytes) -> str:
    """A line without its newline; bytes that are no UTF-8 are written out, as hexadecimal escapes."""
    if isinstance(line, bytes):
        line = line.decode("utf-8", "backslashreplace")
    elif not isinstance(line, str):
        raise ArgumentError(
            f"a line is {type(line).__name__}, not str or bytes",
            "Give a path, or an iterable of lines such as text.splitlines()",
        )
    return line.rstrip("\r\n")


def _whole_lines(lines: Iterable[str | bytes]) -> Iterator[tuple[str, bool]]:
    for line in lines:
        yield text(line), True


class _File:
    """A file's lines, and whether each ended in a newline; closed at its end."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        try:
            self._file: IO[bytes] = open(path, "rb")  # noqa: SIM115
        except (OSError, ValueError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> RecordingError:
        reason = getattr(error, "strerror", None) or str(error)
        return RecordingError(
            f"{self._path!r} cannot be read: {reason}",
            "Give the path of a file that `perf stat -I 1000 -x ';' -o FILE` wrote",
        )

    def __iter__(self) -> Iterator[tuple[str, bool]]:
        try:
            with self._file as file:
                while line := file.readline(MAX_LINE):
                    is_whole = line.endswith(b"\n")
                    yield text(line), is_whole
                    while not is_whole and (rest := file.readline(MAX_LINE)):
                        is_whole = rest.endswith(b"\n")
        except OSError as error:
            raise self._failure(error) from error

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


def open_lines(
    path_or_lines: str | os.PathLike[str] | Iterable[str | bytes],
) -> Iterable[tuple[str, bool]]:
    """Lines as text, each with whether it is whole; a path is opened at once."""
    if isinstance(path_or_lines, str | os.PathLike):
        return _File(path_or_lines)
    if isinstance(path_or_lines, bytes) or not isinstance(path_or_lines, Iterable):
        raise ArgumentError(
            f"{type(path_or_lines).__name__} is neither a path nor lines",
            "Give a path, or an iterable of lines such as text.splitlines()",
        )
    return _whole_lines(path_or_lines)


def pieces(data: bytes) -> Iterator[bytes]:
    """Whole lines of at most 256 KiB, without the last newline: more would not stay in the cache."""
    start = 0
    while len(data) - start > _PIECE:
        stop = data.rfind(b"\n", start, start + _PIECE)
        if stop < 0:
            stop = data.find(b"\n", start)
            if stop < 0:
                break
        yield data[start:stop]
        start = stop + 1
    yield data[start:]
