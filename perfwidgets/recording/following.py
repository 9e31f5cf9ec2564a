"""A recorder of a monitor: of what it names and executes, too."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from perfwidgets.errors import RecordingError
from perfwidgets.recording.header import Header
from perfwidgets.recording.recorder import Recorder
from perfwidgets.samples import Sample

__all__ = ["FollowingRecorder"]


class _Mark(Protocol):
    @property
    def label(self) -> str: ...

    @property
    def time(self) -> float: ...


class _Marks(Protocol):
    @property
    def next_number(self) -> int: ...

    def since(self, number: int) -> Sequence[_Mark]: ...


class _Cell(Protocol):
    @property
    def number(self) -> int: ...

    @property
    def execution_count(self) -> int | None: ...

    @property
    def code(self) -> str: ...

    @property
    def began(self) -> float: ...

    @property
    def ended(self) -> float | None: ...

    @property
    def failed(self) -> bool: ...

    @property
    def error(self) -> str: ...


class _Cells(Protocol):
    @property
    def changes(self) -> int: ...

    def since(self, changes: int) -> Sequence[_Cell]: ...


class FollowingRecorder(Recorder):
    """A `Recorder` that looks by itself for new marks, and for cells that have ended.

    ::

        recorder = FollowingRecorder(path, header, marks=monitor.marks, cells=monitor.cells)
        recorder.write(source.kind, sample)     # with each sample
        recorder.look()                         # now and then
        recorder.close()                        # looks a last time; a cell that runs is kept too

    Parameters
    ----------
    path, header, overwrite, on_error
        As for `Recorder`.
    marks, cells
        As a monitor has them: what they get from now on is written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header | None = None,
        *,
        marks: _Marks,
        cells: _Cells,
        overwrite: bool = False,
        on_error: Callable[[RecordingError], None] | None = None,
    ) -> None:
        self._marks, self._cells = marks, cells
        self._next_mark, self._changes = marks.next_number, cells.changes
        self._running: dict[int, _Cell] = {}
        self._looking = threading.Lock()
        super().__init__(path, header, overwrite=overwrite, on_error=on_error)

    def write(self, kind: str, sample: Sample) -> None:
        """Write a sample of a source of this kind, ``"counters"`` or ``"memory"``."""
        if kind == "memory":
            self.write_memory(sample)
        else:
            self.write_sample(sample)

    def look(self) -> None:
        """Write the marks that are new, and the cells that have ended since the last look."""
        with self._looking:
            if self._marks.next_number != self._next_mark:
                first, self._next_mark = self._next_mark, self._marks.next_number
                for mark in self._marks.since(first)[: self._next_mark - first]:
                    self.write_mark(mark.label, mark.time)
            if self._cells.changes != self._changes:
                before, self._changes = self._changes, self._cells.changes
                for cell in self._cells.since(before):
                    self._see(cell)

    def close(self) -> None:
        """Look a last time, write what waits, and end the file."""
        if not self.closed:
            self.look()
            with self._looking:
                for cell in self._running.values():
                    self._write(cell)
                self._running.clear()
        super().close()

    def _see(self, cell: _Cell) -> None:
        if cell.ended is None:
            self._running[cell.number] = cell
        else:
            self._running.pop(cell.number, None)
            self._write(cell)

    def _write(self, cell: _Cell) -> None:
        self.write_cell(
            cell.execution_count,
            cell.code,
            cell.began,
            cell.ended,
            failed=cell.failed,
            error=cell.error,
        )
