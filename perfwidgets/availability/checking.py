"""`check`: count the events for a moment, and judge each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from perfwidgets.availability.counting import Outcome, Perf, try_all
from perfwidgets.availability.failure import Cause
from perfwidgets.availability.hints import usual_name
from perfwidgets.availability.host import UNKNOWN_HOST, Host
from perfwidgets.availability.judging import has_pmu, judge
from perfwidgets.availability.permission import nothing_countable
from perfwidgets.availability.recorded import as_recorded
from perfwidgets.availability.results import Availability, EventAvailability
from perfwidgets.events import DEFAULT_EVENTS, check_events
from perfwidgets.perf_command import is_local, split_command
from perfwidgets.recording.standing_in import played_recording
from perfwidgets.samples import Status

__all__ = ["check"]

#: copies of one event that are asked for to see how many counters they share
_COPIES = 20
#: events that any counter takes, for finding out how many there are; then those with their own
_FOR_COUNTERS = (
    *("branches", "branch-misses", "cache-references", "cache-misses", "L1-dcache-loads"),
    *("instructions", "cycles"),
)


def check(
    events: str | Iterable[str] = DEFAULT_EVENTS,
    *,
    command: str | Sequence[str] = "perf",
    timeout: float = 15.0,
) -> Availability:
    """Find out which events can be counted, by counting them; takes about half a second.

    Parameters
    ----------
    events
        Names, as `perf list` has them.
    command
        How perf is called: ``"perf"``, a path, or a list such as ``["ssh", "host", "perf"]``.
    timeout
        Seconds after which a command that does not answer is given up.

    Returns
    -------
    Availability
        Also where perf is missing or fails: its `reason` and `remedy` tell.

    Raises
    ------
    EventNameError
        If a name has a form that perf cannot take.
    ArgumentError
        If the command is none.
    """
    names = tuple(dict.fromkeys(check_events(events)))
    words = tuple(split_command(command))
    recording = played_recording()
    if recording is not None:
        return as_recorded(recording, names, words)
    host = Host.local() if is_local(words) else UNKNOWN_HOST
    perf = Perf(words, host, time.monotonic() + timeout, timeout)
    outcomes = try_all(perf, names)
    pmu = has_pmu(host, outcomes)
    judged = {name: judge(name, outcomes[name], host, pmu) for name in names}
    reason, remedy = _overall(perf, outcomes, judged)
    reached = any(outcome.rows or outcome.own for outcome in outcomes.values())
    return Availability(
        events=MappingProxyType(judged),
        reason=reason,
        remedy=remedy,
        perf_version=perf.version() if reached else None,
        counters=_free_counters(perf, judged) if pmu else None,
        command=words,
    )


def _overall(
    perf: Perf, outcomes: Mapping[str, Outcome], judged: Mapping[str, EventAvailability]
) -> tuple[str, str]:
    """Reason and remedy for the whole: perf does not run, counts nothing, or runs oddly."""
    if any(event.countable for event in judged.values()):
        return (perf.oddity.reason, perf.oddity.remedy) if perf.oddity else ("", "")
    told = Counter(
        (outcome.refusal[1].reason, outcome.refusal[1].remedy)
        for outcome in outcomes.values()
        if outcome.refusal and outcome.refusal[0] is not Cause.UNKNOWN_NAME
    )
    if told:
        return told.most_common(1)[0][0]
    nothing = nothing_countable(tuple(judged), perf.host)
    return nothing.reason, nothing.remedy


def _free_counters(perf: Perf, judged: Mapping[str, EventAvailability]) -> int | None:
    """How many counters there are to share, from the shares that copies of one event get."""
    usable = {usual_name(name): name for name, event in judged.items() if event.countable}
    event = next((name for name in _FOR_COUNTERS if name in usable), None)
    if event is None:
        return None
    shares: dict[str, float] = {}
    for row in perf.count([usable[event]] * _COPIES).rows:
        if row.status is Status.COUNTED:
            shares[row.event] = shares.get(row.event, 0.0) + row.running
    if not shares:
        return None
    intel = perf.host.vendor == "GenuineIntel"
    beside = event == "cycles" or (event == "instructions" and intel)  # a counter of its own
    return round(min(shares.values())) - beside
