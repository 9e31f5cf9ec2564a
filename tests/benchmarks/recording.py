"""Writing recordings beside a live source, their size, and playing them."""

from __future__ import annotations

import gzip
import math
import random
import tempfile
import threading
import time
from pathlib import Path

from measuring import Line, some_blocks

from perfwidgets import Monitor, Recorder, Replay
from perfwidgets.events import DEFAULT_EVENTS
from perfwidgets.perf_csv import IntervalAssembler
from perfwidgets.samples import Reading, Sample, Status

CPUS, SECONDS, RATE = 128, 12, 10
ROWS = 1_000_000


def recording() -> list[Line]:
    """All of it, in a folder that is taken away."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_writing(Path(folder)), _size(Path(folder)), _playing(Path(folder))]


def _per_core() -> tuple[list[bytes], list[Sample]]:
    texts = some_blocks(CPUS, 30)
    assembler = IntervalAssembler(DEFAULT_EVENTS)
    samples = [sample for text in texts for sample in assembler.feed(text)]
    return texts, samples + list(filter(None, [assembler.flush()]))


def _writing(folder: Path) -> list[Line]:
    """The CPU time of the process that writes, over that of the same loop without."""
    texts, samples = _per_core()
    shares = {}
    for name in ("without", "with"):
        recorder = Recorder(folder / name) if name == "with" else None
        began, spent = time.perf_counter(), time.process_time()
        for number in range(SECONDS * RATE):
            if recorder is not None:
                recorder.write_sample(samples[number % len(samples)])
            time.sleep(max(0.0, began + (number + 1) / RATE - time.perf_counter()))
        if recorder is not None:
            recorder.close()
        shares[name] = (time.process_time() - spent) / (time.perf_counter() - began)
    share = shares["with"] - shares["without"]
    readings = SECONDS * RATE * CPUS * len(DEFAULT_EVENTS)
    ours = (folder / "with").stat().st_size / readings
    text = b"".join(texts[n % len(texts)] for n in range(SECONDS * RATE))
    theirs = len(gzip.compress(text, 6)) / readings
    return [
        Line(
            "recording",
            f"a writer of {CPUS} CPUs x {len(DEFAULT_EVENTS)} events at {RATE} Hz",
            "one core",
            f"{share:.1%}",
            "<= 5 %",
            share <= 0.05,
        ),
        Line(
            "recording",
            f"bytes of a reading, per core: {ours:.2f}",
            f"gzip'd perf -x: {theirs:.2f}",
            f"{ours / theirs:.2f}",
            "<= 1.0",
            ours <= theirs,
        ),
    ]


def _made_up(count: int) -> list[Sample]:
    rng = random.Random(1)
    samples, now = [], 0.0
    for _ in range(count):
        duration = round(0.1 + rng.random() / 1000, 9)
        now = round(now + duration, 9)
        counts = [rng.randrange(10**8, 10**9) for _ in DEFAULT_EVENTS]
        readings = tuple(
            Reading(event, n, n / duration, None, Status.COUNTED, 1.0)
            for event, n in zip(DEFAULT_EVENTS, counts, strict=True)
        )
        samples.append(Sample(now, 1.8e9 + now, duration, readings, None, 0.1))
    return samples


def _size(folder: Path) -> Line:
    """A day of nine-digit counts; flushed as often as it is live."""
    samples = _made_up(5000)
    with Recorder(folder / "day") as recorder:
        for number, sample in enumerate(samples):
            recorder.write_sample(sample)
            if number % RATE == 0:
                recorder.flush()
    day = (folder / "day").stat().st_size / len(samples) * 864_000
    return Line(
        "recording",
        f"a day of {len(DEFAULT_EVENTS)} nine-digit counts at {RATE} Hz",
        "200 MB",
        f"{day / 1e6:.0f} MB",
        "< 200 MB",
        day < 200e6,
    )


def _playing(folder: Path) -> Line:
    """A million samples from the file into a monitor's models, against the time that they took."""
    path, block = folder / "long", _made_up(10_000)
    length = block[-1].time
    with Recorder(path) as recorder:
        for number in range(ROWS // len(block)):
            shift = number * length
            for place, sample in enumerate(block):
                if place % 1000 == 0:
                    recorder.flush()
                recorder.write_sample(
                    Sample(
                        sample.time + shift,
                        (sample.timestamp or 0.0) + shift,
                        sample.duration,
                        sample.readings,
                        sample.cores,
                        sample.interval,
                    )
                )
    monitor, over = Monitor(Replay(path, speed=math.inf)), threading.Event()
    monitor.observe(lambda change: change.new in ("stopped", "failed") and over.set(), "state")
    began = time.perf_counter()
    monitor.start()
    over.wait(3600)
    took = time.perf_counter() - began
    recorded = length * (ROWS // len(block))
    faster = recorded / took
    return Line(
        "recording",
        f"{monitor.sample_count:,} samples played into the models",
        "the time in which they were recorded",
        f"{faster:,.0f} x",
        ">= 100 x",
        faster >= 100 and monitor.sample_count == ROWS,
    )
