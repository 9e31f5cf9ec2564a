"""A recording, played again."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from itertools import islice
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Literal, Self

from anyio import to_thread

from perfwidgets.errors import ArgumentError, RecordingError
from perfwidgets.perf_csv import PerfCsvReader
from perfwidgets.perf_intervals import SampleReader, open_lines
from perfwidgets.perf_json import PerfJsonReader
from perfwidgets.perf_rows import Note, find_separator, is_furniture
from perfwidgets.samples import Sample
from perfwidgets.sources.pace import Pace

__all__ = ["Replay"]

#: how much of the beginning is read to find out what the file holds: characters, samples
_BEGINNING = 1 << 20
_FIRST_SAMPLES = 9
#: about so many readings are read ahead, some 10 ms of parsing
_AHEAD = 2_000

_Line = tuple[str, bool]


class Replay:
    """The samples of a recording, as if they were counted now.

    An async context manager and iterator of `Sample`, on asyncio and on trio::

        async with Replay("slow-night.csv", speed=10) as source:
            async for sample in source:
                print(sample["page-faults"].count)

    Each time it is entered it plays from the beginning.

    Parameters
    ----------
    path
        What ``perf stat -x`` or ``perf stat -j`` printed, with any separator but blanks; found
        out from its beginning. It is read as it is played, so its size does not matter.
    speed
        How many times as fast as it was recorded; `math.inf` for as fast as it goes.

    Attributes
    ----------
    events : tuple of str
        The events of the recording's beginning.
    interval : float or None
        The median time between its first samples, in seconds; `None` from output without a time.
    label : str
        What is shown in place of perf's version.

    Raises
    ------
    ArgumentError
        If `path` is no path, or `speed` not a positive number.
    RecordingError
        If the file cannot be read or holds no sample, with what it seems to hold instead.

    Notes
    -----
    perf's text has no clock time, so `Sample.timestamp` is `None`: all values are the same each
    time it is played, and models place them by `Sample.time`. Where several runs were appended to
    one file, the time of each goes on from the end of the one before it; counts, durations and
    rates are as read. Time before the first sample is waited for, but no longer than an interval.
    """

    name = "replay"
    kind: Literal["counters"] = "counters"
    #: its times are the recording's, so nothing that happens now belongs beside it
    live = False

    def __init__(self, path: str | os.PathLike[str], *, speed: float = 1.0) -> None:
        self.path = _check_path(path)
        self._pace = Pace(speed)
        self.label = f"recording {self.path.name}"
        beginning = _beginning(self.path)
        self._is_json = beginning.is_json
        self.events = beginning.events
        self.interval: float | None = beginning.interval
        self._reader: SampleReader | None = None
        self._lines: Generator[_Line, None, None] | None = None
        self._timeline = _Timeline(self.interval)
        self._ready: deque[tuple[float, Sample]] = deque()
        self._failure: RecordingError | None = None

    def __repr__(self) -> str:
        return f"Replay({os.fspath(self.path)!r}, speed={self.speed:g})"

    @property
    def speed(self) -> float:
        """How many times as fast as it was recorded."""
        return self._pace.speed

    @property
    def notes(self) -> Sequence[Note]:
        """Lines that fit nothing, of what was read since it was last entered."""
        return self._reader.notes if self._reader is not None else ()

    def finish(self) -> None:
        """End the iteration; what was not yet played is left out."""
        self._pace.finish()

    async def __aenter__(self) -> Self:
        lines = _open(self.path)
        self._pace.begin()
        self._lines = self._until_finished(lines)
        self._reader = _reader(self._lines, self._is_json)
        self._timeline = _Timeline(self.interval)
        self._ready.clear()
        self._failure = None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pace.end()
        self._ready.clear()
        if self._lines is not None:
            self._lines.close()  # and with it the file

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sample:
        if self._reader is None or not self._pace.started:
            raise RecordingError(
                "Replay is read outside of its context", "Use `async with Replay(path)`."
            )
        if not self._ready and self._failure is None:
            # not on the event loop: a disk may be slow, and a sample have thousands of readings
            await to_thread.run_sync(self._read_ahead, self._reader)
        if not self._ready:
            if self._failure is not None:
                raise self._failure
            raise StopAsyncIteration
        moment, sample = self._ready[0]
        if not await self._pace.reach(moment):
            raise StopAsyncIteration
        self._ready.popleft()
        return sample

    def _read_ahead(self, reader: SampleReader) -> None:
        size = 0
        try:
            for sample in reader:
                self._ready.append(self._timeline.place(sample))
                size += sum(1 + len(reading.parts) for reading in sample)
                if size >= _AHEAD:
                    return
        except RecordingError as error:  # raised once all that came before it was played
            self._failure = error

    def _until_finished(self, lines: Iterable[_Line]) -> Generator[_Line, None, None]:
        for line in lines:
            if self._pace.finished:
                return
            yield line


class _Timeline:
    """Places the samples of a file, in which time may begin anew, on one axis."""

    def __init__(self, interval: float | None) -> None:
        self._interval = interval
        self._shift = self._last = self._moment = 0.0
        self._any = False

    def place(self, sample: Sample) -> tuple[float, Sample]:
        """The sample with its time on that axis, and the moment at which to play it."""
        step = sample.time - self._last
        if step < 0 or not self._any:
            self._shift += self._last
            step = min(sample.time, self._interval or sample.time)
        self._any, self._last = True, sample.time
        self._moment += step
        if not self._shift:
            return self._moment, sample
        return self._moment, changed(sample, time=self._shift + sample.time)


@dataclass(frozen=True, slots=True)
class _Beginning:
    is_json: bool
    events: tuple[str, ...]
    interval: float | None


def _beginning(path: Path) -> _Beginning:
    """What a file holds, by its first samples."""
    lines = list(_first_lines(path))
    is_json = _is_json(lines)
    reader = _reader(lines, is_json)
    samples = list(islice(reader, _FIRST_SAMPLES))
    if not samples:
        raise _explain(path, [line for line, _ in lines], summary=reader.summary is not None)
    events: Counter[str] = Counter()
    for sample in samples:
        events |= Counter(reading.event for reading in sample)
    durations = [sample.duration for sample in samples if sample.duration]
    # perf's -I takes whole milliseconds, and is kept to a fraction of one
    interval = max(round(median(durations), 3), 0.001) if durations else None
    return _Beginning(is_json, tuple(events.elements()), interval)


def _first_lines(path: Path) -> Iterator[_Line]:
    size = 0
    for line, is_whole in _open(path):
        yield line, is_whole
        size += len(line) + 1
        if size >= _BEGINNING:
            return


def _open(path: Path) -> Iterable[_Line]:
    """The lines of a plain file: opening a pipe would wait for whoever writes to it."""
    try:
        is_special = not stat.S_ISREG(path.stat().st_mode) and not path.is_dir()
    except (OSError, ValueError):
        is_special = False  # opening it says what is wrong
    if is_special:
        raise RecordingError(
            f"{str(path)!r} is no plain file but a pipe or a device", "Save it to a file first."
        )
    return open_lines(path)


def _is_json(lines: Iterable[_Line]) -> bool:
    for line, _ in lines:
        if re.match(r'\s*\{\s*"', line):
            return True
        if not is_furniture(line) and find_separator(line) is not None:
            return False
    return False


def _reader(lines: Iterable[_Line], is_json: bool) -> SampleReader:
    return PerfJsonReader(lines) if is_json else PerfCsvReader(lines, None)


_RECORD = "Record with `perf stat -a -I 1000 -x ';' -o FILE`, or with `-j` in place of `-x ';'`."

#: how a file begins that holds no sample -> what it is, and what to do
_LOOKS = tuple(
    (re.compile(pattern, re.MULTILINE), what, remedy)
    for pattern, what, remedy in (
        (
            r"\A(?:\x1f\\x8b|\(\\xb5/\\xfd|\\xfd7zXZ|BZh|PK\x03\x04)",
            "is compressed",
            "Unpack it first.",
        ),
        (r"\APERFILE", "is perf's own binary format", _RECORD),
        (r"\x00", "is no text", _RECORD),
        (
            r"Usage: perf|^\s*Error:|event syntax error|not supported\.$|[Pp]ermission",
            "holds what perf said in place of counting",
            "Mend what it says and record again; `perfwidgets check` tells what can be counted.",
        ),
        (
            r"^#\s+time\s+counts|Performance counter stats"
            r"|^\s*(?:[0-9.]+\s+)?(?:[0-9][0-9.,]*|<not (?:counted|supported)>)"
            r"\s+(?:[A-Za-z]+\s+)?[A-Za-z][\w/:,=.-]*(?:\s|$)",
            "has blanks between its columns, as perf prints for people",
            _RECORD,
        ),
        (
            r"^\s*time[^\w\s]",
            "holds metrics only, without the counts they are made of",
            "Record without `--metric-only`.",
        ),
    )
)


def _explain(path: Path, lines: Sequence[str], *, summary: bool) -> RecordingError:
    """Why there is no sample in a file that begins with these lines."""
    shown = repr(str(path))
    wordy = [line for line in lines if not is_furniture(line)]
    if not wordy:
        what = "has no counts yet" if lines else "is empty"
        return RecordingError(f"{shown} {what}", "Let perf run for at least one interval.")
    if summary:
        return RecordingError(f"{shown} holds only a summary", _RECORD)
    text = "\n".join(line[:500] for line in wordy[:200])
    for pattern, what, remedy in _LOOKS:
        if pattern.search(text):
            return RecordingError(f"{shown} {what}{_quoted(text)}", remedy)
    return RecordingError(f"{shown} holds no counts of perf's{_quoted(text)}", _RECORD)


def _quoted(text: str) -> str:
    first = text.partition("\n")[0].strip()
    return f", beginning with {first[:80]!r}" if first.isprintable() else ""


def _check_path(path: object) -> Path:
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text:
        raise ArgumentError(
            f"{path!r} is no path of a recording", 'Give one, such as "recording.csv".'
        )
    return Path(text)
