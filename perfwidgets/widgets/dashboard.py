"""All of it in one place."""

from __future__ import annotations

import os
from typing import Any

import ipywidgets

from perfwidgets.errors import ArgumentError
from perfwidgets.models.monitor import Monitor
from perfwidgets.snapshot import Snapshot
from perfwidgets.sources.base import Source
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.sources.vmstat import VmStat
from perfwidgets.widgets.alert_list import AlertList
from perfwidgets.widgets.bandwidth_chart import BandwidthChart
from perfwidgets.widgets.compact import CompactBar
from perfwidgets.widgets.core_strip import CoreStrip
from perfwidgets.widgets.counter_grid import CounterGrid
from perfwidgets.widgets.event_selector import EventSelector
from perfwidgets.widgets.history_chart import HistoryChart
from perfwidgets.widgets.metric_panel import MetricPanel
from perfwidgets.widgets.status_bar import Controls, StatusBar
from perfwidgets.widgets.view import Composite

__all__ = ["Dashboard"]

_INTERVAL = 0.25
_OPTIONS = ("events", "cores", "interval", "per_core", "pid", "cgroup", "command", "window")


class Dashboard(Composite, ipywidgets.VBox):  # type: ignore[misc]
    """Counters and memory activity of the machine, live.

    ::

        perfwidgets.Dashboard()
        perfwidgets.Dashboard(events=["cycles", "instructions"], cores="0", interval=0.5)

    Parameters
    ----------
    source_or_monitor
        `None` for live counters of this machine and /proc/vmstat; a source of counters, beside
        which /proc/vmstat is read (not beside a recording); or a `Monitor`, which then stays its
        owner's to stop.
    compact
        Show one line, for the top of a notebook, which opens into the whole.
    **options
        Without a monitor: `window` in seconds; without a source also those of `PerfStat`, of
        which `interval` is 0.25 here.

    Attributes
    ----------
    monitor : Monitor
        The model: observe it, link it, read its histories.
    grid, metrics, selector, history, cores, bandwidth, status : widgets
        The parts.

    Raises
    ------
    ArgumentError
        If an option is unknown or unusable; nothing is started then. A machine that cannot count
        raises nothing: the dashboard says so.
    """

    summary = "live counters of perf stat and memory activity of /proc/vmstat"
    _owns_monitor = False

    def __init__(
        self,
        source_or_monitor: Source | Monitor | None = None,
        *,
        compact: bool = False,
        **options: Any,
    ) -> None:
        monitor = _monitor(source_or_monitor, options)
        self._owns_monitor = monitor is not source_or_monitor
        self.status = StatusBar(monitor)
        self.controls = Controls(monitor)
        self.alerts = AlertList(monitor)
        self.grid = CounterGrid(monitor)
        self.metrics = MetricPanel(monitor)
        self.selector = EventSelector(monitor)
        self.history = HistoryChart(monitor, tools=False)
        self.cores = CoreStrip(monitor)
        self.bandwidth = BandwidthChart(monitor)
        bar = _box(ipywidgets.HBox, [self.status, self.controls], "pw-bar")
        choose = _box(ipywidgets.HBox, [self.selector, self.history.tools], "pw-choose")
        drawn = [self.history, self.cores, self.bandwidth]
        charts = _box(ipywidgets.VBox, [choose, *drawn], "pw-charts")
        main = _box(ipywidgets.HBox, [self.grid, charts, self.metrics], "pw-main")
        boxes = [bar, main, charts, choose]
        views = [
            *(self.status, self.controls, self.alerts, self.grid, self.metrics),
            *(self.selector, *drawn),
        ]
        line = [CompactBar(monitor, opens=True)] if compact else []
        children = [*line, bar, self.alerts, main]
        super().__init__(monitor, parts=[*boxes, *views, *line], children=children)
        for name in ("perfwidgets", "pw-dashboard", *(["pw-folded"] if compact else [])):
            self.add_class(name)
        if self._owns_monitor:
            monitor.start()

    def snapshot(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        event: str | None = None,
        window: float | None = None,
    ) -> Snapshot:
        """Return a static picture of all that the monitor holds, which needs no kernel to be seen.

        Parameters
        ----------
        path
            Also write it to this file: ``.html`` a page that is read and zoomed offline, ``.svg``
            the picture alone.
        event
            The event or metric whose history is drawn; `None` for the one that is chosen.
        window
            How far back, in seconds; `None` for all that the monitor holds.

        Raises
        ------
        ArgumentError
            If there is no such event or window, or the file cannot be written.
        """
        chosen = self.selector.value
        taken = Snapshot.of(self.monitor, event=event, window=window, chosen=chosen)
        return taken.saved(path)

    def stop(self) -> None:
        """End counting; the numbers stay. The start button, or `monitor.start()`, goes on."""
        self.monitor.stop()

    def close(self) -> None:
        """Take the dashboard away, and end the counting that it has started."""
        super().close()
        if self._owns_monitor:
            self.monitor.stop()


def _box(kind: type[ipywidgets.Box], children: list[ipywidgets.Widget], name: str) -> Any:
    box = kind(children=children)
    box.add_class(name)
    return box


def _monitor(given: Source | Monitor | None, options: dict[str, Any]) -> Monitor:
    unknown = [name for name in options if name not in _OPTIONS]
    if unknown:
        raise ArgumentError(
            f"Dashboard has no option {unknown[0]!r}", f"It has {', '.join(_OPTIONS)}."
        )
    if isinstance(given, Monitor):
        if options:
            raise ArgumentError(
                f"The option {next(iter(options))!r} is the monitor's own",
                "Give it where the Monitor or its source is made.",
            )
        return given
    window = options.pop("window", 300.0)
    source: Any = given
    if given is None:
        source = PerfStat(**{"interval": _INTERVAL, **options})
    elif options:
        raise ArgumentError(
            f"The option {next(iter(options))!r} is the source's own",
            "Give it where the source is made.",
        )
    if hasattr(source, "hosts"):  # which bring their own memory activity, if any
        return Monitor(source, window=window)
    if getattr(source, "kind", None) == "counters" and getattr(source, "live", True):
        return Monitor(source, VmStat(interval=source.interval or _INTERVAL), window=window)
    memory = getattr(source, "memory", None)  # a recording may hold both
    return Monitor(source, memory, window=window) if memory else Monitor(source, window=window)
