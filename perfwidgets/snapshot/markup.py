"""Elements of HTML and SVG, in which data never becomes markup."""

from __future__ import annotations

import re
from html import escape

__all__ = ["Markup", "clean", "join", "tag"]

#: what no XML may hold, not even escaped; lone surrogates cannot be written as UTF-8 at all
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EMPTY = frozenset({"path", "rect", "line", "meta"})


class Markup(str):
    """Text that is markup already, made by `tag` alone."""

    __slots__ = ()


def clean(text: str) -> str:
    """Return `text` with what XML cannot hold replaced."""
    return _FORBIDDEN.sub("\ufffd", text)


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """Return an element.

    Parameters
    ----------
    name
        Its name.
    *children
        Elements (`Markup`), and texts, which are escaped.
    **attributes
        Underscores stand for hyphens, and one at the end for nothing; `None` leaves one out.
    """
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Markup(f"<{name}{words}/>")
    return Markup(f"<{name}{words}>{join(*children)}</{name}>")


def join(*children: str) -> Markup:
    """Return elements and texts one after the other."""
    return Markup("".join(c if isinstance(c, Markup) else escape(clean(c)) for c in children))
