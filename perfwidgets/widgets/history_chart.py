"""The history of one event or metric."""

from __future__ import annotations

import os
from typing import Any

import ipywidgets
import traitlets

from perfwidgets.models.monitor import Monitor
from perfwidgets.snapshot import Snapshot
from perfwidgets.widgets.chart import ChartDriver, Figure
from perfwidgets.widgets.view import Composite, check_monitor

__all__ = ["HistoryChart"]


class _HistoryDriver(ChartDriver, script_name="history_chart"):
    line = traitlets.Unicode(help="Id of the line.").tag(sync=True)
    event = traitlets.Unicode(help="The event or metric drawn; empty: the chosen.").tag(sync=True)


class HistoryChart(Composite, ipywidgets.VBox):  # type: ignore[misc]
    """The rate of one event, or the value of one metric, over the last seconds.

    Drawn in the browser, so that it changes with the selector also while a cell runs. A line is
    broken where there was no count, or no value.

    Parameters
    ----------
    monitor
        What to show.
    event
        The event to draw, or the name of a metric; `None` follows the event selector and what is
        clicked in the counter grid and the metric panel.
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
        """The event or metric drawn; `None` follows the selector."""
        return self._driver.event or None

    @event.setter
    def event(self, event: str | None) -> None:
        self._driver.event = event or ""

    def snapshot(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        event: str | None = None,
        window: float | None = None,
    ) -> Snapshot:
        """Return a static picture of a history, which needs no kernel to be seen.

        Parameters
        ----------
        path
            Also write it to this file: ``.html`` a page that is read and zoomed offline, ``.svg``
            the picture alone.
        event
            The event or metric whose history is drawn; `None` for the chart's own, or
            where it follows the selector for one that counts.
        window
            How far back, in seconds; `None` for all that the monitor holds.

        Raises
        ------
        ArgumentError
            If there is no such event or window, or the file cannot be written.
        """
        drawn = event if event is not None else self.event
        taken = Snapshot.of(self.monitor, event=drawn, window=window, parts=("history",))
        return taken.saved(path)
