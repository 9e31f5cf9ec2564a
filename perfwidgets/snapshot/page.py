"""A page of its own: the picture, and a script that lets a reader choose, hover and zoom."""

from __future__ import annotations

from pathlib import Path

from perfwidgets.snapshot.captured import Captured
from perfwidgets.snapshot.fragment import as_html, headline, plots
from perfwidgets.snapshot.markup import Markup, join, tag
from perfwidgets.snapshot.packed import packed
from perfwidgets.widgets.scripts import script

__all__ = ["DATA_ID", "as_page"]

DATA_ID = "perfwidgets-data"
_STYLE = Path(__file__).parents[1] / "widgets" / "static" / "offline.css"
#: nothing is asked of any network, whatever the page holds
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def as_page(captured: Captured, parts: tuple[str, ...]) -> str:
    """Return an HTML document that needs no other file, no network and no kernel."""
    drawn = plots(captured, parts)
    data, left_out = packed(captured, drawn) if drawn else ("", [])
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("title", headline(captured)),
        Markup(f"<style>{_STYLE.read_text('utf-8')}</style>"),
    )
    # the data are escaped, and the script is our own
    scripts = [
        Markup(f'<script type="application/json" id="{DATA_ID}">{data}</script>'),
        Markup(f'<script type="module">\n{script("offline")}</script>'),
    ]
    body = tag(
        "body",
        tag(
            "main",
            as_html(captured, parts),
            *(tag("p", line, class_="pw-note") for line in left_out),
        ),
        *(scripts if drawn else []),
    )
    document = tag("html", head, body, lang="en")
    return f"<!doctype html>\n{join(document)}\n"
