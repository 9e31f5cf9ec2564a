"""What a monitor is given, checked before anything starts."""

from __future__ import annotations

from perfwidgets.errors import ArgumentError
from perfwidgets.hosts.hosts import Hosts, HostsMemory
from perfwidgets.hosts.names import host_of, unique
from perfwidgets.perf_command import is_local
from perfwidgets.sources.base import Source
from perfwidgets.sources.stand_in import stand_in

__all__ = ["check_window", "named", "of_kind"]


def named(sources: tuple[Source, ...]) -> dict[str, Source]:
    """Return the sources by name, one of each kind; a recording where one stands in for them.

    Several of a kind count several hosts, and become one.
    """
    if not sources:
        raise ArgumentError(
            "A monitor needs a source", "Give it one, as in `Monitor(PerfStat(), VmStat())`."
        )
    for source in sources:
        is_source = hasattr(source, "__anext__") and hasattr(source, "kind")
        if not is_source or isinstance(source, type):
            raise ArgumentError(
                f"{source!r} is not a source of samples",
                "Give it PerfStat, VmStat, Replay or Synthetic.",
            )
    played = [stand_in(source) or source for source in _together(sources)]
    return {source.name: source for source in played}


def _together(sources: tuple[Source, ...]) -> list[Source]:
    """One source of each kind: several are of several hosts, named by where they count."""
    found: list[Source] = []
    for kind in ("counters", "memory"):
        of_it = [source for source in sources if source.kind == kind]
        if len(of_it) > 1:
            _check_apart(kind, of_it)
            hosts = unique(host_of(getattr(source, "command", ())) for source in of_it)
            by_host = dict(zip(hosts, of_it, strict=True))
            of_it = [Hosts(by_host) if kind == "counters" else HostsMemory(by_host)]
        found += of_it
    memory = next((s.memory for s in found if hasattr(s, "hosts") and hasattr(s, "memory")), None)
    if memory is not None and all(source.kind != "memory" for source in found):
        found.append(memory)
    return found


def _check_apart(kind: str, sources: list[Source]) -> None:
    """Refuse what would be counted twice."""
    if any(hasattr(source, "hosts") for source in sources):
        raise ArgumentError(
            f"Two sources of {kind} were given, one of them of several hosts",
            "Give all hosts to one, as in `Hosts({...})`.",
        )
    commands: list[list[str]] = [getattr(source, "command", None) or ["perf"] for source in sources]
    if sum(is_local(command) for command in commands) > 1:
        raise ArgumentError(
            f"Two sources of {kind} were given that count this host",
            "Give one of each kind to a monitor, or one for each host: "
            'PerfStat(command=["ssh", "node7", "perf"]).',
        )


def of_kind(sources: dict[str, Source], kind: str) -> str | None:
    """Return the name of the source of this kind, if there is one."""
    return next((name for name, source in sources.items() if source.kind == kind), None)


def check_window(window: float) -> float:
    """Return a usable number of seconds."""
    if isinstance(window, bool) or not isinstance(window, (int, float)) or not 1 <= window <= 1e7:
        raise ArgumentError(
            f"The window {window!r} is no usable number of seconds", "Give 1 to 10,000,000 seconds."
        )
    return float(window)
