"""When the collector's thread could not run, though it had something to do."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections import deque
from typing import Any

from perfwidgets.models.monitor import Monitor

__all__ = ["Pulse"]

#: how long the thread goes without a look whether it is late (s): how well the beginning of a hold
#: is known; longer than the default interval, since a tick is a look too and costs no wake-up
_BEAT = 0.3
#: what a busy machine may delay a thread by without a word (s)
_SLACK = 0.5
#: messages that tell of a hold, so that a lost one heals
_TOLD = 3
#: the most that a page is told of at once; static/holds.js keeps as many
_MOST = 50


class Pulse:
    """A beat of the collector's event loop that notices when it comes late.

    Code that holds the interpreter's lock (a call into C that never lets go) keeps every thread
    from running: samples come late then, and all at once. A beat that comes late says so, and for
    how long; samples that come late for another reason, such as a slow network, do not count, nor
    does an observer that is slow: that is a fault of its own.

    Parameters
    ----------
    monitor
        Whose thread it is, and who is told of slow observers.
    """

    def __init__(self, monitor: Monitor) -> None:
        # the loop holds us: held by it, a monitor that nobody uses would never end
        self._monitor = weakref.ref(monitor)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._faults: object = None
        self._holds: deque[tuple[int, float, float]] = deque(maxlen=_MOST)
        self._number = 0
        self._to_tell = 0
        self._wanted = False

    def keep(self, wanted: bool = True) -> None:
        """Beat from now on, or no longer; called on the collector's thread, with each tick."""
        self._wanted = wanted
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # ticks without a collector: nothing could be late
            return
        if self._handle is not None and self._loop is loop:
            self._look(loop)
            if wanted and self._due - loop.time() > _BEAT / 2:
                return
            self._handle.cancel()
            self._handle = None
        elif self._loop is not loop:
            self._handle = None  # of a loop that has ended
        if wanted:
            self._loop = loop
            self._arm(loop)

    def end(self) -> None:
        """Beat no longer; from any thread."""
        self._wanted = False

    def _arm(self, loop: asyncio.AbstractEventLoop) -> None:
        monitor = self._monitor()
        self._faults = monitor.faults if monitor is not None else None
        self._due = loop.time() + _BEAT
        self._handle = loop.call_at(self._due, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._handle = None
        if self._wanted and self._monitor() is not None:
            self._look(loop)
            self._arm(loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        monitor = self._monitor()
        # else an observer was slow, and is named
        if monitor is not None and monitor.faults is self._faults:
            self.beat_came(loop.time() - self._due)

    def beat_came(self, late: float) -> None:
        """A beat was so many seconds late."""
        if late < _SLACK:
            return
        now = time.time()
        self._holds.append((self._number, now - late, now))
        self._number += 1
        self._to_tell = _TOLD

    def news(self) -> dict[str, Any]:
        """The holds to tell of with this tick: ``[number, began, ended]``, in Unix seconds."""
        if not self._to_tell:
            return {}
        self._to_tell -= 1
        return {"held": [list(hold) for hold in list(self._holds)[-_TOLD:]]}

    def all(self) -> dict[str, Any]:
        """The newest, for a fresh page."""
        return {"held": [list(hold) for hold in list(self._holds)]} if self._holds else {}
