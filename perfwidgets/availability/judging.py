"""From how an event fared to a verdict on it: the cause, in words, and the remedy."""

from __future__ import annotations

from collections.abc import Mapping

from perfwidgets.availability.counting import Outcome, Refusal, user_mode_added
from perfwidgets.availability.failure import Cause
from perfwidgets.availability.hints import (
    NEEDS_KERNEL,
    NEVER_ZERO,
    hint,
    is_hardware,
    usual_name,
)
from perfwidgets.availability.host import NO_PMU_REMEDY, Host
from perfwidgets.availability.results import EventAvailability
from perfwidgets.events import lookup
from perfwidgets.samples import Status

__all__ = ["has_pmu", "judge"]


def has_pmu(host: Host, outcomes: Mapping[str, Outcome]) -> bool | None:
    """Whether there is a PMU; by sysfs, else by whether any hardware event could be opened."""
    if host.pmu is not None:
        return bool(host.pmu)
    tried = [o for name, o in outcomes.items() if is_hardware(name) and (o.rows or o.own)]
    if not tried:
        return None
    return any(row.status is not Status.NOT_SUPPORTED for o in tried for row in (*o.rows, *o.own))


def judge(name: str, outcome: Outcome, host: Host, pmu: bool | None) -> EventAvailability:
    """Say whether an event can be counted, and why not."""
    if outcome.refusal:
        return _refused(name, outcome.refusal, outcome, host, pmu)
    if outcome.counted:
        return _counted(name, outcome)
    if Status.NOT_COUNTED in outcome.statuses:
        return _not_counted(name, host)
    return _unsupported(name, host, pmu)


def _counted(name: str, outcome: Outcome) -> EventAvailability:
    user_only = any(user_mode_added(row.event, name) for row in outcome.rows)
    if usual_name(name) in NEVER_ZERO and not any(row.value for row in outcome.rows):
        reason = "it opens but stays at 0: the virtual machine's PMU does not work"
        return EventAvailability(name, False, Cause.STAYS_ZERO, reason, NO_PMU_REMEDY)
    if len(outcome.statuses) > 1:
        counted = [row.event for row in outcome.rows if row.status is Status.COUNTED]
        reason = f"counted on some types of core only: {', '.join(counted)}"
        return EventAvailability(name, True, Cause.PARTLY, reason, user_mode_only=user_only)
    reason = ""
    if outcome.crowded is not None:
        lack = "counters" if outcome.crowded is Status.NOT_COUNTED else "open files (`ulimit -n`)"
        reason = f"counted when asked for with fewer events: together they lack {lack}"
    return EventAvailability(name, True, Cause.COUNTABLE, reason, user_mode_only=user_only)


def _not_counted(name: str, host: Host) -> EventAvailability:
    if not is_hardware(name):
        reason = "perf opens it, but prints no count in intervals"
        return EventAvailability(name, False, Cause.NOT_SUPPORTED, reason)
    if host.watchdog:
        reason = "no counter was free for it: the NMI watchdog holds one"
        remedy = "Free it (`sudo sysctl kernel.nmi_watchdog=0`)"
    else:
        reason = "no counter was free for it: others hold them (a profiler, the NMI watchdog)"
        remedy = "Stop other profilers, then check again"
    return EventAvailability(name, False, Cause.NO_COUNTER, reason, remedy)


def _refused(
    name: str, refusal: Refusal, outcome: Outcome, host: Host, pmu: bool | None
) -> EventAvailability:
    cause, error = refusal
    own = {row.status for row in outcome.own}
    if Status.COUNTED in own:
        user_only = any(user_mode_added(row.event, name) for row in outcome.own)
        stays = ", where it stays 0" if user_only and usual_name(name) in NEEDS_KERNEL else ""
        mode = f", in user mode only{stays}" if user_only else ""
        reason = f"{error.reason}; for processes of its own it may{mode}"
        return EventAvailability(name, False, cause, reason, error.remedy, True, user_only)
    if own == {Status.NOT_SUPPORTED} and (is_hardware(name) or lookup(name).family == "software"):
        return _unsupported(name, host, pmu)
    return EventAvailability(name, False, cause, error.reason, error.remedy)


def _unsupported(name: str, host: Host, pmu: bool | None) -> EventAvailability:
    if not is_hardware(name):
        reason = "perf says that it is not supported there"
        return EventAvailability(name, False, Cause.NOT_SUPPORTED, reason)
    if pmu is False:
        reason = (
            "this machine shows no PMU, as most virtual machines do not"
            if host.pmu is not None
            else "no hardware event can be counted there: a machine without a PMU, likely virtual"
        )
        return EventAvailability(name, False, Cause.NO_PMU, reason, NO_PMU_REMEDY)
    known = hint(host.vendor, name)
    if known is not None:
        return EventAvailability(
            name, False, Cause.NOT_ON_CPU, f"likely: {known.why}", known.remedy
        )
    reason = "this CPU, or the part of it that a virtual machine shows, has no such event"
    return EventAvailability(name, False, Cause.NOT_ON_CPU, reason)
