"""Running totals of what is counted, as Prometheus wants them: they only ever grow.

A collector's listener that adds up the counts of each interval. Whoever asks is given a copy: it
neither starts nor waits for counting.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from perfwidgets.errors import SourceError
from perfwidgets.hosts import names
from perfwidgets.open_metrics_names import Family, family_of, label_value
from perfwidgets.samples import ColumnParts, Reading, Sample, Status
from perfwidgets.sources.base import Source

__all__ = ["EventTotals", "RunningTotals", "SourceTotals", "host_of"]

#: events of all hosts beyond these are left out, and so are parts of one event
_MOST_EVENTS: Final = 20_000
_MOST_PARTS: Final = 10_000


@dataclass(slots=True)
class EventTotals:
    """The totals of one event on one host.

    Attributes
    ----------
    source, host, event
        Whose they are.
    family
        How they are called; `None` until something was counted, and for what cannot be added up.
    totals
        CPU (empty for all together) -> what was counted until now, exact, in perf's unit.
    supported
        Whether the event can be counted here; `None` while that is not known.
    running
        The share of the last interval in which it was on a counter; `None` where there is none.
    """

    source: str
    host: str
    event: str
    family: Family | None = None
    totals: dict[str, int | float] = field(default_factory=dict)
    supported: bool | None = None
    running: float | None = None

    def add(self, reading: Reading, *, of_memory: bool = False) -> None:
        """Add an interval's counts; only those of the parts where there are parts."""
        self._judge(reading)
        if of_memory:
            self.running = None  # nothing there shares a counter
        if reading.status is not Status.COUNTED:
            return
        family = family_of(reading.event, reading.unit, of_memory=of_memory)
        if family != self.family:  # another unit, so another name: those totals have ended
            self.family, self.totals = family, {}
        if family is None:
            return
        totals = self.totals
        for part, count in _counts(reading):
            if count is None or not 0 <= count < math.inf:
                continue
            if part in totals:
                totals[part] += count
            elif len(totals) < _MOST_PARTS:
                totals[part] = count

    def _judge(self, reading: Reading) -> None:
        status = reading.status
        if status is Status.MISSING:
            self.running = None
            return
        self.supported = status is not Status.NOT_SUPPORTED
        self.running = reading.running if self.supported else None


def _counts(reading: Reading) -> Iterator[tuple[str, int | float | None]]:
    """What was counted where; with parts, those alone: added up they are the whole."""
    parts = reading.parts
    if isinstance(parts, ColumnParts):  # without a reading for each of many
        columns = zip(parts, parts.counts.tolist(), parts.decimal.tolist(), strict=True)
        for label, count, is_decimal in columns:
            yield label, count if is_decimal or math.isnan(count) else int(count)
    elif parts:
        for label, part in parts.items():
            yield label, part.count
    else:
        yield "", reading.count


@dataclass(slots=True)
class SourceTotals:
    """What is known of one source, on one host.

    Attributes
    ----------
    source, host
        What it is called, and where it counts.
    state
        As of `Monitor.states`, or of `Monitor.hosts` where there are several.
    intervals, seconds
        How many intervals were counted, and how long they were together.
    gaps
        How often counting was interrupted: what happened then is in no total.
    last
        When the last interval ended, in Unix seconds.
    """

    source: str
    host: str
    state: str = "idle"
    intervals: int = 0
    seconds: float = 0.0
    gaps: int = 0
    last: float | None = None
    #: whether it was counted in the latest interval
    present: bool = False

    def count(self, sample: Sample) -> None:
        """Add an interval."""
        self.intervals += 1
        self.seconds += sample.duration or 0.0
        self.last = sample.timestamp
        self.present = True

    def leave(self) -> None:
        """It is not counted, for now."""
        self.gaps += self.present
        self.present = False


class RunningTotals:
    """Adds up what a collector delivers; it can be the collector's listener.

    Parameters
    ----------
    sources
        By their names.
    """

    unwatched = False  # a scrape may come at any time

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._lock = threading.Lock()
        self._kinds = {name: source.kind for name, source in sources.items()}
        self._hosts = {name: host_of(source) for name, source in sources.items()}
        self._events: dict[tuple[str, str, str], EventTotals] = {}
        self._known: dict[tuple[str, str], SourceTotals] = {}
        for name, host in self._hosts.items():
            if host is not None:
                self._at(name, host)

    def source_changed(self, name: str, state: str, error: SourceError | None = None) -> None:
        """Take over the state of a source; of several hosts, `hosts_changed` tells each one's."""
        with self._lock:
            for (source, _), known in self._known.items():
                if source == name:
                    if state != "running":
                        known.leave()
                    if self._hosts[name] is not None:
                        known.state = state

    def hosts_changed(self, name: str, states: Mapping[str, str]) -> None:
        """Take over the states of all hosts that a source counts; others are forgotten."""
        if self._hosts[name] is not None:
            return  # a source of one host, which `source_changed` tells of
        with self._lock:
            for host, state in states.items():
                self._at(name, host).state = state
            for source, host in list(self._known):
                if source == name and host not in states:
                    self._forget(name, host)

    def sample_arrived(self, name: str, source: Source | None, sample: Sample) -> None:
        """Add an interval's counts."""
        own = self._hosts[name]
        with self._lock:
            if own is not None:
                self._at(name, own).count(sample)
                for reading in _first_of_each(sample):
                    self._add(name, own, reading)
                return
            readings = _first_of_each(sample)
            for host in sample.labels:
                self._add_host(name, host, sample, readings)

    def tick(self) -> None:
        """There is nobody to show it to."""

    def copy(self) -> tuple[list[SourceTotals], list[EventTotals]]:
        """What is known now."""
        with self._lock:
            events = [replace(event, totals=dict(event.totals)) for event in self._events.values()]
            return [replace(source) for source in self._known.values()], events

    def _at(self, name: str, host: str) -> SourceTotals:
        known = self._known.get((name, host))
        if known is None:
            known = SourceTotals(label_value(name), label_value(host))
            self._known[name, host] = known
        return known

    def _forget(self, name: str, host: str) -> None:
        """Hosts of a cluster come and go for ever: one that has left for good is told no more."""
        gone = self._known.pop((name, host))
        for key, event in list(self._events.items()):
            if (event.source, event.host) == (gone.source, gone.host):
                del self._events[key]

    def _add_host(
        self, name: str, host: str, sample: Sample, readings: Collection[Reading]
    ) -> None:
        parts = [reading.parts[host] for reading in readings if host in reading.parts]
        if all(part.status is Status.MISSING for part in parts):
            self._at(name, host).leave()
        else:
            self._at(name, host).count(sample)
        for part in parts:
            self._add(name, host, part)

    def _add(self, name: str, host: str, reading: Reading) -> None:
        key = (label_value(name), label_value(host), label_value(reading.event))
        event = self._events.get(key)
        if event is None:
            if len(self._events) >= _MOST_EVENTS:
                return
            event = self._events[key] = EventTotals(*key)
        event.add(reading, of_memory=self._kinds[name] == "memory")


def _first_of_each(sample: Iterable[Reading]) -> Collection[Reading]:
    """An event that was asked for twice is counted twice, and told once."""
    first: dict[str, Reading] = {}
    for reading in sample:
        first.setdefault(reading.event, reading)
    return first.values()


def host_of(source: object) -> str | None:
    """Where a source counts; empty where a recording does not tell, `None` for several hosts."""
    if hasattr(source, "hosts") or getattr(source, "recorded_hosts", None):
        return None
    if not getattr(source, "live", True):
        return ""
    return names.host_of(getattr(source, "command", ()))
