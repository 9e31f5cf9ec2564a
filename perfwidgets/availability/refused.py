"""Which event perf refused, as far as its words tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["refusal_words", "refused_event"]

_SHOWN = re.compile(r"event syntax error: '(?P<shown>.*)'\n(?P<indent> *)\\___ (?P<words>.*)")
_SHOWN_AT = len("event syntax error: '")
_NAMED = (
    re.compile(r"Unable to find (?:event|PMU or event) on a PMU of '([^']*)'"),
    re.compile(r"Cannot find PMU [`']([^']*)'"),
    re.compile(r"invalid or unsupported event: '([^',]*)'?"),
    re.compile(r"for event \(([^)]+)\)"),
    re.compile(
        r"(?<!No supported events found\.\n)^The (\S+) event is not supported", re.MULTILINE
    ),
)
_TRACEPOINT = re.compile(r"/events/([\w*?-]+)/([\w*?-]+)")


def refused_event(stderr: str, events: Sequence[str]) -> str | None:
    """Return which of `events` perf refused; `None` where that cannot be told."""
    candidates = [found[1] for pattern in _NAMED if (found := pattern.search(stderr))]
    candidates += [":".join(found) for found in _TRACEPOINT.findall(stderr)]
    candidates += _pointed_at(stderr)
    for text in candidates:
        fitting = _fitting(text, events)
        if fitting is not None:
            return fitting
    if len(events) == 1:
        return events[0]
    return candidates[0] if candidates and not events else None


def refusal_words(stderr: str) -> str:
    """Return perf's own words on it."""
    found = _SHOWN.search(stderr)
    return found["words"].strip() if found else ""


def _fitting(text: str, events: Sequence[str]) -> str | None:
    if text not in events:
        text = text.removesuffix(":u")
    if text in events:
        return text
    starting = [event for event in events if event.startswith((f"{text}/", f"{text}:"))]
    holding = starting or [event for event in events if text and text in event]
    return holding[0] if len(set(holding)) == 1 else None


def _pointed_at(stderr: str) -> list[str]:
    """The text between the commas around perf's pointer; perf shows long lists cut by ``..``."""
    found = _SHOWN.search(stderr)
    if found is None:
        return []
    shown, position = found["shown"], max(len(found["indent"]) - _SHOWN_AT, 0)
    start = shown.rfind(",", 0, position) + 1
    end = shown.find(",", position)
    item = shown[start : end if end >= 0 else None]
    return [item.removeprefix("..").removesuffix("..")]
