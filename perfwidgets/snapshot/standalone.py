"""A picture of its own: an SVG file, without script, legible on any background."""

from __future__ import annotations

import textwrap

from perfwidgets.snapshot.captured import Captured
from perfwidgets.snapshot.fragment import as_text, headline, plots
from perfwidgets.snapshot.markup import Markup, tag
from perfwidgets.snapshot.plot import FONT

__all__ = ["as_svg"]

_WIDTH = 640
_LINE = 16
_EDGE = 8
#: characters of a line of text
_LONGEST = 88


def as_svg(captured: Captured, parts: tuple[str, ...]) -> str:
    """Return an SVG document: the plots, or in words what there was where there are none."""
    drawn = plots(captured, parts)
    text = as_text(captured, parts)
    said = text.splitlines()
    inner: list[Markup] = []
    y = _EDGE + 4
    for place, line in enumerate(said[:2] if drawn else said):
        for part in textwrap.wrap(line, _LONGEST, subsequent_indent="    "):
            y += _LINE
            inner.append(_text(part, y, bold=place == 0))
    y += _EDGE
    for plot in drawn.values():
        inner.append(tag("g", plot.content(), transform=f"translate({_EDGE} {y})"))
        y += plot.height + _EDGE
    picture = tag(
        "svg",
        tag("title", headline(captured)),
        tag("desc", text),
        # paper of its own: whoever shows the file need not have any
        tag("rect", width="100%", height="100%", fill="#fff"),
        *inner,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH + 2 * _EDGE} {y + _EDGE}",
        width=_WIDTH + 2 * _EDGE,
        height=y + _EDGE,
        color="#1f2328",
        font_family=FONT,
        font_size=12,
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{picture}\n'


def _text(line: str, y: float, *, bold: bool) -> Markup:
    weight = "600" if bold else None
    return tag("text", line, x=_EDGE + 2, y=y, fill="currentColor", font_weight=weight)
