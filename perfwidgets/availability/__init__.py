"""What a machine can count, and why not: found by counting, not by looking at a list.

`check` runs the very command that the live source runs, for one interval of 0.1 s: all events at
once, then again those that left doubts. It uses the plain modules only; a source takes its
explanations (`explain_failure`, `explain_spawn_error`) from here.
"""

from __future__ import annotations

from perfwidgets.availability.checking import check
from perfwidgets.availability.explain import explain_failure, explain_spawn_error
from perfwidgets.availability.failure import Cause
from perfwidgets.availability.host import Host, hardware_absent_reason
from perfwidgets.availability.results import Availability, EventAvailability

__all__ = [
    "Availability",
    "Cause",
    "EventAvailability",
    "Host",
    "check",
    "explain_failure",
    "explain_spawn_error",
    "hardware_absent_reason",
]
