"""Closing what comes with a widget."""

from __future__ import annotations

import ipywidgets

__all__ = ["close_models_of"]


def close_models_of(widget: ipywidgets.Widget) -> None:
    """Close the models that ipywidgets and bqplot have made for `widget` beside its own."""
    for name in ("layout", "style", "scale_x", "scale_y"):
        model = widget.trait_values().get(name) if widget.has_trait(name) else None
        if isinstance(model, ipywidgets.Widget):
            model.close()
