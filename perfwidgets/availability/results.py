"""What `check` found out: for each event, and for the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from perfwidgets.availability import table
from perfwidgets.availability.failure import Cause

__all__ = ["Availability", "EventAvailability"]


@dataclass(frozen=True, slots=True)
class EventAvailability:
    """Whether one event can be counted, and why not.

    Attributes
    ----------
    event
        The name that was asked for.
    countable
        Whether it was counted, system-wide, a moment ago.
    cause
        Why, in a word.
    reason, remedy
        Why, in a sentence, and what to do about it; empty where there is nothing to say.
    own_processes
        Whether it can be counted for processes of this user, if not system-wide.
    user_mode_only
        Whether perf leaves the kernel's share out (it adds ``:u`` for users without rights).
    """

    event: str
    countable: bool
    cause: Cause
    reason: str = ""
    remedy: str = ""
    own_processes: bool = False
    user_mode_only: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "countable": self.countable,
            "cause": self.cause.value,
            "reason": self.reason,
            "remedy": self.remedy,
            "own_processes": self.own_processes,
            "user_mode_only": self.user_mode_only,
        }


@dataclass(frozen=True, repr=False)
class Availability:
    """What can be counted where a command runs perf; a table when displayed.

    Attributes
    ----------
    events
        Each event that was asked for, and how it fared.
    reason, remedy
        Why perf cannot run there, or counts nothing, and what to do about it; else empty.
    perf_version
        As ``perf --version`` has it, such as ``6.1.192``; `None` if it was not told.
    counters
        How many programmable counters were free; at most 20 are told apart. `None` without a PMU.
    command
        The command that was asked.
    """

    events: Mapping[str, EventAvailability]
    reason: str = ""
    remedy: str = ""
    perf_version: str | None = None
    counters: int | None = None
    command: tuple[str, ...] = ("perf",)

    @property
    def available(self) -> bool:
        """Whether at least one event can be counted."""
        return bool(self.countable)

    @property
    def countable(self) -> tuple[str, ...]:
        """The events that can be counted."""
        return tuple(name for name, event in self.events.items() if event.countable)

    def __getitem__(self, event: str) -> EventAvailability:
        return self.events[event]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "available": self.available,
            "reason": self.reason,
            "remedy": self.remedy,
            "command": list(self.command),
            "perf_version": self.perf_version,
            "counters": self.counters,
            "events": {name: event.to_dict() for name, event in self.events.items()},
        }

    def __repr__(self) -> str:
        return table.as_text(self)

    def _repr_html_(self) -> str:
        return table.as_html(self)
