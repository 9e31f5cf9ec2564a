"""What the benchmarks share: a line of the table, interleaved timing, made-up text of perf."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from perfwidgets.events import DEFAULT_EVENTS

#: runs only where nobody else wants to, and ends with us
_LOOP = """
import os
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
parent = os.getppid()
while os.getppid() == parent:
    sum(range(100_000))
"""


@dataclass(frozen=True)
class Line:
    """A line of the table; `reached` is `None` where nothing is asked for.

    `limit` says what stands in the way, measured in the same run, where a target is not reached.
    """

    name: str
    measured: str
    reference: str
    result: str
    target: str
    reached: bool | None
    remark: str = ""
    limit: str = ""


def interleaved(
    rounds: int, clock: Callable[[], float] = time.perf_counter, **works: Callable[[int], object]
) -> dict[str, list[float]]:
    """Seconds that each work took in each round, all works after one another in every round."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            began = clock()
            work(number)
            taken[name].append(clock() - began)
    return taken


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """The ratio of the medians."""
    return statistics.median(of) / statistics.median(to)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def milliseconds(values: Sequence[float], share: float = 0.5) -> str:
    return f"{percentile(values, share) * 1e3:.1f} ms"


def cpu_seconds(pid: int | str, thread: int | None = None) -> float:
    """CPU time of a process's first thread, or of one of its threads, to the nanosecond."""
    place = f"/proc/{pid}/schedstat" if thread is None else f"/proc/{pid}/task/{thread}/schedstat"
    return int(Path(place).read_text().split()[0]) / 1e9


@contextmanager
def awake() -> Iterator[None]:
    """Keep all CPUs awake, by loops that give way to everybody else.

    A virtual CPU that has slept comes back slowly, and to empty caches: whatever runs then seems to
    take more CPU time, code with many small parts most of all.
    """
    loops = [
        subprocess.Popen([sys.executable, "-c", _LOOP]) for _ in range(len(os.sched_getaffinity(0)))
    ]
    try:
        time.sleep(0.5)
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def blocks(cpus: int, separator: str = "@@", seed: int = 1) -> Iterator[bytes]:
    """Intervals of ``perf stat -A -I 100`` for so many CPUs and the 17 default events, counted."""
    rng = random.Random(seed)
    step = 0
    while True:
        step += 1
        lines = []
        for event in DEFAULT_EVENTS:
            for cpu in range(cpus):
                count = str(rng.randrange(10 ** rng.choice((3, 6, 9))))
                unit, metric = "", f"{rng.random():.3f}{separator}K/sec"
                if event == "cpu-clock":
                    count, unit = f"{rng.random() * 100:.2f}", "msec"
                    metric = f"1.000{separator}CPUs utilized"
                runtime = str(10**8 + rng.randrange(10**5))
                fields = [f"{step * 0.1:16.9f}", f"CPU{cpu}", count, unit, event]
                lines.append(separator.join([*fields, runtime, "100.00", metric]))
        yield ("\n".join(lines) + "\n").encode()


def some_blocks(cpus: int, count: int, separator: str = "@@") -> list[bytes]:
    source = blocks(cpus, separator)
    return [next(source) for _ in range(count)]


def say(text: str) -> None:
    """Tell how far it is, beside the table."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
