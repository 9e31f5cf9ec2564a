"""A bqplot figure that a script of ours draws."""

from __future__ import annotations

from typing import Any

import bqplot
import ipywidgets
import traitlets

from perfwidgets.widgets.view import Scripted

__all__ = ["ChartDriver", "Figure"]

_MARGIN = {"top": 26, "bottom": 26, "left": 46, "right": 18}


class ChartDriver(Scripted):
    """Holds the ids of the models that its script draws."""

    figure = traitlets.Unicode(help="Id of the figure.").tag(sync=True)
    x = traitlets.Unicode(help="Id of the scale of time.").tag(sync=True)
    y = traitlets.Unicode(help="Id of the scale of values.").tag(sync=True)
    xaxis = traitlets.Unicode(help="Id of the axis of time.").tag(sync=True)
    yaxis = traitlets.Unicode(help="Id of the axis of values.").tag(sync=True)


class Figure:
    """The models of one figure: scales, axes, lines.

    Attributes
    ----------
    figure : bqplot.Figure
    lines : dict of str to bqplot.Lines
    """

    def __init__(self, colors: dict[str, str], *, title: str, height: int, window: float) -> None:
        # an explicit relative scale: only points are sent to be drawn, never the domain
        self.x = bqplot.LinearScale(min=-window, max=0)
        self.y = bqplot.LinearScale(min=0, max=1)
        self.xaxis = bqplot.Axis(scale=self.x, grid_lines="none", tick_format=".0f", num_ticks=5)
        self.yaxis = bqplot.Axis(
            scale=self.y,
            side="left",
            tick_format=".3~s",
            num_ticks=5,
        )
        scales = {"x": self.x, "y": self.y}
        self.lines = {
            # one point outside of the picture: bqplot's SVG is broken by a line of none
            name: bqplot.Lines(
                x=[-2 * window], y=[0], scales=scales, colors=[color], stroke_width=1.5
            )
            for name, color in colors.items()
        }
        self.figure = bqplot.Figure(
            marks=list(self.lines.values()),
            axes=[self.xaxis, self.yaxis],
            title=title,
            fig_margin=dict(_MARGIN),
            animation_duration=0,
            display_toolbar=False,  # it would lie over the newest seconds
            # of marks without scales of their own: there are none, and no models are made for them
            scale_x=self.x,
            scale_y=self.y,
            padding_x=0,
            padding_y=0,
            layout=ipywidgets.Layout(height=f"{height}px", width="auto", min_width="200px"),
        )
        self.figure.add_class("pw-chart")

    def ids(self) -> dict[str, str]:
        """Return the ids that a driver holds."""
        models: dict[str, Any] = {
            "figure": self.figure,
            "x": self.x,
            "y": self.y,
            "xaxis": self.xaxis,
            "yaxis": self.yaxis,
            **self.lines,
        }
        return {name: model.model_id for name, model in models.items()}

    def parts(self) -> list[ipywidgets.Widget]:
        """Return all models in the order in which they may be closed."""
        inner = [self.xaxis, self.yaxis, *self.lines.values(), self.x, self.y]
        return [self.figure, *inner]
