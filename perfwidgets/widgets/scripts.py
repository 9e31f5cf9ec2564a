"""The ES modules of `static/` as the texts that anywidget takes.

Each widget has a text of its own, and a dashboard some twenty widgets: so the feed's text brings
the modules of all, once, and the others' texts only wait for it in the page.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path

__all__ = ["feed_script", "script", "style", "view_script"]

_STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import (?P<names>\{[^}]*\}) from "\./(?P<module>\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?P<what>(?:async )?(?:function\*?|class|const) (?P<name>\w+))", re.MULTILINE
)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


@functools.cache
def script(entry: str) -> str:
    """Return module `entry` with all that it imports before it, as one text."""
    parts: dict[str, str] = {}
    _collect(entry, parts)
    return "".join(parts.values())


@functools.cache
def view_script(entry: str) -> str:
    """Return the module of a view: it waits until a feed has brought what `entry` is."""
    version, _ = _all_scripts()
    return f'{_plain("shared_scripts")}export default () => widgetOf("{version}", "{entry}");\n'


@functools.cache
def feed_script() -> str:
    """Return the module of a feed, with those of all views."""
    version, text = _all_scripts()
    bring = f'const scripts = bringScripts("{version}", () => {{\n{text}}});\n'
    return f"{_plain('shared_scripts')}{bring}export default () => scripts.feed();\n"


@functools.cache
def _all_scripts() -> tuple[str, str]:
    """What tells the scripts of this release from any other, and their text."""
    parts: dict[str, str] = {}
    entries = [path.stem for path in sorted(_STATIC.glob("*.js")) if _is_entry(path)]
    for entry in entries:
        _collect(entry, parts)
    made = ", ".join(f"{entry}: {_of(entry)}.$start" for entry in entries)
    text = "".join(parts.values()) + f"return {{ {made} }};\n"
    return hashlib.sha256(text.encode()).hexdigest()[:16], text


def _is_entry(path: Path) -> bool:
    return _DEFAULT.search(path.read_text("utf-8")) is not None


def _collect(module: str, parts: dict[str, str]) -> None:
    """Add a module as a function that is called, after those that it imports."""
    text = (_STATIC / f"{module}.js").read_text("utf-8")
    for match in _IMPORT.finditer(text):
        if match["module"] not in parts:
            _collect(match["module"], parts)
    names = [match["name"] for match in _EXPORT.finditer(text)]
    text = _IMPORT.sub(lambda match: f"const {match['names']} = {_of(match['module'])};\n", text)
    text, defaults = _DEFAULT.subn("const $start = ", _EXPORT.sub(r"\g<what>", text))
    shown = ", ".join([*names, "$start"] if defaults else names)
    parts[module] = f"const {_of(module)} = (() => {{\n{text}return {{ {shown} }};\n}})();\n"


def _of(module: str) -> str:
    """The name of what a module exports."""
    return f"${module}"


def _plain(module: str) -> str:
    """A module that imports nothing, to be followed by what uses it."""
    return _EXPORT.sub(r"\g<what>", (_STATIC / f"{module}.js").read_text("utf-8"))


#: of the live widgets; `style.css` first, since the others build on it
_SHEETS = ("style.css", "explore.css", "strip.css", "selector.css", "hosts.css", "access.css")


@functools.cache
def style() -> str:
    """Return the style sheets of all widgets as one."""
    return "\n".join((_STATIC / name).read_text("utf-8") for name in _SHEETS)
