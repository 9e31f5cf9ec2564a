"""A recording of ours, to be played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Literal

from perfwidgets.errors import RecordingError
from perfwidgets.notes import Note, Notes
from perfwidgets.recording.decoding import RawSample
from perfwidgets.recording.fields import DamagedError, parse
from perfwidgets.recording.header import FORMAT, Header
from perfwidgets.recording.members import Lines
from perfwidgets.recording.reading import records
from perfwidgets.recording.timeline import Axis, Moments
from perfwidgets.samples import Sample

__all__ = ["Recorded", "RecordedFeed"]

_FIRST_SAMPLES = 9
#: how far is looked for a first sample of either kind
_FIRST_RECORDS = 5_000
_FIRST_BYTES = 64 << 20

_Kind = Literal["sample", "memory"]


class Recorded:
    """A recording of ours.

    Attributes
    ----------
    header
        What it says of itself.
    events, interval
        Those asked for; where it does not tell, as of the first samples.
    memory_interval
        Seconds between samples of memory activity.
    has_counters, has_memory
        Whether there are samples of either, by its beginning.

    Raises
    ------
    RecordingError
        If it cannot be read, is of a newer version, or holds no sample.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        first = _first(path)
        counters, memory = first["sample"], first["memory"]
        if not counters and not memory:
            raise RecordingError(
                f"{str(path)!r} holds no samples", "Let it record for at least one interval."
            )
        self.has_counters, self.has_memory = bool(counters), bool(memory)
        events: Counter[str] = Counter()
        for raw in counters:
            events |= Counter(event for event, _ in raw.layout.columns)
        self.events = header.events or tuple(events.elements())
        self.interval = header.interval or _usual(counters)
        self.memory_interval = _usual(memory)
        self.memory_events = tuple(e for e, _ in memory[0].layout.columns) if memory else ()

    @classmethod
    def find(cls, path: Path) -> Recorded | None:
        """The recording in a file; `None` if it is none of ours."""
        lines = Lines(path)
        try:
            first = next(iter(lines), None)
            record = parse(first[1]) if first is not None else {}
        except DamagedError:
            return None
        finally:
            lines.close()
        if record.get("format") != FORMAT:
            return None
        return cls(path, Header.from_dict(record, repr(str(path))))

    def open(self, kind: _Kind, finished: Callable[[], bool]) -> RecordedFeed:
        """Read its samples from the beginning, until `finished` says so."""
        return RecordedFeed(self.path, kind, self._moments(), finished)

    def _moments(self) -> Moments:
        """Where its time begins, for all that play it: with the first sample of either kind."""
        moments = Moments()
        for raw in _samples(self.path):
            moments.see(raw.time, raw.timestamp, raw.duration)
            break
        return moments


class RecordedFeed:
    """The samples of a kind, each with the moment at which to play it."""

    def __init__(
        self, path: Path, kind: _Kind, moments: Moments, finished: Callable[[], bool]
    ) -> None:
        self.notes: Notes | Sequence[Note] = Notes()
        self._lines = Lines(path)
        self._kind: _Kind = kind
        self._axis = Axis(moments)
        self._finished = finished

    def __iter__(self) -> Iterator[tuple[float, RawSample]]:
        notes = Notes()
        self.notes = notes
        for raw in records(self._lines, notes, self._kind):
            if self._finished():
                break
            if not isinstance(raw, RawSample):
                continue
            moment = self._axis.place(raw.time, raw.timestamp, raw.duration)
            if raw.timestamp is None and self._axis.shift:
                yield moment, raw._replace(time=raw.time + self._axis.shift)
            else:
                yield moment, raw
        notes.extend(self._lines.notes)
        notes.sort()

    def sample(self, played: RawSample) -> Sample:
        """What there is, as a sample."""
        return played.sample()

    def close(self) -> None:
        """Close the file."""
        self._lines.close()


def _samples(path: Path) -> Iterator[RawSample]:
    lines = Lines(path, _FIRST_BYTES)
    try:
        for record in records(lines, Notes()):
            if isinstance(record, RawSample):
                yield record
    finally:
        lines.close()


def _first(path: Path) -> dict[str, list[RawSample]]:
    """The first samples of either kind."""
    found: dict[str, list[RawSample]] = {"sample": [], "memory": []}
    for number, raw in enumerate(_samples(path)):
        if len(found[raw.kind]) < _FIRST_SAMPLES:
            found[raw.kind].append(raw)
        enough = [len(samples) == _FIRST_SAMPLES for samples in found.values()]
        if all(enough) or number >= _FIRST_RECORDS:
            break
    return found


def _usual(samples: Sequence[RawSample]) -> float | None:
    durations = [raw.duration for raw in samples if raw.duration]
    return max(round(median(durations), 3), 0.001) if durations else None
