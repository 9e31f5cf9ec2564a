"""Paging and swap over the last seconds."""

from __future__ import annotations

import os
import re
import threading
from typing import Any

import ipywidgets
import traitlets

from perfwidgets.lifetime import made_for_another
from perfwidgets.models.monitor import Monitor
from perfwidgets.snapshot import Snapshot
from perfwidgets.widgets.chart import ChartDriver, Figure
from perfwidgets.widgets.view import Composite, Scripted, check_monitor

__all__ = ["BandwidthChart"]

#: as in static/controllers.js
_CONTROLLER = re.compile(r"uncore_imc\w*/(?:cas_count|data)_(?:read|write)s?/")
_COLORS = {"pgpgin": "#009E73", "pgpgout": "#D55E00", "pswpin": "#56B4E9", "pswpout": "#CC79A7"}


class _BandwidthDriver(ChartDriver, script_name="bandwidth_chart"):
    shares_layout = True
    pgpgin = traitlets.Unicode(help="Id of the line of what is paged in.").tag(sync=True)
    pgpgout = traitlets.Unicode(help="Id of the line of what is paged out.").tag(sync=True)
    pswpin = traitlets.Unicode(help="Id of the line of what is swapped in.").tag(sync=True)
    pswpout = traitlets.Unicode(help="Id of the line of what is swapped out.").tag(sync=True)


class _MemoryLine(Scripted, script_name="memory_line"):
    shares_layout = True
    summary = "paging, swap and faults in words"


class _ControllersDriver(ChartDriver, script_name="controllers_chart"):
    shares_layout = True
    read = traitlets.Unicode(help="Id of the line of what controllers read.").tag(sync=True)
    write = traitlets.Unicode(help="Id of the line of what they write.").tag(sync=True)


class _ControllersLine(Scripted, script_name="controllers_line"):
    shares_layout = True
    summary = "what memory controllers read and wrote, in words"


class BandwidthChart(Composite, ipywidgets.VBox):  # type: ignore[misc]
    """Paging and swap in and out in KB/s, with faults per second beside them.

    This is paging activity from /proc/vmstat, between memory and disks; it is not the bandwidth
    of memory. Where perf counts the memory controllers (``uncore_imc/cas_count_read/``,
    ``uncore_imc/cas_count_write/``), what they read and wrote is drawn below it, apart.

    Parameters
    ----------
    monitor
        What to show; it needs a `VmStat`.
    height
        In pixels.
    """

    summary = "paging activity from /proc/vmstat"
    children: Any

    def __init__(self, monitor: Monitor, *, height: int = 190, **traits: Any) -> None:
        check_monitor(monitor)
        drawn = Figure(_COLORS, title="KB/s", height=height, window=min(60.0, monitor.window))
        drawn.lines["pgpgout"].line_style = "dashed"  # colour never speaks alone
        self.figure = drawn.figure
        self._line = _MemoryLine(monitor)
        self._driver = _BandwidthDriver(monitor, **drawn.ids())
        self._height = height
        self._controllers: ipywidgets.VBox | None = None
        self._ending = False
        self._keys: Any = None
        self._making = threading.Lock()
        super().__init__(
            monitor,
            parts=[self._driver, self._line, *drawn.parts()],
            children=[self._line, self.figure],
            **traits,
        )
        self.add_class("perfwidgets")
        self.figure.add_class("pw-bandwidth")
        self._tick()
        monitor.on_tick(self._tick)

    def close(self) -> None:
        """Take the chart away."""
        if self._closed:
            return
        with self._making:
            self._ending = True
        self.monitor.off_tick(self._tick)
        super().close()

    def _tick(self) -> None:
        """Have the controllers' chart where they are counted; mostly on the collector's thread.

        It is made when it is first wanted: its models would cost each page time, and a figure that
        nobody sees would be laid out all the same.
        """
        sample = self.monitor.sample
        keys = sample.keys if sample is not None else ()
        if keys is self._keys:  # the same events as before
            return
        wanted = any(unit and _CONTROLLER.match(event) for event, unit in keys)
        if wanted == (self._controllers in self.children):
            self._keys = keys
            return
        with self._making:
            if self._ending:
                return
            if self._controllers is None:
                with made_for_another():
                    self._controllers, *inner = _make_controllers(self.monitor, self._height)
                self._parts = [self._controllers, *self._parts, *inner]
        others = [child for child in self.children if child is not self._controllers]
        self.children = [*others, self._controllers] if wanted else others

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


def _make_controllers(monitor: Monitor, height: int) -> list[ipywidgets.Widget]:
    """The box of the memory controllers' chart, then its parts."""
    colors = {"read": "#009E73", "write": "#D55E00"}
    drawn = Figure(colors, title="", height=height, window=min(60.0, monitor.window))
    drawn.lines["write"].line_style = "dashed"
    drawn.figure.add_class("pw-bandwidth")
    line = _ControllersLine(monitor)
    driver = _ControllersDriver(monitor, **drawn.ids())
    box = ipywidgets.VBox([line, drawn.figure])
    box.add_class("pw-controllers")
    return [box, line, driver, *drawn.parts()]
