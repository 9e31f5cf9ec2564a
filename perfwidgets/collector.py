"""Runs sources in the background: one thread with one event loop, commands in, samples out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Protocol

import anyio

from perfwidgets.errors import SourceError
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source
from perfwidgets.supervisor import Backoff, State, Supervisor, Wish

__all__ = ["Backoff", "Collector", "Listener", "State"]


#: how late samples may come while nobody looks (s), and how long none may once somebody has
_REST, _ALERT = 0.5, 1.0
#: by so much of the pace a tick may be early, rather than be another turn of the loop
_EARLY = 0.1
#: and by so much where it falls in step with samples again, though not twice for what comes at once
_OUT_OF_STEP = 0.95
#: the longest that somebody who looks is kept waiting (s)
_PATIENCE = 1.0


class Listener(Protocol):
    """Who is told, always on the collector's thread."""

    def source_changed(self, name: str, state: State, error: SourceError | None) -> None:
        """The source called `name` is in another state."""

    def sample_arrived(self, name: str, source: Source, sample: Sample) -> None:
        """The source called `name` has delivered."""

    def tick(self) -> None:
        """Something new is there to be shown; at most once in `Collector.pace` seconds."""

    @property
    def unwatched(self) -> bool:
        """Whether nobody would notice if samples came a little late (`Collector.catch_up`)."""


class Collector:
    """Supervises sources on a thread of its own, so that they go on while a cell runs.

    Parameters
    ----------
    sources
        By name; the first is the one whose samples set the pace of ticks.
    listener
        Is told of states, samples and ticks. Held weakly: when nobody else holds it, counting
        ends.
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
        self._listener = weakref.ref(listener)
        weakref.finalize(listener, self.stop, 0.0).atexit = False
        self._supervisors = {
            name: Supervisor(name, source, self, backoff or Backoff())
            for name, source in sources.items()
        }
        self._lead = next(iter(self._supervisors))
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._commands: deque[Callable[[], None]] = deque()
        self._woken = anyio.Event()
        self._next_tick: asyncio.TimerHandle | None = None
        self._tick_due = 0.0
        self._lead_came = 0.0
        self._fault: BaseException | None = None
        self._resting = False
        self._rest_from = 0.0
        self._owner = os.getpid()
        self._wished: Wish = "stop"
        # held while the thread starts, and while it ends: no command is lost between the two
        self._lock = threading.RLock()
        self._over = True

    @property
    def running(self) -> bool:
        """Whether the thread is alive in this process, and takes commands."""
        return not self._over and self._owner == os.getpid()

    @property
    def on_thread(self) -> bool:
        """Whether the caller runs on the collector's thread."""
        return threading.current_thread() is self._thread

    def start(self) -> None:
        """Start the sources; those that are paused go on, those that failed are tried again."""
        last = self._thread
        if last is not None and not self.running and not self.on_thread:
            last.join()  # without the lock: it may end in an observer that needs it
        with self._lock:
            if self._wish("run") or self.on_thread:
                return
            for supervisor in self._supervisors.values():
                supervisor.wish, supervisor.at_rest = "run", False
            ready: Future[None] = Future()
            self._owner, self._loop = os.getpid(), None
            self._commands.clear()
            self._thread = threading.Thread(
                target=self._run,
                args=(self._thread, ready),
                name="perfwidgets collector",
                daemon=True,
            )
            self._over = False
            self._thread.start()
            ready.result()

    def stop(self, timeout: float = 10.0) -> None:
        """End all sources and the thread; what was counted by now is still delivered.

        Called on the collector's own thread it returns at once, and the thread ends after it.
        """
        if sys.is_finalizing():
            return  # the thread is gone, perhaps with our lock in its hand; perf ends with us
        self._wish("stop")
        thread, end = self._thread, time.monotonic() + timeout
        if thread is None or self.on_thread:
            return
        # until somebody else, on another thread, wishes it to run again
        while thread.is_alive() and self._wished == "stop" and time.monotonic() < end:
            thread.join(min(0.05, max(0.0, end - time.monotonic())))

    def pause(self) -> None:
        """End the sources for now."""
        self._wish("pause")

    def replace(self, name: str, source: Source) -> None:
        """Go on with another source under this name."""
        supervisor = self._supervisors[name]
        if not self._tell(lambda: supervisor.replace(source)):
            supervisor.source = source

    def post(self, work: Callable[[], None]) -> bool:
        """Have `work` done on the collector's thread; `False` where that does not run."""
        if self.on_thread:
            work()
            return True
        return self._tell(work)

    def catch_up(self) -> None:
        """Deliver what sources hold back while nobody looks, and let them hold back nothing now.

        Returns when that is done: at once as a rule, as nothing is held back. While the listener is
        `unwatched` sources may rest, so whoever asks it for what was delivered calls this first.
        """
        if not self._resting or self.on_thread:
            return
        done = threading.Event()

        def work() -> None:
            self._let_rest(0.0)
            done.set()

        if self._tell(work):
            done.wait(_PATIENCE)

    def _let_rest(self, seconds: float) -> None:
        """Let sources deliver so late, or at once; on the thread."""
        able = [r for s in self._supervisors.values() if (r := getattr(s.source, "rest", None))]
        if seconds:
            able_now = [rest(seconds) for rest in able]  # all of them
            self._resting = any(able_now)
            return
        self._rest_from = time.monotonic() + _ALERT
        self._resting = False  # what is delivered now is delivered as ever
        for rest in able:
            rest(0.0)

    def _wish(self, wish: Wish) -> bool:
        def tell_all() -> None:
            for supervisor in self._supervisors.values():
                supervisor.change_wish(wish)

        with self._lock:
            self._wished = wish
            return self._tell(tell_all)

    def _tell(self, work: Callable[[], None]) -> bool:
        """Have a command carried out on the thread, later; `False` where it does not run.

        Nothing is waited for: the thread may be in an observer that waits for the caller.
        """
        with self._lock:
            if not self.running or self._loop is None:
                return False
            self._commands.append(work)
            with contextlib.suppress(RuntimeError):  # the loop has just failed, and says so
                self._loop.call_soon_threadsafe(self._wake)
            return True

    def _wake(self) -> None:
        self._woken.set()

    def _run(self, last: threading.Thread | None, ready: Future[None]) -> None:
        if last is not None:
            last.join()
        try:
            anyio.run(self._main, ready)
            if not self._over and self.on_thread:
                raise RuntimeError("the event loop was cancelled")
        except BaseException as error:  # whatever it is, it must reach a person
            if self.on_thread:  # else another has taken over already
                self._over, self._loop = True, None
                for supervisor in self._supervisors.values():
                    supervisor.fail(error)
        finally:
            if not ready.done():
                ready.set_result(None)

    async def _main(self, ready: Future[None]) -> None:
        self._woken, self._next_tick, self._tick_due = anyio.Event(), None, 0.0
        self._resting, self._rest_from = False, 0.0
        self._fault = None
        self._loop = asyncio.get_running_loop()
        async with anyio.create_task_group() as tasks:
            for supervisor in self._supervisors.values():
                tasks.start_soon(supervisor.run)
            ready.set_result(None)
            while not self._may_end():
                await self._woken.wait()
                self._woken = anyio.Event()
                if self._fault is not None:
                    raise self._fault
                while self._commands:
                    self._commands.popleft()()
                if self._at_rest:
                    self._tell_of_news()  # the last tick of all
            tasks.cancel_scope.cancel()

    @property
    def _at_rest(self) -> bool:
        return all(supervisor.at_rest for supervisor in self._supervisors.values())

    def _may_end(self) -> bool:
        with self._lock:
            self._over = self._at_rest and not self._commands
            return self._over

    def _news(self, *, in_step: bool = False) -> None:
        """See to it that listeners hear of what is new: now, or once the last tick is old enough.

        Ticks fall `in_step` with what comes no faster than they: after one between, as of a state,
        each would else be late by the same part of the pace.

        A task that waits and sleeps would do the same, at three wake-ups of the loop a sample.
        """
        if self._next_tick is not None or self._loop is None:
            return
        now = time.monotonic()
        if in_step and now >= self._tick_due - _OUT_OF_STEP * self.pace:
            self._tick_due = now
        if now >= self._tick_due - _EARLY * self.pace:
            self._tick()  # another turn of the loop would cost more than the tick
        else:
            self._next_tick = self._loop.call_at(self._tick_due, self._tick)

    def _tick(self) -> None:
        try:
            self._tell_of_news()
        except BaseException as error:  # the loop would only log it: it is the thread's end
            self._fault = error
            self._woken.set()

    def _tell_of_news(self) -> None:
        self._next_tick = None
        # one that came late takes nothing from the next, or two samples would share a tick
        now = time.monotonic()
        self._tick_due = max(self._tick_due + self.pace, now + self.pace / 2)
        if listener := self._listener():
            listener.tick()

    def state_is(self, name: str, state: State, error: SourceError | None) -> None:
        """Pass on the state of a source; a change is shown at once."""
        if self._resting:
            self._let_rest(0.0)
        if listener := self._listener():
            listener.source_changed(name, state, error)
        self._news()

    def came_to_rest(self) -> None:
        """A source has stopped: the thread may end when all have."""
        self._woken.set()

    def deliver(self, name: str, source: Source, sample: Sample) -> None:
        """Pass on a sample, and see to it that it is shown."""
        listener = self._listener()
        if listener:
            listener.sample_arrived(name, source, sample)
        if listener and listener.unwatched:
            if not self._resting and name == self._lead and time.monotonic() > self._rest_from:
                self._let_rest(_REST)
                if not listener.unwatched:  # somebody came meanwhile, and saw no rest to end
                    self._let_rest(0.0)
            if self._resting:
                return  # nobody is to be told, and nobody looks
        elif self._resting:  # somebody came on this thread
            self._let_rest(0.0)
        if name == self._lead:
            self._lead_came = time.monotonic()
            self._beat(source)  # what that brings goes with the same tick
        if name == self._lead or not self._carried(source):
            self._news(in_step=name == self._lead and (source.interval or 0.0) >= self.pace)

    def _beat(self, lead: Source) -> None:
        """Let sources of the same interval as the lead's deliver now, rather than wake up alone."""
        for supervisor in self._supervisors.values():
            source = supervisor.source
            if source is not lead and source.interval == lead.interval:
                beat: Callable[[], None] | None = getattr(source, "beat", None)
                if beat is not None:
                    beat()

    def _carried(self, source: Source) -> bool:
        """Whether the lead's next tick comes soon enough to carry the sample of `source`."""
        lead = self._supervisors[self._lead]
        if lead.state != "running" or lead.source.interval is None:
            return False
        # a perf that hangs must not take the others' ticks with it
        overdue = time.monotonic() - self._lead_came > 2 * lead.source.interval
        return not overdue and lead.source.interval <= 2 * (source.interval or 0)
