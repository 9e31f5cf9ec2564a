"""A command that begins once it is counted."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from perfwidgets.errors import ArgumentError

__all__ = ["HeldCommand", "counts"]

#: how long perf may take to begin counting (s)
_ATTACH: Final = 5.0
#: how long a command may take to end once it is told to (s)
_GRACE: Final = 5.0
#: what waits becomes the command, so the process is the one that perf was told of; if nobody lets
#: it go, as we are gone, it ends. Python ignores signals that a command may live by.
_WAIT: Final = """
import os, signal, sys
for number in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(number, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
let_go = os.read(int(sys.argv[1]), 1)
os.close(int(sys.argv[1]))
if not let_go:
    sys.exit(1)
try:
    os.execvp(sys.argv[2], sys.argv[2:])
except OSError as error:
    sys.stderr.write(f"{sys.argv[2]}: {error.strerror}\\n")
    sys.exit(126)
"""


class HeldCommand:
    """A command that is run while something is counted, and that waits until it is let go.

    Parameters
    ----------
    argv
        Its words.
    ended
        Called, on a thread of its own, once it has ended.

    Raises
    ------
    ArgumentError
        If there is no such program.
    """

    def __init__(self, argv: Sequence[str], ended: Callable[[], None]) -> None:
        if shutil.which(argv[0]) is None:
            raise ArgumentError(
                f"There is no command {argv[0]!r}", "Give its path, or one that is in PATH."
            )
        self._release = -1
        self._process = self._start_held(argv)
        threading.Thread(target=self._watch, args=(ended,), daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id, from its beginning on."""
        return self._process.pid

    def let_go(self, is_counted: Callable[[], bool]) -> None:
        """Let it begin once it is counted, or does not come to be."""
        end = time.monotonic() + _ATTACH
        while self._release >= 0 and not is_counted() and time.monotonic() < end:
            if self._process.poll() is not None:
                break
            time.sleep(0.002)
        if self._release >= 0:
            with contextlib.suppress(BrokenPipeError):  # a signal has ended it
                os.write(self._release, b"\n")
        self._close()

    def end(self) -> int:
        """Tell it to end if it has not, and return its exit status as a shell has it."""
        self._close()
        for last_word in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(last_word)
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._process.wait(_GRACE)
                return status if status >= 0 else 128 - status
        return 1

    def _start_held(self, argv: Sequence[str]) -> subprocess.Popen[bytes]:
        read_end, self._release = os.pipe()
        wait = [sys.executable, "-I", "-S", "-c", _WAIT, str(read_end), *argv]
        try:
            return subprocess.Popen(wait, pass_fds=[read_end])
        except OSError:
            self._close()
            raise
        finally:
            os.close(read_end)

    def _watch(self, ended: Callable[[], None]) -> None:
        self._process.wait()
        ended()

    def _close(self) -> None:
        descriptor, self._release = self._release, -1
        if descriptor >= 0:
            os.close(descriptor)


def counts(perf: int | None) -> bool:
    """Whether the perf with this process id counts by now.

    It has opened its counters, and has started the command that it runs beside them, which it
    does last of all.
    """
    if perf is None:
        return False
    try:
        files = [os.readlink(link) for link in Path(f"/proc/{perf}/fd").iterdir()]
        if "anon_inode:[perf_event]" not in files:
            return False
        children = Path(f"/proc/{perf}/task/{perf}/children").read_text().split()
        return any(_name(child) != _name(str(perf)) for child in children)
    except OSError:
        return False


def _name(pid: str) -> str:
    return Path(f"/proc/{pid}/comm").read_text()
