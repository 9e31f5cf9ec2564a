"""What a counter is called in OpenMetrics: its name, its base unit and its help text."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from perfwidgets.events import lookup

__all__ = ["Family", "cpu_label", "family_of", "label_value"]

#: perf's unit -> the base unit that Prometheus asks for, and how many of them it is
_UNITS: Final = MappingProxyType(
    {
        "ns": ("seconds", 1e-9),
        "nsec": ("seconds", 1e-9),
        "us": ("seconds", 1e-6),
        "usec": ("seconds", 1e-6),
        "ms": ("seconds", 1e-3),
        "msec": ("seconds", 1e-3),
        "s": ("seconds", 1),
        "sec": ("seconds", 1),
        "j": ("joules", 1),
        "joules": ("joules", 1),
        "b": ("bytes", 1),
        "bytes": ("bytes", 1),
        "kb": ("bytes", 2**10),
        "kib": ("bytes", 2**10),
        "mb": ("bytes", 2**20),
        "mib": ("bytes", 2**20),
        "gib": ("bytes", 2**30),
    }
)
#: what is read off at the end of an interval rather than counted in it: adding up means nothing
_LEVELS: Final = frozenset({"%", "c", "'c", "°c", "rpm", "v", "a", "w", "hz"})
_MEMORY: Final = MappingProxyType(
    {
        "pgpgin": "Read from disks, as /proc/vmstat has it: paging, not memory bandwidth.",
        "pgpgout": "Written to disks, as /proc/vmstat has it: paging, not memory bandwidth.",
        "pswpin": "Swapped in.",
        "pswpout": "Swapped out.",
        "pgfault": "Page faults, minor and major.",
        "pgmajfault": "Page faults that waited for a disk.",
    }
)
_SCALED: Final = (
    "What perf extrapolated is included: see perfwidgets_event_running_ratio. "
    "What happened while nothing counted is not: see perfwidgets_gaps_total."
)
_NO_NAME: Final = re.compile(r"[^a-z0-9]+")
_SUFFIXES: Final = re.compile(r"(?:(?:^|_)(?:total|created))+$")
_CPU: Final = re.compile(r"CPU([0-9]+)")
#: characters of a name, and of a label's value, that are kept
_MOST_NAME, _MOST_VALUE = 200, 1000


@dataclass(frozen=True, slots=True)
class Family:
    """How the totals of an event are called.

    Attributes
    ----------
    name
        Without the suffix ``_total``: ``perf_cpu_clock_seconds``.
    unit
        The base unit that ends it; empty for a plain number.
    scale
        How many of them perf's (or /proc/vmstat's) unit is.
    help
        What is counted, and what the total holds.
    """

    name: str
    unit: str
    scale: float
    help: str


@functools.lru_cache(maxsize=4096)
def family_of(event: str, unit: str | None, *, of_memory: bool = False) -> Family | None:
    """Return what the totals of an event are called; `None` for what cannot be added up.

    Parameters
    ----------
    event, unit
        As a `Reading` has them.
    of_memory
        Whether it is a field of /proc/vmstat.
    """
    plain = (unit or "").strip().lower()
    if plain in _LEVELS:
        return None
    base, scale = _UNITS.get(plain, (_bare(plain), 1))
    prefix = "vmstat" if of_memory else "perf"
    # in lower case throughout: promtool takes dTLB for camel case
    name = f"{prefix}_{_bare(event) or 'event'}"
    if base and not name.endswith(f"_{base}"):
        name = f"{name}_{base}"
    if of_memory:
        return Family(name, base, scale, _MEMORY.get(event, "A field of /proc/vmstat."))
    return Family(name, base, scale, f"{lookup(event).help} {_SCALED}")


def _bare(text: str) -> str:
    """In snake case, without what OpenMetrics itself adds to a counter's name."""
    return _SUFFIXES.sub("", _NO_NAME.sub("_", text[:_MOST_NAME].lower()).strip("_"))


def cpu_label(part: str) -> str:
    """The label's value for a part: ``3`` for ``CPU3``, as other exporters have it."""
    match = _CPU.fullmatch(part)
    return match[1] if match else label_value(part)


def label_value(text: str) -> str:
    """A text that every scraper can read: what is no UTF-8 is told by its number."""
    return text[:_MOST_VALUE].encode("utf-8", "backslashreplace").decode()
