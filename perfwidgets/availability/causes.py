"""The known failures: what perf (or ssh, docker, sudo, the shell) says, and what that means.

Searched in order; the first that fits explains. Texts may hold the pattern's groups (``{1}``), and
``{program}`` and ``{perf}``, the words under which they were called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from perfwidgets.availability.failure import Cause, Failure
from perfwidgets.availability.permission import no_tracepoint_rights, none_supported, not_permitted
from perfwidgets.availability.refused import refusal_words, refused_event
from perfwidgets.errors import (
    NothingCountableError,
    PerfFailedError,
    PerfNotFoundError,
    PerfNotPermittedError,
    SourceError,
)

__all__ = ["ANY_VERSION", "CHECK_SSH", "INSTALL", "KNOWN", "Known"]

INSTALL = (
    "Install perf (Debian: linux-perf, Ubuntu: linux-tools-generic, Fedora, openSUSE and Arch: "
    "perf), or say where it is with command="
)
ANY_VERSION = "any version of perf runs on any kernel, so another one can be named with command="
CHECK_SSH = "Check that `ssh -o BatchMode=yes HOST perf --version` works"


class Known(NamedTuple):
    """A failure that is known.

    Attributes
    ----------
    pattern
        What tells it in the text on stderr.
    explain
        Makes the error of it.
    cause
        What it means for the events, where the error's class does not tell.
    """

    pattern: re.Pattern[str]
    explain: Callable[[re.Match[str], Failure], SourceError]
    cause: Cause | None = None


def _known(
    pattern: str, error: type[SourceError], reason: str, remedy: str, cause: Cause | None = None
) -> Known:
    def explain(match: re.Match[str], failure: Failure) -> SourceError:
        groups = [(group or "").strip() for group in (match[0], *match.groups())]
        names = {"program": failure.program, "perf": failure.perf}
        return error(reason.format(*groups, **names), remedy.format(*groups, **names))

    return Known(re.compile(pattern, re.MULTILINE), explain, cause)


def _told_by(
    explain: Callable[[re.Match[str], Failure], SourceError],
    pattern: str,
    cause: Cause | None = None,
) -> Known:
    return Known(re.compile(pattern, re.MULTILINE), explain, cause)


def _wrapper(match: re.Match[str], failure: Failure) -> SourceError:
    package = re.search(r"^\s*(linux-tools-\S+)", failure.stderr, re.MULTILINE)
    name = package[1] if package else "linux-tools-generic"
    return PerfNotFoundError(
        f"{failure.perf} is only a wrapper here, and there is no perf for kernel {match[1]}",
        f"Install {name}; where there is no such package, install linux-tools-generic and name "
        "its perf: command='/usr/lib/linux-tools/VERSION-generic/perf' "
        "(any version of perf runs on any kernel)",
    )


def _refused_name(_: re.Match[str], failure: Failure) -> SourceError:
    event = refused_event(failure.stderr, failure.events)
    words = refusal_words(failure.stderr)
    which = "one of the events" if event is None else f"the event {event!r}"
    return PerfFailedError(
        f"perf does not know {which}" + (f" ({words})" if words else ""),
        "Take it out, or choose a name that `perf list` prints there",
    )


def _too_many_files(_: re.Match[str], failure: Failure) -> SourceError:
    where = "in the shell that starts Jupyter" if failure.local else "where perf runs"
    return PerfFailedError(
        "perf ran out of open files: it needs one for each event on each CPU",
        f"Raise the hard limit (`ulimit -Hn 65536` as root {where}; docker: "
        "`--ulimit nofile=65536`), or count fewer events or cores",
    )


def _no_process(_: re.Match[str], failure: Failure) -> SourceError:
    return PerfFailedError(
        f"there is no process {failure.pid or 'of that number'}",
        "It ended, or lives elsewhere: ask for one that runs where perf runs",
    )


#: perf's name as shells, env, docker and sudo quote it before they say that it is not there
_PERF_WORD = r"""(?:^|[\s"':])((?:[^\s:"']*/)?perf(?:[_-]?\d[\w.-]*)?)["']?"""

_ON_THE_WAY_TO_PERF = (
    _known(
        r"Permission denied \([\w,-]*(?:publickey|password|keyboard|gssapi)[\w,-]*\)",
        PerfFailedError,
        "ssh was not let in ({0})",
        "Set up a key that needs no password; `ssh -o BatchMode=yes HOST perf --version` must work",
    ),
    _known(
        r"^(?:ssh: (?:Could not resolve hostname|connect to host) .*"
        r"|Host key verification failed.*|kex_exchange_identification: .*"
        r"|Connection (?:to \S+ )?(?:closed|reset|timed out).*"
        r"|client_loop: send disconnect.*|Timeout, server \S+ not responding.*)",
        PerfFailedError,
        "the ssh connection failed ({0})",
        CHECK_SSH,
    ),
    _known(
        r"^sudo: .*(?:password|terminal|askpass|not allowed).*",
        PerfNotPermittedError,
        "sudo would not run perf ({0})",
        "Allow perf without a password in sudoers (NOPASSWD), and call it as `sudo -n perf`",
    ),
    _known(
        r".*No such container.*|.*container \S+ is not running.*"
        r"|.*Cannot connect to the Docker daemon.*",
        PerfFailedError,
        "{program} could not enter the container ({0})",
        "Check that it runs (`{program} ps`)",
    ),
    _told_by(_wrapper, r"WARNING: perf not found for kernel (\S+)", Cause.WRAPPER),
    _known(
        r"^E: (linux-(?:perf|tools)-\S+) is not installed",
        PerfNotFoundError,
        "{perf} is only a wrapper here, and {1} is not installed",
        "Install {1}; or take another perf: " + ANY_VERSION,
        Cause.WRAPPER,
    ),
    _known(
        rf"{_PERF_WORD}: (?:command not found|not found|inaccessible or not found"
        r"|No such file or directory|executable file not found.*)",
        PerfNotFoundError,
        "{1} was not found",
        INSTALL,
    ),
    _known(
        r"(?:command not found|Unknown command): ([^\s:]*perf[\w.-]*)",
        PerfNotFoundError,
        "{1} was not found",
        INSTALL,
    ),
    _known(
        rf"{_PERF_WORD}: (?:cannot execute.*|Permission denied)$",
        PerfNotFoundError,
        "{1} is there, but cannot be executed ({0})",
        INSTALL,
    ),
)

_RIGHTS_AND_RESOURCES = (
    _told_by(not_permitted, r"No supported events found\.\n+Access to performance monitoring"),
    _told_by(
        none_supported, r"No supported events found\.(?:\s+The (\S+) event is not supported)?"
    ),
    _told_by(
        no_tracepoint_rights, r"can't access trace events|No permissions? to read \S+/events/"
    ),
    _told_by(
        not_permitted,
        r"Access to performance monitoring and observability operations is limited"
        r"|You may not have permission to collect|No permission to enable \S+ event"
        r"|syscall returned with (?:1|13) \((?:Operation not permitted|Permission denied)\)",
    ),
    _known(
        r"syscall returned with 38 \(Function not implemented\)",
        NothingCountableError,
        "there is no perf_event_open here (a kernel without perf events, or a sandbox)",
        "Count on another machine, use /proc/vmstat, or replay a recording",
    ),
    _told_by(
        _too_many_files,
        r"Too many events are opened|syscall returned with 24 \(|Too many open files",
        Cause.TOO_MANY_FILES,
    ),
    _known(
        r"counters are busy|syscall returned with 16 \(",
        PerfFailedError,
        "the counters are held by another profiler",
        "Stop the other one, then start again",
    ),
)

_ARGUMENTS = (
    _known(
        r"syscall returned with (\d+) \(([^)]*)\) for event \(([^)]*)\)",
        PerfFailedError,
        "the kernel refused the event {3} ({2}, errno {1})",
        "Take {3} out, or write it with other terms",
    ),
    _told_by(
        _refused_name,
        r"event syntax error: '|invalid or unsupported event: '",
        Cause.UNKNOWN_NAME,
    ),
    _known(
        r"^The (\S+) event is not supported",
        NothingCountableError,
        "perf refuses a whole group, since {1} cannot be counted here",
        "Take {1} out, or ask for the events without braces",
    ),
    _known(
        r"A requested CPU in '([^']*)' is not supported by PMU '([^']*)' \(CPUs ([^)]*)\)",
        PerfFailedError,
        "there is no such core among {1}: {2} has {3}",
        "Ask for cores among {3}",
    ),
    _known(
        r"failed to parse CPUs map.*|invalid CPU list.*",
        PerfFailedError,
        "perf cannot read the list of cores",
        "Write it like '0-3,8', with cores that exist and are online there",
    ),
    _told_by(
        _no_process,
        r"Problems finding threads of monitor|Couldn't create thread/CPU maps: No such process",
    ),
    _known(
        r"no access to cgroup (\S+)",
        PerfFailedError,
        "there is no cgroup {1}",
        "Name it by its path below /sys/fs/cgroup, as `systemd-cgls` shows it",
    ),
    _known(
        r"Workload failed: (.*)",
        PerfFailedError,
        "perf could not start `cat`, which ends it together with us ({1})",
        "Put cat (coreutils, busybox) on the PATH where perf runs",
    ),
    _known(
        r"unknown (?:option|switch) `([^']*)'",
        PerfFailedError,
        "this perf is too old: it has no option {1}",
        "Take a newer one: " + ANY_VERSION,
    ),
    _known(
        r"print interval must be >= (\d+) ?ms",
        PerfFailedError,
        "this perf prints no interval below {1} ms",
        "Ask for a longer interval; 0.1 s and more is what any perf does well",
    ),
)

KNOWN = (*_ON_THE_WAY_TO_PERF, *_RIGHTS_AND_RESOURCES, *_ARGUMENTS)
