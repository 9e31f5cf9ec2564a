"""Waiting for what a collector delivers, as a monitor does it."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

from perfwidgets.collector import Collector, State
from perfwidgets.errors import ArgumentError
from perfwidgets.models.observers import GuardedTraits
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source

__all__ = ["Waits"]

#: how long perf may take to tell its version (s)
_FIRST_WORD = 1.0
_OVER = ("paused", "stopped", "failed")


class Waits(GuardedTraits):
    """What a monitor needs so that others may wait for its next sample."""

    state: Any
    states: dict[str, State]
    sample: Sample | None
    memory: Sample | None
    counts_events: Any
    source: Any
    post: Any
    _collector: Collector
    _sources: dict[str, Source]
    _lead: str

    def __init__(self) -> None:
        super().__init__()
        self._arrival = threading.Condition()
        self._arrivals = 0
        self._waiting = 0

    def wait_for_sample(self, timeout: float = 10.0) -> Sample | None:
        """Wait for the next sample of the counters (of memory activity where there are none).

        Parameters
        ----------
        timeout
            How long to wait, in seconds.

        Returns
        -------
        Sample or None
            `None` if none came in time, or none can come; `state` and `error` then say why. Of a
            recording that was played at infinite speed the last one.
        """
        if self._collector.on_thread:
            raise ArgumentError(
                "An observer cannot wait for a sample: it runs on the thread that brings it",
                "Wait in a cell, or observe `sample`.",
            )
        with self._arrival:
            self._waiting += 1  # from here on nothing is held back
        try:
            self.catch_up()
            has_come = self._await_arrival(time.monotonic() + timeout)
        finally:
            with self._arrival:
                self._waiting -= 1
        if not has_come:
            return None
        return self.sample if self.counts_events else self.memory

    def _await_arrival(self, end: float) -> bool:
        # `state` may still be that before a `start` or `configure` which is on its way
        heard = threading.Event()
        self.post(lambda: self._hear(heard))
        with self._arrival:
            seen = self._arrivals
            while self._arrivals == seen and (not heard.is_set() or self._may_come()):
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._arrival.wait(left)
            return self._arrivals != seen or self._has_been_played

    @property
    def _is_instant(self) -> bool:
        return math.isinf(getattr(self.source, "speed", 1.0))

    @property
    def _has_been_played(self) -> bool:
        return self.state == "stopped" and self._is_instant

    def _await_version(self) -> None:
        if not self._collector.running or self._collector.on_thread:
            return
        end = time.monotonic() + _FIRST_WORD
        with self._arrival:
            while getattr(self.source, "version", "") is None and time.monotonic() < end:
                self._arrival.wait(0.01)

    def _hear(self, heard: threading.Event) -> None:
        with self._arrival:
            heard.set()
            self._arrival.notify_all()

    def _may_come(self) -> bool:
        return self._collector.running and self.states[self._lead] not in _OVER

    def _await_instant_end(self) -> None:
        """Where all is played at once: wait until it was."""
        if not self._is_instant or self._collector.on_thread:
            return
        heard = threading.Event()
        self.post(lambda: self._hear(heard))  # until then states are of the last run
        with self._arrival:
            self._arrival.wait_for(lambda: heard.is_set() and self._all_played())

    def _all_played(self) -> bool:
        """Whether each source that goes as fast as it can has come to its end."""
        return all(
            self.states[name] in _OVER
            for name, source in self._sources.items()
            if math.isinf(getattr(source, "speed", 1.0)) and not getattr(source, "paused", False)
        )

    def _notify(self, arrivals: int = 0) -> None:
        """Tell who waits that a sample has arrived, or that a state has changed."""
        with self._arrival:
            self._arrivals += arrivals
            self._arrival.notify_all()
