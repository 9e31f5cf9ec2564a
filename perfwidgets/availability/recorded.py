"""What could be counted where a recording was made."""

from __future__ import annotations

from itertools import islice
from types import MappingProxyType

from perfwidgets.availability.failure import Cause
from perfwidgets.availability.results import Availability, EventAvailability
from perfwidgets.events import aliases
from perfwidgets.perf_intervals import answers
from perfwidgets.recording.recording import Recording
from perfwidgets.samples import Status

__all__ = ["as_recorded"]

#: so many samples are looked at
_FIRST = 40
_CAUSES = {
    Status.NOT_SUPPORTED: (Cause.NOT_SUPPORTED, "not supported where it was recorded"),
    Status.NOT_COUNTED: (Cause.NO_COUNTER, "never on a counter where it was recorded"),
    Status.MISSING: (Cause.NOT_SUPPORTED, "not recorded"),
}


def as_recorded(
    recording: Recording, events: tuple[str, ...], command: tuple[str, ...]
) -> Availability:
    """Judge events by the first samples of a recording."""
    best: dict[str, Status] = {}
    for sample in islice(recording.samples, _FIRST):
        for reading in sample:
            for name in (reading.event, *answers(reading.event), *aliases(reading.event)):
                if best.get(name) is not Status.COUNTED:
                    best[name] = reading.status
    judged = {event: _judged(event, best.get(event, Status.MISSING)) for event in events}
    countable = any(event.countable for event in judged.values())
    return Availability(
        events=MappingProxyType(judged),
        reason="" if countable else f"{recording.path.name!r} holds no counts of these events",
        remedy="" if countable else "Record a machine that counts them.",
        perf_version=recording.header.perf_version,
        command=command,
    )


def _judged(event: str, status: Status) -> EventAvailability:
    if status is Status.COUNTED:
        return EventAvailability(event, True, Cause.COUNTABLE)
    cause, reason = _CAUSES[status]
    return EventAvailability(event, False, cause, reason)
