"""Whether one more event fits beside those that are counted: found out by counting it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from perfwidgets.availability.counting import Outcome, Perf, Trial, trial_interval
from perfwidgets.availability.failure import Cause
from perfwidgets.availability.host import UNKNOWN_HOST, Host
from perfwidgets.availability.judging import judge
from perfwidgets.events import takes_counter
from perfwidgets.perf_command import is_local
from perfwidgets.perf_intervals import answers
from perfwidgets.samples import Status

__all__ = ["Beside", "Fit", "trial_interval", "try_event"]

_TIMEOUT = 15.0
#: a share above it is all of the time: perf's own arithmetic loses as much
_ALL = 0.995

Verdict = Literal["fits", "shares", "not counted", "unknown"]


@dataclass(frozen=True, slots=True)
class Beside:
    """What is counted while another event is tried.

    Attributes
    ----------
    events
        How many hardware events.
    shared
        Whether they share counters already.
    counting
        Whether they are counted at the moment: if not, the trial counts them too.
    """

    events: int = 0
    shared: bool = False
    counting: bool = True


@dataclass(frozen=True, slots=True)
class Fit:
    """How a trial of an event went.

    Attributes
    ----------
    event
        The one that was tried.
    verdict
        ``fits``: counted all of the time; ``shares``: it would share a counter; ``not counted``;
        or ``unknown``, where it could not be tried.
    words
        The verdict in a sentence, with what was measured.
    """

    event: str
    verdict: Verdict
    words: str


def try_event(
    event: str,
    arguments: Sequence[str],
    *,
    events: Sequence[str],
    beside: Beside,
    command: Sequence[str] = ("perf",),
    timeout: float = _TIMEOUT,
) -> Fit:
    """Count an event for one interval, beside what is counted at that time.

    Two perfs share a CPU's counters as one perf's events would: where the others are being
    counted, the new event alone is tried, and meets what it would meet among them.

    Parameters
    ----------
    event
        The one in question, whose form was checked.
    arguments
        perf's arguments: ``stat -I … -e …``, as for the source that would count it; the interval
        as told by `trial_interval`.
    events
        The events in them.
    beside
        The others.
    command
        How perf is called.
    timeout
        Seconds after which a command that does not answer is given up.
    """
    host = Host.local() if is_local(command) else UNKNOWN_HOST
    perf = Perf(tuple(command), host, time.monotonic() + timeout, timeout)
    trial = perf.count_with(arguments, events)
    if trial.refusal is not None and trial.refusal[0] is not Cause.UNKNOWN_NAME:
        error = trial.refusal[1]
        return Fit(event, "unknown", f"could not be tried: {error}")
    own = [
        row for row in trial.rows if len(events) == 1 or event in (row.event, *answers(row.event))
    ]
    outcome = Outcome(tuple(own), trial.refusal)
    # of one event that is not supported nothing follows for others
    pmu = True if beside.events else None if host.pmu is None else bool(host.pmu)
    judged = judge(event, outcome, host, pmu)
    if judged.cause is Cause.NO_COUNTER and beside.events:
        others = f"the {_hardware(beside.events)} that {_is(beside.events)} counted now"
        return Fit(event, "not counted", f"was on no counter in a trial beside {others}")
    if not judged.countable:
        why = ". ".join(filter(None, (judged.reason, judged.remedy)))
        return Fit(event, "not counted", f"cannot be counted here: {why}")
    shares = [row.running for row in own if row.status is Status.COUNTED]
    return _counted(event, trial, min(shares), beside)


def _counted(event: str, trial: Trial, share: float, beside: Beside) -> Fit:
    if not takes_counter(event) and share >= _ALL:
        return Fit(event, "fits", "fits: it was counted, and takes no counter of a core")
    if not beside.counting:
        return _together(event, trial)
    if share < _ALL:
        together = beside.events + 1
        return Fit(
            event,
            "shares",
            f"would be multiplexed: beside the {_hardware(beside.events)} that {_is(beside.events)} "
            f"counted now it was on a counter for {100 * share:.0f} % of a trial; about "
            f"{max(1, round(share * together))} for {together} events, each scaled by perf",
        )
    if beside.shared:
        return Fit(
            event,
            "shares",
            "was counted all of a trial, but the events beside it share counters already",
        )
    return Fit(
        event,
        "fits",
        f"fits: counted all of a trial beside the {_hardware(beside.events)} that "
        f"{_is(beside.events)} counted now; how many more would fit is not known",
    )


def _together(event: str, trial: Trial) -> Fit:
    """Of all events in one trial."""
    hardware = [
        row.running
        for row in trial.rows
        if row.status is Status.COUNTED and takes_counter(row.event)
    ]
    if min(hardware, default=1.0) >= _ALL:
        words = f"fits: in a trial all {_hardware(len(hardware))} were counted all of the time"
        return Fit(event, "fits", words)
    counters = max(1, round(sum(hardware)))
    return Fit(
        event,
        "shares",
        f"would be multiplexed: each of {_hardware(len(hardware))} was counted about "
        f"{100 * sum(hardware) / len(hardware):.0f} % of a trial, on about {counters} counters, "
        "and scaled by perf",
    )


def _hardware(count: int) -> str:
    return "1 hardware event" if count == 1 else f"{count} hardware events"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
