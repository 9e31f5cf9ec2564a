"""Takes over what a monitor holds at a moment."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from perfwidgets.availability.host import hardware_absent_reason
from perfwidgets.errors import ArgumentError, SourceError
from perfwidgets.events import FAMILIES, SUGGESTED, lookup
from perfwidgets.hosts.state import HostState
from perfwidgets.metrics import BoundMetric, evaluate
from perfwidgets.models.history import unique_names
from perfwidgets.models.monitor import Monitor
from perfwidgets.perf_command import is_local
from perfwidgets.recording.header import Header, cpu_model
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.snapshot.captured import Captured, Counted
from perfwidgets.snapshot.series import tail
from perfwidgets.snapshot.words import seconds
from perfwidgets.widgets.metric_layout import metrics_of

__all__ = ["capture"]

_NO_COUNTERS = ("This monitor counts no events", "Give it a PerfStat too")


def capture(
    monitor: Monitor, event: str | None, chosen: str | None, window: float | None
) -> Captured:
    """Take over what `monitor` holds now; on any thread, while it runs too.

    Parameters
    ----------
    event
        The event or metric to draw, which must be there; `None` for `chosen` where that can be
        counted, else for one that is.
    window
        How far back, in seconds; `None` for all that is held.

    Raises
    ------
    ArgumentError
        If there is no such event or metric, or `window` is no positive number.
    """
    sample, memory = monitor.latest_rated or monitor.sample, monitor.memory
    events = _events(monitor, sample)
    names = [each.reading.event if each.reading else each.key for each in events]
    source = monitor.source
    of_process = any(getattr(source, scope, None) is not None for scope in ("pid", "cgroup"))
    bound = tuple(metrics_of(monitor, list(dict.fromkeys(names))))
    values = evaluate(sample.readings, sample.duration, process=of_process) if sample else []
    never = {metric.name: metric.reason for metric in bound if metric.reason}
    values = [
        replace(value, value=None, running=0.0, reason=never[value.name])
        if value.name in never
        else value
        for value in values
    ]
    _check_window(window)
    if event is not None:
        _check_event(event, [*monitor.history.events, *(each.key for each in events)], bound)
    error, memory_error = _errors(monitor)
    return Captured(
        monitor.state,
        monitor.memory_state,
        error,
        memory_error,
        tuple(_facts(monitor)),
        tuple(_memory_facts(monitor)),
        hardware_absent_reason() if is_local(getattr(source, "command", ())) else "",
        ("", "") if monitor.counts_events else _NO_COUNTERS,
        sample,
        memory,
        events,
        tail(monitor.history.rows(), window),
        tail(monitor.memory_history.rows(), window),
        bound,
        tuple(values),
        tuple(monitor.cells.since(-1)),
        tuple(monitor.marks),
        event or _liked(chosen, events, bound) or _suggested(events),
        tuple(monitor.hosts.values()),
    )


def _errors(monitor: Monitor) -> tuple[SourceError | None, SourceError | None]:
    """What is wrong with the counters, and with memory activity."""
    errors, lead = monitor.errors, monitor.source.name
    if not monitor.counts_events:
        return None, errors.get(lead)
    return errors.get(lead), next((e for name, e in errors.items() if name != lead), None)


def _events(monitor: Monitor, sample: Sample | None) -> tuple[Counted, ...]:
    readings: list[Reading | None] = list(sample.readings if sample is not None else ())
    names = [reading.event for reading in readings if reading is not None]
    if sample is None:
        names = list(monitor.events)
        readings = [None] * len(names)
    events = [
        Counted(key, lookup(name).family, reading, _note(monitor, name))
        for key, name, reading in zip(unique_names(names), names, readings, strict=True)
    ]
    families = list(FAMILIES)
    events.sort(key=lambda e: (e.status is Status.NOT_SUPPORTED, families.index(e.family)))
    return tuple(events)


def _note(monitor: Monitor, name: str) -> str:
    if name in monitor.refused:
        return f"perf refused this name: {monitor.refused[name]}"
    if name.endswith(":u") and name not in monitor.events:
        return "user mode only"  # perf's own doing, for want of a right
    return ""


def _suggested(events: tuple[Counted, ...]) -> str | None:
    counted = [event.key for event in events if event.status is Status.COUNTED]
    liked = [key for key in SUGGESTED if key in counted]
    return next(iter([*liked, *counted, *(event.key for event in events)]), None)


def _liked(
    chosen: str | None, events: tuple[Counted, ...], bound: tuple[BoundMetric, ...]
) -> str | None:
    """What was chosen, unless it cannot be counted: a selector may point at its first event."""
    unsupported = {event.key for event in events if event.status is Status.NOT_SUPPORTED}
    for metric in bound:
        if metric.reason or unsupported & set(metric.events.values()):
            unsupported.add(metric.name)
    return None if chosen in unsupported else chosen


def _facts(monitor: Monitor) -> list[str]:
    """perf's version, interval, target, cores, machine."""
    source: Any = monitor.source
    pid, cgroup = getattr(source, "pid", None), getattr(source, "cgroup", None)
    label = getattr(source, "label", "")
    said = [f"perf {monitor.perf_version}"] if monitor.perf_version else []
    said += [str(label)] if label else []
    if monitor.interval:
        said.append(f"every {seconds(monitor.interval)}")
    if monitor.hosts:
        said += _hosts_in_few(monitor.hosts.values())
    if pid is not None:
        said.append("the kernel's own process" if pid == os.getpid() else f"process {pid}")
    elif cgroup is not None:
        said.append(f"cgroup {cgroup}")
    if monitor.cores is not None:
        said.append(f"cores {monitor.cores}")
    elif hasattr(source, "cores") and not (label or pid is not None or cgroup is not None):
        said.append("all cores")
    if monitor.per_core:
        said.append("each core counted apart, summed here")
    machine = _machine(source)
    return [*said, machine] if machine else said


def _hosts_in_few(hosts: Collection[HostState]) -> list[str]:
    away = sum(host.error is not None or host.state in ("failed", "gone") for host in hosts)
    count = f"{len(hosts)} host{'' if len(hosts) == 1 else 's'}"
    return [count, f"{away} not available"] if away else [count]


def _memory_facts(monitor: Monitor) -> list[str]:
    label = str(getattr(monitor.source, "label", ""))
    said = [label] if label and not getattr(monitor.source, "live", True) else []
    # the monitor's interval is that of the counters, where there are any
    interval = monitor.memory.interval if monitor.memory is not None else None
    if interval is None and not monitor.counts_events:
        interval = monitor.interval
    every = [f"every {seconds(interval)}"] if interval else []
    return [*said, "/proc/vmstat", *every]


def _machine(source: Any) -> str | None:
    """Where it was counted: the processor here, that of a recording, or the way to another host."""
    command = getattr(source, "command", None)
    if command is not None:
        return cpu_model() if is_local(command) else f"by way of {command[0]}"
    header = getattr(getattr(source, "recording", None), "header", None)
    return header.cpu if isinstance(header, Header) else None


def _check_window(window: object) -> None:
    if window is None:
        return
    is_number = isinstance(window, (int, float)) and not isinstance(window, bool)
    if not is_number or not 0 < window < math.inf:  # type: ignore[operator]
        raise ArgumentError(
            f"The window {window!r} is no number of seconds",
            "Give a positive number, or None for all that is held.",
        )


def _check_event(event: object, events: list[str], bound: tuple[BoundMetric, ...]) -> None:
    known = [*dict.fromkeys(events), *(metric.name for metric in bound)]
    if event not in known:
        raise ArgumentError(
            f"There is no event or metric {event!r}",
            f"There are: {', '.join(known) or 'none yet'}.",
        )
