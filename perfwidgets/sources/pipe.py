"""The reading end of a pipe, read as bytes come, at as few wake-ups as can be."""

from __future__ import annotations

import asyncio
import fcntl
import math
import os
from collections.abc import Callable
from typing import Protocol

import anyio

__all__ = ["PipeReader", "Taker", "open_pipe"]

#: takes some of what has come, and returns the rest
Taker = Callable[[bytes], bytes]

_CHUNK = 65_536
#: what waits may fill this part of a pipe, so that who writes is never held up
_SHARE = 4
#: what fits into a pipe of any system (bytes)
_LEAST = 4096
#: before the first rest (seconds); each is at most twice as long as the one before, as one chunk
#: that was read late looks like a slow writer
_FIRST = 0.01


class PipeReader(Protocol):
    """What comes through a pipe."""

    async def receive(self, patience: float) -> bytes | None:
        """Wait for bytes; ``b""`` at the end, `None` if none came within so many seconds."""

    def hand_to(self, taker: Taker | None) -> None:
        """Offer what comes to `taker` first, from the event loop itself; it returns what it left.

        A task that waits for each chunk would be another turn of the loop. Who receives gets what
        was not taken, and what `taker` raised. Where there is no such loop, nobody is offered.
        """

    def rest(self, seconds: float) -> None:
        """Look only every so many seconds from now on, as long as all is taken; 0 for at once.

        What has come until then is read before a rest ends.
        """

    def close(self) -> None:
        """Read no more; who waits is told of the end."""


def open_pipe(descriptor: int) -> PipeReader:
    """Return a reader of `descriptor`, which it owns, on the event loop that runs."""
    os.set_blocking(descriptor, False)
    try:
        return _AsyncioPipe(descriptor, asyncio.get_running_loop())
    except RuntimeError:
        return _TrioPipe(descriptor)


class _AsyncioPipe:
    """On asyncio: a stream would wake the loop twice for each chunk, and a cancel scope costs."""

    def __init__(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor = descriptor
        self._loop = loop
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._held: list[bytes] = []
        self._is_read = False
        self._taker: Taker | None = None
        self._error: BaseException | None = None
        self._rest, self._rested = 0.0, _FIRST
        self._rest_timer: asyncio.TimerHandle | None = None
        self._room, self._taken = 0, 0.0
        loop.add_reader(descriptor, self._read)
        self._is_watched = True

    async def receive(self, patience: float) -> bytes | None:
        if not self._held and not self._is_read and self._error is None:
            self._watch()
            self._waiter = self._loop.create_future()
            self._wake_at(self._loop.time() + patience)
            try:
                await self._waiter
            finally:
                self._waiter, self._deadline = None, math.inf
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._held:
            data = b"".join(self._held) if len(self._held) > 1 else self._held[0]
            self._held.clear()
            return data
        return b"" if self._is_read else None

    def hand_to(self, taker: Taker | None) -> None:
        self._taker = taker

    def rest(self, seconds: float) -> None:
        self._rest, self._rested = seconds, _FIRST
        if seconds:
            self._room, self._taken = _room(self._descriptor), self._loop.time()
        elif self._rest_timer is not None:
            self._look()

    def close(self) -> None:
        if self._descriptor >= 0:
            self._unwatch()
            self._end_rest()
            os.close(self._descriptor)
            self._descriptor, self._is_read = -1, True
            if self._timer is not None:
                self._timer.cancel()
            self._wake()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data and not self._held and self._taker is not None:
            size = len(data)
            try:
                data = self._taker(data)
            except BaseException as error:  # the loop would only log it
                self._error = error
                self._wake()
                return
            if not data:
                self._begin_rest(size)
                return
        if data:
            self._held.append(data)
            if self._rest:
                self._taken = self._loop.time()
        else:
            self._is_read = True
        if self._is_read or len(self._held) > 1:
            self._unwatch()  # who does not receive holds perf up, and not memory
        self._wake()

    def _begin_rest(self, size: int) -> None:
        """All was taken: look again later, and before the pipe is full of what comes so fast."""
        if not self._rest:
            return
        now = self._loop.time()
        fills_in = (now - self._taken) / size * self._room
        self._rested = min(self._rest, fills_in, 2 * self._rested)
        self._taken = now
        self._unwatch()
        self._rest_timer = self._loop.call_later(self._rested, self._look)

    def _end_rest(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _look(self) -> None:
        """Read what has come during a rest."""
        self._end_rest()
        self._read()
        if not self._held and not self._is_read:
            self._watch()  # nothing has come, or the end of a row is on its way

    def _wake_at(self, deadline: float) -> None:
        """Wake who waits, if nothing comes by then. As a rule something does: one timer lasts."""
        self._deadline = deadline
        if self._timer is None or deadline < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(deadline, self._time_has_come)

    def _time_has_come(self) -> None:
        self._timer = None
        if self._deadline <= self._loop.time():
            self._wake()
        elif self._deadline < math.inf:
            self._timer = self._loop.call_at(self._deadline, self._time_has_come)

    def _watch(self) -> None:
        if not self._is_watched and self._rest_timer is None:
            self._loop.add_reader(self._descriptor, self._read)
            self._is_watched = True

    def _unwatch(self) -> None:
        if self._is_watched:
            self._loop.remove_reader(self._descriptor)
            self._is_watched = False

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _room(descriptor: int) -> int:
    """Bytes that may wait in a pipe: a part of what fits, which a user of many pipes has little of."""
    size = getattr(fcntl, "F_GETPIPE_SZ", None)
    return (fcntl.fcntl(descriptor, size) if size is not None else _LEAST) // _SHARE


class _TrioPipe:
    """On trio, which reads without a transport between."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def receive(self, patience: float) -> bytes | None:
        import trio  # noqa: PLC0415  (it runs us, so it is there)

        with anyio.move_on_after(patience):
            while self._descriptor >= 0:
                try:
                    return os.read(self._descriptor, _CHUNK)
                except BlockingIOError:
                    pass
                except OSError:
                    return b""
                try:
                    await trio.lowlevel.wait_readable(self._descriptor)
                except trio.ClosedResourceError:
                    return b""
        return b"" if self._descriptor < 0 else None

    def hand_to(self, taker: Taker | None) -> None:
        pass

    def rest(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        if self._descriptor >= 0:
            import trio  # noqa: PLC0415

            trio.lowlevel.notify_closing(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
