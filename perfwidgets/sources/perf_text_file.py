"""What perf printed into a file, to be played."""

from __future__ import annotations

import re
import stat
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from itertools import islice
from pathlib import Path
from statistics import median

from perfwidgets.errors import RecordingError
from perfwidgets.notes import Note
from perfwidgets.perf_csv import PerfCsvReader
from perfwidgets.perf_intervals import SampleReader, open_lines
from perfwidgets.perf_json import PerfJsonReader
from perfwidgets.perf_rows import is_furniture
from perfwidgets.perf_separator import find_separator
from perfwidgets.samples import Sample

__all__ = ["PerfText", "PerfTextFeed"]

#: how much of the beginning is read to find out what the file holds: characters, samples
_BEGINNING = 1 << 20
_FIRST_SAMPLES = 9

_Line = tuple[str, bool]


class PerfText:
    """A file of perf's text, found out from its beginning.

    Attributes
    ----------
    events
        The events of its beginning.
    interval
        The median time between its first samples, in seconds; `None` from output without a time.

    Raises
    ------
    RecordingError
        If the file cannot be read or holds no sample, with what it seems to hold instead.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        beginning = _beginning(path)
        self.events, self.interval = beginning.events, beginning.interval
        self._is_json = beginning.is_json

    def open(self, finished: Callable[[], bool]) -> PerfTextFeed:
        """Read its samples from the beginning, until `finished` says so."""
        return PerfTextFeed(self.path, self._is_json, self.interval, finished)


class PerfTextFeed:
    """The samples of perf's text, each with the moment at which to play it."""

    def __init__(
        self, path: Path, is_json: bool, interval: float | None, finished: Callable[[], bool]
    ) -> None:
        self._lines = _until(finished, _open(path))
        self._reader = _reader(self._lines, is_json)
        self._timeline = _Timeline(interval)

    @property
    def notes(self) -> Sequence[Note]:
        """Lines that fit nothing, of what was read by now."""
        return self._reader.notes

    def __iter__(self) -> Iterator[tuple[float, Sample]]:
        for sample in self._reader:
            yield self._timeline.place(sample)

    def sample(self, played: Sample) -> Sample:
        """What there is, as a sample."""
        return played

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def _until(finished: Callable[[], bool], lines: Iterable[_Line]) -> Generator[_Line, None, None]:
    for line in lines:
        if finished():
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
