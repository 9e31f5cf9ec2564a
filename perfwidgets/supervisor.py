"""Keeps one source going: starts it, ends it, starts it again when it fails or falls silent."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import anyio

from perfwidgets.errors import SourceError
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source

__all__ = ["Backoff", "Owner", "State", "Supervisor", "Wish"]

State = Literal["idle", "starting", "running", "paused", "stopped", "failed"]
Wish = Literal["run", "pause", "stop"]
#: how long a source may take to end by itself (s)
_PATIENCE = 1.0
#: an alarm that comes so late (s) tells that we stood still, not the source
_LATE = 1.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How a source that ended, or fell silent, is started again.

    Attributes
    ----------
    first, factor, longest
        The first wait in seconds, by how much each next one is longer, and the longest.
    tries
        How often in a row, before it is given up as failed. An interval delivered starts anew.
    silence
        A source that runs and delivers nothing for three intervals and so many seconds is ended
        and started again; `math.inf` to wait for ever.
    """

    first: float = 0.5
    factor: float = 2.0
    longest: float = 30.0
    tries: int = 5
    silence: float = 10.0

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return min(self.first * self.factor ** min(failures - 1, 100), self.longest)


class Owner(Protocol):
    """Who is told of a source that is supervised, on the event loop."""

    def state_is(self, name: str, state: State, error: SourceError | None) -> None:
        """It is in another state."""

    def deliver(self, name: str, source: Source, sample: Sample) -> None:
        """It has delivered."""

    def came_to_rest(self) -> None:
        """It was to stop, and has."""


class Supervisor:
    """Keeps one source going, as wished."""

    def __init__(self, name: str, source: Source, collector: Owner, backoff: Backoff) -> None:
        self.name = name
        self.source = source
        self.state: State = "idle"
        self.wish: Wish = "run"
        self.at_rest = False
        self._collector = collector
        self._backoff = backoff
        self._failures = 0
        self._changed = anyio.Event()
        self._current: Source | None = None
        self._scope: anyio.CancelScope | None = None

    def change_wish(self, wish: Wish) -> None:
        """Run, pause or stop from now on."""
        # told to run while it does: only what waits or has failed starts anew
        if wish != self.wish or self._current is None:
            self.wish = wish
            self._begin_anew()
        elif wish == "run" and (try_again := getattr(self._current, "try_again", None)):
            try_again()  # one of several hosts may have failed

    def replace(self, source: Source) -> None:
        """Go on with another source."""
        self.source = source
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._failures = 0
        self._changed.set()
        self.at_rest = False
        if self._current is not None and self._scope is not None:
            with contextlib.suppress(Exception):
                self._current.finish()
            # a source that does not come to its end is ended
            self._scope.deadline = min(self._scope.deadline, anyio.current_time() + _PATIENCE)
        elif self.wish == "run":
            self._report("starting")  # at once, for those who ask whether a sample may come

    async def run(self) -> None:
        """Do what is wished, until cancelled."""
        left: SourceError | None = None
        while True:
            self._changed = anyio.Event()
            if self.wish == "run":
                error = await self._run_once()
                if self._changed.is_set():
                    # said where it is not wished to go on: perf may have been left
                    left = error if self.wish != "run" else None
                    continue
                if error is not None:
                    await self._after(error)
                    continue
            self._report("paused" if self.wish == "pause" else "stopped", left)
            left = None
            if self.wish == "stop":
                self.at_rest = True
                self._collector.came_to_rest()
            await self._changed.wait()

    async def _run_once(self) -> SourceError | None:
        self._current = source = self.source
        silence: _Silence | None = None

        def take(sample: Sample) -> None:
            if silence is not None:
                silence.heard()
            if self.state != "running":
                self._failures = 0
                self._report("running")
            self._collector.deliver(self.name, source, sample)

        hand_to: Callable[[Callable[[Sample], None] | None], None] = getattr(
            source, "hand_to", lambda _: None
        )
        if not self._failures:
            self._report("starting")
        try:
            with anyio.CancelScope() as self._scope:
                hand_to(take)
                async with source:
                    silence = _Silence(source, self._scope, self._backoff.silence)
                    async for sample in source:
                        take(sample)
        except SourceError as error:
            return error
        except Exception as error:  # ours or a user's source: it must reach a person all the same
            return _UnexpectedError(self.name, error)
        finally:
            self._current = self._scope = None
            hand_to(None)
            if silence is not None:
                silence.end()
        return silence.error if silence is not None else None

    async def _after(self, error: SourceError) -> None:
        self._failures += 1
        if error.permanent or self._failures > self._backoff.tries:
            self._report("failed", error)
            await self._changed.wait()
        else:
            self._report("starting", error)
            with anyio.move_on_after(self._backoff.wait(self._failures)):
                await self._changed.wait()

    def fail(self, error: BaseException) -> None:
        """The thread has ended with this error."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self._current = None
        self._report("failed", _UnexpectedError(self.name, error))

    def _report(self, state: State, error: SourceError | None = None) -> None:
        self.state = state
        self._collector.state_is(self.name, state, error)


class _Silence:
    """Ends a source that runs and delivers nothing.

    A timer that looks now and then: a deadline would have to be moved with each sample.
    """

    def __init__(self, source: Source, scope: anyio.CancelScope, patience: float) -> None:
        self.error: SourceError | None = None
        self._source = source
        self._scope = scope
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.heard()
        self._arm()

    def heard(self) -> None:
        """A sample has come."""
        self._last = self._loop.time()

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _allowed(self) -> float | None:
        """Seconds; `None` for a source that sets its own pace, as a recording does."""
        speed = getattr(self._source, "speed", 1.0)
        if self._source.interval is None or not getattr(self._source, "live", True):
            return None
        if getattr(self._source, "watches_silence", False):  # of each host by itself
            return None
        seconds = 3 * self._source.interval / speed + self._patience
        return seconds if math.isfinite(seconds) else None

    def _arm(self) -> None:
        allowed = self._allowed()
        if allowed is not None:
            self._timer = self._loop.call_at(self._last + allowed, self._look, allowed)

    def _look(self, allowed: float) -> None:
        now = self._loop.time()
        if now > self._last + allowed + _LATE:
            self.heard()  # what came while we stood still is read first
        if now < self._last + allowed:
            self._arm()
        else:
            self.error = _silent(self._source, now - self._last)
            self._scope.cancel()


def _silent(source: Source, seconds: float) -> SourceError:
    notes = getattr(source, "notes", ())
    reason = f"{source.name} has delivered nothing for {seconds:.0f} s"
    if notes:
        reason += f"; what it prints is not perf stat's: {notes[0].text[:80]!r}"
    return SourceError(reason, "It hangs, is stopped, or is no perf: try it in a terminal.")


class _UnexpectedError(SourceError):
    """An error that no source foresaw."""

    permanent = True

    def __init__(self, name: str, error: BaseException) -> None:
        where = traceback.extract_tb(error.__traceback__)[-1:]
        place = f" ({os.path.basename(where[0].filename)}:{where[0].lineno})" if where else ""
        super().__init__(
            f"{name} failed: {type(error).__name__}: {error}{place}",
            "This is a defect, please report it with `monitor.error.__cause__`.",
        )
        self.__cause__ = error
