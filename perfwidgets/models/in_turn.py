"""Counting in turn, as a monitor does it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import traitlets

from perfwidgets.errors import ArgumentError
from perfwidgets.events import check_events, takes_counter
from perfwidgets.models.observers import GuardedTraits, Latest
from perfwidgets.models.turns import Turns, counters_shared, groups_of, hardware_events
from perfwidgets.samples import Sample

__all__ = ["CountsInTurn"]


class CountsInTurn(GuardedTraits):
    """What a monitor needs to count a few events at a time, and then go on as before."""

    sample: Sample | None = Latest(Sample, allow_none=True, help="The latest counts of events.")  # type: ignore[assignment]
    events: tuple[str, ...] = traitlets.Tuple(help="The events that are asked for.")  # type: ignore[assignment]
    turns: dict[str, Any] = traitlets.Dict(
        help="Counting in turn: running, done, of (how many turns), results (event -> Rate)."
    )  # type: ignore[assignment]
    state: Any

    def __init__(self) -> None:
        super().__init__()
        self._configuring = threading.RLock()
        self._turns: Turns | None = None
        self._events_before: tuple[str, ...] = ()

    def count_in_turn(
        self,
        events: Iterable[str] | None = None,
        *,
        counters: int | None = None,
        samples: int = 4,
    ) -> None:
        """Count hardware events a few at a time, so that none is scaled; then go on as before.

        Returns at once; `turns` tells how far it is, and what was found. `configure` ends it.

        Parameters
        ----------
        events
            Those to be counted; by default all hardware events that count now.
        counters
            How many fit together; by default as many as the shares of the latest sample tell.
        samples
            Samples that each turn lasts.

        Raises
        ------
        ArgumentError
            If nothing is to be counted, a name is none, it is not known how many fit, or a pass is
            going on.
        """
        latest = self.sample
        if events is not None:
            wanted = check_events(events)
        else:
            wanted = hardware_events(latest) if latest is not None else ()
        if counters is None:
            counters = counters_shared(latest) if latest else None
        if not wanted or not counters or counters < 1 or samples < 1 or self.state != "running":
            raise ArgumentError(
                "There are no events that share counters now",
                "Count more hardware events than there are counters, or say how many fit.",
            )
        with self._configuring:
            if self._turns is not None:
                raise ArgumentError(
                    "Events are being counted in turn already", "Wait for its end, or configure."
                )
            self._events_before = before = self.events
            software = tuple(event for event in before if not takes_counter(event))
            turns = Turns(
                groups_of(wanted, counters),
                samples,
                lambda group: self._configure({"events": (*group, *software)}),
            )
            turns.begin()
            self._turns = turns
        self.post(lambda: self._show_turns(turns))

    def _take_turn(self, sample: Sample) -> None:
        """Take a sample of the current source; on the collector's thread."""
        if self._turns is None:
            return
        with self._configuring:
            turns = self._turns
            if turns is None:
                return
            done = turns.done
            turns.take(sample)
            if turns.over:
                self._configure({"events": self._end_turns()})
        if turns.done != done:
            self._show_turns(turns)

    def _end_turns(self) -> tuple[str, ...]:
        """End the pass; return the events that were counted before it."""
        turns, self._turns = self._turns, None
        if turns is not None and not turns.over:
            self.post(lambda: self._show_turns(turns))
        return self._events_before

    def _show_turns(self, turns: Turns) -> None:
        self.turns = {
            "running": self._turns is turns,
            "done": turns.done,
            "of": len(turns.groups),
            "results": dict(turns.results),
        }

    def _configure(self, changes: dict[str, Any]) -> None:
        raise NotImplementedError

    def post(self, work: Callable[[], None]) -> None:
        """Have `work` done on the collector's thread."""
        raise NotImplementedError
