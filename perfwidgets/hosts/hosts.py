"""Several hosts, each counted by a source of its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self

import anyio

from perfwidgets.errors import ArgumentError, SourceError
from perfwidgets.hosts.failure import of_all
from perfwidgets.hosts.merged import Merged
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source
from perfwidgets.supervisor import Backoff, State, Supervisor

__all__ = ["Hosts", "HostsMemory"]


class _Supervised(Merged):
    """Sources by the names of their hosts, each kept going by itself."""

    def __init__(self, sources: Mapping[str, Source], backoff: Backoff | None = None) -> None:
        self._sources = checked(sources, self.kind)
        self._backoff = backoff
        each = list(self._sources.values())
        self.events = tuple(dict.fromkeys(event for source in each for event in source.events))
        cores = {getattr(source, "cores", None) for source in each}
        self.cores = cores.pop() if len(cores) == 1 else None
        self.per_core = any(bool(getattr(source, "per_core", False)) for source in each)
        self._supervisors: list[Supervisor] = []
        self._tasks = contextlib.AsyncExitStack()
        super().__init__(each[0].interval or 1.0, self._sources)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._sources)}, interval={self.interval:g})"

    def _replaced(self, changes: Mapping[str, Any]) -> dict[str, Source]:
        """The sources with other arguments, which are checked."""
        each: dict[str, Any] = dict(self._sources)
        for name, source in each.items():
            if not hasattr(source, "replace"):
                raise ArgumentError(
                    f"{source.name} of {name} cannot be given other {' or '.join(changes)}",
                    "Make it with what it shall count.",
                )
        return {name: source.replace(**changes) for name, source in each.items()}

    def finish(self) -> None:
        """End all: what was counted by now is still delivered."""
        for supervisor in self._supervisors:
            supervisor.change_wish("stop")

    def try_again(self) -> None:
        """Start those that have failed, or wait to start, at once."""
        for supervisor in self._supervisors:
            supervisor.change_wish("run")

    async def __aenter__(self) -> Self:
        self._open()
        # as often as it takes: others are live meanwhile
        backoff = replace(self._backoff or Backoff(), tries=sys.maxsize)
        self._supervisors = [
            Supervisor(name, source, self, backoff) for name, source in self._sources.items()
        ]
        tasks = await self._tasks.enter_async_context(anyio.create_task_group())
        self._tasks.callback(tasks.cancel_scope.cancel)
        for supervisor in self._supervisors:
            tasks.start_soon(supervisor.run)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            # what has ended it is told by whoever raised it, not by the group of tasks
            await self._tasks.__aexit__(None, None, None)
        finally:
            self._supervisors = []
            self._close()

    # --------------------------------------------------- called by the supervisors

    def state_is(self, name: str, state: State, error: SourceError | None) -> None:
        """The source of a host is in another state."""
        source = self._sources[name]
        self.tell(
            name,
            version=getattr(source, "version", None),
            refused=dict(getattr(source, "refused", {})),
        )
        self.host_is(name, state, error)
        errors = {host.name: host.error for host in self.hosts.values()}
        if error is not None and all(errors.values()):
            self.fail(of_all({name: each for name, each in errors.items() if each is not None}))

    def deliver(self, name: str, source: Source, sample: Sample) -> None:
        """The source of a host has delivered."""
        if name not in self._sources or source is not self._sources[name]:
            return
        self.arrived(name, sample)

    def came_to_rest(self) -> None:
        """A source has stopped; the last one ends all."""
        if all(supervisor.at_rest for supervisor in self._supervisors):
            self.end()


class HostsMemory(_Supervised):
    """Memory activity of several hosts; `Hosts` makes it."""

    name = "memory of hosts"
    kind: Literal["memory"] = "memory"

    def replace(self, **changes: Any) -> HostsMemory:
        """Return a source like this one with other arguments, which are checked."""
        return HostsMemory(self._replaced(changes), self._backoff)


class Hosts(_Supervised):
    """Several hosts at once, each counted by a source of its own, as one source.

    ::

        hosts = Hosts({name: PerfStat(command=["ssh", name, "perf"]) for name in ("node6", "node7")})
        with Monitor(hosts) as monitor:
            sample = monitor.wait_for_sample()
            sample["cycles"].parts["node7"].count

    Each sample has the intervals of all hosts that ended nearest to each other, by the hosts' own
    timestamps: in each reading's `Reading.parts` there is every host. One whose interval is not
    there in time, or that has failed, has `Status.MISSING`; the others go on, and it is started
    again by itself. `Monitor.hosts` tells how each fares.

    Parameters
    ----------
    counters
        Host's name -> the source that counts it, such as a `PerfStat`; all of one interval.
    memory
        Host's name -> a source of its memory activity. A monitor takes it over as well.
    backoff
        How a host's source that ended is started again; as often as it takes.

    Attributes
    ----------
    hosts : dict of str to HostState
        How each host fares.
    memory : source or None
        The memory activity of the hosts, as one source.

    Raises
    ------
    ArgumentError
        If there is none, one is no such source, or their intervals differ.
    """

    kind: Literal["counters"] = "counters"

    def __init__(
        self,
        counters: Mapping[str, Source],
        memory: Mapping[str, Source] | None = None,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(counters, backoff)
        self.memory = HostsMemory(memory, backoff) if memory else None

    def replace(self, **changes: Any) -> Hosts:
        """Return a source like this one with other arguments, which are checked.

        Parameters
        ----------
        **changes
            As for `PerfStat`; each host's source is given them. Memory activity is another
            source, which has its own.
        """
        other = Hosts(self._replaced(changes), backoff=self._backoff)
        other.memory = self.memory
        return other


def checked(sources: object, kind: str) -> dict[str, Source]:
    """Return sources by the names of hosts, if they can be counted together."""
    if not isinstance(sources, Mapping) or not sources:
        raise ArgumentError(
            f"{sources!r} is no mapping of hosts' names to sources",
            'Give one, as in Hosts({"node7": PerfStat(command=["ssh", "node7", "perf"])}).',
        )
    for name, source in sources.items():
        is_text = isinstance(name, str) and name.isprintable()
        if not is_text or not name.strip() or len(name) > 200:
            raise ArgumentError(
                f"The host's name {str(name)[:50]!r} is none",
                "Give a text of 1 to 200 printable characters.",
            )
        if getattr(source, "kind", None) != kind or not hasattr(source, "__anext__"):
            raise ArgumentError(
                f"{source!r} of {name} is no source of {kind}",
                "Give PerfStat for counters, VmStat for memory.",
            )
        if not getattr(source, "live", True) or source.interval is None:
            raise ArgumentError(
                f"{source!r} of {name} has no clock time of its own to be placed by",
                "Only live sources can be counted together.",
            )
    if len({id(source) for source in sources.values()}) < len(sources):
        raise ArgumentError(
            "Two hosts were given the very same source", "Give each host one of its own."
        )
    _check_intervals(sources.values())
    return dict(sources)


def _check_intervals(sources: Iterable[Source]) -> None:
    intervals = sorted({source.interval or 0.0 for source in sources})
    if len(intervals) > 1:
        shown = ", ".join(f"{interval:g} s" for interval in intervals)
        raise ArgumentError(
            f"The hosts' sources have different intervals: {shown}", "Give all the same."
        )
