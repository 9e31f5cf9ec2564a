"""Hardware counters of the machine, live in Jupyter.

``perfwidgets.Dashboard()`` is all of it; the other names are its parts. Each is imported when it
is first asked for, so that the command line needs neither ipywidgets nor bqplot.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perfwidgets.availability import Availability as Availability
    from perfwidgets.availability import check as check
    from perfwidgets.collector import Backoff as Backoff
    from perfwidgets.errors import ArgumentError as ArgumentError
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
    from perfwidgets.models.history import History as History
    from perfwidgets.models.monitor import Monitor as Monitor
    from perfwidgets.perf_csv import read_perf_csv as read_perf_csv
    from perfwidgets.perf_json import read_perf_json as read_perf_json
    from perfwidgets.samples import Reading as Reading
    from perfwidgets.samples import Sample as Sample
    from perfwidgets.samples import Status as Status
    from perfwidgets.sources.perf_stat import PerfStat as PerfStat
    from perfwidgets.sources.replay import Replay as Replay
    from perfwidgets.sources.synthetic import Synthetic as Synthetic
    from perfwidgets.sources.vmstat import VmStat as VmStat
    from perfwidgets.widgets.bandwidth_chart import BandwidthChart as BandwidthChart
    from perfwidgets.widgets.counter_grid import CounterGrid as CounterGrid
    from perfwidgets.widgets.dashboard import Dashboard as Dashboard
    from perfwidgets.widgets.event_selector import EventSelector as EventSelector
    from perfwidgets.widgets.history_chart import HistoryChart as HistoryChart
    from perfwidgets.widgets.status_bar import StatusBar as StatusBar

__all__ = [
    "DEFAULT_EVENTS",
    "ArgumentError",
    "Availability",
    "Backoff",
    "BandwidthChart",
    "CoreListError",
    "CounterGrid",
    "Dashboard",
    "Event",
    "EventNameError",
    "EventSelector",
    "History",
    "HistoryChart",
    "IntervalError",
    "Monitor",
    "NothingCountableError",
    "PerfFailedError",
    "PerfNotFoundError",
    "PerfNotPermittedError",
    "PerfStat",
    "PerfwidgetsError",
    "PerfwidgetsWarning",
    "Reading",
    "RecordingError",
    "Replay",
    "Sample",
    "SourceError",
    "Status",
    "StatusBar",
    "Synthetic",
    "VmStat",
    "VmStatError",
    "check",
    "read_perf_csv",
    "read_perf_json",
]

__version__ = "0.1.0"

_HOME = {
    "ArgumentError": "errors",
    "Availability": "availability",
    "Backoff": "collector",
    "BandwidthChart": "widgets.bandwidth_chart",
    "check": "availability",
    "CoreListError": "errors",
    "CounterGrid": "widgets.counter_grid",
    "Dashboard": "widgets.dashboard",
    "DEFAULT_EVENTS": "events",
    "Event": "events",
    "EventNameError": "errors",
    "EventSelector": "widgets.event_selector",
    "History": "models.history",
    "HistoryChart": "widgets.history_chart",
    "IntervalError": "errors",
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
    "Reading": "samples",
    "RecordingError": "errors",
    "Replay": "sources.replay",
    "Sample": "samples",
    "SourceError": "errors",
    "Status": "samples",
    "StatusBar": "widgets.status_bar",
    "Synthetic": "sources.synthetic",
    "VmStat": "sources.vmstat",
    "VmStatError": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
