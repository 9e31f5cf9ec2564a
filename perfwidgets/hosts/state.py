"""How a host fares among several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from perfwidgets.errors import SourceError
from perfwidgets.samples import Sample, Status
from perfwidgets.supervisor import State

__all__ = ["Host", "HostState", "StateOfHost"]

StateOfHost = State | Literal["late", "gone", "recorded"]

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HostState:
    """How a host fares, and what it can count.

    Attributes
    ----------
    name
        As in the readings' parts.
    state
        As a monitor's; ``"starting"`` with an error waits to start again. ``"late"``: it counts,
        but its intervals come after they were delivered. ``"gone"``: its last worker has left.
        ``"recorded"``: it is played from a recording, which does not tell.
    error
        Why it does not count.
    counted, unsupported
        Events that its latest interval has a count of, and those that it cannot count.
    refused
        Events whose name its perf refused, with its words.
    version
        Its perf's version, once known.
    offset
        What its clock is ahead of ours, in seconds; 0 where its samples are stamped here.
    uncertainty
        By how much that may be off, in seconds; `None` where nothing was measured.
    lag
        How long after their ends its intervals come, in seconds, to 0.1 s; `None` before any.
    late
        How many of its intervals came after they were delivered, and are left out.
    missed
        How many were delivered without it, while it was to count.
    workers
        With Dask: addresses of its workers; the one that counts is the first.
    """

    name: str
    state: StateOfHost = "idle"
    error: SourceError | None = None
    counted: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    version: str | None = None
    offset: float = 0.0
    uncertainty: float | None = None
    lag: float | None = None
    late: int = 0
    missed: int = 0
    workers: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "name": self.name,
            "state": self.state,
            "error": self.error.reason if self.error is not None else None,
            "remedy": self.error.remedy if self.error is not None else None,
            "counted": list(self.counted),
            "unsupported": list(self.unsupported),
            "refused": dict(self.refused),
            "version": self.version,
            "offset": self.offset,
            "uncertainty": self.uncertainty,
            "lag": self.lag,
            "late": self.late,
            "missed": self.missed,
            "workers": list(self.workers),
        }


class Host:
    """A host as it is known by now; `state` gives a still picture of it."""

    def __init__(self, name: str) -> None:
        self._shown: HostState | None = None
        self._facts: dict[str, Any] = {"name": name}
        self._statuses: list[Status] = []

    def set(self, **facts: Any) -> bool:
        """Take over what is known now, by the names of `HostState`; whether any of it is news."""
        news = {key: fact for key, fact in facts.items() if self._facts.get(key, ...) != fact}
        if news:
            self._facts |= news
            self._shown = None
        return bool(news)

    def count_up(self, fact: str) -> bool:
        """One more of `late` or `missed`."""
        return self.set(**{fact: self._facts.get(fact, 0) + 1})

    def counts(self, sample: Sample) -> bool:
        """Take over which events a sample has a count of; whether these are others."""
        statuses = [reading.status for reading in sample.readings]
        if statuses == self._statuses:
            return False
        self._statuses = statuses
        return self.set(counted=sample.counted, unsupported=sample.unsupported)

    @property
    def state(self) -> HostState:
        """The host now."""
        if self._shown is None:
            self._shown = HostState(**self._facts)
        return self._shown
