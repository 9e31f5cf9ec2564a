"""The launcher: one small process that starts programs for this one, so that none is its child.

It lives as long as this process does and serves all its threads; a forked child gets its own when
it first needs one.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from perfwidgets.errors import PerfFailedError

__all__ = ["end_launcher", "launch"]

_SCRIPT = Path(__file__).with_name("launcher.py")

_lock = threading.Lock()
_launcher: socket.socket | None = None


def end_launcher() -> None:
    """End the launcher and all that it started; the next program starts another one."""
    with _lock:
        _drop_launcher()


def _drop_launcher() -> None:
    global _launcher
    gone, _launcher = _launcher, None
    if gone is not None:
        gone.close()


def _forget_in_child() -> None:
    """In a forked child: what the parent started is the parent's."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()
    _drop_launcher()


os.register_at_fork(after_in_child=_forget_in_child)


def _request(argv: Sequence[str]) -> bytes:
    program = argv[0] if os.path.dirname(argv[0]) else shutil.which(argv[0])
    if program is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
    wish: Mapping[str, object] = {
        "argv": [os.path.abspath(program), *argv[1:]],
        "env": {**os.environ, "LC_ALL": "C"},
        "cwd": _folder(),
    }
    body = json.dumps(wish).encode()
    return struct.pack(">I", len(body)) + body


def launch(argv: Sequence[str], descriptors: Sequence[int]) -> None:
    """Ask for `argv` to be started; a new launcher, if the one that there was has ended.

    Parameters
    ----------
    argv
        Its words; the first is looked up on the PATH.
    descriptors
        A socket on which its fate is told, then what it has as 2, 3, 4 and 5.

    Raises
    ------
    FileNotFoundError
        If it is not on the PATH.
    PerfFailedError
        If the launcher cannot be started.
    """
    global _launcher  # noqa: PLW0603
    request = _request(argv)
    with _lock:
        for _ in range(2):
            if _launcher is None:
                _launcher = _start_launcher()
            try:
                return _send(_launcher, request, descriptors)
            except OSError:
                _drop_launcher()
    raise PerfFailedError(
        "the helper that starts perf ends at once", f"Does `{sys.executable} -I -S` work?"
    )


def _send(launcher: socket.socket, request: bytes, descriptors: Sequence[int]) -> None:
    # in one piece, so that an interrupt leaves no half of a request; unless it is very long
    sent = socket.send_fds(launcher, [request], descriptors)
    try:
        launcher.sendall(request[sent:])
    except BaseException:
        _drop_launcher()
        raise


def _start_launcher() -> socket.socket:
    ours, theirs = socket.socketpair()
    watched = _own_pidfd()
    passed = [theirs.fileno(), *([watched] if watched >= 0 else [])]
    try:
        command = [sys.executable, "-I", "-S", str(_SCRIPT), str(theirs.fileno()), str(watched)]
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=passed,
            start_new_session=True,
            check=True,
        )
    except BaseException as error:
        ours.close()
        if isinstance(error, (OSError, subprocess.CalledProcessError)):
            raise PerfFailedError(
                f"the helper that starts perf cannot be started ({error})",
                f"Does `{sys.executable} -I -S` work?",
            ) from error
        raise
    finally:
        theirs.close()
        if watched >= 0:
            os.close(watched)
    return ours


def _own_pidfd() -> int:
    """What becomes readable when this process ends; -1 where there is no such thing."""
    try:
        return os.pidfd_open(os.getpid())
    except (AttributeError, OSError):
        return -1


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return "/"
