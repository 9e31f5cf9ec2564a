"""The metrics that a monitor's events give, for the feed and the selector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from perfwidgets.hosts.state import HostState
from perfwidgets.metrics import BoundMetric, bind
from perfwidgets.models.monitor import Monitor

__all__ = ["counted_on", "metrics_of"]


def metrics_of(monitor: Monitor, names: Sequence[str]) -> list[BoundMetric]:
    """Bind the metrics to the events that are counted, as printed; to none without events."""
    if not names:
        return []
    source = monitor.source
    of_process = any(getattr(source, scope, None) is not None for scope in ("pid", "cgroup"))
    bound = bind(names, process=of_process)
    return [_comparable(metric, monitor.hosts) for metric in bound]


def counted_on(monitor: Monitor) -> tuple[tuple[str, ...], ...]:
    """Which events each host counts, as metrics depend on it; empty for one machine."""
    return tuple([host.counted for host in monitor.hosts.values()])


def _comparable(metric: BoundMetric, hosts: Mapping[str, HostState]) -> BoundMetric:
    """Without a value where its events are counted on different hosts: sums of other things."""
    on = {
        event: frozenset(name for name, host in hosts.items() if event in host.counted)
        for event in metric.events.values()
    }
    some = [event for event, names in on.items() if names]
    if metric.reason or len({on[event] for event in some}) < 2:
        return metric
    words = " and ".join(dict.fromkeys(some))
    return replace(metric, reason=f"not available: {words} are counted on different hosts")
