"""A child perf: how it is started, heard and ended without a trace."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Sequence
from typing import Self

import anyio
from anyio.abc import Process

from perfwidgets.errors import PerfFailedError
from perfwidgets.sources.pipe import PipeReader, Taker, open_pipe

__all__ = ["Child"]

_CHUNK = 65_536
#: how long the child may take to end by itself, then after an interrupt (s)
_GRACE = (1.0, 0.5)


class Child:
    """A process that ends when we let go of its standard input, in a session of its own.

    Its standard output is read with `receive`; what it says on standard error is kept (the last
    64 KiB) and read without ever waiting, so call `listen` now and then.
    """

    def __init__(
        self, process: Process, held: _HeldPipe, output: PipeReader, complaints: _Complaints
    ) -> None:
        self._process = process
        self._output = output
        self._held = held
        self._complaints = complaints

    @classmethod
    async def start(cls, argv: Sequence[str]) -> Self:
        """Start `argv`, with numbers printed as in C.

        Raises
        ------
        OSError
            If there is no such program, or it may not be run.
        """
        held, complaints = _HeldPipe(), _Complaints()
        read_end, write_end = os.pipe()
        try:
            # cancelled half-way, asyncio would leave a process that nobody waits for
            with anyio.CancelScope(shield=True):
                process = await anyio.open_process(
                    list(argv),
                    stdin=held.read_end,
                    stdout=write_end,
                    stderr=complaints.write_end,
                    env=_c_locale(),
                    start_new_session=True,
                )
        except BaseException:
            held.close()
            complaints.close()
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
            held.close_read_end()
            complaints.close_write_end()
        return cls(process, held, open_pipe(read_end), complaints)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has ended; what it started may live on."""
        return self._process.returncode is not None

    @property
    def complaints(self) -> str:
        """The last of what it said on standard error, as far as `listen` has heard."""
        return self._complaints.text

    def listen(self) -> None:
        """Take what it has said on standard error."""
        self._complaints.listen()

    def let_go(self) -> None:
        """Close its standard input, which asks it to end."""
        self._held.close()

    async def receive(self, patience: float) -> bytes | None:
        """Wait for output; ``b""`` at its end, `None` if none came within so many seconds."""
        return await self._output.receive(patience)

    def hand_to(self, taker: Taker | None) -> None:
        """Offer output to `taker` before it is received (`PipeReader.hand_to`)."""
        self._output.hand_to(taker)

    def rest(self, seconds: float) -> None:
        """Look for output only now and then (`PipeReader.rest`)."""
        self._output.rest(seconds)

    async def wait(self, patience: float = _GRACE[0]) -> int | None:
        """Return the exit status, or `None` if it has not ended within `patience` seconds."""
        with anyio.move_on_after(patience):
            await self._process.wait()
        self.listen()
        return self._process.returncode

    async def end(self) -> None:
        """End it and all that it started; return when they are gone.

        Raises
        ------
        PerfFailedError
            If it is another user's, as under sudo, and does not end by itself.
        """
        self._held.close()
        try:
            with anyio.CancelScope(shield=True):
                if not await self._outlive():
                    _leave(self._process)
                    raise _not_ended(self.pid)
                await self._process.aclose()
        finally:  # asyncio's own cancel() goes through the shield
            self._output.close()
            self._complaints.close()

    async def _outlive(self) -> bool:
        """Wait for its end, and bring it about; whether it came."""
        for wait, then in zip(_GRACE, (signal.SIGINT, signal.SIGKILL), strict=True):
            with anyio.move_on_after(wait):
                while await self.receive(wait):  # a full pipe would keep it from ending
                    pass
                await self._process.wait()
                return True
            try:
                os.killpg(self.pid, then)
            except ProcessLookupError:
                break
            except PermissionError:
                return await self._ends_unread()
        await self._process.wait()
        return True

    async def _ends_unread(self) -> bool:
        """Whether it ends once nobody reads what it prints, which is all that is left to us."""
        self._output.close()
        self._complaints.close()
        return await self.wait() is not None


#: those that we may not end, by their ids
_left: dict[int, Process] = {}


def _leave(process: Process) -> None:
    """Let a process be, without asyncio's complaints.

    It would try to kill one that nobody holds, and tells the log when one outlives its event loop.
    """
    _left[process.pid] = process
    logging.getLogger("asyncio").addFilter(_is_of_note)


def _is_of_note(record: logging.LogRecord) -> bool:
    arguments = record.args if isinstance(record.args, tuple) else ()
    return not ("handles pid" in record.msg and _left.keys() & set(arguments[1:]))


def _not_ended(pid: int) -> PerfFailedError:
    return PerfFailedError(
        f"perf (process {pid}) runs as another user, and has not ended when asked to",
        "Its input is closed, so it ends when it goes on. To end it at once: "
        f"`sudo kill -KILL -- -{pid}`",
    )


def _c_locale() -> dict[str, str]:
    """Return our environment with the locale C, in which perf prints plain numbers."""
    return {**os.environ, "LC_ALL": "C"}


_held_ends: set[int] = set()


def _close_in_child() -> None:
    for descriptor in _held_ends:
        os.close(descriptor)
    _held_ends.clear()


# a forked child that kept the write end would keep perf alive after us
os.register_at_fork(after_in_child=_close_in_child)


class _HeldPipe:
    """A pipe whose write end only this process holds, so that its closing is our word or end."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()
        self._owner = os.getpid()
        _held_ends.add(self._write_end)

    def close_read_end(self) -> None:
        if self.read_end >= 0:
            os.close(self.read_end)
            self.read_end = -1

    def close(self) -> None:
        self.close_read_end()
        if self._write_end in _held_ends and self._owner == os.getpid():
            _held_ends.discard(self._write_end)
            os.close(self._write_end)
            self._write_end = -1


class _Complaints:
    """What the child says on its standard error: the last of it."""

    _LIMIT = 65_536

    def __init__(self) -> None:
        self._kept = b""
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)

    @property
    def text(self) -> str:
        return self._kept.decode("utf-8", "replace")

    def listen(self) -> None:
        while self._read_end >= 0:
            try:
                data = os.read(self._read_end, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                return
            self._kept = (self._kept + data)[-self._LIMIT :]

    def close_write_end(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def close(self) -> None:
        self.close_write_end()
        if self._read_end >= 0:
            os.close(self._read_end)
            self._read_end = -1
