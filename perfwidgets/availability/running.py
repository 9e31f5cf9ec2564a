"""Run a command until it has said enough, or until a deadline."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

__all__ = ["Output", "run"]

#: seconds in which the last output must come once the command has ended
_GRACE = 0.3


@dataclass(frozen=True)
class Output:
    """What a command wrote, and how it ended; `returncode` is `None` if it had to be killed."""

    returncode: int | None
    stdout: str
    stderr: str

    @property
    def timed_out(self) -> bool:
        """Whether it did not end in time."""
        return self.returncode is None


def run(argv: Sequence[str], deadline: float, complete: Callable[[str], bool]) -> Output:
    """Run `argv` in a session of its own.

    Parameters
    ----------
    argv
        The command line.
    deadline
        When it is killed with all that it started, on the monotonic clock.
    complete
        Told its output so far, says whether that is all that is wanted. Its input is closed then.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C"},
        start_new_session=True,
    )
    try:
        stdout, stderr = _converse(process, deadline, complete)
        returncode = _wait(process, deadline)
    finally:
        _end(process)
    return Output(returncode, stdout, stderr)


def _converse(
    process: subprocess.Popen[bytes], deadline: float, complete: Callable[[str], bool]
) -> tuple[str, str]:
    assert process.stdin is not None
    texts: dict[Any, bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in texts:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map() and time.monotonic() < deadline:
            _read_some(selector, texts)
            ended = process.poll() is not None
            if ended:  # what it left behind (ssh's ControlPersist) may hold the output open
                deadline = min(deadline, time.monotonic() + _GRACE)
            if ended or complete(_text(texts[process.stdout])):
                process.stdin.close()
    return _text(texts[process.stdout]), _text(texts[process.stderr])


def _read_some(selector: selectors.BaseSelector, texts: Mapping[Any, bytearray]) -> None:
    for key, _ in selector.select(0.05):
        stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
        chunk = os.read(stream.fileno(), 65536)
        texts[stream].extend(chunk)
        if not chunk:
            selector.unregister(stream)


def _text(output: bytearray) -> str:
    return output.decode(errors="replace")


def _wait(process: subprocess.Popen[bytes], deadline: float) -> int | None:
    try:
        return process.wait(max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
