"""Plays the samples of a file, in their time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Protocol, Self

from anyio import to_thread

from perfwidgets.errors import RecordingError
from perfwidgets.notes import Note
from perfwidgets.samples import Sample
from perfwidgets.sources.play_clock import PlayClock, Waiter

__all__ = ["Feed", "Player"]

#: about so many readings are read ahead, some 10 ms of parsing
_AHEAD = 2_000


class Feed(Protocol):
    """What is played: the samples of a file, each with its moment, from the beginning."""

    @property
    def notes(self) -> Sequence[Note]:
        """What fits nothing, of what was read by now."""

    def __iter__(self) -> Iterator[tuple[float, Any]]: ...

    def sample(self, played: Any) -> Sample:
        """What the iteration gives, as a sample."""

    def close(self) -> None:
        """Close the file."""


class Player:
    """An async context manager and iterator of samples, in step with a clock.

    Entered again it goes on where it was left; from the beginning once it has come to the end.

    Parameters
    ----------
    clock
        Whose time it is; several may share one.
    open_feed
        Opens the file; it is told how to learn that it need not read on.
    """

    def __init__(self, clock: PlayClock, open_feed: Callable[[Callable[[], bool]], Feed]) -> None:
        self._clock = clock
        self._open_feed = open_feed
        self._waiter: Waiter | None = None
        self._feed: Feed | None = None
        self._rest: Iterator[tuple[float, Any]] = iter(())
        self._ready: deque[tuple[float, Sample]] = deque()
        self._failure: RecordingError | None = None
        #: how many samples are behind us, played or passed over, and when the last of them was
        self._behind = 0
        self._last = 0.0
        self._seeks = 0
        #: what is not later than this is passed over: time was put there
        self._from: float | None = None

    @property
    def notes(self) -> Sequence[Note]:
        """Lines that fit nothing, of what was read since it was last entered."""
        return self._feed.notes if self._feed is not None else ()

    def finish(self) -> None:
        """End the iteration; entered again, it goes on with what was not yet played."""
        if self._waiter is not None:
            self._waiter.finish()

    async def __aenter__(self) -> Self:
        self._waiter = Waiter(self._clock, self)
        self._open()
        self._clock.begin(self._waiter)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._clock.go_on(self)
        if self._waiter is not None:
            self._clock.end(self._waiter)
            self._waiter = None
        self._ready.clear()
        if self._feed is not None:
            self._feed.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sample:
        waiter = self._waiter
        if waiter is None:
            raise RecordingError(
                "Replay is read outside of its context", "Use `async with Replay(path)`."
            )
        while True:
            if self._seeks != self._clock.seeks:
                self._go_to_the_clock()
            if not self._ready and self._failure is None and not waiter.finished:
                # not on the event loop: a disk may be slow, a sample have thousands of readings
                await to_thread.run_sync(self._read_ahead, waiter)
                self._clock.go_on(self)
            if not self._ready:
                self._come_to_end(waiter)
            moment, sample = self._ready[0]
            outcome = await waiter.reach(moment, self._seeks)
            if outcome == "finished":
                raise StopAsyncIteration
            if outcome == "reached":
                self._ready.popleft()
                self._behind, self._last = self._behind + 1, moment
                self._clock.delivered(moment)
                return sample

    def _come_to_end(self, waiter: Waiter) -> None:
        if self._failure is not None:
            raise self._failure
        if not waiter.finished and self._seeks == self._clock.seeks:
            self._clock.came_to_end(self)
        raise StopAsyncIteration

    def _open(self) -> None:
        """Read the file from its beginning; what is behind us is passed over."""
        if self._feed is not None:
            self._feed.close()
        waiter = self._waiter
        self._feed = self._open_feed(lambda: waiter is None or waiter.finished)
        self._rest = islice(self._feed, self._behind, None)
        self._ready.clear()
        self._failure = None
        self._clock.stand_still_for(self)

    def _go_to_the_clock(self) -> None:
        """Time was put elsewhere: go on with what comes later than that."""
        self._seeks, position = self._clock.seeks, self._clock.sought
        self._from = position
        if position < self._last:
            self._behind, self._last = 0, 0.0
            self._open()
            return
        while self._ready and self._is_passed(self._ready[0][0]):
            self._behind, self._last = self._behind + 1, self._ready.popleft()[0]

    def _is_passed(self, moment: float) -> bool:
        return self._from is not None and moment <= self._from and self._from > 0

    def _read_ahead(self, waiter: Waiter) -> None:
        assert self._feed is not None
        size = 0
        try:
            for moment, played in self._rest:
                if self._is_passed(moment):
                    self._behind, self._last = self._behind + 1, moment
                    continue
                self._from = None
                sample = self._feed.sample(played)
                self._ready.append((moment, sample))
                size += sum(1 + len(reading.parts) for reading in sample)
                if size >= _AHEAD or waiter.finished:
                    return
        except RecordingError as error:  # raised once all that came before it was played
            self._failure = error
