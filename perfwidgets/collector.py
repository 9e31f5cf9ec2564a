"""Runs sources in the background: one thread with one event loop, commands in, samples out."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol

import anyio
from anyio.from_thread import BlockingPortal

from perfwidgets.errors import SourceError
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source

__all__ = ["Backoff", "Collector", "Listener", "State"]

State = Literal["idle", "starting", "running", "paused", "stopped", "failed"]
_Wish = Literal["run", "pause", "stop"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """How a source that ended is started again.

    Attributes
    ----------
    first, factor, longest
        The first wait in seconds, by how much each next one is longer, and the longest.
    tries
        How often in a row, before it is given up as failed. An interval delivered starts anew.
    """

    first: float = 0.5
    factor: float = 2.0
    longest: float = 30.0
    tries: int = 5

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return min(self.first * self.factor ** (failures - 1), self.longest)


class Listener(Protocol):
    """Who is told, always on the collector's thread."""

    def source_changed(self, name: str, state: State, error: SourceError | None) -> None:
        """The source called `name` is in another state."""

    def sample_arrived(self, name: str, source: Source, sample: Sample) -> None:
        """The source called `name` has delivered."""

    def tick(self) -> None:
        """Something new is there to be shown; at most once in `Collector.pace` seconds."""


class Collector:
    """Supervises sources on a thread of its own, so that they go on while a cell runs.

    Parameters
    ----------
    sources
        By name; the first is the one whose samples set the pace of ticks.
    listener
        Is told of states, samples and ticks.
    backoff
        How a source that ended is started again.
    pace
        The least time between two ticks in seconds.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        listener: Listener,
        *,
        backoff: Backoff | None = None,
        pace: float = 0.1,
    ) -> None:
        self.pace = pace
        self._listener = listener
        self._supervisors = {
            name: _Supervisor(name, source, self, backoff or Backoff())
            for name, source in sources.items()
        }
        self._lead = next(iter(self._supervisors))
        self._thread: threading.Thread | None = None
        self._portal: BlockingPortal | None = None
        self._something_new = anyio.Event()
        self._owner = os.getpid()

    @property
    def running(self) -> bool:
        """Whether the thread is alive in this process."""
        alive = self._thread is not None and self._thread.is_alive()
        return alive and self._owner == os.getpid()

    @property
    def on_thread(self) -> bool:
        """Whether the caller runs on the collector's thread."""
        return threading.current_thread() is self._thread

    def source(self, name: str) -> Source:
        """Return the source called `name` as it is now."""
        return self._supervisors[name].source

    def start(self) -> None:
        """Start the sources; those that are paused go on, those that failed are tried again."""
        if self.running:
            self._wish("run")
            return
        for supervisor in self._supervisors.values():
            supervisor.wish = "run"
        self._owner = os.getpid()
        ready: Future[None] = Future()
        self._thread = threading.Thread(
            target=anyio.run, args=(self._main, ready), name="perfwidgets collector", daemon=True
        )
        self._thread.start()
        ready.result()

    def stop(self, timeout: float = 10.0) -> None:
        """End all sources and the thread; what was counted by now is still delivered.

        Called on the collector's own thread it returns at once, and the thread ends after it.
        """
        if not self.running:
            return
        self._wish("stop")
        if not self.on_thread and self._thread is not None:
            self._thread.join(timeout)

    def pause(self) -> None:
        """End the sources for now."""
        if self.running:
            self._wish("pause")

    def replace(self, name: str, source: Source) -> None:
        """Go on with another source under this name."""
        supervisor = self._supervisors[name]
        if self.running:
            self.post(lambda: supervisor.replace(source))
        else:
            supervisor.source = source

    def post(self, work: Callable[[], None]) -> None:
        """Have `work` done on the collector's thread; nothing where it does not run."""
        if not self.running or self._portal is None:
            return
        if self.on_thread:
            work()
            return
        try:
            self._portal.start_task_soon(work)
        except RuntimeError:
            return  # the thread has ended meanwhile

    def _wish(self, wish: _Wish) -> None:
        for supervisor in self._supervisors.values():
            self.post(lambda s=supervisor: s.change_wish(wish))  # type: ignore[misc]

    async def _main(self, ready: Future[None]) -> None:
        self._something_new = anyio.Event()
        async with BlockingPortal() as portal, anyio.create_task_group() as tasks:
            self._portal = portal
            ready.set_result(None)
            tasks.start_soon(self._tick)
            async with anyio.create_task_group() as supervised:
                for supervisor in self._supervisors.values():
                    supervised.start_soon(supervisor.run)
            tasks.cancel_scope.cancel()
        self._portal = None

    async def _tick(self) -> None:
        while True:
            await self._something_new.wait()
            self._something_new = anyio.Event()
            self._listener.tick()
            await anyio.sleep(self.pace)

    def state_is(self, name: str, state: State, error: SourceError | None) -> None:
        """Pass on the state of a source; a change is shown at once."""
        self._listener.source_changed(name, state, error)
        self._something_new.set()

    def deliver(self, name: str, source: Source, sample: Sample) -> None:
        """Pass on a sample, and see to it that it is shown."""
        self._listener.sample_arrived(name, source, sample)
        if name == self._lead or not self._carried(source):
            self._something_new.set()

    def _carried(self, source: Source) -> bool:
        """Whether the lead's next tick comes soon enough to carry the sample of `source`."""
        lead = self._supervisors[self._lead]
        if lead.state != "running" or lead.source.interval is None:
            return False
        return lead.source.interval <= 2 * (source.interval or 0)


class _Supervisor:
    """Keeps one source going, as wished."""

    def __init__(self, name: str, source: Source, collector: Collector, backoff: Backoff) -> None:
        self.name = name
        self.source = source
        self.state: State = "idle"
        self.wish: _Wish = "run"
        self._collector = collector
        self._backoff = backoff
        self._failures = 0
        self._changed = anyio.Event()
        self._scope: anyio.CancelScope | None = None

    def change_wish(self, wish: _Wish) -> None:
        # told to run while it does: only what waits or has failed starts anew
        if wish == self.wish and self._scope is not None:
            return
        self.wish = wish
        self._failures = 0
        self._changed.set()
        self._end_current()

    def replace(self, source: Source) -> None:
        self._end_current()
        self.source = source
        self._failures = 0
        self._changed.set()

    def _end_current(self) -> None:
        if self._scope is not None:
            self.source.finish()
            # a source that does not come to its end is ended
            self._scope.deadline = anyio.current_time() + 1.0

    async def run(self) -> None:
        self._changed = anyio.Event()
        while self.wish != "stop":
            self._changed = anyio.Event()
            if self.wish == "pause":
                self._report("paused")
                await self._changed.wait()
                continue
            error = await self._run_once()
            if self._changed.is_set():
                continue
            if error is None:
                self._report("stopped")
                await self._changed.wait()
            else:
                await self._after(error)
        self._report("stopped")

    async def _run_once(self) -> SourceError | None:
        source = self.source
        if not self._failures:
            self._report("starting")
        try:
            with anyio.CancelScope() as self._scope:
                async with source:
                    async for sample in source:
                        if self.state != "running":
                            self._failures = 0
                            self._report("running")
                        self._collector.deliver(self.name, source, sample)
        except SourceError as error:
            return error
        except Exception as error:  # ours or a user's source: it must reach a person all the same
            return _UnexpectedError(self.name, error)
        finally:
            self._scope = None
        return None

    async def _after(self, error: SourceError) -> None:
        self._failures += 1
        if error.permanent or self._failures > self._backoff.tries:
            self._report("failed", error)
            await self._changed.wait()
        else:
            self._report("starting", error)
            with anyio.move_on_after(self._backoff.wait(self._failures)):
                await self._changed.wait()

    def _report(self, state: State, error: SourceError | None = None) -> None:
        self.state = state
        self._collector.state_is(self.name, state, error)


class _UnexpectedError(SourceError):
    """An error that no source foresaw."""

    permanent = True

    def __init__(self, name: str, error: Exception) -> None:
        where = traceback.extract_tb(error.__traceback__)[-1:]
        place = f" ({os.path.basename(where[0].filename)}:{where[0].lineno})" if where else ""
        super().__init__(
            f"{name} failed: {type(error).__name__}: {error}{place}",
            "This is a defect, please report it with `monitor.error.__cause__`.",
        )
        self.__cause__ = error
