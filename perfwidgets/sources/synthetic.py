"""Made-up counters, for tests, demonstrations and benchmarks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from operator import index
from random import Random
from types import EllipsisType, MappingProxyType, TracebackType
from typing import Any, Literal, Self

from perfwidgets.cores import core_list, expand
from perfwidgets.errors import ArgumentError, CoreListError, SourceError
from perfwidgets.events import DEFAULT_EVENTS, check_events, lookup
from perfwidgets.samples import Reading, Sample, Status, whole
from perfwidgets.sources.made_up import MILLISECONDS, Machine, canonical
from perfwidgets.sources.pace import Pace

__all__ = ["Synthetic", "perf_text"]

_CORES = 8
_MOST_CORES = 8192


class Synthetic:
    """Counters that are made up: no perf, no PMU and no permission needed, and nothing measured.

    An async context manager and iterator of `Sample`, on asyncio and on trio. The same arguments
    give the same counts, times and durations on every machine and Python version, each time it is
    entered::

        async with Synthetic(seed=7, samples=100, speed=math.inf) as source:
            samples = [sample async for sample in source]

    Parameters
    ----------
    seed
        What all numbers follow from.
    events
        As for `PerfStat`. What an event counts does not depend on which others are asked for.
    interval
        Seconds between samples, as in `Sample.time`; measured ones are up to 0.2 % longer.
    cores
        How many cores the machine has, 1 to 8192; `None` is 8.
    per_core
        Count each core apart, as perf's ``-A``: each reading has `Reading.parts`.
    counters
        How many hardware events can be counted at once. Those that are more share them: their
        `Reading.running` is below 1 and their counts are off by up to 2 %, as if extrapolated.
    unsupported
        Events, of those asked for, that this machine cannot count.
    not_counted
        Probability, 0 to 1, that an event is not counted in an interval.
    samples
        How many there are; `None` for no end.
    speed
        How many times as fast as the clock they come; `math.inf` for as fast as they are read.

    Attributes
    ----------
    cores : str or None
        Those that are counted, as perf's list; `None` for all. `replace` can choose.
    core_count : int
        How many the machine has.
    label : str
        What is shown in place of perf's version, so that nobody takes this for real.

    Raises
    ------
    ArgumentError
        If an argument is unusable.

    Notes
    -----
    `Sample.timestamp` is the Unix time at which a sample is due; it is `None` at infinite speed.
    """

    name = "synthetic"
    kind: Literal["counters"] = "counters"
    label = "made-up counters"

    def __init__(
        self,
        seed: int = 0,
        *,
        events: Iterable[str] | str = DEFAULT_EVENTS,
        interval: float = 0.25,
        cores: int | None = None,
        per_core: bool = False,
        counters: int | None = None,
        unsupported: Iterable[str] | str = (),
        not_counted: float = 0.0,
        samples: int | None = None,
        speed: float = 1.0,
    ) -> None:
        self.seed = _whole_number("seed", seed, -(2**63), 2**64)
        self.events = check_events(events)
        self.interval: float = round(_number("interval", interval, 0.001, 86_400), 3)
        self.core_count = _CORES if cores is None else _whole_number("cores", cores, 1, _MOST_CORES)
        self.cores: str | None = None
        self.per_core = bool(per_core)
        self.counters = None if counters is None else _whole_number("counters", counters, 1)
        self.unsupported = check_events(unsupported) if unsupported else ()
        self.not_counted = _number("not_counted", not_counted, 0, 1)
        self.samples = None if samples is None else _whole_number("samples", samples, 0)
        self._pace = Pace(speed)
        self._begun = 0.0
        self._run = _Run(self)

    def __repr__(self) -> str:
        return (
            f"Synthetic({self.seed}, {len(self.events)} events, {self.core_count} cores, "
            f"interval={self.interval:g})"
        )

    @property
    def speed(self) -> float:
        """How many times as fast as the clock samples come."""
        return self._pace.speed

    @property
    def live(self) -> bool:
        """Whether samples come as the clock goes, so that they have timestamps."""
        return math.isfinite(self.speed)

    def replace(
        self, *, cores: str | Iterable[int] | EllipsisType | None = ..., **changes: Any
    ) -> Synthetic:
        """Return a source like this one with other arguments, which are checked.

        Parameters
        ----------
        cores
            Which of its cores are counted: a list as for `PerfStat`, `None` for all.
        **changes
            Other arguments.
        """
        other = Synthetic(**{**self._arguments(), **changes})
        other.cores = self.cores if isinstance(cores, EllipsisType) else core_list(cores)
        if other.cores is not None and expand(other.cores)[-1] >= self.core_count:
            raise CoreListError(
                f"The cores {other.cores} are not all among the {self.core_count} made up",
                f"They are 0 to {self.core_count - 1}.",
            )
        return other

    def _arguments(self) -> dict[str, Any]:
        """What it was made with, but for the choice of cores."""
        return {
            "seed": self.seed,
            "events": self.events,
            "interval": self.interval,
            "cores": self.core_count,
            "per_core": self.per_core,
            "counters": self.counters,
            "unsupported": self.unsupported,
            "not_counted": self.not_counted,
            "samples": self.samples,
            "speed": self.speed,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self._arguments(), self.cores)

    def finish(self) -> None:
        """End the iteration."""
        self._pace.finish()

    async def __aenter__(self) -> Self:
        self._pace.begin()
        self._begun = time.time()
        self._run = _Run(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pace.end()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sample:
        if not self._pace.started:
            raise SourceError(
                "Synthetic is read outside of its context", "Use `async with Synthetic()`."
            )
        if self._run.made == self.samples or not await self._pace.reach(self._run.next_time):
            raise StopAsyncIteration
        return self._run.next_sample(self._begun)


def _made(arguments: dict[str, Any], cores: str | None) -> Synthetic:
    return Synthetic(**arguments).replace(cores=cores)


class _Run:
    """The samples of one run."""

    def __init__(self, source: Synthetic) -> None:
        self.made = 0
        self._source = source
        self._machine = Machine(source.seed, source.core_count)
        self._clock = Random(f"{source.seed} clock")
        self._chances = [Random(f"{source.seed} chance {event}") for event in source.events]
        self._cores = range(source.core_count) if source.cores is None else expand(source.cores)
        self._all = len(self._cores) == source.core_count
        self._unsupported = {canonical(event) for event in source.unsupported}
        self._share = _share_of(source, self._unsupported)
        self._ticks = 0
        self._last_time = 0.0
        self.next_time = 0.0
        self._tick()

    def _tick(self) -> None:
        """Set the time of the next sample, in whole nanoseconds, as perf prints it."""
        interval = round(self._source.interval * 1e9)
        self._ticks += interval + int(0.002 * interval * self._clock.random())
        self._last_time, self.next_time = self.next_time, self._ticks / 1e9

    def next_sample(self, begun: float) -> Sample:
        """The next sample of a run that began at Unix time `begun`."""
        source, now = self._source, self.next_time
        duration = now - self._last_time
        self._machine.work(duration)
        readings = tuple(
            self._reading(event, chance, duration)
            for event, chance in zip(source.events, self._chances, strict=True)
        )
        self.made += 1
        self._tick()
        timestamp = None if math.isinf(source.speed) else begun + now / source.speed
        return Sample(now, timestamp, duration, readings, source.cores, source.interval)

    def _reading(self, event: str, chance: Random, duration: float) -> Reading:
        # drawn for every event in every interval, so that none depends on another's fate
        counts = self._machine.counts(event)
        is_counted = chance.random() >= self._source.not_counted
        status, share, error = Status.COUNTED, 1.0, 1.0
        if lookup(event).family != "software" and self._share < 1.0:
            percent = round(100 * self._share * (0.98 + 0.04 * chance.random()), 2)
            share, error = percent / 100, 0.98 + 0.04 * chance.random()
        if canonical(event) in self._unsupported:
            status = Status.NOT_SUPPORTED
        elif not is_counted:
            status = Status.NOT_COUNTED
        if not self._all:
            counts = [counts[core] for core in self._cores]
        if error != 1.0:
            counts = [int(count * error) for count in counts]
        return self._assembled(event, counts, status, share, duration)

    def _assembled(
        self,
        event: str,
        counts: list[float] | list[int],
        status: Status,
        share: float,
        duration: float,
    ) -> Reading:
        unit = "msec" if canonical(event) in MILLISECONDS else None
        is_counted = status is Status.COUNTED
        if self._source.per_core:
            parts = {
                f"CPU{core}": Reading(event, count, count / duration, unit, status, share)
                if is_counted
                else Reading(event, None, None, unit, status, 0.0)
                for core, count in zip(self._cores, counts, strict=True)
            }
            return whole(event, unit, MappingProxyType(parts), duration)
        if not is_counted:
            return Reading(event, None, None, unit, status, 0.0)
        total = round(math.fsum(counts), 6) if unit else sum(counts)
        return Reading(event, total, total / duration, unit, status, share)


def _share_of(source: Synthetic, unsupported: set[str]) -> float:
    """The share of time that each hardware event is on a counter."""
    hardware = sum(
        lookup(event).family != "software" and canonical(event) not in unsupported
        for event in source.events
    )
    if source.counters is None or hardware <= source.counters:
        return 1.0
    return source.counters / hardware


def perf_text(samples: Iterable[Sample], *, separator: str = ",") -> Iterator[str]:
    """Write samples as ``perf stat -I -x`` prints them, line by line.

    `read_perf_csv` makes the same counts of it. Readings with parts become a row for each part,
    as with perf's ``-A``.

    Parameters
    ----------
    samples
        What to write; cgroups, parts of parts, cannot be.
    separator
        What stands between fields; it must not be part of an event's name or a label.
    """
    for sample in samples:
        start = f"{sample.time:>16.9f}{separator}"
        nanoseconds = (sample.duration or 0.0) * 1e9
        for reading in sample:
            for label, part in reading.parts.items():
                yield f"{start}{label}{separator}{_cells(part, separator, nanoseconds)}\n"
            if not reading.parts and reading.status is not Status.MISSING:
                yield f"{start}{_cells(reading, separator, nanoseconds)}\n"


def _cells(reading: Reading, separator: str, nanoseconds: float) -> str:
    count = reading.count
    if count is None:
        value, runtime, percent = f"<{reading.status.value}>", "0", "100.00"
    else:
        value = f"{count:.2f}" if isinstance(count, float) else str(count)
        runtime, percent = f"{nanoseconds * reading.running:.0f}", f"{100 * reading.running:.2f}"
    cells = (value, reading.unit or "", reading.event, runtime, percent, "", "")
    return separator.join(cells)


def _whole_number(name: str, value: object, low: int, high: int | None = None) -> int:
    allowed = f"Give {low:,} to {high:,}." if high is not None else f"Give {low:,} or more."
    try:
        number = None if isinstance(value, bool) else index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None:
        raise ArgumentError(f"{name}={value!r} is no whole number", allowed)
    if number < low or (high is not None and number > high):
        raise ArgumentError(f"{name}={number:.6g} is out of range", allowed)
    return number


def _number(name: str, value: object, low: float, high: float) -> float:
    allowed = f"Give {low:g} to {high:g}."
    try:
        number = math.nan if isinstance(value, (bool, str, bytes)) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high:
        raise ArgumentError(f"{name}={value!r} is no number in range", allowed)
    return number
