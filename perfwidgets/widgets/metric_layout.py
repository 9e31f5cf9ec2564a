"""The metrics that a monitor's events give, for the feed and the selector."""

from __future__ import annotations

from collections.abc import Sequence

from perfwidgets.metrics import BoundMetric, bind
from perfwidgets.models.monitor import Monitor

__all__ = ["metrics_of"]


def metrics_of(monitor: Monitor, names: Sequence[str]) -> list[BoundMetric]:
    """Bind the metrics to the events that are counted, as printed; to none without events."""
    if not names:
        return []
    source = monitor.source
    of_process = any(getattr(source, scope, None) is not None for scope in ("pid", "cgroup"))
    return bind(names, process=of_process)
