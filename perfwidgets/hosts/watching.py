"""Watches the hosts of a Dask cluster: who is there, and that they are counted."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import anyio

from perfwidgets import __version__
from perfwidgets.errors import ArgumentError, SourceError
from perfwidgets.hosts.cluster import Cluster, closed, lost
from perfwidgets.hosts.hearing import Hearing
from perfwidgets.hosts.inbox import Inbox
from perfwidgets.hosts.member import Member
from perfwidgets.hosts.parcel import Parcel
from perfwidgets.sources.base import Source

if TYPE_CHECKING:
    from distributed import Client, Worker

__all__ = ["Watching"]

#: how often it is looked which workers there are (s)
_ROUND: Final = 1.0
#: workers that are asked at the same time
_AT_ONCE: Final = 32
#: how long the workers may take to be told that we leave (s)
_FAREWELL: Final = 3.0
#: how long a host that has gone is still shown (s)
_REMEMBERED: Final = 600.0


class Watching(Hearing):
    """Looks who is there, and has the hosts go on as long as it watches."""

    def __init__(
        self,
        client: Client,
        source: Source,
        host_of: Callable[[Worker], str] | None,
        keep: float,
    ) -> None:
        self._client = client
        self._source = source
        self._host_of = host_of
        self._keep = float(keep)
        self._parcel = Parcel(source, host_of)
        self._cluster = Cluster(client)
        self._watcher = uuid.uuid4().hex
        self.events = source.events
        self.cores: str | None = getattr(source, "cores", None)
        self.per_core = bool(getattr(source, "per_core", False))
        self._again = False
        self._is_registering = False
        self._tasks: Any = None
        super().__init__(source.interval or 1.0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source!r})"

    def _replaced(self, changes: dict[str, Any]) -> Source:
        source: Any = self._source
        if not hasattr(source, "replace"):
            raise ArgumentError(
                f"{source.name} cannot be given other {' or '.join(changes)}",
                "Make it with what it shall count.",
            )
        replaced: Source = source.replace(**changes)
        return replaced

    def finish(self) -> None:
        """End; what has come by now is still delivered."""
        self.end()

    def try_again(self) -> None:
        """Have what has failed on any host tried again."""
        self._again = True
        self._due.clear()
        self._hurry.set()

    async def __aenter__(self) -> Self:
        self._open()
        self._forget_all()
        self._again, self._is_registering = True, False
        self._inbox = Inbox(self._heard)
        try:
            while not self._cluster.connected:
                if self._cluster.closed:
                    raise closed()
                await anyio.sleep(0.2)
            await self._join()
            self._tasks = anyio.create_task_group()
            await self._tasks.__aenter__()
        except BaseException:
            self._cluster.unlisten(self._parcel.name, self._inbox.put)
            self._close()
            raise
        self._tasks.start_soon(self._keep_asking)
        self._tasks.start_soon(self._see_whether_connected)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._cluster.unlisten(self._parcel.name, self._inbox.put)
        self._tasks.cancel_scope.cancel()
        try:
            # what has ended it is told by whoever raised it, not by the group of tasks
            await self._tasks.__aexit__(None, None, None)
        finally:
            with anyio.move_on_after(_FAREWELL, shield=True):
                await self._leave()
            self._close()

    async def _join(self) -> None:
        """Listen, and have all workers set up what counts."""
        self._session = self._cluster.session
        self._cluster.listen(self._parcel.name, self._inbox.put)
        await self._register()

    async def _register(self) -> None:
        import cloudpickle  # noqa: PLC0415  (comes with distributed)

        from perfwidgets.hosts import visit  # noqa: PLC0415  (needs distributed)

        cloudpickle.register_pickle_by_value(visit)
        plugin = visit.Visit(
            *(self._parcel.name, __version__, self._parcel.source, self._parcel.host_of),
            keep=self._keep,
        )
        try:
            await self._cluster.register(plugin)
        except SourceError:
            # one worker that does not answer, or cannot read it, must not hinder the others:
            # the scheduler has it now, and each is asked by itself
            if not self._cluster.connected:
                raise

    async def _leave(self) -> None:
        """Watch no more; the last to leave ends what counts, also for workers to come."""
        from perfwidgets.hosts import visit  # noqa: PLC0415  (needs distributed)

        others: list[int] = []

        async def leave(worker: str) -> None:
            try:
                answer = await self._cluster.ask(
                    worker, visit.leave, self._parcel.name, self._watcher
                )
                others.append(int(answer.what))
            except SourceError:
                pass  # it has left, or hangs and will hear of us no more

        if not self._cluster.connected:
            return
        try:
            async with anyio.create_task_group() as tasks:
                for worker in await self._cluster.workers():
                    tasks.start_soon(leave, worker)
            if not any(others):
                await self._cluster.unregister(self._parcel.name)
        except SourceError:
            pass  # the scheduler goes, and all with it; or another has unregistered before us

    # ------------------------------------------------------------------ rounds

    async def _keep_asking(self) -> None:
        limit = anyio.CapacityLimiter(_AT_ONCE)
        async with anyio.create_task_group() as tasks:
            while True:
                self._hurry = anyio.Event()
                try:
                    await self._look_round(tasks, limit)
                except SourceError:
                    # a client whose event loop is held up by a cell is still there
                    if not self._cluster.connected:
                        return
                with anyio.move_on_after(_ROUND):
                    await self._hurry.wait()

    async def _see_whether_connected(self) -> None:
        """End with an error when the scheduler has gone; a question to it would wait for long."""
        while self._cluster.connected:  # noqa: ASYNC110  (Dask tells nobody)
            await anyio.sleep(_ROUND)
        self.fail(closed() if self._cluster.closed else lost())

    async def _look_round(self, tasks: Any, limit: anyio.CapacityLimiter) -> None:
        workers = await self._cluster.workers()
        if self._session is not self._cluster.session:
            self._due.clear()
            await self._join()  # it has reconnected, perhaps to another scheduler
        self._see_who_left(workers)
        again, self._again = self._again, False
        now = time.monotonic()
        for worker in workers:
            if self._due.get(worker, 0.0) <= now:
                asked = self._asked[worker] = self._asked.get(worker, 0) + 1
                # often at first: the quickest answer tells most of a clock
                self._due[worker] = now + min(2.0 ** (asked - 1), self._keep / 3)
                tasks.start_soon(self._ask, worker, again or asked == 1, limit)

    def _see_who_left(self, workers: list[str]) -> None:
        present = set(workers)
        for worker in self._due.keys() - present:
            del self._due[worker]
            self._asked.pop(worker, None)
        for host, member in list(self._members.items()):
            for worker in [worker for worker in member.workers if worker not in present]:
                self._left(host, member, worker)
            if member.gone is not None and time.monotonic() - member.gone > _REMEMBERED:
                del self._members[host]
                self.forget(host)

    def _left(self, host: str, member: Member, worker: str) -> None:
        was_counting = member.leaves(worker)
        self.tell(host, workers=member.shown_workers)
        if not member.workers:
            reason = f"The last worker on {host} has left the cluster"
            self.host_is(host, "gone", SourceError(reason, "It is counted again when one joins."))
        elif was_counting:
            reason = f"The worker that counted {host} has left the cluster"
            self.host_is(host, "starting", SourceError(reason, "Another one there takes over."))

    async def _ask(self, worker: str, again: bool, limit: anyio.CapacityLimiter) -> None:
        from perfwidgets.hosts import visit  # noqa: PLC0415  (needs distributed)

        name, watcher = self._parcel.name, self._watcher
        async with limit:
            try:
                answer = await self._cluster.ask(
                    worker, visit.ask, name, watcher, self._keep, again
                )
            except SourceError:
                return  # it has left, which the next round sees, or hangs, and is asked again
        if answer.what["known"]:
            self._answered(worker, answer)
        elif not self._is_registering:
            self._is_registering = True
            try:
                await self._register()
            finally:
                self._is_registering = False
                self._due[worker] = 0.0
