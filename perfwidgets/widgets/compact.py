"""The state and the most telling counters in one line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import traitlets

from perfwidgets.errors import ArgumentError
from perfwidgets.models.monitor import Monitor
from perfwidgets.widgets.view import Scripted

__all__ = ["CompactBar"]


class CompactBar(Scripted, script_name="compact"):
    """One line for the top of a notebook: the state and a few counters, each with its last minute.

    What there is no room for drops out, and the line says how many that are.
    ``Dashboard(compact=True)`` is such a line that opens into the whole.

    Parameters
    ----------
    monitor
        What to show.
    events
        Which events and metrics, in their order; `None` for up to six that are counted.

    Raises
    ------
    ArgumentError
        If `events` are no names.
    """

    summary = "state and the most telling counters, in one line"
    events = traitlets.List(
        traitlets.Unicode(), help="Names of events and metrics; empty for up to six that count."
    ).tag(sync=True)
    opens = traitlets.Bool(False, help="Whether it opens the dashboard that it is in.").tag(
        sync=True
    )
    is_open = traitlets.Bool(False, help="Whether that is open.").tag(sync=True)

    def __init__(
        self, monitor: Monitor, events: Iterable[str] | str | None = None, **traits: Any
    ) -> None:
        names = events.split(",") if isinstance(events, str) else list(events or ())
        if not all(isinstance(name, str) and name.strip() for name in names):
            raise ArgumentError(
                f"events={events!r} are no names of events or metrics",
                "Give them as in `CompactBar(monitor, ['cycles', 'IPC'])`.",
            )
        super().__init__(monitor, events=[name.strip() for name in names], **traits)
