"""Hardware and software counters from a child ``perf stat -I``."""

from __future__ import annotations

import shlex
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import anyio

from perfwidgets.availability import explain_failure, explain_spawn_error
from perfwidgets.cores import check_cores, core_list
from perfwidgets.errors import PerfFailedError, PerfNotFoundError, SourceError
from perfwidgets.events import DEFAULT_EVENTS, check_events
from perfwidgets.perf_command import is_local, perf_argv, split_command
from perfwidgets.perf_csv import IntervalAssembler
from perfwidgets.recording.standing_in import is_played
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.sources.base import check_interval
from perfwidgets.sources.child import Child
from perfwidgets.sources.perf_clock import PerfClock
from perfwidgets.sources.target import check_cgroup, check_pid, check_target

__all__ = ["PerfStat"]

_SEPARATOR = "@@"
#: a pending interval is complete when nothing more has come for so long (s)
_IDLE = 0.03
#: how often complaints are read (s), so that perf never waits for us, and how soon it is seen that
#: it was killed: its `cat` lives on
_LISTEN = 1.0
#: how long a perf that counts nothing may take to answer (s), and how much of it is kept
_ANSWER = 10.0
_MOST_SAID = 65_536


class PerfStat:
    """Counts of the machine, by a child ``perf stat -I``.

    An async context manager and iterator of `Sample`, on asyncio and on trio::

        async with PerfStat(["cycles", "page-faults"], interval=0.5) as source:
            async for sample in source:
                print(sample["page-faults"].count)

    Parameters
    ----------
    events
        Names as `perf list` has them; a list, or one text with commas. An event that this machine
        cannot count is reported so in each sample, and so is one whose name perf refuses.
    cores
        `None` for all, ``"0-3,8"``, or an iterable of numbers. With a perf of this machine, cores
        that it lacks are refused.
    interval
        Seconds between samples, to the millisecond, at least 0.01.
    per_core
        Count each core apart (perf's ``-A``): each reading has `Reading.parts`.
    pid
        Count only this process, its threads and the children it starts; ``"self"`` is this one.
    cgroup
        Count only tasks of this cgroup, by its path below the cgroup file system.
    command
        How perf is called: a text or a list, such as ``["ssh", "host", "perf"]`` or
        ``["docker", "exec", "-i", "name", "perf"]``. Its standard input must be passed on.

    Attributes
    ----------
    version : str or None
        perf's version, once the source was entered.
    refused : dict of str to str
        Events whose name perf refused, with its words.

    Raises
    ------
    ArgumentError
        If an argument has an unusable form; nothing is started.
    """

    name = "perf stat"
    kind: Literal["counters"] = "counters"
    #: a recording that the environment names stands in for it (`recording.standing_in`)
    stands_back = True

    def __init__(
        self,
        events: Iterable[str] | str = DEFAULT_EVENTS,
        *,
        cores: str | int | Iterable[int] | None = None,
        interval: float = 1.0,
        per_core: bool = False,
        pid: int | Literal["self"] | None = None,
        cgroup: str | None = None,
        command: str | Sequence[str] = "perf",
    ) -> None:
        self.events = check_events(events)
        self.command = split_command(command)
        self.cores = core_list(cores)
        if is_local(self.command) and not is_played():
            check_cores(self.cores)
        self.interval: float = check_interval(interval)
        self.per_core = bool(per_core)
        self.pid = check_pid(pid)
        self.cgroup = check_cgroup(cgroup)
        check_target(pid=self.pid, cores=self.cores, per_core=self.per_core, cgroup=self.cgroup)
        self.version: str | None = None
        self.refused: dict[str, str] = {}
        self._child: Child | None = None
        self._rows = IntervalAssembler(self.events, separator=_SEPARATOR)
        self._any_row = False
        self._ready: deque[Sample] = deque()
        self._taker: Callable[[Sample], object] | None = None
        self._failure: SourceError | None = None
        self._finishing = False
        self._listened = 0.0
        self._clock = PerfClock()

    def __repr__(self) -> str:
        return f"PerfStat({len(self.events)} events, interval={self.interval:g})"

    def replace(self, **changes: Any) -> PerfStat:
        """Return a source like this one with other arguments, which are checked."""
        other = PerfStat(**{**self._arguments(), **changes})
        if other.command == self.command:
            other.version = self.version
        return other

    def _arguments(self) -> dict[str, Any]:
        """What it was made with."""
        return {
            "events": self.events,
            "cores": self.cores,
            "interval": self.interval,
            "per_core": self.per_core,
            "pid": self.pid,
            "cgroup": self.cgroup,
            "command": self.command,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # a copy, on another host perhaps, counts by itself
        return _made, (self._arguments(),)

    def arguments(self, events: Sequence[str]) -> list[str]:
        """Return perf's arguments for counting `events`."""
        words = ["stat", "-I", str(round(self.interval * 1000)), "-x", _SEPARATOR]
        words += ["--no-big-num", "--log-fd", "1"]
        words += ["-p", str(self.pid)] if self.pid is not None else ["-a"]
        if self.cores is not None:
            words += ["-C", self.cores]
        if self.per_core:
            words.append("-A")
        for event in events:
            words += ["-e", event]
        if self.cgroup is not None:
            words += ["-G", self.cgroup]
        return [*words, "--", "cat"]

    @property
    def notes(self) -> Sequence[Any]:
        """Lines of perf's output that fit nothing."""
        return self._rows.notes

    @property
    def process_id(self) -> int | None:
        """The child's process id while it runs."""
        return self._child.pid if self._child is not None else None

    def finish(self) -> None:
        """Ask perf for its end: the last interval is still delivered, then iteration ends."""
        self._finishing = True
        if self._child is not None:
            self._child.let_go()
            self._child.rest(0.0)

    def hand_to(self, taker: Callable[[Sample], object] | None) -> None:
        """Hand samples to `taker` where that spares a turn of the event loop.

        It is called from the loop, in no task. Iteration yields the samples that it was not given.
        """
        self._taker = taker

    def rest(self, seconds: float) -> bool:
        """Hand on samples together, up to so many seconds late, if it can; 0 for each at once.

        What is there by then is handed on before a rest ends, but for unfinished intervals.
        """
        # for less than two samples it would be one more wake-up; many rows are read as they come
        able = self._child is not None and seconds >= 2 * self.interval and self._rows.reads_whole
        if self._child is not None:
            self._child.rest(seconds if able else 0.0)
        return able

    async def __aenter__(self) -> Self:
        self._finishing = False
        self._ready.clear()
        self._failure = None
        self.refused = {}
        if self.version is None:
            self.version = await self._read_version()
        await self._start(self.events)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sample:
        while not self._ready:
            if self._failure is not None:
                raise self._failure
            if self._child is None:
                raise StopAsyncIteration
            await self._read(self._child)
        return self._ready.popleft()

    async def _start(self, events: Sequence[str]) -> None:
        self._rows = IntervalAssembler(
            events, separator=_SEPARATOR, interval=self.interval, cores=self.cores
        )
        self._any_row = False
        self._clock = PerfClock()
        try:
            self._child = await Child.start(perf_argv(self.command, self.arguments(events)))
        except OSError as error:
            raise explain_spawn_error(error, self.command) from error
        if self._taker is not None:
            self._child.hand_to(self._take)
        if self._finishing:  # asked for while perf was being started
            self._child.let_go()

    def _take(self, chunk: bytes) -> bytes:
        """Hand on the samples of whole intervals, as most chunks are; return what is left."""
        if self._ready or self._taker is None:
            return chunk
        arrival = time.monotonic()
        samples: list[Sample] = []
        while chunk and (found := self._rows.whole(chunk)) is not None:
            sample, chunk = found
            samples.append(sample)
        self._ready.extend(self._stamped(samples, arrival))
        while self._ready and self._taker is not None:
            self._taker(self._ready.popleft())
        return chunk

    async def _read(self, child: Child) -> None:
        """Wait for rows; put the samples that they complete into `_ready`."""
        rows_wait = self._rows.pending and not self._rows.mid_row
        chunk = await child.receive(_IDLE if rows_wait else _LISTEN)
        arrival = time.monotonic()
        if not chunk or arrival - self._listened >= _LISTEN:
            child.listen()
            self._listened = arrival
        if chunk:
            self._any_row = True
            self._ready.extend(self._stamped(self._rows.feed(chunk), arrival))
        elif chunk == b"" or rows_wait:
            pending = self._rows.end() if chunk == b"" else self._rows.flush()
            if pending is not None:
                self._ready.extend(self._stamped([pending], arrival))
        if chunk == b"":
            await self._ended(child)
        elif chunk is None and child.has_ended:
            child.let_go()  # perf was killed; its `cat` lives, and holds perf's output open
        elif self._target_has_ended():
            self.finish()  # perf itself would go on, as long as its `cat` does

    def _stamped(self, samples: Sequence[Sample], arrival: float) -> list[Sample]:
        """Date samples that came together."""
        if not samples:
            return []
        self._clock.heard(samples[-1].time, arrival)
        samples = [sample.stamped(self._clock.unix(sample.time)) for sample in samples]
        if not self.refused:
            return samples
        refused = [
            Reading(event, None, None, None, Status.NOT_SUPPORTED, 0.0) for event in self.refused
        ]
        return [replace(sample, readings=(*sample.readings, *refused)) for sample in samples]

    async def _ended(self, child: Child) -> None:
        """perf has closed its output: find out whether that was our wish, or why it was."""
        status = await child.wait()
        await self._end()
        if self._finishing:
            return
        bad_name = status == 129 and "event syntax error" in child.complaints
        if bad_name and not self._any_row and not self.refused:
            await self._start_without_refused(child.complaints)
        else:
            error = self._explain(status, child.complaints)
            if status == 0 and self._clock.reached < self.interval / 2:
                error.permanent = True  # its input was never open, nor will it be next time
            if error.permanent:
                raise error
            self._failure = error  # what was counted until then is delivered first

    def _target_has_ended(self) -> bool:
        """Whether the process that is counted has ended; not known on another machine."""
        if self.pid is None or not is_local(self.command):
            return False
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_bytes()
        except OSError:
            return Path("/proc/self/stat").exists()
        return stat.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])

    def _explain(self, status: int | None, complaints: str) -> SourceError:
        return explain_failure(
            status,
            complaints,
            command=perf_argv(self.command, self.arguments(self.events)),
            events=self.events,
            local=is_local(self.command),
        )

    async def _start_without_refused(self, complaints: str) -> None:
        """One name that perf refuses fails all of them: ask for each, and count the rest."""
        refused: dict[str, str] = {}

        async def probe(event: str) -> None:
            async with limit:
                status, text = await self._run(
                    ["stat", "-x", _SEPARATOR, "--log-fd", "1", "-e", event, "--", "true"]
                )
            if status == 129:
                refused[event] = refusal(text)

        limit = anyio.CapacityLimiter(4)
        async with anyio.create_task_group() as tasks:
            for event in dict.fromkeys(self.events):
                tasks.start_soon(probe, event)
        accepted = [event for event in self.events if event not in refused]
        if not refused or not accepted:
            error = self._explain(129, complaints)
            error.permanent = bool(refused)  # the same names would be refused again
            raise error
        self.refused = {event: refused[event] for event in self.events if event in refused}
        await self._start(accepted)

    async def _read_version(self) -> str | None:
        status, text = await self._run(["--version"])
        words = text.split()
        if status == 0 and words[:2] == ["perf", "version"] and len(words) > 2:
            return words[2]
        if status is None:
            raise PerfFailedError(
                f"{shlex.join(self.command)} --version did not answer within {_ANSWER:g} s",
                "Try it in a terminal: does it wait for a password, or for another machine?",
            )
        if status != 0:
            error = self._explain(status, text)
            if isinstance(error, PerfNotFoundError):
                raise error  # whatever else went wrong, the real run will say better
        return None

    async def _run(self, arguments: Sequence[str]) -> tuple[int | None, str]:
        """Run perf to its end; return its exit status (`None` past 10 s) and all it printed."""
        try:
            child = await Child.start(perf_argv(self.command, arguments))
        except OSError as error:
            raise explain_spawn_error(error, self.command) from error
        said, status = b"", None
        try:
            with anyio.move_on_after(_ANSWER):
                while chunk := await child.receive(_ANSWER):
                    said = (said + chunk)[-_MOST_SAID:]
                status = await child.wait()
        finally:
            await child.end()
        return status, said.decode("utf-8", "replace") + child.complaints

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.hand_to(None)
            await child.end()


def _made(arguments: dict[str, Any]) -> PerfStat:
    return PerfStat(**arguments)


def refusal(text: str) -> str:
    """Return perf's own words on an event that it refused."""
    words = [
        line.strip().removeprefix("\\___").strip()
        for line in text.splitlines()
        if "\\___" in line or line.startswith(("Error:", "Unable to"))
    ]
    return "; ".join(dict.fromkeys(words)) or "perf does not know this event"
