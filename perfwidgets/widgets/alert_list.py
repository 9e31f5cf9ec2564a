"""What is watched, and what has crossed its limit, in words."""

from __future__ import annotations

from perfwidgets.widgets.view import Scripted

__all__ = ["AlertList"]


class AlertList(Scripted, script_name="alert_list"):
    """The conditions given to `Monitor.watch`: those that hold, and the last that did.

    Hidden while nothing is watched.

    Parameters
    ----------
    monitor
        Whose conditions to show.
    """

    summary = "watched conditions, and when they held"
