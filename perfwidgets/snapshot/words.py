"""Numbers and times as people read them; the same words as static/format.js has."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from perfwidgets.samples import Reading, Status

__all__ = ["clock", "full", "lasted", "listed", "percent", "seconds", "si", "state", "tick"]

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")
_SPACE = "\u202f"  # narrow and no-break: a number and its prefix stay together
_NONE = "–"
#: below half of the time a count is weak
_WEAK = 0.5
_NO_COUNT = {
    Status.NOT_COUNTED: ("○", "not counted"),
    Status.NOT_SUPPORTED: ("✕", "not supported"),
}


def si(value: float | None) -> str:
    """Three digits and an SI prefix: 3290000 as "3.29 M"; whole numbers below 1000 stay whole."""
    if value is None or not math.isfinite(value):
        return _NONE
    size, step = abs(value), 0
    while size >= 999.5 and step < len(_PREFIXES) - 1:
        size /= 1000
        step += 1
    digits = str(int(size)) if step == 0 and size == int(size) else _significant(size)
    return ("−" if value < 0 else "") + digits + (_SPACE + _PREFIXES[step] if step else "")


def _significant(size: float) -> str:
    if size >= 99.95:
        return f"{size:.0f}"
    if size >= 9.995:
        return f"{size:.1f}"
    if 0 < size < 0.005:
        return "<0.01"
    return "0" if size == 0 else f"{size:.2f}"


def full(value: float | None) -> str:
    """The number with all its digits: 3290012 as "3,290,012"."""
    if value is None or not math.isfinite(value):
        return _NONE
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def tick(value: float) -> str:
    """A round number at an axis: 250000 as "250 k", 0.05 as "0.05"."""
    if 0 < abs(value) < 0.1:
        return f"{value:.3g}".replace("-", "−")
    number, space, prefix = si(value).partition(_SPACE)
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return number + space + prefix


def percent(share: float) -> str:
    """The share of time that was counted, in whole percent; below 100 it never reads 100."""
    return f"{min(round(share * 100), 99) if share < 1 else 100}{_SPACE}%"


def seconds(value: float | None) -> str:
    """Seconds in words: 0.25 as "0.25 s", 300 as "5 min"."""
    if value is None or not math.isfinite(value):
        return _NONE
    for size, unit in ((3600, "h"), (60, "min")):
        if value >= size and value % size == 0:
            return f"{value / size:.0f} {unit}"
    rounded = float(f"{value:.4g}")
    return f"{int(rounded) if rounded == int(rounded) else rounded} s"


def lasted(value: float) -> str:
    """How long something took: "850 ms", "12.3 s", "5 min 3 s"."""
    if value < 1:
        return f"{float(f'{value * 1000:.2g}'):g} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes = int(value // 60)
    if minutes < 60:
        return f"{minutes} min {int(value % 60)} s"
    return f"{minutes // 60} h {minutes % 60} min"


def clock(timestamp: float) -> str:
    """A moment in Unix seconds, as UTC."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def state(reading: Reading | None) -> tuple[str, str]:
    """A sign and words for how well an event was counted."""
    if reading is None or reading.count is None:
        status = reading.status if reading is not None else Status.MISSING
        return _NO_COUNT.get(status, ("○", "no count"))
    if reading.running >= 1:
        return "●", "counted"
    if reading.running < _WEAK:
        return "◔", f"weak, {percent(reading.running)}"
    return "◐", f"scaled {percent(reading.running)}"


def listed(items: list[str], most: int) -> str:
    """The first items, and how many more there are."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more} more" if more > 0 else "")
