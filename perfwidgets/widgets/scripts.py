"""The ES modules of `static/` as one text for each widget, since anywidget takes one."""

from __future__ import annotations

import functools
import re
from pathlib import Path

__all__ = ["script", "style"]

_STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<module>\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)


@functools.cache
def script(entry: str) -> str:
    """Return module `entry` with all that it imports before it, as one module.

    The modules share one scope, so no two of them may declare the same name; a test holds that.
    """
    parts: dict[str, str] = {}
    _collect(entry, parts)
    return "".join(parts.values())


def _collect(module: str, parts: dict[str, str]) -> None:
    text = (_STATIC / f"{module}.js").read_text("utf-8")
    for match in _IMPORT.finditer(text):
        if match["module"] not in parts:
            _collect(match["module"], parts)
    parts[module] = _EXPORT.sub("", _IMPORT.sub("", text))


#: of the live widgets; `style.css` first, since the others build on it
_SHEETS = ("style.css", "explore.css", "strip.css", "selector.css", "hosts.css", "access.css")


@functools.cache
def style() -> str:
    """Return the style sheets of all widgets as one."""
    return "\n".join((_STATIC / name).read_text("utf-8") for name in _SHEETS)
