"""Starts programs for another process, so that they are no children of it.

Run as a script, ``python -I -S launcher.py SOCKET WATCHED``, by `launching`. A perf that were a
child of the process it counts would be counted with it, by inheritance. This one is a child of
nobody: it forks at once, and ends with the process that it serves, with all that it started.

A request is 4 bytes of length, sent with five descriptors, then JSON: ``argv``, ``env``, ``cwd``.
The descriptors: a socket for this program alone, and what it has as 2 (and 1), 3, 4 and 5. On its
socket come the lines ``pid N`` (or ``errno N``), then ``exit N`` or ``signal N``; ``i`` sent there
interrupts the program, ``k`` or the closing of the socket kills it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys

__all__ = ["serve"]

#: below it stand the numbers that programs are given their descriptors under
_FREE = 32
_SIGNALS = [signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD]


class _GoneError(Exception):
    """The process that is served has ended, or let go."""


class _Program:
    """One program that runs, and the socket on which its fate is told."""

    def __init__(self, channel: socket.socket, pid: int) -> None:
        self.channel = channel
        self.pid = pid

    def tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            self.channel.sendall(line.encode() + b"\n")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def obey(self) -> bool:
        """Do what is asked on the socket; whether it is still open."""
        try:
            word = self.channel.recv(1)
        except OSError:
            word = b""
        self.signal(signal.SIGINT if word == b"i" else signal.SIGKILL)
        return bool(word)

    def reap(self) -> bool:
        """Whether it has ended, which is told then; what it left behind is killed."""
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
        self.signal(signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.tell(f"exit {code}" if code >= 0 else f"signal {-code}")
        return True


def serve(requests: socket.socket, watched: int) -> None:
    """Start what is asked for until `requests` is closed, or the process of pidfd `watched` ends."""
    programs: dict[int, _Program] = {}
    silent: set[int] = set()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        while True:
            ready = _wait([requests.fileno(), woken, watched, *(set(programs) - silent)])
            if watched in ready:
                return
            if woken in ready:
                os.read(woken, 4096)
            silent |= {number for number in ready & set(programs) if not programs[number].obey()}
            if requests.fileno() in ready and (program := _start(requests)) is not None:
                programs[program.channel.fileno()] = program
            for number in [n for n, program in programs.items() if program.reap()]:
                programs.pop(number).channel.close()
                silent.discard(number)
    except _GoneError:
        return
    finally:
        for program in programs.values():
            program.signal(signal.SIGKILL)


def _wait(descriptors: list[int]) -> set[int]:
    poll = select.poll()
    for number in descriptors:
        if number >= 0:
            poll.register(number, select.POLLIN)
    return {number for number, _ in poll.poll()}


def _start(requests: socket.socket) -> _Program | None:
    """Start the program of the next request; `None` if it could not be, which is told."""
    wish, received = _receive(requests)
    channel = socket.socket(fileno=received[0])
    high = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _FREE) for number in received[1:]]
    for number in received[1:]:
        os.close(number)
    try:
        program = _Program(channel, _spawn(wish, high))
    except OSError as error:
        _Program(channel, 0).tell(f"errno {error.errno}")
        channel.close()
        return None
    finally:
        for number in high:
            os.close(number)
    program.tell(f"pid {program.pid}")
    return program


def _spawn(wish: dict[str, object], given: list[int]) -> int:
    argv, environment = wish["argv"], wish["env"]
    assert isinstance(argv, list)
    assert isinstance(environment, dict)
    with contextlib.suppress(OSError):  # it may have been removed
        os.chdir(str(wish["cwd"]))
    said, *others = given
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        *((os.POSIX_SPAWN_DUP2, said, number) for number in (1, 2)),
        *((os.POSIX_SPAWN_DUP2, other, number) for number, other in enumerate(others, 3)),
    ]
    try:
        return os.posix_spawn(
            argv[0],
            argv,
            environment,
            file_actions=actions,
            setpgroup=0,
            setsigmask=[],
            setsigdef=_SIGNALS,
        )
    finally:
        os.chdir("/")


def _receive(requests: socket.socket) -> tuple[dict[str, object], list[int]]:
    head, received, _, _ = socket.recv_fds(requests, 4, 5)
    if len(head) < 4 or len(received) < 5:
        raise _GoneError
    (length,) = struct.unpack(">I", head)
    body = b""
    while len(body) < length:
        piece = requests.recv(length - len(body))
        if not piece:
            raise _GoneError
        body += piece
    wish: dict[str, object] = json.loads(body)
    return wish, received


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    os.chdir("/")
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
