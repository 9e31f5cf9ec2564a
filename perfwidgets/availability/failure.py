"""A perf that ended, and the causes there are for it."""

from __future__ import annotations

import enum
import os
import re
from dataclasses import dataclass

from perfwidgets.availability.host import UNKNOWN_HOST, Host

__all__ = ["Cause", "Failure", "trimmed"]

_CONTAINER_RUNTIMES = ("docker", "podman", "nerdctl", "kubectl", "lxc")
_SYSTEM_WIDE = re.compile(r"-a|-A|-C.*|--all-cpus|--cpu(=.*)?")
_MAX_LINES, _MAX_LINE = 50, 1000


class Cause(enum.Enum):
    """Why an event can or cannot be counted. The value is the cause in words."""

    COUNTABLE = "countable"
    #: counted on some types of core only (hybrid CPUs)
    PARTLY = "not on every core type"
    NOT_PERMITTED = "not permitted"
    NO_PMU = "no PMU"
    NOT_ON_CPU = "not on this CPU"
    #: it opens, and stays at zero where it cannot be zero
    STAYS_ZERO = "stays zero"
    #: perf printed ``<not counted>``: no counter was free
    NO_COUNTER = "no counter free"
    NOT_SUPPORTED = "not supported"
    TOO_MANY_FILES = "too many open files"
    UNKNOWN_NAME = "unknown name"
    NO_PERF = "no perf"
    WRAPPER = "wrapper without perf"
    PERF_FAILED = "perf failed"


@dataclass(frozen=True)
class Failure:
    """A perf that ended: all that the explanations draw on.

    Attributes
    ----------
    returncode
        Its exit status, negative for a signal; `None` if it is not known.
    stderr
        What it, or the program that was to start it, wrote there.
    command
        The whole command line.
    events
        The events asked for.
    local
        Whether it ran on this machine, outside containers.
    host
        Facts about the machine where it ran.
    """

    returncode: int | None
    stderr: str
    command: tuple[str, ...] = ("perf",)
    events: tuple[str, ...] = ()
    local: bool = True
    host: Host = UNKNOWN_HOST

    @property
    def program(self) -> str:
        """The first word of the command, without its folder."""
        return os.path.basename(self.command[0]) if self.command else "perf"

    @property
    def perf(self) -> str:
        """What is called as perf: the word before ``stat``, else the first."""
        if "stat" in self.command[1:]:
            return self.command[self.command.index("stat", 1) - 1]
        return self.command[0] if self.command else "perf"

    @property
    def options(self) -> tuple[str, ...]:
        """What follows ``stat``, up to the command that perf runs."""
        if "stat" not in self.command:
            return ()
        words = self.command[self.command.index("stat") :]
        return words[: words.index("--")] if "--" in words else words

    @property
    def system_wide(self) -> bool | None:
        """Whether all processes of some CPUs were to be counted; `None` if only perf is named."""
        if not self.options:
            return None
        return any(_SYSTEM_WIDE.fullmatch(word) for word in self.options)

    @property
    def pid(self) -> str | None:
        """The process to be counted, if one was given."""
        pairs = zip(self.options, self.options[1:], strict=False)
        return next((value for key, value in pairs if key in {"-p", "--pid"}), None)

    @property
    def in_container(self) -> bool:
        """Whether the command enters a container."""
        return self.program in _CONTAINER_RUNTIMES

    @property
    def paranoid(self) -> int | None:
        """perf_event_paranoid, as perf printed it or as this machine has it."""
        if found := re.search(r"perf_event_paranoid setting is (-?\d+)", self.stderr):
            return int(found[1])
        return self.host.paranoid


def trimmed(text: str) -> str:
    """The first and last lines, each cut, so that no text makes a pattern slow."""
    lines = text.splitlines()
    if len(lines) > 2 * _MAX_LINES:
        lines = [*lines[:_MAX_LINES], *lines[-_MAX_LINES:]]
    return "".join(f"{line[:_MAX_LINE]}\n" for line in lines)
