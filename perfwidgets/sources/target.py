"""Whom perf counts, if not the whole machine; checked before it is started."""

from __future__ import annotations

import os

from perfwidgets.errors import ArgumentError

__all__ = ["check_cgroup", "check_pid", "check_target"]


def check_pid(pid: object) -> int | None:
    """Return a process id, or `None` for all."""
    if pid is None:
        return None
    if pid == "self":
        return os.getpid()
    if isinstance(pid, bool) or not isinstance(pid, int) or not 0 < pid < 2**31:
        raise ArgumentError(
            f"{pid!r} is no process id", 'Give a positive number, or "self" for this process.'
        )
    return pid


def check_cgroup(cgroup: object) -> str | None:
    """Return a cgroup's path, or `None` for all."""
    if cgroup is None:
        return None
    if (
        not isinstance(cgroup, str)
        or not cgroup
        or cgroup.startswith("-")
        or "," in cgroup
        or "@@" in cgroup
        or not cgroup.isprintable()
    ):
        raise ArgumentError(
            f"{cgroup!r} is no cgroup that perf can take",
            "Give one path below the cgroup file system, without commas, blanks at its ends, "
            "'@@' or a leading '-'.",
        )
    return cgroup


def check_target(*, pid: int | None, cores: str | None, per_core: bool, cgroup: str | None) -> None:
    """Refuse what perf cannot count together."""
    if pid is not None and cores is not None:
        raise ArgumentError(
            f"pid={pid} and cores={cores!r} were both given; perf would count the "
            "process on every core",
            "Give one of the two, or bind the process to cores (os.sched_setaffinity).",
        )
    if pid is not None and (per_core or cgroup is not None):
        other = "per_core" if per_core else "cgroup"
        raise ArgumentError(
            f"pid={pid} and {other} were both given, which perf refuses",
            "A process is counted wherever it runs: give one of the two.",
        )
