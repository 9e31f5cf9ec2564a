"""The history of one event."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from perfwidgets.models.monitor import Monitor
from perfwidgets.widgets.chart import ChartDriver, Figure
from perfwidgets.widgets.view import Composite, check_monitor

__all__ = ["HistoryChart"]


class _HistoryDriver(ChartDriver, script_name="history_chart"):
    line = traitlets.Unicode(help="Id of the line.").tag(sync=True)
    event = traitlets.Unicode(help="The event drawn; empty: the chosen one.").tag(sync=True)


class HistoryChart(Composite, ipywidgets.VBox):  # type: ignore[misc]
    """The rate of one event over the last seconds.

    Drawn in the browser, so that it changes with the selector also while a cell runs. A line is
    broken where there was no count.

    Parameters
    ----------
    monitor
        What to show.
    event
        The event to draw; `None` follows the event selector and the rows of the counter grid.
    height
        In pixels.
    """

    summary = "the history of an event"

    def __init__(
        self, monitor: Monitor, event: str | None = None, *, height: int = 240, **traits: Any
    ) -> None:
        check_monitor(monitor)
        drawn = Figure(
            {"line": "#0072B2"},
            title=event or (monitor.events[0] if monitor.events else ""),
            height=height,
            window=min(60.0, monitor.window),
        )
        self.figure = drawn.figure
        self._driver = _HistoryDriver(monitor, event=event or "", **drawn.ids())
        super().__init__(
            monitor, parts=[self._driver, *drawn.parts()], children=[self.figure], **traits
        )
        self.add_class("perfwidgets")

    @property
    def event(self) -> str | None:
        """The event drawn; `None` follows the selector."""
        return self._driver.event or None

    @event.setter
    def event(self, event: str | None) -> None:
        self._driver.event = event or ""
