"""The time of a recording as it is played: it can be paused, sped up and put elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

import anyio
from anyio.lowlevel import checkpoint

from perfwidgets.errors import ArgumentError
from perfwidgets.sources.pace import Pace

__all__ = ["PlayClock", "Waiter"]


class PlayClock:
    """Seconds of a recording; shared by all that play it. Any thread may use it.

    It runs while somebody waits for it, and stands still otherwise.

    Parameters
    ----------
    speed
        How many times as fast as the wall's; `math.inf` for no waiting at all.

    Attributes
    ----------
    seeks, sought
        How often time was put elsewhere, and where to the last time.
    """

    def __init__(self, speed: float) -> None:
        self._speed = Pace(speed).speed
        self._lock = threading.Lock()
        self._paused = False
        self._position = 0.0
        self._since: float | None = None
        self._waiters: set[Waiter] = set()
        self._ended: set[object] = set()
        self._players: set[object] = set()
        self._searching: set[object] = set()
        self.seeks, self.sought = 0, 0.0

    @property
    def speed(self) -> float:
        """How many times as fast as it was recorded."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        checked = Pace(speed).speed
        with self._change():
            self._speed = checked

    @property
    def paused(self) -> bool:
        """Whether it stands still until `resume`."""
        return self._paused

    @property
    def position(self) -> float:
        """Where it is, in seconds from the beginning."""
        with self._lock:
            return self._now()

    def pause(self) -> None:
        """Stand still."""
        with self._change():
            self._paused = True

    def resume(self) -> None:
        """Go on after `pause`."""
        with self._change():
            self._paused = False

    def seek(self, seconds: float) -> None:
        """Go to a moment, behind or ahead."""
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            seconds = math.nan
        if not 0 <= seconds < 1e12:
            raise ArgumentError(
                f"{seconds!r} is no moment of a recording", "Give seconds from its beginning."
            )
        with self._change():
            self._put(float(seconds))

    def begin(self, waiter: Waiter) -> None:
        """Somebody plays: time runs. From the beginning, if all who played have come to the end."""
        with self._change():
            if waiter.player in self._ended and self._ended >= self._players:
                self._put(0.0)
            self._players.add(waiter.player)
            self._waiters.add(waiter)

    def end(self, waiter: Waiter) -> None:
        """Somebody plays no longer; with the last one, time stands still."""
        with self._change():
            self._waiters.discard(waiter)

    def stand_still_for(self, player: object) -> None:
        """Somebody looks for a place in a file: time waits, or what comes next would be late."""
        with self._change():
            self._searching.add(player)

    def go_on(self, player: object) -> None:
        """It was found."""
        if player in self._searching:
            with self._change():
                self._searching.discard(player)

    def came_to_end(self, player: object) -> None:
        """Somebody has played all that there is."""
        with self._lock:
            self._ended.add(player)

    def has_ended(self, player: object) -> bool:
        """Whether somebody has played all that there is."""
        return player in self._ended

    def delivered(self, moment: float) -> None:
        """At infinite speed, time is where the samples are."""
        if math.isinf(self._speed):
            with self._lock:
                self._position = max(self._position, moment)

    def delay(self, moment: float) -> float:
        """Real seconds until a moment; the lock must be held."""
        if self._paused:
            return math.inf
        if math.isinf(self._speed):
            return 0.0
        if self._searching:
            return math.inf
        return (moment - self._now()) / self._speed

    @property
    def lock(self) -> threading.Lock:
        """Held while it changes."""
        return self._lock

    def _put(self, seconds: float) -> None:
        self._position = self.sought = seconds
        self._ended.clear()
        self.seeks += 1

    def _now(self) -> float:
        if self._since is None or math.isinf(self._speed):
            return self._position
        return self._position + (time.monotonic() - self._since) * self._speed

    @contextlib.contextmanager
    def _change(self) -> Iterator[None]:
        """Change something: the time up to now passed as it was before."""
        with self._lock:
            self._hold()
            yield
            self._hold()
            for waiter in self._waiters:
                waiter.wake()

    def _hold(self) -> None:
        """Take the time as it is now for where it goes on from."""
        self._position = self._now()
        runs = self._waiters and not self._paused and not self._searching
        self._since = time.monotonic() if runs else None


class Waiter:
    """Waits for moments of a clock, on an event loop.

    Parameters
    ----------
    clock
        What is waited for; it knows of us from `begin` to `end`.
    player
        Who plays, the same each time.
    """

    def __init__(self, clock: PlayClock, player: object) -> None:
        self.player = player
        self._clock = clock
        self._finished = False
        self._news = anyio.Event()
        self._post = _poster()

    @property
    def finished(self) -> bool:
        """Whether the end was asked for."""
        return self._finished

    def finish(self) -> None:
        """Let nobody wait from now on."""
        with self._clock.lock:
            self._finished = True
            self.wake()

    def wake(self) -> None:
        """Look at the clock again; the clock's lock must be held."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and all waiting with it
            self._post(self._news.set)

    async def reach(self, moment: float, seeks: int) -> Literal["reached", "moved", "finished"]:
        """Wait until a moment comes, or time was put elsewhere since so many `seeks`.

        Waited for again after it was cancelled, a moment is the same.
        """
        await checkpoint()
        while True:
            with self._clock.lock:
                if self._finished:
                    return "finished"
                if self._clock.seeks != seeks:
                    return "moved"
                delay = self._clock.delay(moment)
                if delay <= 0:
                    return "reached"
                news = self._news = anyio.Event()
            with anyio.move_on_after(delay):
                await news.wait()


def _poster() -> Callable[[Callable[[], object]], object]:
    """What has something done on this event loop, from any thread."""
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        import trio  # noqa: PLC0415  (it runs us, so it is there)

        return trio.lowlevel.current_trio_token().run_sync_soon
