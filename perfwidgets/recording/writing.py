"""The thread that writes a recording."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from perfwidgets.errors import RecordingError
from perfwidgets.recording.encoding import Encoder, to_line
from perfwidgets.recording.packing import PackedFile
from perfwidgets.samples import Sample

__all__ = ["Writer"]

#: how often what has come is written, and how often a new member begins (s)
_FLUSH: Final = 1.0
_MEMBER: Final = 30.0
#: what may wait for a slow disk: records, and readings with their parts
_MOST_WAITING: Final = 20_000
_MOST_READINGS_WAITING: Final = 1_000_000
#: with so many waiting, the second is not waited for
_MANY: Final = 2_000
#: how long `close` waits for the disk (s)
_PATIENCE: Final = 30.0

#: what waits: a finished line, or the kind of a sample and the sample
_Waiting = bytes | tuple[str, Sample]


class Writer:
    """The thread that writes, and what waits for it. It does not hold the recorder."""

    def __init__(
        self,
        file: PackedFile,
        on_error: Callable[[RecordingError], None] | None,
    ) -> None:
        self.written = {"sample": 0, "memory": 0}
        self.skipped = 0
        self.error: RecordingError | None = None
        self.is_closing = False
        self._file = file
        self._on_error = on_error
        self._encoder = Encoder()
        self._condition = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._readings = 0
        self._gap = ""
        self._wanted = self._done = 0
        self._member_ends = 0.0
        self._owner = os.getpid()
        self._thread = threading.Thread(target=self._run, name="perfwidgets recorder", daemon=True)

    @property
    def size(self) -> int:
        """The bytes written by now."""
        return self._file.size

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, what: _Waiting, sample: Sample | None = None) -> None:
        """Put something down to be written; never waits for the disk."""
        readings = 0 if sample is None else sum(1 + len(r.parts) for r in sample.readings)
        if self._owner != os.getpid():
            return  # a fork of the one that writes: the lock may be held for ever
        with self._condition:
            if self.is_closing or self.error is not None:
                return
            if (
                len(self._waiting) >= _MOST_WAITING
                or self._readings + readings > _MOST_READINGS_WAITING
            ):
                self._skip("the disk was too slow")
                return
            self._readings += readings
            self._waiting.append(what)
            if len(self._waiting) >= _MANY:
                self._condition.notify_all()

    def skip(self, why: str) -> None:
        """Note that something cannot be written."""
        with self._condition:
            self._skip(why)

    def _skip(self, why: str) -> None:
        self.skipped += 1
        self._gap = why

    def flush(self) -> None:
        """Wait until what was put down by now is written, or nothing more is."""
        with self._condition:
            self._wanted += 1
            mine = self._wanted
            self._condition.notify_all()
            while self._done < mine and self.error is None and self._thread.is_alive():
                self._condition.wait(_FLUSH)

    def close(self) -> None:
        """Write what waits, end the file, and wait for that."""
        if self._owner != os.getpid():
            self._file.let_go()  # a fork of the one that writes
            return
        with self._condition:
            self.is_closing = True
            self._condition.notify_all()
        if threading.current_thread() is self._thread:
            return  # it ends by itself now
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            self._fail(
                RecordingError(
                    f"{str(self._file.path)!r} could not be ended within {_PATIENCE:g} s",
                    "What was written before can be read. Is its disk there?",
                )
            )

    def _run(self) -> None:
        try:
            self._loop()
        except Exception as error:  # whatever it is, it must reach a person
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            self._fail(
                RecordingError(
                    f"Recording to {str(self._file.path)!r} has ended: {reason}",
                    "What was written before can be read. Record to a disk with room for the rest.",
                )
            )
        finally:
            with contextlib.suppress(OSError):
                self._file.close()

    def _loop(self) -> None:
        is_over = False
        while not is_over:
            with self._condition:
                is_urgent = self.is_closing or self._done < self._wanted
                if not is_urgent and len(self._waiting) < _MANY:
                    self._condition.wait(_FLUSH)
                is_over, wanted = self.is_closing, self._wanted
                waiting, self._waiting = self._waiting, deque()
                gap, self._gap, self._readings = self._gap, "", 0
            if self._file.is_gone:
                raise OSError(0, "the file was deleted")
            self._write(waiting, gap, is_over)
            with self._condition:
                self._done = wanted
                self._condition.notify_all()
        self._file.close()

    def _write(self, waiting: deque[_Waiting], gap: str, is_over: bool) -> None:
        now = time.monotonic()
        if not self._member_ends:
            self._member_ends = now + _MEMBER
        counts = dict(self.written)
        lines: list[bytes] = []
        for what in waiting:
            if isinstance(what, bytes):
                lines.append(what)
            else:
                lines += self._lines_of(*what, counts)
        gap, self._gap = gap or self._gap, ""
        if gap:
            lines.append(to_line({"kind": "gap", "time": time.time(), "reason": gap}))
        if is_over:
            lines.append(to_line({"kind": "end", **counts}))
        ends = now >= self._member_ends
        if lines:
            self._file.write(b"".join(lines), end_member=ends)
            self.written = counts
        if lines and ends:
            self._member_ends = now + _MEMBER
            self._encoder.begin_member()

    def _lines_of(self, kind: str, sample: Sample, counts: dict[str, int]) -> list[bytes]:
        try:
            lines = self._encoder.sample(kind, sample)
        except (ValueError, RecursionError) as error:
            self.skip(str(error))
            return []
        counts["memory" if kind == "memory" else "sample"] += 1
        return lines

    def _fail(self, error: RecordingError) -> None:
        with self._condition:
            if self.error is not None:
                return
            self.error = error
            self._waiting.clear()
            self._condition.notify_all()
        if self._on_error is not None:
            with contextlib.suppress(Exception):
                self._on_error(error)
