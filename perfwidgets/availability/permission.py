"""What to say where perf may not count: who refuses it, and the narrowest way to be allowed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence

from perfwidgets.availability.failure import Failure
from perfwidgets.availability.host import NO_PMU_REMEDY, UNKNOWN_HOST, Host
from perfwidgets.availability.refused import refused_event
from perfwidgets.errors import NothingCountableError, PerfNotPermittedError, SourceError

__all__ = ["no_tracepoint_rights", "none_supported", "not_permitted", "nothing_countable"]


def not_permitted(_: re.Match[str], failure: Failure) -> SourceError:
    """Explain that the kernel refuses this user, or a container's restrictions refuse anybody."""
    paranoid = failure.paranoid
    open_to_all = paranoid is not None and paranoid <= 0
    if failure.in_container or failure.host.root or open_to_all:
        return _restricted(failure)
    level = "" if paranoid is None else f" (perf_event_paranoid is {paranoid})"
    if failure.pid is not None and not failure.system_wide:
        reason = f"perf may not count process {failure.pid} for this user{level}"
        if paranoid is None or paranoid <= 2:
            return PerfNotPermittedError(
                reason, f"It belongs to somebody else: count it as its owner, or {_grant(failure)}"
            )
    elif failure.system_wide:
        reason = f"perf may not count system-wide for this user{level}"
    else:
        reason = f"perf may not count for this user{level}"
    return PerfNotPermittedError(reason, _ways_to_be_allowed(failure))


def none_supported(match: re.Match[str], failure: Failure) -> SourceError:
    """Explain what perf 7.3 says to a user without rights and on a machine without a PMU alike."""
    added = match[1] and match[1].endswith(":u") and match[1] not in failure.events
    unprivileged = added or (failure.host.root is False and (failure.paranoid or 0) >= 1)
    if unprivileged and failure.system_wide is not False:
        return not_permitted(match, failure)
    return nothing_countable(failure.events, failure.host)


def nothing_countable(events: Sequence[str], host: Host = UNKNOWN_HOST) -> NothingCountableError:
    """Explain a perf that runs and counts none of `events`."""
    names = ", ".join(events) or "the events asked for"
    if host.pmu == ():
        return NothingCountableError(
            f"this machine has no PMU (a virtual machine?), so perf cannot count {names}",
            NO_PMU_REMEDY,
        )
    return NothingCountableError(
        f"perf can count none of: {names}",
        "`perfwidgets check` tells for each event why; add one that it lists as countable",
    )


def no_tracepoint_rights(_: re.Match[str], failure: Failure) -> SourceError:
    """Explain that tracepoints are for root."""
    event = refused_event(failure.stderr, failure.events)
    return PerfNotPermittedError(
        f"perf may not read the tracepoint {event or 'asked for'} as this user",
        "Run perf as root, or count without tracepoints",
    )


def _restricted(failure: Failure) -> SourceError:
    """perf_event_open is refused to a user whom the kernel would let count."""
    if "SELinux" in failure.stderr:
        return PerfNotPermittedError(
            "perf may not count: SELinux is enforcing, and may be what refuses it",
            "Look for perf_event in the audit log (`ausearch -m avc -c perf`) and allow it there",
        )
    return PerfNotPermittedError(
        "perf may not count: perf_event_open is refused by a container's or sandbox's restrictions",
        "Start the container with `--cap-add PERFMON` and, if its seccomp profile still refuses "
        "perf_event_open, with `--security-opt seccomp=` a profile that allows it",
    )


def _ways_to_be_allowed(failure: Failure) -> str:
    """A system setting is among them only where it would buy hardware events."""
    ways = [_grant(failure)]
    if failure.local and failure.host.pmu:
        level = 2 if failure.system_wide is False else 0
        ways.append(f"allow every user (`sudo sysctl kernel.perf_event_paranoid={level}`)")
    if failure.system_wide is not False and (failure.paranoid or 2) <= 2:
        ways.append("count a process of your own (pid=)")
    text = ", or ".join(ways)
    if failure.local and failure.host.pmu == ():
        text += ". This machine has no PMU: only software events can be had either way"
    return text[0].upper() + text[1:]


def _grant(failure: Failure) -> str:
    if not failure.local:
        return "run perf there as root or with CAP_PERFMON (command= may hold `sudo -n perf`)"
    return f"give perf the right to (`sudo setcap cap_perfmon+ep {_program_file(failure.perf)}`)"


def _program_file(perf: str) -> str:
    """The program itself, which alone can be given rights: Ubuntu's perf is a script around it."""
    found = shutil.which(perf)
    if found is None:
        return perf
    try:
        with open(found, "rb") as file:
            script = file.read(2) == b"#!"
    except OSError:  # it may be executed, and not read
        script = False
    return '"/usr/lib/linux-tools/$(uname -r)/perf"' if script else os.path.realpath(found)
