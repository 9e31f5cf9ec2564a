"""What is known of events, on its way to the browser."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

from perfwidgets.availability.host import Host
from perfwidgets.event_notes import about, vendor_of_model, vendor_told_by
from perfwidgets.events import takes_counter
from perfwidgets.perf_command import is_local
from perfwidgets.sources.perf_stat import PerfStat

__all__ = ["plain_about", "vendor_of"]


def vendor_of(source: object, events: Iterable[str] = ()) -> str | None:
    """Whose CPU is counted: this machine's, or what a recording tells; `None` if not known."""
    told = vendor_told_by(events)
    if told is not None:
        return told
    recording = getattr(source, "recording", None)
    if recording is not None:
        return vendor_of_model(recording.header.cpu)
    is_here = isinstance(source, PerfStat) and is_local(source.command)
    return _own_vendor() if is_here else None


@functools.cache
def _own_vendor() -> str | None:
    """/proc/cpuinfo is long where there are many cores, and does not change."""
    return Host.local().vendor


def plain_about(event: str, vendor: str | None) -> dict[str, Any]:
    """What is known of `event`, as plain values; without what there is nothing of.

    ``free`` are those that take no counter of a core.
    """
    known = about(event, vendor)
    plain: dict[str, Any] = {"help": known.help, "counts": known.unit}
    if not takes_counter(event):
        plain["free"] = True
    if known.aliases:
        plain["aliases"] = list(known.aliases)
    if known.notes:
        plain["notes"] = [[note.where, note.text, note.source] for note in known.notes]
    return plain
