"""Sources whose samples are the same on every machine, and then stand still: for pictures.

Imported in the kernel, by the notebooks that `pictures.py` writes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import anyio
import anyio.from_thread

from perfwidgets import Backoff, Dashboard, Monitor, PerfStat, Reading, Sample, Status, Synthetic

__all__ = ["dashboard"]

NOW = 1_790_000_000.0  # Unix seconds of the newest sample
INTERVAL = 0.25
SAMPLES = 241  # a minute
NOT_HERE = ("L1-icache-loads", "iTLB-loads", "iTLB-load-misses")
CELLS = (  # number, code, seconds before the newest sample at which it began and ended; error
    (11, "frame = load()", 51.0, 42.0, ""),
    (12, "train(epochs=3)", 30.0, 17.0, ""),
    (13, "evaluate(model)", 11.0, 8.0, "ValueError"),
)
RUNS_ON = (14, "train(epochs=30)", 6.0)


class Still:
    """Delivers its samples at once, and then nothing, as if the next interval never ended."""

    live = True
    version = "6.1"
    cores = None

    def __init__(self, kind: str, samples: Sequence[Sample], *, per_core: bool = False) -> None:
        self.kind, self.samples, self.per_core = kind, list(samples), per_core
        self.name = f"still {kind}"
        self.interval = INTERVAL
        self.events = tuple(reading.event for reading in samples[0])
        self._ended = anyio.Event()

    async def __aenter__(self) -> Still:
        self._ended, self._coming = anyio.Event(), iter(self.samples)
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def __aiter__(self) -> Still:
        return self

    async def __anext__(self) -> Sample:
        for sample in self._coming:
            return sample
        await self._ended.wait()
        raise StopAsyncIteration

    def finish(self) -> None:
        self._ended.set()


def counters(cores: int | None, hardware: int) -> Still:
    """Made-up counters of a machine with so many counters, each core apart if `cores` is given."""
    source = Synthetic(
        seed=4,
        cores=cores or 8,
        per_core=cores is not None,
        counters=hardware,
        interval=INTERVAL,
        unsupported=NOT_HERE,
        samples=SAMPLES,
        speed=math.inf,
    )
    return Still("counters", [placed(s) for s in all_of(source)], per_core=cores is not None)


def all_of(source: Synthetic) -> list[Sample]:
    async def collect() -> list[Sample]:
        async with source:
            return [sample async for sample in source]

    # in a thread, since the kernel's own loop runs in this one
    with anyio.from_thread.start_blocking_portal() as portal:
        return portal.call(collect)


def placed(sample: Sample) -> Sample:
    """The sample at its place before `NOW`."""
    return replace(sample, timestamp=NOW - (SAMPLES * INTERVAL - sample.time))


def memory() -> Still:
    """Paging as a program that reads, then writes, would cause."""
    return Still("memory", [memory_sample(n) for n in range(1, SAMPLES + 1)])


def memory_sample(number: int) -> Sample:
    before = (SAMPLES - number) * INTERVAL
    wave = 1 + 0.2 * math.sin(number) + 0.1 * math.sin(number * 2.7)
    reads = 2900 if 42 <= before <= 51 else 300
    writes = 4100 if 17 <= before <= 28 else 900
    rates = {
        "pgpgin": reads * wave,
        "pgpgout": writes * wave,
        "pswpin": 0,
        "pswpout": 0,
        "pgfault": 5300 * wave,
        "pgmajfault": 0,
    }
    readings = tuple(
        Reading(event, round(rate * INTERVAL), float(rate), None, Status.COUNTED, 1.0)
        for event, rate in rates.items()
    )
    return Sample(number * INTERVAL, NOW - before, INTERVAL, readings, None, INTERVAL)


def dashboard(
    *, cores: int | None = None, hardware: int = 6, perf: bool = True, busy: bool = False
) -> Dashboard:
    """A dashboard that, once its monitor is started, has a minute of samples and changes no more.

    Started when the page listens: what comes before that is told with the samples after it, and
    here there are none.
    """
    source: Any = counters(cores, hardware) if perf else PerfStat(command="/nonexistent/perf")
    monitor = Monitor(source, memory(), backoff=Backoff(silence=math.inf))
    for number, code, began, ended, error in CELLS:
        cell = monitor.cells.begin(number, code, NOW - began)
        monitor.cells.end(cell, error=error, ended=NOW - ended)
    if busy:
        number, code, began = RUNS_ON
        monitor.cells.begin(number, code, NOW - began)
    monitor.marks.add("epoch 3", NOW - 20)
    return Dashboard(monitor)
