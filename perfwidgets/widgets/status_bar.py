"""What is running, and how."""

from __future__ import annotations

from typing import Any

from perfwidgets.models.monitor import Monitor
from perfwidgets.widgets.view import Scripted

__all__ = ["Controls", "StatusBar"]


class StatusBar(Scripted, script_name="status_bar"):
    """State, perf's version, interval, cores and samples; and what is wrong, with the remedy.

    Parameters
    ----------
    monitor
        What to show.
    """

    summary = "what is running, and how"

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        super().__init__(monitor, **traits)


class Controls(Scripted, script_name="controls"):
    """Start and pause, window, interval, cores and families of a monitor.

    The window changes in the browser; the rest once the kernel hears of it, which may be at the
    end of a running cell.

    Parameters
    ----------
    monitor
        What to control.
    """

    summary = "start, pause, window, interval, cores, families"

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        super().__init__(monitor, **traits)
