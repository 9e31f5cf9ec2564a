"""Counting another event: found in perf's list, tried, then added."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import Any

import traitlets

from perfwidgets.availability.fitting import Beside, Fit, trial_interval, try_event
from perfwidgets.availability.listing import Listing, list_events
from perfwidgets.errors import ArgumentError, PerfwidgetsError
from perfwidgets.events import check_event_name, takes_counter
from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import Status
from perfwidgets.saved_sets import BUILT_IN_SETS, delete_event_set, event_sets, save_event_set
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.widgets.view import Scripted

__all__ = ["EventAdder"]

#: a share above it is all of the time, as in static/fit.js
_ALL = 0.995


class EventAdder(Scripted, script_name="event_adder"):
    """A search through all that perf knows; what is chosen is tried before it is counted.

    Hidden where other events cannot be asked for, as beside a recording.

    Parameters
    ----------
    monitor
        Whose events to change.
    """

    summary = "counting another event"
    counted: Any = traitlets.List(help="The events that are asked for.").tag(sync=True)
    offered = traitlets.Bool(help="Whether other events can be asked for.").tag(sync=True)

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        self._working = threading.Lock()
        self._seen = -1
        super().__init__(
            monitor,
            counted=list(monitor.events),
            offered=isinstance(monitor.source, PerfStat),
            **traits,
        )
        self.on_msg(self._heard)
        monitor.on_tick(self._tick)

    def close(self) -> None:
        """Take it away."""
        self.monitor.off_tick(self._tick)
        super().close()

    def _tick(self) -> None:
        if self.monitor.changes == self._seen:
            return
        self._seen = self.monitor.changes
        if self.counted != list(self.monitor.events):
            self.counted = list(self.monitor.events)

    def _heard(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        commands: dict[str, Callable[[dict[str, Any]], None]] = {
            "list": self._list,
            "try": self._try,
            "add": self._add,
            "remove": self._remove,
            "sets": lambda _: self._tell_sets(),
            "use set": self._use_set,
            "save set": self._save_set,
            "delete set": self._delete_set,
        }
        command = commands.get(str(content.get("kind")))
        if command is None:
            return
        try:
            command(content)
        except PerfwidgetsError as error:
            self._answer({"kind": "refused", "words": str(error)})
        except Exception as error:  # a defect of ours: it must reach a person, and an answer too
            self._failed(error)

    def _list(self, _content: dict[str, Any]) -> None:
        source = self._source()
        self._in_background(lambda: _plain_listing(list_events(source.command)))

    def _try(self, content: dict[str, Any]) -> None:
        event = check_event_name(content.get("event"))
        source, beside = self._source(), self._beside()
        events = (event,) if beside.counting else (*source.events, event)
        interval = trial_interval((*source.events, event))
        trial = source.replace(events=events, interval=interval, per_core=False)
        self._in_background(
            lambda: _plain_fit(
                try_event(
                    *(event, trial.arguments(events)),
                    events=events,
                    beside=beside,
                    command=source.command,
                )
            )
        )

    def _add(self, content: dict[str, Any]) -> None:
        event = check_event_name(content.get("event"))
        if event in self.monitor.events:
            raise ArgumentError(f"{event} is counted already", "Choose it in the list of events.")
        self.monitor.configure(events=(*self.monitor.events, event))
        self._answer({"kind": "added", "event": event})

    def _remove(self, content: dict[str, Any]) -> None:
        left = [event for event in self.monitor.events if event != content.get("event")]
        if not left:
            raise ArgumentError("It is the last event", "Add another one before taking it away.")
        self.monitor.configure(events=left)
        self._answer({"kind": "removed", "event": content.get("event")})

    def _tell_sets(self) -> None:
        sets = event_sets()
        own = [name not in BUILT_IN_SETS for name in sets]
        told = [[name, list(sets[name]), is_own] for name, is_own in zip(sets, own, strict=True)]
        self._answer({"kind": "sets", "sets": told})

    def _use_set(self, content: dict[str, Any]) -> None:
        name = str(content.get("name"))
        sets = event_sets()
        if name not in sets:
            raise ArgumentError(f"There is no set {name!r} any more", "Choose another one.")
        self.monitor.configure(events=sets[name])
        self._answer({"kind": "done", "words": f"the set {name} is counted from now on"})

    def _save_set(self, content: dict[str, Any]) -> None:
        name = content.get("name")
        save_event_set(name, self.monitor.events)  # type: ignore[arg-type]  # it is checked there
        self._answer({"kind": "done", "words": f"kept as {name}, also for other notebooks"})
        self._tell_sets()

    def _delete_set(self, content: dict[str, Any]) -> None:
        name = str(content.get("name"))
        delete_event_set(name)
        self._answer({"kind": "done", "words": f"the set {name} is gone"})
        self._tell_sets()

    def _source(self) -> PerfStat:
        source = self.monitor.source
        if not isinstance(source, PerfStat):
            raise ArgumentError(
                "Other events cannot be counted here", "Only where perf runs they can."
            )
        return source

    def _beside(self) -> Beside:
        """What hardware events are counted now."""
        sample = self.monitor.latest_rated
        counting = self.monitor.state == "running" and sample is not None
        shares = [
            reading.running
            for reading in (sample.readings if counting and sample is not None else ())
            if reading.status is Status.COUNTED and takes_counter(reading.event)
        ]
        return Beside(len(shares), min(shares, default=1.0) < _ALL, counting)

    def _in_background(self, work: Callable[[], dict[str, Any]]) -> None:
        """Have `work` done on a thread of its own, one at a time, and its result sent."""

        def run() -> None:
            try:
                with self._working:
                    answer = work()
            except Exception as error:
                self._failed(error)
            else:
                self._answer(answer)

        threading.Thread(target=run, name="perfwidgets trial", daemon=True).start()

    def _failed(self, error: Exception) -> None:
        trace = traceback.format_exc()
        self._answer({"kind": "refused", "words": f"{type(error).__name__}: {error}"})
        self.monitor.post(lambda: self.monitor.note_fault("adding events", repr(error), trace))

    def _answer(self, content: dict[str, Any]) -> None:
        """Send it from the collector's thread, as all messages go; not once closed."""
        self.monitor.post(lambda: self.send(content) if self._feed is not None else None)


def _plain_fit(fit: Fit) -> dict[str, Any]:
    return {"kind": "fit", "event": fit.event, "verdict": fit.verdict, "words": fit.words}


def _plain_listing(listing: Listing) -> dict[str, Any]:
    return {
        "kind": "list",
        "events": [[e.name, list(e.aliases), e.kind, e.description] for e in listing.events],
        "error": "" if listing.error is None else str(listing.error),
        "left_out": listing.left_out,
    }
