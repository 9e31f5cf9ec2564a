"""Why perf ended, or did not start: its words turned into an error with a remedy."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from perfwidgets.availability.causes import CHECK_SSH, INSTALL, KNOWN
from perfwidgets.availability.failure import Cause, Failure, trimmed
from perfwidgets.availability.host import UNKNOWN_HOST, Host
from perfwidgets.errors import (
    NothingCountableError,
    PerfFailedError,
    PerfNotFoundError,
    PerfNotPermittedError,
    SourceError,
)

__all__ = ["cause_of", "diagnose", "explain_failure", "explain_spawn_error"]

_CAUSES: dict[type[SourceError], Cause] = {
    PerfNotFoundError: Cause.NO_PERF,
    PerfNotPermittedError: Cause.NOT_PERMITTED,
    NothingCountableError: Cause.NOT_SUPPORTED,
}
_LAST_LINES = 3


def explain_failure(
    returncode: int | None,
    stderr: str,
    *,
    command: Sequence[str],
    events: Sequence[str] = (),
    local: bool = True,
    host: Host | None = None,
) -> SourceError:
    """Say why a perf ended that should have gone on, and what to do about it.

    Parameters
    ----------
    returncode
        Its exit status, negative for a signal; `None` if it is not known.
    stderr
        What it, or the program that was to start it, wrote there.
    command
        The whole command line that was run. Given only how perf is called, without ``stat`` and
        what follows, it is not known whether one process or the whole system was to be counted.
    events
        The events asked for, so that a refused one can be named.
    local
        Whether perf ran on this machine, outside containers.
    host
        Facts about the machine where perf ran; read from this one if `local` and not given.

    Returns
    -------
    SourceError
        To be raised or shown by the caller.
    """
    if host is None:
        host = Host.local() if local else UNKNOWN_HOST
    return diagnose(Failure(returncode, stderr, tuple(command), tuple(events), local, host))[1]


def explain_spawn_error(error: OSError, command: Sequence[str]) -> SourceError:
    """Say why a command could not be started at all, and what to do about it.

    Parameters
    ----------
    error
        What starting it raised.
    command
        The command line that was to be run.
    """
    program = command[0] if command else "perf"
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return PerfNotFoundError(f"{program} was not found", _how_to_get(program))
    if isinstance(error, PermissionError):
        return PerfNotFoundError(
            f"{program} is there, but may not be executed", _how_to_get(program)
        )
    if error.errno == errno.ENOEXEC:
        return PerfNotFoundError(f"{program} is no program for this machine", _how_to_get(program))
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return PerfFailedError(
            f"{program} could not be started: this process has too many open files",
            "Close some, or raise the limit (`ulimit -n 65536` in the shell that starts Jupyter)",
        )
    said = error.strerror or str(error)
    return PerfFailedError(f"{program} could not be started ({said})", "Start again")


def diagnose(failure: Failure) -> tuple[Cause, SourceError]:
    """Say what `failure` means for the events that were asked for, and explain it."""
    stderr = trimmed(failure.stderr)
    killed = failure.returncode is not None and failure.returncode < 0
    for known in () if killed else KNOWN:
        if match := known.pattern.search(stderr):
            error = known.explain(match, failure)
            return known.cause or cause_of(error), error
    error = _by_status(failure)
    return cause_of(error), error


def cause_of(error: SourceError) -> Cause:
    """Return what an error means for the events, by its class."""
    return _CAUSES.get(type(error), Cause.PERF_FAILED)


def _how_to_get(program: str) -> str:
    if not sys.platform.startswith("linux"):
        return (
            'perf is a part of Linux: name one elsewhere with command=["ssh", "HOST", "perf"], or '
            "replay a recording"
        )
    if os.path.basename(program).startswith("perf"):
        return INSTALL
    return f"Install {program}, or put its folder on the PATH"


def _by_status(failure: Failure) -> SourceError:
    """An explanation where no text told."""
    status, program = failure.returncode, failure.program
    said = _last_lines(failure.stderr)
    if status == 0:
        return _ended_by_itself(failure)
    if (number := _signal_number(status)) is not None:
        return _by_signal(number, program)
    if status == 127:
        reason = f"{failure.perf} was not found" + (f" ({said})" if said else "")
        return PerfNotFoundError(reason, INSTALL)
    if status == 255 and program == "ssh":
        return PerfFailedError(
            f"the ssh connection failed ({said or 'it said nothing'})", CHECK_SSH
        )
    how = "ended" if status is None else f"ended with status {status}"
    return PerfFailedError(
        f"{program} {how}: {said or 'without a word'}", "Run the same command in a terminal"
    )


def _ended_by_itself(failure: Failure) -> SourceError:
    pid = failure.pid
    if pid is not None and failure.local and pid.isdigit() and not Path("/proc", pid).exists():
        return PerfFailedError(f"process {pid} ended", "Ask for one that runs")
    also = "" if pid is None else f", or process {pid} ended"
    return PerfFailedError(
        f"perf ended by itself: its input was closed{also}",
        "Does the command pass standard input on? (docker: `-i`; ssh: no `-n`)",
    )


def _signal_number(status: int | None) -> int | None:
    if status is None:
        return None
    if status < 0:
        return -status
    # a shell or a container reports the signal so; 129 is perf's own status for a usage error
    return status - 128 if 129 < status < 128 + 65 else None


def _by_signal(number: int, program: str) -> SourceError:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    if number == signal.SIGKILL:
        return PerfFailedError(
            f"{program} was killed ({name})",
            "Somebody ended it, or the machine or container ran out of memory; start again",
        )
    return PerfFailedError(f"{program} was ended by {name}", "Start again")


def _last_lines(text: str) -> str:
    """The end of what was said, without perf's usage text."""
    said = re.split(r"^ ?Usage: perf", text, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line.strip() for line in trimmed(said).splitlines() if line.strip()]
    return " / ".join(lines[-_LAST_LINES:])
