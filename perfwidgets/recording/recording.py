"""Recordings that are read."""

from __future__ import annotations

import datetime
import math
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from perfwidgets.errors import ArgumentError
from perfwidgets.notes import Note, Notes
from perfwidgets.recording.decoding import RawSample
from perfwidgets.recording.header import Header
from perfwidgets.recording.members import Lines
from perfwidgets.recording.packing import check_path
from perfwidgets.recording.parts import Part, labels_of
from perfwidgets.recording.reading import (
    Contents,
    Kept,
    read_header,
    read_kept,
    read_through,
    records,
    values_of,
)
from perfwidgets.recording.records import (
    Gap,
    RecordedCell,
    RecordedMark,
    RecordedRegion,
    SourceState,
)
from perfwidgets.recording.timeline import Axis, Moments
from perfwidgets.recording.totals import RecordingComparison, Summing, Totals, compare_recordings
from perfwidgets.samples import Sample

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from perfwidgets.export import Columns

__all__ = ["Recording", "RecordingSamples", "read_recording"]

#: how far an interval may reach over a bound, in seconds: clocks are floats
_TOLERANCE: Final = 1e-6

_Kind = Literal["sample", "memory"]
Bound = float | str | datetime.datetime | None


class Recording:
    """A recording, or a part of one; made by `read_recording`.

    Samples are read from the file as they are asked for, so its size does not matter; what else
    it holds is read through once and kept.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    header : Header
        What was asked for, and of which machine.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        bounds: tuple[float, float] = (-math.inf, math.inf),
        part: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.header = header
        self._bounds = bounds
        self._part = part

    def __repr__(self) -> str:
        start, end = self._bounds
        part = "" if (start, end) == (-math.inf, math.inf) else f", {start:g} s to {end:g} s"
        part += f", {' '.join(self._part)}" if self._part else ""
        return f"Recording({str(self.path)!r}, {len(self.header.events)} events{part})"

    @property
    def samples(self) -> RecordingSamples:
        """The samples of counters, read from the file each time they are iterated over."""
        return RecordingSamples(self, "sample")

    @property
    def memory(self) -> RecordingSamples:
        """The samples of /proc/vmstat, likewise."""
        return RecordingSamples(self, "memory")

    @property
    def marks(self) -> tuple[RecordedMark, ...]:
        """Moments with a name, within these bounds."""
        return tuple(mark for mark in self._kept(RecordedMark) if self._holds(mark.time))

    @property
    def cells(self) -> tuple[RecordedCell, ...]:
        """The cells that ran, or had begun, within these bounds."""
        return tuple(
            cell
            for cell in self._kept(RecordedCell)
            if self._holds(cell.began) or (cell.ended is not None and self._holds(cell.ended))
        )

    @property
    def regions(self) -> tuple[RecordedRegion, ...]:
        """Exact counts of regions of code that ended within these bounds."""
        found = self._kept(RecordedRegion)
        return tuple(each for each in found if each.time is None or self._holds(each.time))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Where samples are known to be missing."""
        return tuple(gap for gap in self._kept(Gap) if self._holds(gap.time))

    @property
    def states(self) -> tuple[SourceState, ...]:
        """The states that the sources came into, with their errors."""
        return tuple(state for state in self._kept(SourceState) if self._holds(state.time))

    @property
    def notes(self) -> tuple[Note, ...]:
        """What could not be read: damaged lines and places, and an end that is missing."""
        return tuple(sorted([*self._contents.notes, *self._of_note.notes]))

    @property
    def duration(self) -> float:
        """Seconds from the beginning of the first interval to the end of the last, of these."""
        start, end = self._bounds
        first, last = self._contents.reach
        return max(0.0, min(end, last) - max(start, first))

    @property
    def sample_count(self) -> int:
        """How many samples of counters the whole file holds."""
        return self._contents.samples

    def position(self, time: float) -> float:
        """Where a mark's or cell's time stands, in seconds from the recording's beginning."""
        return self._of_note.moments.of(time)

    def between(self, start: Bound = None, end: Bound = None) -> Recording:
        """Return the part between two moments, to be used like the whole.

        Parameters
        ----------
        start, end
            Seconds from the beginning of the (whole) recording, the label of a mark (of several
            with that label the first; as `end`, the first behind `start`), a `datetime`, or
            `None` for the recording's own.

        Returns
        -------
        Recording
            With the samples whose interval lies wholly between the two; their times are as they
            were.

        Raises
        ------
        ArgumentError
            If there is no such mark, or the end does not lie behind the start.
        """
        first = self._bounds[0] if start is None else self._moment(start, "start", -math.inf)
        last = self._bounds[1] if end is None else self._moment(end, "end", first)
        if not first < last:
            raise ArgumentError(
                f"The end, at {last:g} s, does not lie behind the start, at {first:g} s",
                "Give seconds or marks in the order in which they came.",
            )
        bounds = (max(first, self._bounds[0]), min(last, self._bounds[1]))
        return self._narrowed(bounds, self._part)

    @property
    def parts(self) -> tuple[str, ...]:
        """What was counted apart: hosts, or cores, by the labels of the readings' parts."""
        known = self.header.hosts if not self._part else ()
        first = next(self._raw_samples("sample"), None) or next(self._raw_samples("memory"), None)
        return tuple(dict.fromkeys((*known, *(labels_of(first.layout) if first else ()))))

    def part(self, label: str) -> Recording:
        """Return what was counted in one part, such as one of several hosts, to be used like the whole.

        Parameters
        ----------
        label
            One of `parts`; these may have parts themselves.

        Raises
        ------
        ArgumentError
            If there is no such part.
        """
        if label not in (parts := self.parts):
            raise ArgumentError(
                f"{self!r} has no part {label!r}",
                f"It has {', '.join(parts[:20])}." if parts else "Nothing was counted apart.",
            )
        return self._narrowed(self._bounds, (*self._part, label))

    def _narrowed(self, bounds: tuple[float, float], part: tuple[str, ...]) -> Recording:
        narrowed = Recording(self.path, self.header, bounds, part)
        narrowed._of_note = self._of_note  # read once for all parts
        if "_contents" in vars(self):
            narrowed._contents = self._contents
        return narrowed

    def totals(self, kind: Literal["counters", "memory"] = "counters") -> Totals:
        """Return what was counted altogether.

        Parameters
        ----------
        kind
            Of the counters, or of memory activity.

        Returns
        -------
        Totals
            Event -> `Total`: count, rate, unit and share; a table when it is shown.
        """
        summing = Summing()
        for raw in self._raw_samples("memory" if kind == "memory" else "sample"):
            sums = summing.columns(raw.layout.columns)
            for each, (count, share) in zip(
                sums, ((count, share) for count, share, _ in values_of(raw)), strict=True
            ):
                each.add(count, share, raw.duration)
        return summing.totals()

    def compare(self, other: Recording) -> RecordingComparison:
        """Return how another recording compares with this one, event by event."""
        return compare_recordings(self, other)

    def columns(self, kind: Literal["counters", "memory"] = "counters") -> Columns:
        """Return all samples in arrays, a column for each event."""
        from perfwidgets.export import ColumnsBuilder  # noqa: PLC0415  (it needs numpy)

        builder = ColumnsBuilder()
        for raw in self._raw_samples("memory" if kind == "memory" else "sample"):
            builder.add(
                raw.timestamp if raw.timestamp is not None else raw.time,
                raw.duration if raw.is_rated else None,
                raw.layout.columns,
                values_of(raw),
                is_unix=raw.timestamp is not None,
            )
        return builder.columns()

    def to_pandas(
        self,
        values: Literal["counts", "rates", "running"] = "counts",
        *,
        form: Literal["wide", "long"] = "wide",
        kind: Literal["counters", "memory"] = "counters",
    ) -> pd.DataFrame:
        """Return a table; see `Columns.to_pandas`."""
        return self.columns(kind).to_pandas(values, form=form)

    def to_numpy(
        self,
        values: Literal["counts", "rates", "running"] = "counts",
        *,
        kind: Literal["counters", "memory"] = "counters",
    ) -> np.ndarray[Any, Any]:
        """Return a structured array; see `Columns.to_numpy`."""
        return self.columns(kind).to_numpy(values)

    def to_csv(
        self,
        path: str | os.PathLike[str],
        values: Literal["counts", "rates", "running"] = "counts",
        *,
        kind: Literal["counters", "memory"] = "counters",
    ) -> None:
        """Write a table as text; see `Columns.to_csv`."""
        self.columns(kind).to_csv(path, values)

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        values: Literal["counts", "rates", "running"] = "counts",
        *,
        kind: Literal["counters", "memory"] = "counters",
    ) -> None:
        """Write a table for other programs; see `Columns.to_parquet`."""
        self.columns(kind).to_parquet(path, values)

    # ------------------------------------------------------------ reading

    @cached_property
    def _contents(self) -> Contents:
        return read_through(self.path)

    @cached_property
    def _of_note(self) -> Kept:
        return read_kept(self.path)

    def _kept(self, kind: type[Any]) -> list[Any]:
        return [record for record in self._of_note.records if isinstance(record, kind)]

    def _holds(self, time: float) -> bool:
        start, end = self._bounds
        return start <= self.position(time) <= end

    def _raw_samples(self, kind: _Kind) -> Iterator[RawSample]:
        start, end = self._bounds
        axis, is_all = Axis(Moments()), self._bounds == (-math.inf, math.inf)
        part = Part(self._part)
        if not is_all:
            axis = Axis(self._of_note.moments)
        for record in records(Lines(self.path), Notes(), kind):
            if not isinstance(record, RawSample):
                continue
            if not is_all:
                moment = axis.place(record.time, record.timestamp, record.duration)
                if moment > end + _TOLERANCE:
                    continue  # not the end: a clock may have been set back
                if moment - (record.duration or 0.0) < start - _TOLERANCE:
                    continue
            yield part.of(record)

    def _moment(self, bound: Bound, name: str, behind: float) -> float:
        if isinstance(bound, str):
            return self._mark(bound, behind)
        if isinstance(bound, datetime.datetime):
            if self._of_note.moments.unix is None:
                raise ArgumentError(
                    f"{name}={bound} is a date, and this recording has no clock times",
                    "Give seconds from its beginning, or the label of a mark.",
                )
            return self.position(bound.timestamp())
        if isinstance(bound, bool) or not isinstance(bound, (int, float)) or math.isnan(bound):
            raise ArgumentError(
                f"{name}={bound!r} is no moment",
                "Give seconds from the recording's beginning, or the label of a mark.",
            )
        return float(bound)

    def _mark(self, label: str, behind: float) -> float:
        found = [
            self.position(mark.time) for mark in self._kept(RecordedMark) if mark.label == label
        ]
        later = [moment for moment in found if moment > behind]
        if later or found:
            return (later or found)[0]
        known = dict.fromkeys(mark.label for mark in self._kept(RecordedMark))
        shown = ", ".join(repr(each) for each in list(known)[:20]) or "none"
        raise ArgumentError(f"There is no mark {label!r}", f"The marks are: {shown}.")


class RecordingSamples:
    """The samples of a recording; each iteration reads the file anew."""

    def __init__(self, recording: Recording, kind: _Kind) -> None:
        self._recording, self._kind = recording, kind

    def __iter__(self) -> Iterator[Sample]:
        for raw in self._recording._raw_samples(self._kind):
            yield raw.sample()

    def __repr__(self) -> str:
        of = "counters" if self._kind == "sample" else "/proc/vmstat"
        return f"<samples of {of} in {self._recording!r}>"


def read_recording(path: str | os.PathLike[str]) -> Recording:
    """Open a recording that `perfwidgets record`, `Recorder` or a monitor wrote.

    ::

        night = read_recording("night.perf.gz")
        print(night.between("epoch 1", "epoch 2").totals())

    One that is still being written, or was cut off, is read as far as it goes; `Recording.notes`
    tells what is missing.

    Parameters
    ----------
    path
        The file. Text that was unpacked with ``zcat`` is read as well.

    Raises
    ------
    ArgumentError
        If it is no path.
    RecordingError
        If it cannot be opened, is no recording, or of a newer major version.
    """
    own = check_path(path)
    return Recording(own, read_header(own))
