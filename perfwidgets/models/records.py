"""Recording what a monitor is told, as a monitor does it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from perfwidgets.errors import ArgumentError, RecordingError
from perfwidgets.models.cell_watch import running_cell
from perfwidgets.models.cells import Cell, Cells
from perfwidgets.models.history import History
from perfwidgets.models.marks import Mark, Marks
from perfwidgets.models.observers import GuardedTraits
from perfwidgets.recording.header import Header
from perfwidgets.recording.kept import RECORD, wanted_recorder
from perfwidgets.recording.recorder import NoRecorder, Recorder
from perfwidgets.regions.told import listen, unlisten
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source
from perfwidgets.sources.stand_in import StandIn

__all__ = ["Records"]


def _nobody() -> Records | None:
    return None


#: who records to the file that the environment names
_kept_by: Callable[[], Records | None] = _nobody


class Records(GuardedTraits):
    """What a monitor needs to write down what it is told: samples, cells, marks, regions."""

    recording: str | None = traitlets.Unicode(
        None, allow_none=True, help="The file that is being recorded to."
    )  # type: ignore[assignment]
    marks: Marks
    cells: Cells
    history: History

    def __init__(self) -> None:
        super().__init__()
        self._recorder: Recorder | None = None
        self.cells, self.marks = Cells(), Marks()

    def _take_recorded(self) -> None:
        """Take over the cells and marks of the recording that is about to be played, if one is."""
        recording = getattr(self.source, "recording", None)
        if recording is not None:
            self.cells.recorded(recording.cells)
            for mark in recording.marks:
                self.marks.add(mark.label[:200] or "?", mark.time)

    @property
    def source(self) -> Source:
        """The source whose facts head the recording."""
        raise NotImplementedError

    @property
    def recorder(self) -> Recorder | None:
        """What records now: its `size`, `samples` and `error`; the last one when it has ended."""
        return self._recorder

    def record(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Recorder:
        """Write down all that is counted from now on, with cells, marks and regions.

        It ends with `stop_recording` or when the monitor is stopped; `Replay` plays it,
        `read_recording` reads it, and so does ``zcat``.

        Parameters
        ----------
        path
            The file; `perfwidgets.recording` describes what it holds.
        overwrite
            Whether it may be there already; what it holds is lost then.

        Returns
        -------
        Recorder
            `size`, `samples` and `error` tell how it goes. Where a recording stands in for live
            counters (``PERFWIDGETS_REPLAY``), one that writes nothing.

        Raises
        ------
        ArgumentError
            If something is being recorded already, or the path is none.
        RecordingError
            If there is such a file, or it cannot be made.
        """
        if self._recorder is not None and not self._recorder.closed:
            raise ArgumentError(
                f"A recording to {os.fspath(self._recorder.path)!r} is going on",
                "Call stop_recording() first.",
            )
        if isinstance(self.source, StandIn):
            return NoRecorder(path)
        self._await_version()
        header = Header.of(self.source)
        recorder = Recorder(path, header, overwrite=overwrite, on_error=self._lost)
        listen(self._record_region)
        self._attach(recorder)
        return recorder

    def _attach(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.cells.ended = self._record_cell
        self.recording = os.fspath(recorder.path)

    def _record_if_wanted(self) -> None:
        """Record to the file that the environment names, unless another monitor does."""
        global _kept_by  # noqa: PLW0603
        other = _kept_by()
        if not os.environ.get(RECORD) or self.recording or (other is not None and other.recording):
            return
        self._await_version()
        recorder = wanted_recorder(lambda: Header.of(self.source))
        if recorder is not None:
            _kept_by = weakref.ref(self)
            self._attach(recorder)

    def stop_recording(self) -> None:
        """End the recording, if there is one; return when the file is complete."""
        unlisten(self._record_region)
        self.cells.ended = None
        if self._recorder is not None:
            if _kept_by() is self:
                self._recorder.flush()  # it goes on with the next monitor, and with regions
                self._recorder = None
            else:
                self._recorder.close()
        self.recording = None

    def mark(self, label: str) -> Mark:
        """Name this moment: a line on the charts, a row of `marks`, a word in the histories.

        Parameters
        ----------
        label
            Such as ``"epoch 3"``; up to 200 characters.

        Raises
        ------
        ArgumentError
            If it is no such text.
        """
        if isinstance(self.source, StandIn):
            # now is no time of the recording's
            recorded = next((mark for mark in self.marks if mark.label == label), None)
            return recorded or self.marks.add(label, self.history.last_time)
        mark = self.marks.add(label)
        if self._recorder is not None:
            self._recorder.write_mark(mark.label, mark.time)
        return mark

    def post(self, work: Callable[[], None]) -> None:
        """Have `work` done on the collector's thread."""
        raise NotImplementedError

    def _await_version(self) -> None:
        """Give a source that has just been started a moment to learn perf's version."""
        raise NotImplementedError

    def _record_sample(self, sample: Sample, *, of_memory: bool) -> None:
        if self._recorder is not None:
            write = self._recorder.write_memory if of_memory else self._recorder.write_sample
            write(sample)

    def _record_state(self, name: str, state: str, error: Exception | None) -> None:
        if self._recorder is not None:
            self._recorder.write_state(name, state, error)

    def _record_cell(self, cell: Cell) -> None:
        if self._recorder is not None:
            self._recorder.write_cell(
                *(cell.execution_count, cell.code, cell.began, cell.ended),
                failed=cell.failed,
                error=cell.error,
            )

    def _record_region(self, label: str | None, result: Mapping[str, Any]) -> None:
        if self._recorder is not None:
            self._recorder.write_region(label, running_cell(), result)

    def _lost(self, error: RecordingError) -> None:
        """The disk is full, or the like: what was written can be read."""

        def tell() -> None:
            self.note_fault("recording", str(error))
            self.recording = None

        self.post(tell)  # we are on the thread that writes
