"""A program that is no child of this process: how it is heard and ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import time
import weakref
from collections.abc import Sequence

from perfwidgets.errors import PerfFailedError
from perfwidgets.regions.launching import end_launcher, launch

__all__ = ["ACKNOWLEDGE", "CONTROL", "LOG", "Output", "Program"]

#: the numbers under which a program finds what it is given
CONTROL, ACKNOWLEDGE, LOG = 3, 4, 5

#: how long a program may take to be started, to answer, and to end when it is asked to (s)
_ANSWER = 10.0
_GRACE = 2.0
#: how long its output is waited for once it has ended: what it left behind may hold it open (s)
_REST = 0.3
_CHUNK = 65_536


class Output:
    """What a program printed, and how it ended.

    Attributes
    ----------
    log, complaints
        What it wrote to its log and to its standard error.
    status
        Its exit status, negative for a signal; `None` if it did not tell.
    """

    def __init__(self) -> None:
        self.log = b""
        self.complaints = b""
        self.status: int | None = None


class Program:
    """A program started by the launcher, with a pipe to it and one from it, and its output.

    It ends with this process, however that ends; and when it is closed.

    Parameters
    ----------
    argv
        Its words; the first is looked up on the PATH.

    Raises
    ------
    OSError
        If there is no such program, or it may not be run.
    PerfFailedError
        If the launcher cannot be started.
    """

    def __init__(self, argv: Sequence[str]) -> None:
        self._owner = os.getpid()
        self._held: dict[str, int] = {}
        self._runs = False
        self.pid = 0
        self._channel, theirs = socket.socketpair()
        _open.add(self)
        given: list[int] = []
        try:
            for name, is_ours_written in _PIPES:
                read, write = os.pipe()
                ours, other = (write, read) if is_ours_written else (read, write)
                self._held[name] = ours
                given.append(other)
            launch(argv, [theirs.fileno(), *given])
            theirs.close()
            while given:
                os.close(given.pop())
            self._await_start()
        except BaseException:
            self.close()
            raise
        finally:
            theirs.close()
            while given:
                os.close(given.pop())

    @property
    def is_foreign(self) -> bool:
        """Whether it was started by the process that this one was forked from."""
        return os.getpid() != self._owner

    def ask(self, word: bytes) -> None:
        """Write `word` and a newline to its control pipe, and wait until it acknowledges.

        Raises
        ------
        EOFError
            If it has ended instead.
        TimeoutError
            If it has not answered for 10 s.
        """
        with contextlib.suppress(BrokenPipeError):  # its answer will be missing as well
            os.write(self._held["control"], word + b"\n")
        said, deadline = b"", time.monotonic() + _ANSWER
        while b"\n" not in said:  # "ack\n\0": the last byte may be left, and is no newline
            if not _ready([self._held["acknowledge"]], deadline):
                raise TimeoutError
            piece = os.read(self._held["acknowledge"], 64)
            if not piece:
                raise EOFError
            said += piece

    def finish(self, *, interrupt: bool = True) -> Output:
        """Interrupt it unless it shall end by itself; return what it printed when it has ended."""
        output = Output()
        if interrupt:
            self._send_signal(signal.SIGINT)
        deadline = time.monotonic() + (_GRACE if interrupt else _ANSWER)
        if not self._listen(output, deadline):
            self._send_signal(signal.SIGKILL)
            self._listen(output, time.monotonic() + _GRACE)
        self.close()
        return output

    def close(self) -> None:
        """Let go of it; if it still runs, it is killed."""
        _open.discard(self)
        if self._runs and not self.is_foreign:
            self._send_signal(signal.SIGKILL)
        self._runs = False
        while self._held:
            os.close(self._held.popitem()[1])
        self._channel.close()

    def _await_start(self) -> None:
        kind, _, number = (self._line() or "").partition(" ")
        if kind == "pid":
            self.pid, self._runs = int(number), True
        elif kind == "errno":
            raise OSError(int(number), os.strerror(int(number)))
        else:
            end_launcher()
            raise PerfFailedError(
                "the helper that starts perf has ended", "Somebody ended it: count again"
            )

    def _line(self) -> str | None:
        """The next line on the channel; `None` if it was closed, or nothing came for 10 s."""
        said, deadline = b"", time.monotonic() + _ANSWER
        while not said.endswith(b"\n"):
            ready = _ready([self._channel.fileno()], deadline)
            piece = self._channel.recv(1) if ready else b""
            if not piece:
                return None
            said += piece
        return said.decode().strip()

    def _send_signal(self, number: signal.Signals) -> None:
        try:
            self._channel.send(b"i" if number is signal.SIGINT else b"k")
        except OSError:  # it has ended; or the launcher was killed, and it lives on
            if self._runs:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, number)

    def _listen(self, output: Output, deadline: float) -> bool:
        """Read until it has ended and all its output is there; whether that was in time."""
        sources = {self._held[name]: name for name in _OUTPUTS if name in self._held}
        if self._runs:
            sources[self._channel.fileno()] = "fate"
        while sources:
            ready = _ready(list(sources), deadline)
            if not ready:
                return not self._runs
            for number in ready:
                name = sources[number]
                if name == "fate":
                    output.status = _status(self._line())
                    self._runs = False
                    deadline = min(deadline, time.monotonic() + _REST)
                    del sources[number]
                elif chunk := os.read(number, _CHUNK):
                    setattr(output, name, getattr(output, name) + chunk)
                else:
                    os.close(self._held.pop(sources.pop(number)))
        return True

    def __del__(self) -> None:
        if hasattr(self, "_channel"):
            self.close()


#: what is ours of each pipe: whether we write to it; in the order of the numbers from 2 on
_PIPES = (("complaints", False), ("control", True), ("acknowledge", False), ("log", False))
_OUTPUTS = ("log", "complaints")
_open: weakref.WeakSet[Program] = weakref.WeakSet()


def _close_in_child() -> None:
    """In a forked child: what the parent started is the parent's."""
    for program in list(_open):
        program.close()


os.register_at_fork(after_in_child=_close_in_child)


def _status(line: str | None) -> int | None:
    kind, _, number = (line or "").partition(" ")
    if kind == "signal":
        return -int(number)
    return int(number) if kind == "exit" else None


def _ready(descriptors: Sequence[int], deadline: float) -> set[int]:
    """Those that can be read, or have ended; none at the deadline."""
    poll = select.poll()
    for number in descriptors:
        poll.register(number, select.POLLIN)
    return {number for number, _ in poll.poll(max(deadline - time.monotonic(), 0) * 1000)}
