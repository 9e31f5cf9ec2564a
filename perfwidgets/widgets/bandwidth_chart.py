"""Paging and swap over the last seconds."""

from __future__ import annotations

import os
from typing import Any

import ipywidgets
import traitlets

from perfwidgets.models.monitor import Monitor
from perfwidgets.snapshot import Snapshot
from perfwidgets.widgets.chart import ChartDriver, Figure
from perfwidgets.widgets.view import Composite, Scripted, check_monitor

__all__ = ["BandwidthChart"]

_COLORS = {"pgpgin": "#009E73", "pgpgout": "#D55E00", "pswpin": "#56B4E9", "pswpout": "#CC79A7"}


class _BandwidthDriver(ChartDriver, script_name="bandwidth_chart"):
    pgpgin = traitlets.Unicode(help="Id of the line of what is paged in.").tag(sync=True)
    pgpgout = traitlets.Unicode(help="Id of the line of what is paged out.").tag(sync=True)
    pswpin = traitlets.Unicode(help="Id of the line of what is swapped in.").tag(sync=True)
    pswpout = traitlets.Unicode(help="Id of the line of what is swapped out.").tag(sync=True)


class _MemoryLine(Scripted, script_name="memory_line"):
    summary = "paging, swap and faults in words"


class BandwidthChart(Composite, ipywidgets.VBox):  # type: ignore[misc]
    """Paging and swap in and out in KB/s, with faults per second beside them.

    This is paging activity from /proc/vmstat, between memory and disks; it is not the bandwidth
    of memory.

    Parameters
    ----------
    monitor
        What to show; it needs a `VmStat`.
    height
        In pixels.
    """

    summary = "paging activity from /proc/vmstat"

    def __init__(self, monitor: Monitor, *, height: int = 190, **traits: Any) -> None:
        check_monitor(monitor)
        drawn = Figure(_COLORS, title="KB/s", height=height, window=min(60.0, monitor.window))
        drawn.lines["pgpgout"].line_style = "dashed"  # colour never speaks alone
        self.figure = drawn.figure
        self._line = _MemoryLine(monitor)
        self._driver = _BandwidthDriver(monitor, **drawn.ids())
        super().__init__(
            monitor,
            parts=[self._driver, self._line, *drawn.parts()],
            children=[self._line, self.figure],
            **traits,
        )
        self.add_class("perfwidgets")
        self.figure.add_class("pw-bandwidth")

    def snapshot(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        window: float | None = None,
    ) -> Snapshot:
        """Return a static picture of paging activity, which needs no kernel to be seen.

        Parameters
        ----------
        path
            Also write it to this file: ``.html`` a page that is read and zoomed offline, ``.svg``
            the picture alone.
        window
            How far back, in seconds; `None` for all that the monitor holds.

        Raises
        ------
        ArgumentError
            If there is no such window, or the file cannot be written.
        """
        taken = Snapshot.of(self.monitor, window=window, parts=("memory",))
        return taken.saved(path)
