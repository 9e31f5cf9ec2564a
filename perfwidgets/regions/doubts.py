"""What speaks against a region's counts, and why some events have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from perfwidgets.availability.counting import Outcome
from perfwidgets.availability.host import Host
from perfwidgets.availability.judging import has_pmu, judge
from perfwidgets.samples import Status

if TYPE_CHECKING:
    from perfwidgets.regions.result import RegionResult
    from perfwidgets.samples import Reading

__all__ = ["doubt", "near_cost", "reasons", "uncounted"]

#: a region that takes less than so many empty ones is too short
_LONG_ENOUGH: Final = 10
#: a count that is less than so many of an empty region's does not stand well above them
_WELL_ABOVE: Final = 3

_NOT_COUNTED: Final = {
    Status.NOT_COUNTED: "no counter was free while it ran: it was short, or the events are many",
    Status.MISSING: "perf printed nothing for it",
}


def doubt(result: RegionResult) -> str:
    """Return why the counts of a region are not to be trusted; empty where they may be."""
    if not result.available or result.cost is None:
        return ""
    taken, empty = result.duration, result.cost.duration
    if taken is not None and empty is not None and taken < _LONG_ENOUGH * empty:
        return (
            "too short to trust: it took hardly longer than an empty region "
            f"({1e6 * taken:.3g} and {1e6 * empty:.3g} µs). Repeat the work inside the region"
        )
    near = near_cost(result)
    costly = [r for r in result.readings if r.count is not None and result.cost_of(r.event)]
    if near and len(near) == len(costly):
        return (
            f"too little to trust: {', '.join(near)} are not well above what an empty region "
            "counts. Repeat the work inside the region"
        )
    return ""


def near_cost(result: RegionResult) -> list[str]:
    """Return the events whose count does not stand well above that of an empty region."""
    return [
        reading.event
        for reading in result.readings
        if reading.count is not None
        and (cost := result.cost_of(reading.event))
        and reading.count < _WELL_ABOVE * cost
    ]


def uncounted(result: RegionResult) -> dict[tuple[str, str], list[str]]:
    """Return the events without a count, gathered by their status in words and the reason."""
    host: Host | None = None
    groups: dict[tuple[str, str], list[str]] = {}
    for reading in result.readings:
        if reading.count is None:
            host = host or Host.local()
            key = (reading.status.value, _why(reading, result, host))
            groups.setdefault(key, []).append(reading.event)
    return groups


def reasons(result: RegionResult) -> dict[str, str]:
    """Return for each event without a count why it has none, as plain text."""
    groups = uncounted(result)
    return {event: why for (_, why), events in groups.items() for event in events}


def _why(reading: Reading, result: RegionResult, host: Host) -> str:
    if result._reasons is not None:
        return result._reasons.get(reading.event, "")
    if reading.event in result.refused:
        words = result.refused[reading.event]
        return "perf does not know it" + (f" ({words})" if words else "")
    if reading.status in _NOT_COUNTED:
        return _NOT_COUNTED[reading.status]
    return judge(reading.event, Outcome(), host, has_pmu(host, {})).reason
