"""The history of events and metrics."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import ipywidgets
import traitlets

from perfwidgets.errors import ArgumentError
from perfwidgets.models.monitor import Monitor
from perfwidgets.snapshot import Snapshot
from perfwidgets.widgets.chart import ChartDriver, Figure
from perfwidgets.widgets.view import Composite, check_monitor

__all__ = ["HistoryChart"]

#: lines that can be told apart; static/explore.css has their colours and dashes
_COLORS = {"line": "#0072B2", "line2": "#D55E00", "line3": "#009E73", "line4": "#CC79A7"}
_SCALES = ("linear", "log")
_PER = ("second", "interval")
_CHOICES = ("events", "scale", "per", "normalised")


class _HistoryDriver(ChartDriver, script_name="history_chart"):
    """Draws the chart, and is itself the tools beside it."""

    line = traitlets.Unicode(help="Id of the first line.").tag(sync=True)
    line2 = traitlets.Unicode(help="Id of the second line.").tag(sync=True)
    line3 = traitlets.Unicode(help="Id of the third line.").tag(sync=True)
    line4 = traitlets.Unicode(help="Id of the fourth line.").tag(sync=True)
    events = traitlets.List([None], help="What is drawn; null: the chosen.").tag(sync=True)
    scale = traitlets.Unicode("linear", help="Of the axis of values.").tag(sync=True)
    per = traitlets.Unicode("second", help="What counts are given per.").tag(sync=True)
    normalised = traitlets.Bool(help="Lines as shares of their greatest.").tag(sync=True)
    # from and to, in Unix seconds; empty while the newest are shown
    stretch: list[float] = traitlets.List(help="What is zoomed into.").tag(sync=True)  # type: ignore[assignment]
    held: list[float] = traitlets.List(help="What was frozen.").tag(sync=True)  # type: ignore[assignment]


class HistoryChart(Composite, ipywidgets.VBox):  # type: ignore[misc]
    """The rate of an event, or the value of a metric, over the last seconds; up to four of them.

    Drawn in the browser, so that it changes with the selector also while a cell runs. A line is
    broken where there was no count, or no value. Point at it to read values, drag to zoom into a
    stretch of time, in which all charts of the monitor follow; with the keyboard, arrow keys move
    the cursor, plus and minus zoom, Escape resets. Events of one unit share an axis; where units
    differ, each line is drawn as share of its own greatest value.

    Parameters
    ----------
    monitor
        What to show.
    event
        The event to draw, or the name of a metric; `None` follows the event selector and what is
        clicked in the counter grid and the metric panel.
    events
        Several of them, at most four, instead of `event`; `None` as the first follows the
        selector.
    scale
        ``"linear"`` or ``"log"``, on which a 0 is not drawn.
    per
        ``"second"`` of measured time, or ``"interval"``: the counts themselves.
    normalised
        Draw each line as share of its own greatest value, also where units are the same.
    tools
        Have the tools for all this above the chart; else they are where `tools` is put.
    height
        In pixels.

    Attributes
    ----------
    events, scale, per, normalised
        As above; a person changes them in the browser as well. The kernel may hear of it late.
    tools : ipywidgets.DOMWidget

    Raises
    ------
    ArgumentError
        If events, scale or `per` are none that can be drawn.
    """

    summary = "the history of an event"
    events: list[str | None] = traitlets.List([None], help="What is drawn, at most four.")  # type: ignore[assignment]
    scale: str = traitlets.Unicode("linear", help="linear or log.")  # type: ignore[assignment]
    per: str = traitlets.Unicode("second", help="second or interval.")  # type: ignore[assignment]
    normalised: bool = traitlets.Bool(help="Each line as share of its greatest.")  # type: ignore[assignment]

    def __init__(
        self,
        monitor: Monitor,
        event: str | None = None,
        *,
        events: Iterable[str | None] | None = None,
        scale: str = "linear",
        per: str = "second",
        normalised: bool = False,
        tools: bool = True,
        height: int = 240,
        **traits: Any,
    ) -> None:
        check_monitor(monitor)
        if event is not None and events is not None:
            raise ArgumentError(
                "Both `event` and `events` are given", "Give all of them as `events`."
            )
        lines = _events([event] if events is None else events)
        choices: dict[str, Any] = {
            "events": lines,
            "scale": _one_of("scale", scale, _SCALES),
            "per": _one_of("per", per, _PER),
            "normalised": bool(normalised),
        }
        named = [each for each in lines if each] or list(monitor.events[:1])
        drawn = Figure(
            _COLORS,
            title=named[0] if named else "",
            height=height,
            window=min(60.0, monitor.window),
        )
        self.figure = drawn.figure
        self.figure.add_class("pw-history")
        self.tools = self._driver = _HistoryDriver(monitor, **choices, **drawn.ids())
        super().__init__(
            monitor,
            parts=[self._driver, *drawn.parts()],
            children=[self.tools, self.figure] if tools else [self.figure],
            **choices,
            **traits,
        )
        for name in _CHOICES:
            traitlets.link((self, name), (self._driver, name))
        self.add_class("perfwidgets")

    @property
    def event(self) -> str | None:
        """The event or metric drawn first; `None` follows the selector."""
        return self.events[0]

    @event.setter
    def event(self, event: str | None) -> None:
        self.events = [event, *(each for each in self.events[1:] if each != event)]

    @traitlets.validate("events")
    def _check_events(self, proposal: Any) -> list[str | None]:
        return _events(proposal.value)

    @traitlets.validate("scale")
    def _check_scale(self, proposal: Any) -> str:
        return _one_of("scale", proposal.value, _SCALES)

    @traitlets.validate("per")
    def _check_per(self, proposal: Any) -> str:
        return _one_of("per", proposal.value, _PER)

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


def _events(given: Iterable[str | None]) -> list[str | None]:
    """Return names of what to draw, or say what is wrong with them."""
    if isinstance(given, str):
        raise ArgumentError(f"`events` is the text {given!r}", f"Give a list: [{given!r}].")
    events = list(given)
    for number, each in enumerate(events):
        if not (each and isinstance(each, str)) and (each is not None or number):
            raise ArgumentError(
                f"{each!r} is not the name of an event or metric",
                "Give names; the first may be None, which follows the selector.",
            )
    if not 1 <= len(events) <= len(_COLORS):
        raise ArgumentError(
            f"{len(events)} events cannot be drawn in one chart",
            f"Give 1 to {len(_COLORS)}; several charts can stand below each other.",
        )
    if len(set(events)) < len(events):
        twice = next(each for each in events if events.count(each) > 1)
        raise ArgumentError(f"{twice!r} is among the events twice", "Name each once.")
    return events


def _one_of(name: str, given: object, known: tuple[str, ...]) -> str:
    if given not in known:
        raise ArgumentError(
            f"{name} cannot be {given!r}", f"It is {' or '.join(map(repr, known))}."
        )
    return str(given)
