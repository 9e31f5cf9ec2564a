"""What all sources of several hosts have in common: samples come in apart and go out as one."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, Literal

from perfwidgets.errors import SourceError
from perfwidgets.hosts.assembling import Assembler
from perfwidgets.hosts.merging import Interval, Merger
from perfwidgets.hosts.state import Host, HostState
from perfwidgets.samples import Sample
from perfwidgets.supervisor import State

__all__ = ["Merged", "in_turn"]

#: a lag that differs by less is no news (s)
_LAG_STEP = 0.1
_NUMBER = re.compile(r"([0-9]+)")


def in_turn(name: str) -> list[tuple[int, str]]:
    """By what names are sorted as people do: node9 before node10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBER.split(name)]


class Merged:
    """Iterates over the hosts' samples as one; on asyncio.

    Subclasses call `host_is` and `arrived` on the event loop, `end` when no more will come.
    """

    name = "hosts"
    kind: Literal["counters", "memory"]
    #: a recording that the environment names stands in for it (`recording.standing_in`)
    stands_back = True
    #: hosts are watched one by one: all together need no alarm
    watches_silence = True
    #: whether hosts stand in the order of their names, not as they came
    sorts = False
    events: tuple[str, ...]
    cores: str | None
    per_core = False

    def __init__(self, interval: float, hosts: Iterable[str] = ()) -> None:
        self.interval: float = interval
        self._hosts = {name: Host(name) for name in hosts}
        self._shown: dict[str, HostState] | None = None
        self._ready: deque[Sample] = deque()
        self._failure: SourceError | None = None
        self._over = True
        self._woken: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timed = -1
        self._begin()

    @property
    def hosts(self) -> dict[str, HostState]:
        """Each host, and how it fares; another dict whenever anything has changed."""
        if self._shown is None:
            self._shown = {name: host.state for name, host in self._hosts.items()}
        return self._shown

    @property
    def version(self) -> str | None:
        """The versions of the hosts' perf, where they are known."""
        versions = {host.version for host in self.hosts.values() if host.version}
        return ", ".join(sorted(versions)) or None

    @property
    def refused(self) -> dict[str, str]:
        """Events whose name perf refused on every host that counts, with its words."""
        running = [h for h in self.hosts.values() if h.counted or h.unsupported]
        refused = dict(running[0].refused) if running else {}
        return {e: words for e, words in refused.items() if all(e in h.refused for h in running)}

    def _begin(self) -> None:
        """Forget what came before."""
        self._merger = Merger(self.interval)
        self._assembler = Assembler(getattr(self, "cores", None), self.interval)
        self._ready.clear()
        self._failure = None

    def _open(self) -> None:
        """Begin to take samples, on the running event loop."""
        self._begin()
        self._over = False
        self._woken = asyncio.Event()

    def _close(self) -> None:
        """Take no more."""
        self._over, self._woken = True, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Sample:
        while not self._ready:
            if self._failure is not None:
                raise self._failure
            if self._woken is None:
                raise SourceError(
                    f"{self.name} is read outside of its context", "Use `async with`, or a Monitor."
                )
            if self._over:
                raise StopAsyncIteration
            self._woken.clear()
            await self._woken.wait()
        return self._ready.popleft()

    # ------------------------------------------------------------ for subclasses

    def known(self, name: str) -> Host:
        """The host of this name, which may be new."""
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name)
            if self.sorts:
                self._hosts = {each: self._hosts[each] for each in sorted(self._hosts, key=in_turn)}
            self._shown = None
        return host

    def tell(self, name: str, **facts: Any) -> None:
        """Take over facts of a host, by the names of `HostState`."""
        if self.known(name).set(**facts):
            self._shown = None

    def forget(self, name: str) -> None:
        """The host is shown no more."""
        self._hosts.pop(name, None)
        self._merger.leave(name)
        self._shown = None

    def host_is(self, name: str, state: State | Literal["gone"], error: SourceError | None) -> None:
        """A host is in another state."""
        self.tell(name, state=state, error=error)
        if state not in ("starting", "running") or error is not None:
            self._merger.leave(name)
            self._look()

    def arrived(self, name: str, sample: Sample) -> None:
        """A host's sample, whose timestamp is of our clock."""
        now = time.time()
        host = self.known(name)
        in_time = self._merger.take(name, sample, now)
        lag, shown = self._merger.lag(name), host.state.lag
        news = host.counts(sample)
        if lag is not None and (shown is None or abs(lag - shown) >= _LAG_STEP):
            news |= host.set(lag=round(lag, 1))
        if not in_time:
            news |= host.count_up("late")
        if news:
            self._shown = None
        self._look()

    def end(self) -> None:
        """Nothing more will come: deliver what waits, and end."""
        self._deliver(self._merger.rest())
        self._over = True
        self._wake()

    def fail(self, error: SourceError) -> None:
        """None of the hosts can count: what waits is delivered, then that is raised."""
        self._deliver(self._merger.rest())
        self._failure = error
        self._wake()

    # ---------------------------------------------------------------------- own

    def _look(self) -> None:
        """Deliver what is due, and look again when the next is."""
        now = time.time()
        self._deliver(self._merger.due(now))
        if self._merger.next_number == self._timed or self._over:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timed = self._merger.next_number
        deadline = self._merger.deadline
        if deadline is not None:
            # a clock that is set back must not make us wait for long
            wait = min(max(deadline - now, 0.001), 60.0)
            self._timer = asyncio.get_running_loop().call_later(wait, self._look_again)

    def _look_again(self) -> None:
        self._timed = -1
        self._look()

    def _deliver(self, intervals: Iterable[Interval]) -> None:
        for interval in intervals:
            for name in interval.samples:
                self._found(name)
            for name in interval.absent:
                self._missed(name)
            self._ready.append(self._assembler.sample(self._hosts, interval.samples, interval.end))
        if self._ready:
            self._wake()

    def _found(self, name: str) -> None:
        host = self._hosts[name]
        if host.state.state == "late" and host.set(state="running"):
            self._shown = None

    def _missed(self, name: str) -> None:
        host = self._hosts[name]
        host.count_up("missed")
        if host.state.state == "running":
            host.set(state="late")
        self._shown = None

    def _wake(self) -> None:
        if self._woken is not None:
            self._woken.set()
