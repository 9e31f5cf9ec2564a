"""A line plot as SVG: axes with round ticks, gaps, executed cells and marks. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perfwidgets.models.cells import Cell
from perfwidgets.models.marks import Mark
from perfwidgets.snapshot.markup import Markup, join, tag
from perfwidgets.snapshot.scales import round_up, time_ticks, value_ticks
from perfwidgets.snapshot.series import Series
from perfwidgets.snapshot.words import lasted, tick

__all__ = ["BLUE", "FONT", "Line", "Plot", "cell_name", "cell_words", "path", "stroke"]

#: colours with a contrast of at least 3 on white and on black alike; text has the page's own
BLUE = "#1f84c7"
_BAND, _BAD = "#0b69c7", "#d0453b"
FONT = "system-ui, sans-serif"

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 40, 24
_SIZE = 12
_CHARACTER = 6.0
#: bands and marks in one picture
_MOST_BANDS = 200
#: the room that a mark's label needs at least
_ROOM = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """A series with the look of its line; `dash` as in SVG, such as ``5 2``."""

    series: Series
    color: str = BLUE
    dash: str | None = None


@dataclass(frozen=True)
class Plot:
    """What one picture shows.

    Attributes
    ----------
    title
        Above it.
    note
        Beside the title, such as how much was counted.
    description
        All of it in words, for those who do not see it.
    lines, cells, marks
        What is drawn.
    span
        The moments at its left and its right.
    width, height
        In pixels, before a page scales it.
    """

    title: str
    note: str
    description: str
    lines: Sequence[Line]
    span: tuple[float, float]
    cells: Sequence[Cell] = ()
    marks: Sequence[Mark] = ()
    width: int = 640
    height: int = 220

    def svg(self, **attributes: str | float | None) -> Markup:
        """Return the picture as an element, with more attributes."""
        return tag(
            "svg",
            tag("title", self.title),
            tag("desc", self.description),
            self.content(),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {self.width} {self.height}",
            width=self.width,
            height=self.height,
            role="img",
            aria_label=f"{self.title}. {self.description}",
            font_family=FONT,
            font_size=_SIZE,
            **attributes,
        )

    def content(self) -> Markup:
        """Return what is in the picture."""
        return join(
            _text(self.title, 2, 14, font_weight="600"),
            _text(self.note, 2, 30, font_size=11),
            *self._value_axis(),
            *self._time_axis(),
            *self._bands(),
            *(self._line(line) for line in self.lines),
            *self._marks(),
        )

    @cached_property
    def _ends(self) -> tuple[float, float]:
        """The least and the greatest value at the axis."""
        known = [line.series.known for line in self.lines if line.series.known.size]
        least = min((float(values.min()) for values in known), default=0.0)
        greatest = max((float(values.max()) for values in known), default=0.0)
        return (-round_up(-least) if least < 0 else 0.0), round_up(greatest)

    def _x(self, time: float) -> float:
        start, end = self.span
        inside = self.width - _LEFT - _RIGHT
        return _LEFT + inside * min(max((time - start) / (end - start), 0.0), 1.0)

    def _y(self, value: float) -> float:
        bottom, top = self._ends
        return _TOP + (self.height - _TOP - _BOTTOM) * (top - value) / (top - bottom)

    def _value_axis(self) -> Iterator[Markup]:
        for value in value_ticks(*self._ends):
            y = round(self._y(value), 1)
            yield _rule(_LEFT, y, self.width - _RIGHT, y, stroke_opacity=0.18 if value else 0.6)
            yield _text(tick(value), _LEFT - 6, y + 4, text_anchor="end")

    def _time_axis(self) -> Iterator[Markup]:
        start, end = self.span
        bottom = self.height - _BOTTOM
        for time, words in time_ticks(start, end) if end > start else ():
            x = round(self._x(time), 1)
            yield _rule(x, bottom, x, bottom + 4, stroke_opacity=0.6)
            anchor = "end" if x > self.width - 30 else "middle"
            yield _text(words, x, bottom + 17, text_anchor=anchor)

    def _line(self, line: Line) -> Markup:
        series = line.series.thinned(self.width - _LEFT - _RIGHT)
        x = [self._x(time) for time in series.times.tolist()]
        y = [self._y(value) for value in series.values.tolist()]
        return stroke(path(x, y), line.color, 1.5, stroke_dasharray=line.dash)

    def _bands(self) -> Iterator[Markup]:
        start, end = self.span
        inside = [c for c in self.cells if (c.ended or math.inf) >= start and c.began <= end]
        labelled = -math.inf  # where the last label ends
        for cell in inside[-_MOST_BANDS:]:
            left, right = self._x(cell.began), self._x(math.inf if not cell.ended else cell.ended)
            label = ("✕ " if cell.error else "") + cell_name(cell).replace("In ", "")
            needed = len(label) * _CHARACTER + 4
            fits = right - left >= needed and left >= labelled
            if fits:
                labelled = left + needed
            words = [_text(label, left + 3, _TOP + 10, font_size=10)] if fits else []
            band = self._band(cell, left, right)
            yield tag("g", tag("title", cell_words(cell)), band, *words)

    def _band(self, cell: Cell, left: float, right: float) -> Markup:
        shade = 0.18 if cell.number % 2 else 0.12
        return tag(
            "rect",
            x=round(left, 1),
            y=_TOP,
            width=round(max(2.0, right - left), 1),
            height=self.height - _TOP - _BOTTOM,
            fill=_BAD if cell.error else _BAND,
            fill_opacity=shade,
            # a failed cell is outlined: colour never speaks alone
            stroke=_BAD if cell.error else None,
            stroke_dasharray="4 2" if cell.error else None,
        )

    def _marks(self) -> Iterator[Markup]:
        start, end = self.span
        inside = [mark for mark in self.marks if start <= mark.time <= end][-_MOST_BANDS:]
        limits = [*(self._x(mark.time) for mark in inside[1:]), float(self.width)]
        for mark, limit in zip(inside, limits, strict=False):
            x = round(self._x(mark.time), 1)
            line = _rule(x, _TOP, x, self.height - _BOTTOM, stroke_dasharray="3 3")
            fitting = int((limit - x - 5) / _CHARACTER)
            label = mark.label if len(mark.label) <= fitting else mark.label[: fitting - 1] + "…"
            text = [_text(label, x + 3, _TOP + 22, font_size=10)] if limit - x >= _ROOM else []
            yield tag("g", tag("title", mark.label), line, *text)


def _text(text: str, x: float, y: float, **look: str | float) -> Markup:
    return tag("text", text, x=round(x, 1), y=round(y, 1), fill="currentColor", **look)


def _rule(x1: float, y1: float, x2: float, y2: float, **look: str | float) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="currentColor", **look)


def stroke(data: str, color: str, width: float, **look: str | None) -> Markup:
    """Return a line through the points of a path's data."""
    return tag(
        "path",
        d=data,
        fill="none",
        stroke=color,
        stroke_width=width,
        stroke_linejoin="round",
        stroke_linecap="round",
        **look,
    )


def path(x: Sequence[float], y: Sequence[float]) -> str:
    """Return the data of an SVG path through points; it is broken where `y` is no number."""
    words: list[str] = []
    known = np.isfinite(y).tolist()
    for place, (across, up) in enumerate(zip(x, y, strict=True)):
        if not known[place]:
            continue
        follows = place > 0 and known[place - 1]
        words.append(f"{'L' if follows else 'M'}{across:.1f} {up:.1f}")
        if not follows and not (place + 1 < len(known) and known[place + 1]):
            words.append("h0")  # a value between two gaps: a dot
    return "".join(words)


def cell_name(cell: Cell) -> str:
    """What a cell is called: "In [5]", or "a cell" where it has no number."""
    return "a cell" if cell.execution_count is None else f"In [{cell.execution_count}]"


def cell_words(cell: Cell) -> str:
    """A cell in words: name, code, how long, how it ended."""
    end = f"{lasted(cell.duration)}" if cell.ended is not None else "still running"
    failed = f", failed: {cell.error}" if cell.error else ""
    return f"{cell_name(cell)}: {cell.code}, {end}{failed}"
