"""What the counts say when put into relation."""

from __future__ import annotations

from typing import Any

from perfwidgets.models.monitor import Monitor
from perfwidgets.widgets.view import Scripted

__all__ = ["MetricPanel"]


class MetricPanel(Scripted, script_name="metric_panel"):
    """The newest value of each metric: instructions per cycle, miss rates, faults per second.

    Computed in the browser from the newest counts. A click on a metric draws its history. Those
    that cannot be computed here are named below, with what they need.

    Parameters
    ----------
    monitor
        What to show; `perfwidgets.add_metric` adds metrics to all panels.
    """

    summary = "metrics derived from the counts"

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        super().__init__(monitor, **traits)
