"""What runs on a worker: counts its host, if no other worker there does, and tells what it counts."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import socket
import sys
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from perfwidgets.errors import SourceError
from perfwidgets.hosts.wire import pack_error, pack_sample
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source
from perfwidgets.supervisor import Backoff, State, Supervisor

if TYPE_CHECKING:
    from distributed import Worker

__all__ = ["Counting"]

#: how often a worker looks whether the one that counts its host has gone (s)
_RETRY: Final = 0.5
#: longer intervals (s) begin at once
_LONG: Final = 2.0


class Counting:
    """Counts a host on the event loop of one of its workers, for all who watch.

    Which worker does is settled by a name that only one process of a host can hold, and that
    nobody holds any more when its process ends, however it does: the next worker takes it over.

    Parameters
    ----------
    worker
        Whose event loop and connection are used.
    source
        What counts.
    host
        The host's name.
    topic
        On which it tells samples and states.
    keep
        Seconds for which it counts without hearing of a notebook.
    """

    def __init__(self, worker: Worker, source: Source, host: str, topic: str, keep: float) -> None:
        import msgpack  # noqa: PLC0415  (comes with distributed)

        self._pack = msgpack.packb
        self._worker = worker
        self._source = source
        self._host = host
        self._topic = topic
        scheduler = worker.scheduler.address
        self._claim = _Claim(f"{scheduler} {topic} {host}")
        self._watchers = {"": time.monotonic() + keep}
        self._woken = asyncio.Event()
        self._rested = asyncio.Event()
        self._supervisor: Supervisor | None = None
        self._task: asyncio.Task[None] | None = None
        self._number = 0
        self._state: State = "idle"
        self._error: SourceError | None = None

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._task = asyncio.create_task(self._run(), name="perfwidgets")

    async def stop(self) -> None:
        """End, and with it perf."""
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.wait([task])

    def watched(self, watcher: str, keep: float, *, again: bool) -> dict[str, Any] | None:
        """Somebody watches for so many seconds more; return how the host fares, if we count it."""
        self._watchers.pop("", None)
        self._watchers[watcher] = time.monotonic() + keep
        self._woken.set()
        if again and self._supervisor is not None and self._error is not None:
            self._supervisor.change_wish("run")
        return self._facts() if self._claim.held else None

    def left(self, watcher: str) -> int:
        """Somebody watches no more; return how many others do."""
        self._watchers.pop(watcher, None)
        self._watchers.pop("", None)
        self._woken.set()
        return self._watching()

    def _watching(self) -> int:
        now = time.monotonic()
        self._watchers = {name: until for name, until in self._watchers.items() if until > now}
        return len(self._watchers)

    async def _run(self) -> None:
        try:
            while True:
                if not self._watching():
                    await self._wait(None)
                elif self._claim.take():
                    await self._count()
                else:
                    await self._wait(_RETRY)
        except Exception as error:  # a defect of ours: it must reach a person
            told = SourceError(f"Counting has failed: {type(error).__name__}: {error}")
            told.permanent = True
            self.state_is(self._host, "failed", told)
            raise
        finally:
            self._claim.release()

    async def _wait(self, seconds: float | None) -> None:
        """Wait so long, or until who watches has changed."""
        self._woken.clear()
        # not `asyncio.wait_for`: woken and cancelled at once, it would forget that it was cancelled
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _count(self) -> None:
        """Count as long as somebody watches."""
        interval = self._source.interval or 1.0
        if interval <= _LONG:  # hosts whose clocks agree end their intervals together then
            await asyncio.sleep(interval - time.time() % interval)
        self._rested.clear()
        backoff = replace(Backoff(), tries=sys.maxsize)
        self._supervisor = Supervisor(self._host, self._source, self, backoff)
        task = asyncio.create_task(self._supervisor.run(), name="perfwidgets source")
        try:
            while self._watching():
                await self._wait(max(0.1, min(self._watchers.values()) - time.monotonic()))
            self._supervisor.change_wish("stop")
            await self._rested.wait()
        finally:
            self._supervisor = None
            task.cancel()
            await asyncio.wait([task])  # unlike `await task` it tells whether we are cancelled
            self._claim.release()
            if not task.cancelled():
                task.result()

    # ------------------------------------------------------ called by the supervisor

    def state_is(self, name: str, state: State, error: SourceError | None) -> None:
        """The source is in another state."""
        self._state, self._error = state, error
        if state != "stopped":  # nobody watches, or another worker goes on
            self._tell("state", self._facts())

    def deliver(self, name: str, source: Source, sample: Sample) -> None:
        """The source has delivered."""
        self._number += 1
        self._tell("sample", [self._number, pack_sample(sample, source.events)])

    def came_to_rest(self) -> None:
        """The source has stopped."""
        self._rested.set()

    def _facts(self) -> dict[str, Any]:
        return {
            "state": self._state,
            "error": pack_error(self._error),
            "version": getattr(self._source, "version", None),
            "refused": dict(getattr(self._source, "refused", {})),
        }

    def _tell(self, kind: str, what: Any) -> None:
        packed = self._pack([kind, self._host, self._worker.address, what])
        self._worker.log_event(self._topic, packed)


class _Claim:
    """A name that only one process of a host can hold, and that ends with it: nothing is left.

    A socket of Linux's abstract namespace; it is bound, and nobody listens or connects.
    """

    def __init__(self, text: str) -> None:
        self._name = f"\0perfwidgets/{hashlib.sha256(text.encode()).hexdigest()[:32]}"
        self._socket: socket.socket | None = None

    @property
    def held(self) -> bool:
        """Whether we hold it."""
        return self._socket is not None

    def take(self) -> bool:
        """Hold it from now on, if no other does."""
        if self._socket is None:
            bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                bound.bind(self._name)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    bound.close()
                    return False
                # where there are no such names, each worker counts, and the notebook takes one
            self._socket = bound
            _held.add(self)
        return True

    def release(self) -> None:
        """Let another hold it."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


#: those that this process holds
_held: weakref.WeakSet[_Claim] = weakref.WeakSet()


def _let_go_in_child() -> None:
    """A forked child, which may outlive the worker, must not hold what its parent does."""
    for claim in list(_held):
        claim.release()
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
