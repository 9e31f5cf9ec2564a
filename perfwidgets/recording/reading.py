"""The lines of a recording, read through once or as they are asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from perfwidgets.errors import RecordingError
from perfwidgets.notes import Notes
from perfwidgets.recording.decoding import Decoder, RawSample, Record, kind_of
from perfwidgets.recording.fields import DamagedError, parse
from perfwidgets.recording.header import Header
from perfwidgets.recording.members import Lines
from perfwidgets.recording.timeline import Axis, Moments

__all__ = ["Contents", "Kept", "read_header", "read_kept", "read_through", "records", "values_of"]

#: of what is kept in memory (marks, cells, regions …): how many, and bytes of their lines
_MOST_KEPT: Final = 1_000_000
_MOST_BYTES_KEPT: Final = 64 << 20
#: by so many samples it is known where time begins
_FIRST_SAMPLES: Final = 100
#: a file with more damaged lines is not read on; with the note of that, as many as notes keep
_MOST_DAMAGED: Final = 9_999
#: nor one with more lines that hold nothing for us, though each had to be looked into
_MOST_STRANGE: Final = 100_000


class Kept(NamedTuple):
    """What is kept in memory of a file: all that is no sample, and where its time begins."""

    records: list[Any]
    moments: Moments
    notes: Notes


class Contents(NamedTuple):
    """What is known of a file that was read through."""

    notes: Notes
    reach: tuple[float, float]
    samples: int


def read_header(path: Path) -> Header:
    """Read the first line of a recording.

    Raises
    ------
    RecordingError
        If there is none that can be read.
    """
    shown = repr(str(path))
    lines = Lines(path)
    try:
        first = next(iter(lines), None)
        if first is None:
            raise RecordingError(
                f"{shown} holds no line that can be read", "It is empty, or cut off too early."
            )
        return Header.from_dict(parse(first[1]), shown)
    except DamagedError:
        raise RecordingError(
            f"{shown} is no recording of perfwidgets", "Record with `perfwidgets record`."
        ) from None
    finally:
        lines.close()


def records(
    lines: Lines, notes: Notes, kind: Literal["sample", "memory"] | None = None
) -> Iterator[Record]:
    """The records of these lines, or only the samples of a kind; what is damaged is noted."""

    def is_other(line: bytes) -> bool:
        return kind is not None and kind_of(line) not in (kind, "layout", None)

    for _, _, record in _decoded(lines, notes, is_other):
        if kind is None or (isinstance(record, RawSample) and record.kind == kind):
            yield record


def _decoded(
    lines: Lines, notes: Notes, is_other: Callable[[bytes], bool]
) -> Iterator[tuple[int, bytes, Record]]:
    """The records, with number and text of their lines; others are not even looked into."""
    decoder, damaged, strange = Decoder(), 0, 0
    for number, line in lines:
        if is_other(line):
            continue
        try:
            record = decoder.decode(line)
        except DamagedError as error:
            notes.add(number, f"{error}: {line[:400].decode('utf-8', 'replace')}")
            damaged += 1
            if damaged == _MOST_DAMAGED:
                notes.add(number + 1, "the file has too many damaged lines to read on")
                return
            continue
        if record is not None:
            yield number, line, record
        elif kind_of(line) is None:
            strange += 1
            if strange == _MOST_STRANGE:
                notes.add(number + 1, "the file has too many lines of no known kind to read on")
                return


def read_kept(path: Path) -> Kept:
    """Read what is no sample; of these only the first, so that a day's file takes few seconds."""
    kept = Kept([], Moments(), Notes())
    looked_at, size = 0, 0

    def is_enough(line: bytes) -> bool:
        return looked_at >= _FIRST_SAMPLES and kind_of(line) in ("sample", "memory", "layout")

    # what is damaged, `read_through` notes
    for number, line, record in _decoded(Lines(path), Notes(), is_enough):
        if isinstance(record, RawSample):
            looked_at += 1
            kept.moments.see(record.time, record.timestamp, record.duration)
        elif len(kept.records) < _MOST_KEPT and size < _MOST_BYTES_KEPT:
            kept.records.append(record)
            size += len(line)
        else:
            kept.notes.add(number, "there are more marks, cells and the like than are kept")
    return kept


def read_through(path: Path) -> Contents:
    """Read a file through, and check all of it."""
    lines, notes = Lines(path), Notes()
    moments = Moments()
    axes = {"sample": Axis(moments), "memory": Axis(moments)}
    first, last, samples = math.inf, -math.inf, 0
    for record in records(lines, notes):
        if isinstance(record, RawSample):
            samples += record.kind == "sample"
            moment = axes[record.kind].place(record.time, record.timestamp, record.duration)
            first = min(first, moment - (record.duration or 0.0))
            last = max(last, moment)
    notes.extend(lines.notes)
    return Contents(notes, (first, last) if last > -math.inf else (0.0, 0.0), samples)


def values_of(raw: RawSample) -> Iterator[tuple[int | float | None, float, str | None]]:
    """Count, share and, where there is no count, why."""
    shares: list[Any] = raw.shares or [None] * len(raw.counts)
    for node, count, share in zip(raw.layout.nodes, raw.counts, shares, strict=True):
        own, own_share = (count[0], share and share[0]) if node.parts else (count, share)
        if isinstance(own, str) or own is None:
            yield None, 0.0, own
        else:
            yield own, 1.0 if own_share is None else own_share, None
