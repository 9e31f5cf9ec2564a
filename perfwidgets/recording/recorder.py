"""Writes recordings, beside whatever counts."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Final

from perfwidgets.errors import RecordingError
from perfwidgets.recording.encoding import MAX_LINE, to_line
from perfwidgets.recording.header import Header
from perfwidgets.recording.packing import PackedFile, check_path
from perfwidgets.recording.writing import Writer
from perfwidgets.samples import Sample

__all__ = ["NoRecorder", "Recorder"]

_MOST_CODE: Final = 500


class Recorder:
    """Writes a recording; a context manager.

    ::

        with Recorder("night.perf.gz", Header.of(source)) as recorder:
            async for sample in source:
                recorder.write_sample(sample)

    Calls only put down what is to be written, and may come from any thread; a thread of its own
    writes it once a second. (Whoever writes faster than it is counted, say from another file,
    calls `flush` every thousand samples, or some are skipped.) They never raise for what happens to the file: then recording ends,
    what was written by then stays readable, and `error` says why.

    Parameters
    ----------
    path
        The file that is made; `perfwidgets.recording` describes what it holds.
    header
        What is counted; `None` describes the machine alone.
    overwrite
        Whether the file may be there already; what it holds is lost then.
    on_error
        Called once, on the writing thread, with the error that ended the recording.

    Attributes
    ----------
    error : RecordingError or None
        Why the recording has ended before it was closed.
    samples, memory : int
        How many samples of counters, and of memory activity, have been written.
    skipped : int
        How many records could not be written, since the disk was too slow or they too long; a
        gap is noted in their place.

    Raises
    ------
    ArgumentError
        If the path is none.
    RecordingError
        If there is such a file, or it cannot be made.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Header | None = None,
        *,
        overwrite: bool = False,
        on_error: Callable[[RecordingError], None] | None = None,
    ) -> None:
        self.path = check_path(path)
        line = to_line((header or Header.of()).to_dict())
        self._writer = Writer(PackedFile(self.path, line, overwrite=overwrite), on_error)
        self._finalizer = weakref.finalize(self, self._writer.close)
        self._writer.start()

    def __repr__(self) -> str:
        return f"Recorder({os.fspath(self.path)!r}, {self.samples:,} samples)"

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def error(self) -> RecordingError | None:
        """Why the recording has ended before it was closed."""
        return self._writer.error

    @property
    def samples(self) -> int:
        """How many samples of counters have been written."""
        return self._writer.written["sample"]

    @property
    def memory(self) -> int:
        """How many samples of memory activity have been written."""
        return self._writer.written["memory"]

    @property
    def skipped(self) -> int:
        """How many records could not be written."""
        return self._writer.skipped

    @property
    def size(self) -> int:
        """The bytes written by now."""
        return self._writer.size

    @property
    def closed(self) -> bool:
        """Whether nothing more is written."""
        return self._writer.is_closing or self._writer.error is not None

    def write_sample(self, sample: Sample) -> None:
        """Write what one interval counted."""
        self._writer.put(("sample", sample), sample)

    def write_memory(self, sample: Sample) -> None:
        """Write memory activity, from /proc/vmstat."""
        self._writer.put(("memory", sample), sample)

    def write_mark(self, label: str, time: float | None = None) -> None:
        """Write a moment with a name: now, or at a time.

        Times are in Unix seconds here and below; in the samples' own seconds where these have no
        timestamp.
        """
        self._put({"kind": "mark", "label": str(label), "time": _now(time)})

    def write_cell(
        self,
        execution_count: int | None,
        code: str,
        began: float,
        ended: float | None = None,
        *,
        failed: bool = False,
        error: str = "",
    ) -> None:
        """Write that a cell was executed; of its code only the first line is kept."""
        line = next((line.strip() for line in str(code).splitlines() if line.strip()), "")
        self._put(
            {
                "kind": "cell",
                "execution_count": execution_count,
                "code": line[:_MOST_CODE],
                "began": began,
                "ended": ended,
                "failed": bool(failed),
                "error": str(error),
            }
        )

    def write_region(
        self,
        label: str | None,
        cell: int | None,
        result: Mapping[str, Any],
        time: float | None = None,
    ) -> None:
        """Write what was counted of a region of code.

        Parameters
        ----------
        label
            What it was called.
        cell
            The execution count of its cell.
        result
            Plain values; what JSON does not know is written as its text.
        time
            When it ended; now if it is not given.
        """
        self._put(
            {
                "kind": "region",
                "label": label or "",
                "cell": cell,
                "time": _now(time),
                "result": dict(result),
            }
        )

    def write_gap(self, time: float | None = None, reason: str = "") -> None:
        """Write that samples are missing after a moment."""
        self._put({"kind": "gap", "time": _now(time), "reason": str(reason)})

    def write_state(
        self, source: str, state: str, error: object = None, time: float | None = None
    ) -> None:
        """Write that a source came into another state, with its error if there is one."""
        record = {"kind": "state", "source": source, "state": state, "time": _now(time)}
        if error is not None:
            record["error"] = str(getattr(error, "reason", error))
            record["remedy"] = str(getattr(error, "remedy", ""))
        self._put(record)

    def _put(self, record: Mapping[str, Any]) -> None:
        # at once: what it holds may be changed by its owner
        try:
            line = to_line(record)
        except (ValueError, RecursionError):  # it holds itself
            line = None
        if line is None or len(line) > MAX_LINE:
            self._writer.skip(f"a {record['kind']} that cannot be written")
        else:
            self._writer.put(line)

    def flush(self) -> None:
        """Wait until what was given by now is written, or recording has ended."""
        self._writer.flush()

    def close(self) -> None:
        """Write what waits, and end the file. What comes later is passed over."""
        self._finalizer()


class NoRecorder(Recorder):
    """Takes what a recorder does, and writes nothing: what is played need not be recorded again."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = check_path(path)

    @property
    def error(self) -> RecordingError | None:
        """Always `None`."""
        return None

    @property
    def samples(self) -> int:
        """Always 0."""
        return 0

    memory = skipped = size = samples

    @property
    def closed(self) -> bool:
        """Always true."""
        return True

    def write_sample(self, sample: Sample) -> None:
        """Write nothing."""

    def write_memory(self, sample: Sample) -> None:
        """Write nothing."""

    def _put(self, record: Mapping[str, Any]) -> None:
        pass

    def flush(self) -> None:
        """Return at once."""

    def close(self) -> None:
        """Return at once."""


def _now(given: float | None) -> float:
    return time.time() if given is None else given
