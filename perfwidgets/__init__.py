"""Hardware counters of the machine, live in Jupyter.

``perfwidgets.Dashboard()`` is all of it; the other names are its parts. Each is imported when it
is first asked for, so that the command line needs neither ipywidgets nor bqplot.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perfwidgets.availability import Availability as Availability
    from perfwidgets.availability import check as check
    from perfwidgets.collector import Backoff as Backoff
    from perfwidgets.errors import ArgumentError as ArgumentError
    from perfwidgets.errors import BudgetExceededError as BudgetExceededError
    from perfwidgets.errors import CoreListError as CoreListError
    from perfwidgets.errors import EventNameError as EventNameError
    from perfwidgets.errors import IntervalError as IntervalError
    from perfwidgets.errors import NothingCountableError as NothingCountableError
    from perfwidgets.errors import PerfFailedError as PerfFailedError
    from perfwidgets.errors import PerfNotFoundError as PerfNotFoundError
    from perfwidgets.errors import PerfNotPermittedError as PerfNotPermittedError
    from perfwidgets.errors import PerfwidgetsError as PerfwidgetsError
    from perfwidgets.errors import PerfwidgetsWarning as PerfwidgetsWarning
    from perfwidgets.errors import RecordingError as RecordingError
    from perfwidgets.errors import SourceError as SourceError
    from perfwidgets.errors import VmStatError as VmStatError
    from perfwidgets.events import DEFAULT_EVENTS as DEFAULT_EVENTS
    from perfwidgets.events import Event as Event
    from perfwidgets.hosts.dask_hosts import DaskHosts as DaskHosts
    from perfwidgets.hosts.hosts import Hosts as Hosts
    from perfwidgets.hosts.state import HostState as HostState
    from perfwidgets.metrics import add_metric as add_metric
    from perfwidgets.models.alerts import Alert as Alert
    from perfwidgets.models.cells import Cell as Cell
    from perfwidgets.models.cells import Cells as Cells
    from perfwidgets.models.history import History as History
    from perfwidgets.models.marks import Mark as Mark
    from perfwidgets.models.marks import Marks as Marks
    from perfwidgets.models.monitor import Monitor as Monitor
    from perfwidgets.perf_csv import read_perf_csv as read_perf_csv
    from perfwidgets.perf_json import read_perf_json as read_perf_json
    from perfwidgets.recording.recorder import Recorder as Recorder
    from perfwidgets.recording.recording import Recording as Recording
    from perfwidgets.recording.recording import read_recording as read_recording
    from perfwidgets.recording.totals import compare_recordings as compare_recordings
    from perfwidgets.regions import Comparison as Comparison
    from perfwidgets.regions import Region as Region
    from perfwidgets.regions import RegionResult as RegionResult
    from perfwidgets.regions import compare as compare
    from perfwidgets.regions import count as count
    from perfwidgets.samples import Reading as Reading
    from perfwidgets.samples import Sample as Sample
    from perfwidgets.samples import Status as Status
    from perfwidgets.saved_sets import delete_event_set as delete_event_set
    from perfwidgets.saved_sets import event_sets as event_sets
    from perfwidgets.saved_sets import save_event_set as save_event_set
    from perfwidgets.snapshot import Snapshot as Snapshot
    from perfwidgets.sources.perf_stat import PerfStat as PerfStat
    from perfwidgets.sources.replay import Replay as Replay
    from perfwidgets.sources.synthetic import Synthetic as Synthetic
    from perfwidgets.sources.vmstat import VmStat as VmStat
    from perfwidgets.thresholds import Threshold as Threshold
    from perfwidgets.widgets.bandwidth_chart import BandwidthChart as BandwidthChart
    from perfwidgets.widgets.compact import CompactBar as CompactBar
    from perfwidgets.widgets.core_strip import CoreStrip as CoreStrip
    from perfwidgets.widgets.counter_grid import CounterGrid as CounterGrid
    from perfwidgets.widgets.dashboard import Dashboard as Dashboard
    from perfwidgets.widgets.event_selector import EventSelector as EventSelector
    from perfwidgets.widgets.history_chart import HistoryChart as HistoryChart
    from perfwidgets.widgets.metric_panel import MetricPanel as MetricPanel
    from perfwidgets.widgets.status_bar import StatusBar as StatusBar

__all__ = [
    "DEFAULT_EVENTS",
    "Alert",
    "ArgumentError",
    "Availability",
    "Backoff",
    "BandwidthChart",
    "BudgetExceededError",
    "Cell",
    "Cells",
    "CompactBar",
    "Comparison",
    "CoreListError",
    "CoreStrip",
    "CounterGrid",
    "Dashboard",
    "DaskHosts",
    "Event",
    "EventNameError",
    "EventSelector",
    "History",
    "HistoryChart",
    "HostState",
    "Hosts",
    "IntervalError",
    "Mark",
    "Marks",
    "MetricPanel",
    "Monitor",
    "NothingCountableError",
    "PerfFailedError",
    "PerfNotFoundError",
    "PerfNotPermittedError",
    "PerfStat",
    "PerfwidgetsError",
    "PerfwidgetsWarning",
    "Reading",
    "Recorder",
    "Recording",
    "RecordingError",
    "Region",
    "RegionResult",
    "Replay",
    "Sample",
    "Snapshot",
    "SourceError",
    "Status",
    "StatusBar",
    "Synthetic",
    "Threshold",
    "VmStat",
    "VmStatError",
    "add_metric",
    "check",
    "compare",
    "compare_recordings",
    "count",
    "delete_event_set",
    "event_sets",
    "read_perf_csv",
    "read_perf_json",
    "read_recording",
    "save_event_set",
]

try:
    # what the environment names is meant from here, wherever a notebook goes later
    _FOLDER = os.getcwd()
except OSError:  # it was deleted
    _FOLDER = "/"

__version__ = "0.1.0"

_HOME = {
    "add_metric": "metrics",
    "Alert": "models.alerts",
    "ArgumentError": "errors",
    "Availability": "availability",
    "Backoff": "collector",
    "BandwidthChart": "widgets.bandwidth_chart",
    "BudgetExceededError": "errors",
    "Cell": "models.cells",
    "Cells": "models.cells",
    "check": "availability",
    "compare": "regions",
    "compare_recordings": "recording.totals",
    "Comparison": "regions",
    "CompactBar": "widgets.compact",
    "CoreListError": "errors",
    "CoreStrip": "widgets.core_strip",
    "count": "regions",
    "CounterGrid": "widgets.counter_grid",
    "Dashboard": "widgets.dashboard",
    "DaskHosts": "hosts.dask_hosts",
    "DEFAULT_EVENTS": "events",
    "delete_event_set": "saved_sets",
    "Event": "events",
    "event_sets": "saved_sets",
    "EventNameError": "errors",
    "EventSelector": "widgets.event_selector",
    "History": "models.history",
    "HistoryChart": "widgets.history_chart",
    "Hosts": "hosts.hosts",
    "HostState": "hosts.state",
    "IntervalError": "errors",
    "Mark": "models.marks",
    "Marks": "models.marks",
    "MetricPanel": "widgets.metric_panel",
    "Monitor": "models.monitor",
    "NothingCountableError": "errors",
    "PerfFailedError": "errors",
    "PerfNotFoundError": "errors",
    "PerfNotPermittedError": "errors",
    "PerfStat": "sources.perf_stat",
    "PerfwidgetsError": "errors",
    "PerfwidgetsWarning": "errors",
    "read_perf_csv": "perf_csv",
    "read_perf_json": "perf_json",
    "read_recording": "recording.recording",
    "Reading": "samples",
    "Recorder": "recording.recorder",
    "Recording": "recording.recording",
    "RecordingError": "errors",
    "Region": "regions",
    "RegionResult": "regions",
    "Replay": "sources.replay",
    "Sample": "samples",
    "save_event_set": "saved_sets",
    "Snapshot": "snapshot",
    "SourceError": "errors",
    "Status": "samples",
    "StatusBar": "widgets.status_bar",
    "Synthetic": "sources.synthetic",
    "Threshold": "thresholds",
    "VmStat": "sources.vmstat",
    "VmStatError": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def load_ipython_extension(shell: Any) -> None:
    """Register ``%perfstat``, ``%%perfstat`` and ``%%perfcompare``: ``%load_ext perfwidgets``."""
    from perfwidgets.magics import PerfMagics  # noqa: PLC0415  (IPython is there by then)

    shell.register_magics(PerfMagics)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
