"""The latest counts of all events, by family."""

from __future__ import annotations

import os
from typing import Any

import ipywidgets
import traitlets

from perfwidgets.events import FAMILIES
from perfwidgets.models.monitor import Monitor
from perfwidgets.snapshot import Snapshot
from perfwidgets.widgets.view import Composite, Scripted, check_monitor

__all__ = ["CounterGrid"]


class _FamilyTable(Scripted, script_name="counter_table"):
    shares_layout = True
    summary = "the counts of a family of events"
    family = traitlets.Unicode(help="The family shown.").tag(sync=True)
    title = traitlets.Unicode(help="Its heading.").tag(sync=True)


class _Notice(Scripted, script_name="notice"):
    shares_layout = True
    summary = "what is not counted here, and why"


class CounterGrid(Composite, ipywidgets.GridBox):  # type: ignore[misc]
    """A row for each event: count, rate, the last minute, and how well it was counted.

    Where nothing can be counted it says so, why, and what to do.

    Parameters
    ----------
    monitor
        What to show.
    """

    summary = "counts of events, by family"

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        check_monitor(monitor)
        self._tables = [
            _FamilyTable(monitor, family=family, title=title) for family, title in FAMILIES.items()
        ]
        self._notice = _Notice(monitor)
        children = [*self._tables, self._notice]
        super().__init__(monitor, parts=children, children=children, **traits)
        self.add_class("perfwidgets")
        self.add_class("pw-grid")

    def snapshot(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        window: float | None = None,
    ) -> Snapshot:
        """Return a static picture of the latest counts, which needs no kernel to be seen.

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
        taken = Snapshot.of(self.monitor, window=window, parts=("counts",))
        return taken.saved(path)
