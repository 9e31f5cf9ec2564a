"""Closing what comes with a widget."""

from __future__ import annotations

from collections.abc import Iterable

import ipywidgets
from ipywidgets.widgets import widget as _registry
from ipywidgets.widgets.widget_link import Link

__all__ = ["close_models_of", "leave_boxes", "leave_links"]


def leave_boxes(widget: ipywidgets.Widget) -> None:
    """Take `widget` out of every box that shows it.

    An open box that holds a closed widget would keep every widget of this kernel from coming back
    when the page is loaded again.
    """
    for other in list(_registry._instances.values()):
        if isinstance(other, ipywidgets.Box) and widget in other.children:
            other.children = tuple(child for child in other.children if child is not widget)


def leave_links(widgets: Iterable[ipywidgets.Widget]) -> None:
    """End every `jslink` and `jsdlink` with one of `widgets`, for the same reason."""
    ending = {id(widget) for widget in widgets}
    for other in list(_registry._instances.values()):
        if isinstance(other, Link) and ending & {id(other.source[0]), id(other.target[0])}:
            other.close()


def close_models_of(widget: ipywidgets.Widget) -> None:
    """Close the models that ipywidgets and bqplot have made for `widget` beside its own."""
    for name in ("layout", "style", "scale_x", "scale_y"):
        model = widget.trait_values().get(name) if widget.has_trait(name) else None
        if isinstance(model, ipywidgets.Widget):
            model.close()
