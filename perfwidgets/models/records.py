"""Recording what a monitor is told, as a monitor does it."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from perfwidgets.errors import ArgumentError
from perfwidgets.models.cell_watch import running_cell
from perfwidgets.models.cells import Cell, Cells
from perfwidgets.models.history import History
from perfwidgets.models.marks import Mark, Marks
from perfwidgets.models.observers import GuardedTraits
from perfwidgets.recording.header import Header
from perfwidgets.recording.kept import is_wanted, wanted_recorder
from perfwidgets.recording.recorder import NoRecorder, Recorder
from perfwidgets.regions.told import listen, unlisten
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source
from perfwidgets.sources.stand_in import StandIn

__all__ = ["Records"]


def _nobody() -> Records | None:
    return None


#: the monitor that records to the file that the environment names
_keeper: Callable[[], Records | None] = _nobody


class Records(GuardedTraits):
    """What a monitor needs to write down what it is told: samples, cells, marks, regions."""

    recording: str | None = traitlets.Unicode(
        None, allow_none=True, help="The file that is being recorded to."
    )  # type: ignore[assignment]
    marks: Marks
    cells: Cells
    history: History
    counts_events: Any

    def __init__(self) -> None:
        super().__init__()
        self._recorder: Recorder | None = None
        self._is_kept = False
        self._told_left_out = False
        self.cells, self.marks = Cells(), Marks()

    def _take_recorded(self) -> None:
        """Take over the cells and marks of the recording that is about to be played, if one is."""
        recording = getattr(self.source, "recording", None)
        if recording is not None:
            self.cells.recorded(recording.cells)
            for mark in recording.marks:
                self.marks.add(mark.label.strip()[:200] or "?", mark.time)

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
        recorder = Recorder(path, Header.of(self.source), overwrite=overwrite)
        listen(self._record_region)
        with self.told_from_now_on():
            self._attach(recorder)
        return recorder

    def stop_recording(self) -> None:
        """End the recording, if there is one; return when the file is complete."""
        recorder, is_kept = self._recorder, self._is_kept
        self._detach()
        if recorder is not None and is_kept:
            recorder.flush()  # it goes on with the next monitor, and with regions
            self._recorder = None
        elif recorder is not None:
            recorder.close()

    def _record_if_wanted(self) -> None:
        """Record to the file that the environment names, unless another monitor does."""
        global _keeper  # noqa: PLW0603
        is_live = getattr(self.source, "stands_back", False)
        if not is_live or self.recording is not None or not is_wanted():
            return
        other = _keeper()
        if other is not None and other._is_kept and other.recording is not None:
            if other.counts_events or not self.counts_events:
                return
            other._detach()  # counts of events matter more than paging alone
        self._await_version()
        recorder = wanted_recorder(lambda: Header.of(self.source))
        if recorder is not None:
            _keeper = weakref.ref(self)
            self._attach(recorder, is_kept=True)

    def _attach(self, recorder: Recorder, *, is_kept: bool = False) -> None:
        record_cell = weakref.WeakMethod(self._record_cell)

        def ended(cell: Cell) -> None:
            if (record := record_cell()) is not None:
                record(cell)

        self._recorder, self._is_kept = recorder, is_kept
        self.cells.ended = ended
        self.recording = os.fspath(recorder.path)

    def _detach(self) -> None:
        unlisten(self._record_region)
        self.cells.ended = None
        self._is_kept = False
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
        if not getattr(self.source, "live", True):  # now is no time of the recording's
            is_played = isinstance(self.source, StandIn)
            recorded = next((m for m in self.marks if is_played and m.label == label), None)
            return recorded or self.marks.add(label, self.history.last_time)
        mark = self.marks.add(label)
        if self._recorder is not None:
            self._recorder.write_mark(mark.label, mark.time)
        return mark

    def _await_version(self) -> None:
        """Give a source that has just been started a moment to learn perf's version."""
        raise NotImplementedError

    def _tell_left_out(self) -> None:
        """Say, once, that the history has no room for more events."""
        if not self._told_left_out:
            self._told_left_out = True
            held = len(self.history.events)
            self.note_fault("history", f"holds no more than {held:,} events; others are left out")

    def _record_sample(self, sample: Sample, *, of_memory: bool) -> None:
        if self.history.left_out:
            self._tell_left_out()
        recorder = self._recorder
        if recorder is None or self.recording is None:
            return
        if recorder.error is not None:  # a full disk, or the like: what was written can be read
            self.note_fault("recording", str(recorder.error))
            self._detach()
            return
        write = recorder.write_memory if of_memory else recorder.write_sample
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
