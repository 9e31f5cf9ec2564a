"""Each core's share in the chosen event, over time."""

from __future__ import annotations

from typing import Any

from perfwidgets.models.monitor import Monitor
from perfwidgets.widgets.view import Scripted

__all__ = ["CoreStrip"]


class CoreStrip(Scripted, script_name="core_strip"):
    """Cores by time: the rate of the chosen event, or its metric, as a map of colours.

    A line for each core, or each other part that was counted apart (a host, where several are
    counted), a column for each moment. It takes no room unless something is counted apart:
    ``per_core=True``. Dragging chooses the stretch of time that all charts show; the arrow keys
    choose a core and a moment. What was not counted is hatched, where no sample is it is blank.

    Parameters
    ----------
    monitor
        What to show.
    """

    summary = "rates of each core over time"

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        super().__init__(monitor, **traits)
