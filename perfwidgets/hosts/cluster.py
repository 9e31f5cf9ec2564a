"""A Dask cluster as it is reached from another thread than its client's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from perfwidgets.errors import SourceError

if TYPE_CHECKING:
    from distributed import Client, WorkerPlugin

__all__ = ["Answer", "Cluster", "closed", "lost"]

_T = TypeVar("_T")
#: how long the cluster may take for anything (s)
_PATIENCE: Final = 10.0

_REMEDY: Final = "Is its scheduler there, and reached from here? It goes on when it is."

#: client and topic -> who is told; a client has room for one handler of a topic
_heard: dict[tuple[str, str], list[Callable[[bytes], None]]] = {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker answered, and when it was asked and heard (Unix seconds of our clock)."""

    asked: float
    arrived: float
    what: Any


class Cluster:
    """Calls a client on its own event loop, whose results are awaited here.

    Parameters
    ----------
    client
        A `distributed.Client`, synchronous or not.
    """

    def __init__(self, client: Client) -> None:
        self.client: Any = client

    @property
    def closed(self) -> bool:
        """Whether the client is done for."""
        return self.client.status in ("closed", "closing")

    @property
    def connected(self) -> bool:
        """Whether the client has a scheduler."""
        comm = self.client.scheduler_comm
        return self.client.status == "running" and comm is not None and not comm.closed()

    @property
    def session(self) -> object:
        """The connection to the scheduler: another object after a reconnect."""
        return self.client.scheduler_comm

    async def workers(self) -> list[str]:
        """The addresses of all workers."""
        return list(await self._call(self.client.nthreads))

    async def register(self, plugin: WorkerPlugin) -> None:
        """Have all workers, those that come as well, set up a plugin unless they have it."""
        await self._call(lambda: self.client.register_plugin(plugin))

    async def unregister(self, name: str) -> None:
        """Have a plugin torn down everywhere."""
        await self._call(lambda: self.client.unregister_worker_plugin(name))

    async def ask(self, worker: str, function: Callable[..., Any], *args: Any) -> Answer:
        """Run a function on the event loop of one worker.

        Raises
        ------
        SourceError
            If it has gone, or does not answer.
        """

        async def timed() -> Answer:
            asked = time.time()
            said = await self.client.run(function, *args, workers=[worker], on_error="return")
            what = said.get(worker)
            if isinstance(what, BaseException):
                raise what
            return Answer(asked, time.time(), what)

        return await self._call(timed)

    def listen(self, topic: str, heard: Callable[[bytes], None]) -> None:
        """Have events of a topic told to `heard`, on our event loop; once more after a reconnect."""
        key = (self.client.id, topic)
        listeners = _heard.setdefault(key, [])
        if heard not in listeners:
            listeners.append(heard)

        def told(event: tuple[float, Any]) -> None:
            for each in list(_heard.get(key, ())):
                each(event[1])

        self._post(lambda: self.client.subscribe_topic(topic, told))

    def unlisten(self, topic: str, heard: Callable[[bytes], None]) -> None:
        """Tell `heard` no more."""
        key = (self.client.id, topic)
        listeners = _heard.get(key, [])
        if heard in listeners:
            listeners.remove(heard)
        if not listeners:
            _heard.pop(key, None)
            self._post(lambda: self._unsubscribe(key))

    def _unsubscribe(self, key: tuple[str, str]) -> None:
        if key not in _heard:  # else another listens since
            self.client.unsubscribe_topic(key[1])

    def _post(self, work: Callable[[], object]) -> None:
        """Have `work` done on the client's event loop, if it has one."""

        def guarded() -> None:
            if self.connected:  # else nobody can be told, and nobody need be
                work()

        loop = self.client.loop.asyncio_loop
        if not self.closed and not loop.is_closed():
            loop.call_soon_threadsafe(guarded)

    async def _call(self, work: Callable[[], Awaitable[_T]]) -> _T:
        async def awaited() -> _T:
            return await asyncio.wait_for(work(), _PATIENCE)

        if self.closed:
            raise closed()
        coroutine = awaited()
        try:
            called = asyncio.run_coroutine_threadsafe(coroutine, self.client.loop.asyncio_loop)
        except RuntimeError as error:  # its loop has ended
            coroutine.close()
            raise closed() from error
        try:
            return await asyncio.wrap_future(called)
        except TimeoutError as error:
            raise SourceError(
                f"The Dask cluster has not answered for {_PATIENCE:g} s", _REMEDY
            ) from error
        except Exception as error:  # whatever a worker raises, too
            raise SourceError(
                f"The Dask cluster cannot be reached ({type(error).__name__}: {error})", _REMEDY
            ) from error


def lost() -> SourceError:
    """The client has no scheduler, and looks for it."""
    return SourceError("The connection to the Dask scheduler is lost", _REMEDY)


def closed() -> SourceError:
    """The client is done for."""
    error = SourceError(
        "The Dask client is closed", "Make another Client, and a Monitor with another DaskHosts."
    )
    error.permanent = True
    return error
