"""The hosts of a recording that is played."""

from __future__ import annotations

from collections.abc import Sequence

from perfwidgets.hosts.state import HostState
from perfwidgets.samples import Sample, Status

__all__ = ["recorded_hosts"]


def recorded_hosts(
    names: Sequence[str], sample: Sample | None, known: dict[str, HostState] | None
) -> dict[str, HostState]:
    """Return each host and which events are counted on it now; `known` where nothing is other.

    Parameters
    ----------
    names
        Those that the recording began with; others may join.
    sample
        The latest that was played.
    known
        What was returned last.
    """
    labels = sample.labels if sample is not None else ()
    hosts = {name: _state(name, sample) for name in dict.fromkeys((*names, *labels))}
    return known if known == hosts else hosts


def _state(name: str, sample: Sample | None) -> HostState:
    parts = [(r.event, r.parts.get(name)) for r in sample] if sample is not None else []

    def those(status: Status) -> tuple[str, ...]:
        found = [event for event, part in parts if part is not None and part.status is status]
        return tuple(dict.fromkeys(found))

    return HostState(
        name,
        "recorded",
        counted=those(Status.COUNTED),
        unsupported=those(Status.NOT_SUPPORTED),
    )
