"""CPU time: of the collector against perf's own, of hundreds of CPUs, of memory."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import threading
import time
import tracemalloc

from measuring import Line, awake, cpu_seconds, some_blocks
from wire import Counters, Memory

from perfwidgets.events import DEFAULT_EVENTS
from perfwidgets.models.history import History
from perfwidgets.models.monitor import Monitor
from perfwidgets.perf_csv import IntervalAssembler
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.sources.perf_stat import PerfStat

SECONDS, ROUNDS = 5.0, 3
#: a monitor that was looked at holds nothing back for so long (s)
SETTLED = 1.5
C_LOCALE = {**os.environ, "LC_ALL": "C"}


def collector_thread() -> int:
    (found,) = (t for t in threading.enumerate() if t.name == "perfwidgets collector")
    assert found.native_id
    return found.native_id


def monitored(seconds: float, observed: bool) -> tuple[float, float]:
    """CPU a sample of the collector's thread without a view, and of the perf that it runs.

    Observed, each sample is handed on at once; else they may wait until somebody asks.
    """
    source = PerfStat(interval=0.1)
    with Monitor(source) as monitor:
        if observed:
            monitor.observe(lambda change: None, "sample")
        for _ in range(5):
            monitor.wait_for_sample()
        perf, thread = source.process_id, collector_thread()
        assert perf
        time.sleep(SETTLED)
        before, began = (cpu_seconds("self", thread), cpu_seconds(perf)), time.time()
        time.sleep(seconds)
        after, ended = (cpu_seconds("self", thread), cpu_seconds(perf)), time.time()
        times = monitor.history.times
    samples = int(((times > began) & (times <= ended)).sum())
    own, perfs = (b - a for a, b in zip(before, after, strict=True))
    return own / samples, perfs / samples


def only_read(seconds: float) -> float:
    """CPU a sample of an asyncio loop that reads the same perf's bytes and drops them."""

    async def read() -> float:
        source = PerfStat(interval=0.1)
        arguments = ["perf", *source.arguments(source.events)]
        pipe = asyncio.subprocess.PIPE
        perf = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe)
        assert perf.stdout
        assert perf.stdin
        for _ in range(5):
            await perf.stdout.read(65_536)
        began, before, reads = time.monotonic(), time.thread_time(), 0
        while time.monotonic() - began < seconds:
            await perf.stdout.read(65_536)
            reads += 1
        taken = (time.thread_time() - before) / reads
        perf.stdin.close()
        await perf.communicate()
        return taken

    return asyncio.run(read())


def without_a_loop(seconds: float, keep: bool) -> float:
    """CPU a sample of a thread that waits in `read`: drops what it reads, or parses and keeps it.

    The same parser and model as in a collector, and no event loop: what is left is Python itself,
    whose code and objects are out of the caches each time that a tenth of a second has passed.
    """
    source = PerfStat(interval=0.1)
    monitor = Monitor(source)
    rows = IntervalAssembler(source.events, interval=0.1)
    taken = []

    def read() -> None:
        words = ["perf", *source.arguments(source.events)]
        pipe = subprocess.PIPE
        with subprocess.Popen(words, stdin=pipe, stdout=pipe, env=C_LOCALE) as perf:
            assert perf.stdout
            assert perf.stdin
            count, began, before = 0, time.monotonic(), 0.0
            while time.monotonic() - began < seconds:
                text = os.read(perf.stdout.fileno(), 65_536)
                for sample in rows.feed(text) if keep else ():
                    monitor.sample_arrived(source.name, source, sample)
                count += 1
                if count == 5:
                    began, before = time.monotonic(), time.thread_time()
            taken.append((time.thread_time() - before) / (count - 5))
            perf.stdin.close()
            perf.stdout.close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    return taken[0]


def sources_and_models() -> list[Line]:
    """PerfStat and Monitor without a view, against the perf that they run; A B A B."""
    rounds = [
        (
            *monitored(SECONDS, observed=False),
            *monitored(SECONDS, observed=True),
            only_read(SECONDS),
            without_a_loop(SECONDS, keep=False),
            without_a_loop(SECONDS, keep=True),
        )
        for _ in range(ROUNDS)
    ]
    resting, beside, own, perfs, reading, bare, kept = (
        statistics.median(column) for column in zip(*rounds, strict=True)
    )
    with awake():
        busy = [
            (*monitored(SECONDS, observed=False), *monitored(SECONDS, observed=True))
            for _ in range(ROUNDS)
        ]
    busy_resting, busy_beside, busy_own, busy_perfs = (
        statistics.median(column) for column in zip(*busy, strict=True)
    )
    limit = (
        f"an asyncio loop that reads perf's bytes and drops them: {reading / perfs:.2f}; a thread "
        f"that waits in read and drops them: {bare / perfs:.2f}; the same thread with our parser "
        f"and model, and no event loop: {kept / perfs:.2f}"
    )
    return [
        _against_perf("nobody looks", resting, beside, busy_resting / busy_beside, ""),
        _against_perf("each sample observed", own, perfs, busy_own / busy_perfs, limit),
    ]


def _against_perf(how: str, own: float, perfs: float, busy: float, limit: str) -> Line:
    found = own / perfs
    remark = (
        f"us a sample: ours {own * 1e6:.0f}, perf {perfs * 1e6:.0f}; "
        f"where the CPUs are kept awake {busy:.2f}"
    )
    measured = f"CPU, 17 events at 10 Hz, {how}"
    return Line(
        *("sources + models", measured, "perf's own CPU", f"{found:.2f}", "<= 1.0", found <= 1.0),
        *(remark, limit),
    )


def per_core() -> list[Line]:
    """256 CPUs, each counted apart, at 10 Hz: text to model."""
    shares, extra = {}, {}
    for cpus in (32, 256):
        texts = some_blocks(cpus, 11)
        assembler = IntervalAssembler(DEFAULT_EVENTS, interval=0.1)
        monitor = Monitor(Counters(DEFAULT_EVENTS, 0.1), Memory(0.1))
        source = monitor.source
        assembler.feed(texts[0])
        assembler.flush()
        taken = []
        for number in range(100):
            text = texts[1 + number % 10]
            began = time.thread_time()
            samples = []
            for start in range(0, len(text), 65_536):  # as it comes through a pipe
                samples += assembler.feed(text[start : start + 65_536])
            for sample in samples:
                monitor.sample_arrived(source.name, source, sample)
            taken.append(time.thread_time() - began)
        shares[cpus] = statistics.median(taken) * 10
        extra[cpus] = statistics.median(taken)
    growth = extra[256] / extra[32]
    remark = f"{shares[32]:.2%} with 32 CPUs; text is made up, no perf runs"
    measured = "share of a core, 256 CPUs x 17 events at 10 Hz"
    return [
        Line("per core", measured, "one core", f"{shares[256]:.1%}", "<= 25 %", shares[256] <= 0.25, remark),
        Line("per core", "256 CPUs", "32 CPUs", f"{growth:.1f}x", "<= 8x: linear", growth <= 8.0),
    ]  # fmt: skip


def memory() -> list[Line]:
    """A history that is full, and full again."""
    events = 17
    names = [f"event-{i}" for i in range(events)]
    readings = tuple(Reading(name, 5, 50.0, None, Status.COUNTED, 1.0) for name in names)
    window, step = 1000.0, 0.1

    def fill(history: History, first: int, count: int) -> None:
        for number in range(first, first + count):
            history.append(Sample(number * step, None, step, readings, None, step))

    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    history = History(window, step)
    rows = round(window / step)
    sizes = []
    for turn in range(3):
        fill(history, turn * rows, rows)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0] - before)
    tracemalloc.stop()
    declared = len(history) * (8 + 8 + events * (8 + 4))
    share, growth = sizes[0] / declared, sizes[-1] - sizes[0]
    remark = f"{growth:+d} bytes after two more windows"
    return [
        Line(
            "history memory",
            f"heap, {rows:,} samples x {events} events",
            "declared columns",
            f"{share:.3f}",
            "<= 1.2, flat",
            share <= 1.2 and abs(growth) < 20_000,
            remark,
        )
    ]
