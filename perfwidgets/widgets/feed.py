"""The one live channel from a monitor to the browser."""

from __future__ import annotations

import json
import os
import struct
import time
import traceback
import uuid
import weakref
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from perfwidgets.availability.host import hardware_absent_reason
from perfwidgets.errors import ArgumentError, PerfwidgetsError
from perfwidgets.events import FAMILIES, SUGGESTED, lookup
from perfwidgets.metrics import METRICS
from perfwidgets.models.history import History, RowBytes, unique_names
from perfwidgets.models.monitor import Monitor
from perfwidgets.models.part_history import labels_of
from perfwidgets.models.turns import hardware_events
from perfwidgets.perf_command import is_local
from perfwidgets.sources.replay import Replay
from perfwidgets.sources.vmstat import MEMORY_EVENTS
from perfwidgets.widgets.about import plain_about, vendor_of
from perfwidgets.widgets.alert_news import alert_news
from perfwidgets.widgets.closing import close_models_of
from perfwidgets.widgets.cost import Cost
from perfwidgets.widgets.host_news import HostNews, host_layout
from perfwidgets.widgets.metric_layout import counted_on, metrics_of
from perfwidgets.widgets.notes import Notes
from perfwidgets.widgets.packing import (
    MOST_OF_COUNTERS,
    MOST_OF_MEMORY,
    PastOf,
    as_bytes,
    packed_past,
    packed_rows,
    places,
)
from perfwidgets.widgets.part_rows import PartsSent
from perfwidgets.widgets.plain import plain_error, plain_replay, plain_turns, target_of
from perfwidgets.widgets.pulse import Pulse
from perfwidgets.widgets.scripts import feed_script, style

__all__ = ["Feed"]

#: rows sent before that go with each tick once more, so that a lost message heals
_REPEATED = 2

#: what a page may have missed while its scripts were loaded
_SAID = ("row_layout", "status", "alerts", "hosts")

_feeds: weakref.WeakKeyDictionary[Monitor, Feed] = weakref.WeakKeyDictionary()


class Feed(anywidget.AnyWidget):
    """Sends each tick of a monitor as one message; has no view of its own.

    Views find its data in the browser by `key`. Its messages come from the collector's thread
    alone. What a person clicks comes back as a command and is posted to that thread.
    """

    _esm = feed_script()
    _css = style()
    key = traitlets.Unicode(help="Under which scripts find this feed's data.").tag(sync=True)
    row_layout = traitlets.Dict(help="The columns of rows.").tag(sync=True)
    status = traitlets.Dict(help="State of the monitor, as views show it.").tag(sync=True)
    alerts = traitlets.Dict(help="What is watched, and when it held.").tag(sync=True)
    hosts: list[dict[str, Any]] = traitlets.List(
        help="How each host fares; empty for one machine."
    ).tag(sync=True)  # type: ignore[assignment]
    history = traitlets.Bytes(help="All rows that are held, packed when asked for.").tag(
        sync=True, to_json=lambda _value, feed: feed.pack()
    )

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._events = monitor.events
        self._users = 0
        self._refusal = ""
        self._answers = 0
        # only of this machine: of another, or of a recording, nothing is known
        own = is_local(getattr(monitor.source, "command", ()))
        self._no_pmu = hardware_absent_reason() if own else ""
        # rows that are there already come with the packed history
        self._sent = [monitor.history.next_number, monitor.memory_history.next_number]
        self._parts = PartsSent(monitor)
        self._host_news = HostNews(monitor)
        self._notes = Notes(monitor)
        self._seen: Any = None
        self._shown: Any = None
        self._seen_status: tuple[Any, ...] = ()
        self._cost = Cost()
        self._pulse = Pulse(monitor)
        self._pasts = (
            PastOf(monitor.history, MOST_OF_COUNTERS),
            PastOf(monitor.memory_history, MOST_OF_MEMORY),
        )
        key = uuid.uuid4().hex
        layout = self._layout(0)
        #: hosts and alerts as the traits have them, which take longer to be asked
        self._told: tuple[list[dict[str, Any]], dict[str, Any]] = (self._host_news.all(), {})
        told = {"status": self._status(), "hosts": self._told[0]}
        super().__init__(model_id=key, key=key, row_layout=layout, **told)
        self.on_msg(self._heard)
        monitor.on_tick(self.tick)

    @classmethod
    def of(cls, monitor: Monitor) -> Feed:
        """Return the monitor's feed; it is made with its first view and closed with its last."""
        feed = _feeds.get(monitor)
        if feed is None:
            _feeds[monitor] = feed = cls(monitor)
        feed._users += 1
        return feed

    def release(self) -> None:
        """A view has gone."""
        self._users -= 1
        if self._users == 0:
            self._monitor.off_tick(self.tick)
            self._pulse.end()
            _feeds.pop(self._monitor, None)
            self.close()
            close_models_of(self)

    def tick(self) -> None:
        """Send what is new since the last tick; on the collector's thread."""
        self._update_status()
        self._update_layout()
        hosts, alerts = self._told
        self._told = (self._host_news.all(), alert_news(self._monitor))
        if self._told[0] is not hosts:
            self.hosts = self._told[0]
        if self._told[1] != alerts:
            self.alerts = self._told[1]
        self._pulse.keep(self._monitor.state == "running")
        for past in self._pasts:
            past.follow()
        counters = self._new_rows(0, self._monitor.history)
        memory = self._new_rows(1, self._monitor.memory_history)
        if not counters.rows and not memory.rows:
            return
        layout = self.row_layout
        part_head, parts = self._parts.news(layout)
        head = {
            "kind": "tick",
            "layout": layout["id"],
            "samples": self._monitor.sample_count,
            "cost": self._cost.share(),
            **self._notes.news(),
            **self._pulse.news(),
            **self._recorded(),
            **places(counters, memory),
            **part_head,
        }
        self.send(head, [packed_rows(counters, memory), *parts])

    def pack(self) -> bytes:
        """Return all rows held, for a fresh page; called on whichever thread asks for the state."""
        try:
            layout = self.row_layout
            # columns are only ever added: the next tick brings those that came meanwhile
            (counters, older), (memory, older_memory) = (past.taken() for past in self._pasts)
            of_counters = as_bytes(counters.narrowed(len(layout["columns"])))
            of_memory = as_bytes(memory)
            rows = packed_rows(of_counters, of_memory)
            rows += bytes(-len(rows) % 8)
            extremes, data = packed_past(older, older_memory)
            part_head, parts = self._parts.all()
            head = {
                "layout": layout,
                "samples": self._monitor.sample_count,
                **self._notes.all(),
                **self._pulse.all(),
                **places(of_counters, of_memory),
                **({"older": extremes} if extremes else {}),
                **part_head,
                "rows_size": len(rows),
            }
            text = json.dumps(head).encode()
            text += b" " * (-len(text) % 8)
            return struct.pack("<II", len(text), 0) + text + rows + data + parts
        except Exception as error:  # whatever it is, raising here would blank every widget
            self._monitor.note_fault(
                "history for a page", f"{type(error).__name__}: {error}", traceback.format_exc()
            )
            return b""

    def _recorded(self) -> dict[str, float]:
        """How many bytes the recording has that is made, or where the one is that is played."""
        recorder, source = self._monitor.recorder, self._monitor.source
        if recorder and self._monitor.recording:
            return {"recorded": recorder.size}
        return {"position": source.position} if isinstance(source, Replay) else {}

    def _new_rows(self, which: int, history: History) -> RowBytes:
        sent = self._sent[which]
        next_number = history.next_number
        if next_number == sent:
            return history.row_bytes(next_number)
        new = history.row_bytes(max(0, sent - _REPEATED))
        if new.first > sent:
            self._monitor.dropped += new.first - sent
        self._sent[which] = new.first + new.rows
        return new

    def _update_status(self) -> None:
        """Send the state if anything in it is another than at the last tick."""
        monitor = self._monitor
        source = monitor.source
        speed = getattr(source, "speed", None)
        seen = (monitor.changes, source, speed, self._refusal, self._answers)
        if seen != self._seen_status:
            self._seen_status = seen
            self.status = self._status()

    def _update_layout(self) -> None:
        monitor, sample = self._monitor, self._monitor.sample
        hosts = monitor.hosts
        seen = (
            monitor.changes,
            monitor.history.events,
            sample.keys if sample is not None else (),
            labels_of(sample),
            host_layout(monitor, sample) if hosts else None,
            counted_on(monitor) if hosts else None,
            tuple(METRICS.values()),  # a person may add one at any time
        )
        if seen == self._seen:
            return
        self._seen = seen
        shown = (*seen[1:], monitor.events, tuple(monitor.refused), monitor.interval)
        if shown != self._shown:
            self._shown = shown
            self.row_layout = layout = self._layout(self.row_layout["id"] + 1)
            self._pasts[0].have(layout["metrics"])

    def _layout(self, number: int) -> dict[str, Any]:
        monitor = self._monitor
        sample = monitor.sample
        # a sample of before `configure` is not; of hosts that are away some events are not there
        current = sample is not None and (
            bool(monitor.hosts) or len(sample.readings) >= len(monitor.events)
        )
        readings = sample.readings if sample is not None and current else ()
        names = [r.event for r in readings] or list(monitor.events)
        units = [r.unit for r in readings] or [None] * len(names)
        vendor = vendor_of(monitor.source, names)
        events = []
        for key, name, unit in zip(unique_names(names), names, units, strict=True):
            event = {"key": key, "family": lookup(name).family, "unit": unit}
            event |= plain_about(name, vendor)
            if name in monitor.refused:
                event["refused"] = monitor.refused[name]
            if name.endswith(":u") and name not in monitor.events:
                event["note"] = "user mode only"  # perf's own doing, for want of a right
            events.append(event)
        return {
            "id": number,
            "events": events,
            "columns": list(monitor.history.events),
            "memory": list(MEMORY_EVENTS),
            "parts": list(labels_of(sample)) if current else [],
            "metrics": [metric.to_dict() for metric in metrics_of(monitor, names)],
            "suggested": list(SUGGESTED),
            "window": monitor.window,
            "rows": round(monitor.window / (monitor.interval or 1.0) * 1.05) + 16,
            **host_layout(monitor, sample if current else None),
        }

    def _status(self) -> dict[str, Any]:
        monitor = self._monitor
        memory_error = next(
            (error for error in monitor.errors.values() if error is not monitor.error), None
        )
        new = tuple(event for event in monitor.events if event not in self._events)
        self._events += new  # what is configured in Python can be chosen by family as well
        families = dict.fromkeys(lookup(event).family for event in self._events)
        counted = {lookup(event).family for event in monitor.events}
        return {
            "state": monitor.state,
            "lead": "counters" if monitor.counts_events else "memory",
            "memory_state": monitor.memory_state,
            "answer": self._answers,
            "error": plain_error(monitor.error),
            "memory_error": plain_error(memory_error),
            "perf": monitor.perf_version,
            "interval": monitor.interval,
            "cores": monitor.cores,
            "target": target_of(monitor.source),
            "per_core": monitor.per_core,
            "turns": plain_turns(monitor.turns),
            "no_pmu": self._no_pmu,
            "families": [
                {"family": family, "title": title, "chosen": family in counted}
                for family, title in FAMILIES.items()
                if family in families
            ],
            "faults": [
                {
                    "where": fault.where,
                    "message": fault.message,
                    "times": fault.times,
                    "traceback": fault.traceback,
                }
                for fault in monitor.faults
            ],
            "refusal": self._refusal,
            "recording": monitor.recording,
            "recorded": None if monitor.recorder is None else os.fspath(monitor.recorder.path),
            "live": bool(getattr(monitor.source, "live", True)),
            "replay": plain_replay(monitor.source),
        }

    # ------------------------------------------------------- from the browser

    def _heard(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        kind = content.get("kind")
        if kind == "command":
            self._obey(str(content.get("name")), content)
        elif kind == "resend":
            self._monitor.post(lambda: self.send({"kind": "history"}, [self.pack()]))
        elif kind == "began":
            self._monitor.post(lambda: self.send_state(_SAID))
        elif kind == "fault":
            self._note(content)

    def _obey(self, name: str, content: dict[str, Any]) -> None:
        commands: dict[str, Callable[[], object]] = {
            "start": self._monitor.start,
            "pause": self._monitor.pause,
            "resume": self._monitor.resume,
            "configure": lambda: self._configure(content),
            "turns": lambda: self._count_in_turn(content),
            "record": lambda: self._monitor.record(_recording_name()),
            "stop_recording": self._monitor.stop_recording,
            "seek": lambda: self._seek(float(content["seconds"])),
            "speed": lambda: setattr(self._monitor.source, "speed", float(content["speed"])),
        }
        command = commands.get(name)
        self._refusal = ""
        try:
            if command is not None:
                command()
        except PerfwidgetsError as error:
            self._refusal = str(error)
        except Exception as error:  # a defect of ours: it must reach a person, and an answer too
            self._refusal = f"{name} failed: {error}"
            self._monitor.note_fault(f"command {name}", repr(error), traceback.format_exc())
        # answered in any case: the browser shows the command as pending until then
        self._answers += 1
        self._monitor.post(self._answer)

    def _seek(self, seconds: float) -> None:
        source: Any = self._monitor.source
        source.seek(seconds)
        if self._monitor.state == "stopped":  # it had come to its end
            self._monitor.start()

    def _count_in_turn(self, content: dict[str, Any]) -> None:
        families = content.get("families") or ()
        sample = self._monitor.sample
        events = hardware_events(sample) if sample is not None else ()
        wanted = [event for event in events if lookup(event).family in families]
        self._monitor.count_in_turn(wanted, counters=int(content.get("counters") or 0) or None)

    def _configure(self, content: dict[str, Any]) -> None:
        changes: dict[str, Any] = {}
        if "interval" in content:
            changes["interval"] = content["interval"]
        if "cores" in content:
            cores = content["cores"]
            changes["cores"] = None if cores in ("", "all", None) else cores
        if "per_core" in content:
            changes["per_core"] = bool(content["per_core"])
        if "families" in content:
            families = content["families"]
            changes["events"] = [e for e in self._events if lookup(e).family in families]
            if not changes["events"]:
                raise ArgumentError("No family of events is left", "Choose at least one.")
        self._monitor.configure(**changes)

    def _answer(self) -> None:
        self.status = self._status()

    def _note(self, content: dict[str, Any]) -> None:
        where, message, trace = (
            str(content.get(key, ""))[:4000] for key in ("where", "message", "trace")
        )
        self._monitor.post(lambda: self._monitor.note_fault(f"browser: {where}", message, trace))


def _recording_name() -> str:
    """A file in the notebook's folder, named by the time."""
    return time.strftime("perf-%Y%m%d-%H%M%S.jsonl.gz")
