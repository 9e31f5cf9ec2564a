"""What all our widgets have in common: a text form, a feed, an end without a trace."""

from __future__ import annotations

import html
import sys
from typing import Any, Self

import anywidget
import ipywidgets
import traitlets

from perfwidgets import lifetime
from perfwidgets.errors import ArgumentError
from perfwidgets.models.monitor import Monitor
from perfwidgets.widgets.closing import close_models_of, leave_boxes, leave_links
from perfwidgets.widgets.feed import Feed
from perfwidgets.widgets.scripts import view_script

__all__ = ["Composite", "Scripted"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_NEEDS_KERNEL = "It is live where its notebook runs; open the notebook and run its cells."


class _Shown:
    """A stable text form, so that stored outputs compare equal and can be read without a kernel."""

    #: what is shown, in a few words
    summary = ""
    monitor: Monitor

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.summary}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        text = repr(self)
        bundle: dict[str, Any] = {
            "text/plain": text,
            "text/html": f"<p><em>{html.escape(text)}. {_NEEDS_KERNEL}</em></p>",
        }
        model_id = getattr(self, "model_id", None)
        if model_id is not None:
            bundle[_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        return bundle


def check_monitor(monitor: object) -> Monitor:
    """Return `monitor`, or say what to give instead."""
    if not isinstance(monitor, Monitor):
        raise ArgumentError(
            f"{monitor!r} is not a monitor",
            "Give a Monitor, as in `CounterGrid(Monitor(PerfStat()))`.",
        )
    return monitor


class Scripted(_Shown, anywidget.AnyWidget):  # type: ignore[misc]
    """A widget drawn by a script of ours from the data of a feed.

    Subclasses give their `script_name`. Without a view of their own they drive widgets whose ids
    they hold as plain text: a reference would have to be closed in a certain order.
    """

    feed = traitlets.Unicode(help="The key of the feed to draw from.").tag(sync=True)
    #: whether its layout is the feed's own, of which there is one: no part of the public names is
    shares_layout = False
    # ipywidgets closes what it collects, also where the constructor has raised
    _feed: Feed | None = None
    _own_layout = False

    def __init_subclass__(cls, script_name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if script_name:
            kind = f"{cls.__module__}.{cls.__name__}"
            for name, value in {"_esm": view_script(script_name), "_anywidget_id": kind}.items():
                trait = traitlets.Unicode(value).tag(sync=True)
                setattr(cls, name, trait)
                trait.class_init(cls, name)

    def add_traits(self, **traits: Any) -> None:
        """Add those that the class lacks: with any more, anywidget makes a class for each widget."""
        lacking = {name: trait for name, trait in traits.items() if not self.has_trait(name)}
        if lacking:
            super().add_traits(**lacking)

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        self.monitor = check_monitor(monitor)
        self._feed = Feed.of(monitor)
        if self.shares_layout:
            traits.setdefault("layout", self._feed.layout)
        self._own_layout = "layout" not in traits
        super().__init__(feed=self._feed.key, **traits)
        lifetime.made_here(self)

    def close(self) -> None:
        """Take the widget away; the last of a monitor's widgets closes its feed."""
        if sys.is_finalizing():
            return
        leave_boxes(self)
        leave_links([self])
        super().close()
        if self._own_layout:
            close_models_of(self)
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.release()


class Composite(_Shown):
    """Mixed into a box of widgets that are closed with it."""

    monitor: Monitor
    # ipywidgets closes what it collects, also where the constructor has raised
    _parts: list[ipywidgets.Widget] = []  # noqa: RUF012
    _own_layout = False
    _closed = True

    def __init__(self, monitor: Monitor, *, parts: list[ipywidgets.Widget], **traits: Any) -> None:
        self.monitor = monitor
        self._parts = parts
        self._own_layout = "layout" not in traits
        self._closed = False
        super().__init__(**traits)
        lifetime.made_here(self)

    def close(self) -> None:
        """Take the widget and its parts away.

        The box goes first: an open widget that refers to a closed one would keep every widget of
        this kernel from coming back when the page is loaded again.
        """
        if self._closed or sys.is_finalizing():  # the interpreter ends: so do all comms
            return
        self._closed = True
        leave_boxes(self)
        leave_links([self, *self._parts])
        super().close()  # type: ignore[misc]
        parts, self._parts = self._parts, []
        for part in parts:
            part.close()
        for whole in (self, *parts) if self._own_layout else parts:
            if not getattr(whole, "shares_layout", False):  # the feed closes its own
                close_models_of(whole)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
