"""What a monitor held at a moment, as plain values that no later sample changes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

from perfwidgets.errors import SourceError
from perfwidgets.hosts.state import HostState
from perfwidgets.metrics import BoundMetric, MetricValue
from perfwidgets.models.cells import Cell
from perfwidgets.models.history import Rows
from perfwidgets.models.marks import Mark
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.snapshot.series import Series, event_series, metric_series

__all__ = ["Captured", "Counted"]

#: later times are no clock's, and no calendar has them
_LAST_CLOCK_TIME = 2.5e11


@dataclass(frozen=True, slots=True)
class Counted:
    """An event, and its latest reading.

    Attributes
    ----------
    key
        Its column in the history: the second of a name is ``name #2``.
    family
        A key of `FAMILIES`.
    reading
        `None` before there is any.
    note
        What a reader must know, such as that perf refused the name.
    """

    key: str
    family: str
    reading: Reading | None
    note: str = ""

    @property
    def status(self) -> Status | None:
        """How it fared in the latest interval; `None` before there is any."""
        return self.reading.status if self.reading is not None else None

    @property
    def unit(self) -> str:
        """perf's own unit; empty for a plain number."""
        return (self.reading.unit if self.reading is not None else None) or ""


@dataclass(frozen=True)
class Captured:
    """A monitor at a moment.

    Attributes
    ----------
    state, memory_state
        Of the counters' source (of memory activity where there are no counters), and of memory
        activity; `None` where there is no such source.
    error, memory_error
        What was wrong with the counters, and with memory activity; `None` if nothing was.
    facts, memory_facts
        What was counted, and how, in a few words each.
    no_pmu
        Why this machine counts no hardware event; empty where it does, or where it is not known.
    lacking
        Reason and remedy where there is no source of what is wanted; else two empty texts.
    sample, memory
        The latest of each.
    events
        By family; those that are not supported last.
    rows, memory_rows
        The histories.
    bound, metrics
        The metrics that the events give, and their latest values.
    cells, marks
        The notebook's cells that were executed, and named moments.
    event
        The event or metric that is drawn; `None` if there is none.
    hosts
        How each host fared, where several were counted.
    """

    state: str
    memory_state: str | None
    error: SourceError | None
    memory_error: SourceError | None
    facts: tuple[str, ...]
    memory_facts: tuple[str, ...]
    no_pmu: str
    lacking: tuple[str, str]
    sample: Sample | None
    memory: Sample | None
    events: tuple[Counted, ...]
    rows: Rows
    memory_rows: Rows
    bound: tuple[BoundMetric, ...]
    metrics: tuple[MetricValue, ...]
    cells: tuple[Cell, ...]
    marks: tuple[Mark, ...]
    event: str | None
    hosts: tuple[HostState, ...] = ()

    @cached_property
    def of_clock(self) -> bool:
        """Whether times of the counters are Unix seconds, not seconds from a beginning."""
        return _of_clock(self.sample) if self.sample is not None else self.memory_of_clock

    @cached_property
    def memory_of_clock(self) -> bool:
        """The same of memory activity."""
        return _of_clock(self.memory)

    @cached_property
    def shares_time(self) -> bool:
        """Whether counters and memory activity can stand on one axis of time."""
        return self.memory is not None and self.of_clock == self.memory_of_clock

    @cached_property
    def span(self) -> tuple[float, float]:
        """From when to when the histories reach, in their own time."""
        return _span(self.rows, *([self.memory_rows] if self.shares_time else []))

    @cached_property
    def memory_span(self) -> tuple[float, float]:
        """The same of memory activity."""
        return self.span if self.shares_time else _span(self.memory_rows)

    @cached_property
    def cells_seen(self) -> tuple[Cell, ...]:
        """The cells that ran at any time within `span`."""
        start, end = self.span
        return tuple(
            c for c in self.cells if c.began <= end and (c.ended is None or c.ended >= start)
        )

    @cached_property
    def marks_seen(self) -> tuple[Mark, ...]:
        """The marks within `span`."""
        start, end = self.span
        return tuple(mark for mark in self.marks if start <= mark.time <= end)

    def is_metric(self, key: str | None) -> BoundMetric | None:
        """The metric of this name, unless an event is called so."""
        if any(event.key == key for event in self.events):
            return None
        return next((metric for metric in self.bound if metric.name == key), None)

    def series(self, key: str | None) -> Series:
        """The history of an event or metric; without values where there is none."""
        metric = self.is_metric(key)
        return metric_series(self.rows, metric) if metric else event_series(self.rows, key or "")

    @cached_property
    def unsupported(self) -> tuple[Counted, ...]:
        """The events that cannot be counted where this was taken."""
        return tuple(e for e in self.events if e.status is Status.NOT_SUPPORTED)

    @cached_property
    def why_nothing(self) -> tuple[str, str]:
        """Reason and remedy where there is no sample at all; empty where there is one."""
        if self.sample is not None or self.memory is not None:
            return "", ""
        error = self.error or self.memory_error
        if error is not None:
            return error.reason, error.remedy
        if self.lacking[0]:
            return self.lacking
        if self.state == "idle":
            return "The monitor was not started", "Start it, and wait for the first interval"
        if self.state in ("starting", "running"):
            return (
                "Its first interval had not ended when this was taken",
                "Wait for the first sample: `monitor.wait_for_sample()`",
            )
        return f"The monitor was {self.state} before the first interval had ended", "Start it again"

    def of_counters(self) -> Captured:
        """What was counted, without memory activity."""
        rows = _none_of(self.memory_rows)
        return replace(self, memory=None, memory_rows=rows, memory_error=None)

    def of_memory(self) -> Captured:
        """Memory activity alone."""
        lacking = ("", "")
        if self.memory_state is None:
            lacking = ("This monitor reads no memory activity", "Give it a VmStat too")
        return replace(
            self,
            state=self.memory_state or self.state,
            facts=self.memory_facts,
            error=self.memory_error,
            memory_error=None,
            lacking=lacking,
            sample=None,
            events=(),
            rows=_none_of(self.rows),
            bound=(),
            metrics=(),
            event=None,
        )


def _none_of(rows: Rows) -> Rows:
    nothing = (rows.times[:0], rows.durations[:0], rows.counts[:0], rows.shares[:0])
    return Rows(rows.first, rows.events, *nothing)


def _of_clock(sample: Sample | None) -> bool:
    stamp = sample.timestamp if sample is not None else None
    return stamp is not None and 0 < stamp < _LAST_CLOCK_TIME


def _span(*histories: Rows) -> tuple[float, float]:
    held = [rows for rows in histories if len(rows.times)]
    if not held:
        return 0.0, 0.0
    begins = [float(rows.times[0]) - _known(rows.durations[0]) for rows in held]
    return min(begins), max(float(rows.times[-1]) for rows in held)


def _known(duration: float) -> float:
    return 0.0 if math.isnan(duration) else float(duration)
