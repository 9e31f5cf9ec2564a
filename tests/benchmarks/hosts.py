"""Many hosts: a real scheduler, a hundred workers that pose as hosts, made-up counters."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measuring import Line, percentile, say

HOSTS = 100
PROCESSES = 4
#: how long each rate is measured (s)
LONG = 10.0
SHORT = 5.0
#: samples a second of each host, beyond those that are asked for
HIGHER = (15, 20, 30, 40, 60)


def hosts() -> list[Line]:
    """Kernel CPU, bytes, samples lost and lag at 1 and 10 Hz, and where it ends."""
    with cluster() as address:
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(HOSTS, timeout=120)
            lines, runs = [], {}
            for hertz in (1, 10):
                say(f"  {HOSTS} hosts at {hertz} Hz")
                runs[hertz] = Run(client, hertz, LONG)
                lines += table_of(hertz, runs[hertz])
            return [*lines, limit(client, runs)]


def table_of(hertz: int, run: Run) -> list[Line]:
    what = f"{HOSTS} hosts, 17 events, {hertz} Hz"
    expected = HOSTS * hertz * run.seconds
    return [
        Line(
            f"{what}: kernel CPU",
            f"{run.cpu / run.seconds:.1%} of a core",
            f"{run.arrived / run.seconds:.0f} samples/s",
            f"{run.cpu / max(run.arrived, 1) * 1e6:.0f} µs a sample",
            "",
            None,
            "collector, model and Dask's client; the scheduler is a process of its own",
        ),
        Line(
            f"{what}: bytes",
            f"{run.bytes / run.seconds / 1e3:.0f} kB/s",
            "",
            f"{run.bytes / HOSTS / run.seconds:.0f} B a host-second",
            "",
            None,
            "payload of the events, without what Dask and TCP put around it",
        ),
        Line(
            f"{what}: lost",
            f"{run.lost} lost, {run.late} late",
            f"{expected:.0f} due",
            f"{run.merged} intervals delivered",
            "0 lost",
            run.lost == 0,
        ),
        Line(
            f"{what}: lag",
            f"{percentile(run.lags, 0.5) * 1e3:.0f} ms",
            f"{percentile(run.lags, 0.95) * 1e3:.0f} ms at 95 %",
            f"{percentile(run.behind, 0.5) * 1e3:.0f} ms until shown",
            "",
            None,
            "from the end of a host's interval to its arrival, and to the merged sample",
        ),
    ]


def limit(client: Any, runs: dict[int, Run]) -> Line:
    """The highest rate at which all arrive, in time."""
    kept, broken = 0, f"{HIGHER[-1]} Hz is the most that was tried"
    for hertz in (*runs, *HIGHER):
        if hertz not in runs:
            say(f"  {HOSTS} hosts at {hertz} Hz")
        run = runs.get(hertz) or Run(client, hertz, SHORT)
        if why := run.falls_behind(HOSTS * hertz):
            broken = f"at {hertz} Hz {why}"
            break
        kept = hertz
    return Line(
        f"{HOSTS} hosts: the most that this machine keeps up with",
        f"{kept} Hz",
        f"{os.cpu_count()} cores for all of it",
        f"{HOSTS * kept} samples/s",
        "10 Hz",
        kept >= 10,
        f"{broken}; scheduler and all made-up hosts run on the same cores",
    )


class Run:
    """A monitor at one rate, measured for some seconds."""

    def __init__(self, client: Any, hertz: int, seconds: float) -> None:
        import warnings
        from operator import attrgetter

        from perfwidgets import DaskHosts, Monitor, Synthetic

        warnings.simplefilter("ignore")
        source = DaskHosts(
            client, Synthetic(interval=1 / hertz, cores=1), host_of=attrgetter("name")
        )
        self.hertz = hertz
        self._numbers: dict[str, list[int]] = defaultdict(list)
        self.bytes = self.arrived = self.merged = 0
        self.lags: list[float] = []
        self.behind: list[float] = []
        self._is_measuring = False
        self._listen_in(source)
        with Monitor(source, window=60) as monitor:
            monitor.observe(lambda change: self._shown(change.new), "sample")
            wait(lambda: sum(bool(h.counted) for h in monitor.hosts.values()) == HOSTS)
            late = sum(host.late for host in monitor.hosts.values())
            self._is_measuring = True
            began, used = time.monotonic(), time.process_time()
            time.sleep(seconds)
            self.seconds = time.monotonic() - began
            self.cpu = time.process_time() - used
            self._is_measuring = False
            self.late = sum(host.late for host in monitor.hosts.values()) - late
        self.lost = sum(
            numbers[-1] - numbers[0] + 1 - len(set(numbers)) for numbers in self._numbers.values()
        )

    def falls_behind(self, rate: float) -> str:
        """How it falls behind so many samples a second; empty if it does not."""
        # an interval may end just before what is measured, and one just after
        due = max(self.seconds - 1 / self.hertz, 1 / self.hertz) * rate
        share = min(self.arrived / due, 1.0)
        lag = percentile(self.lags, 0.95) if self.lags else math.inf
        if share >= 0.9 and not self.lost and not self.late and lag <= 1.0:
            return ""
        return (
            f"{share:.0%} arrived, {self.lost} lost, {self.late} late, lag {lag:.1f} s, "
            f"kernel {self.cpu / self.seconds:.0%} of a core"
        )

    def _listen_in(self, source: Any) -> None:
        import msgpack

        heard, arrived = source._heard, source.arrived

        def counting(packed: bytes) -> None:
            if self._is_measuring:
                kind, host, _, what = msgpack.unpackb(packed, strict_map_key=False)
                if kind == "sample":
                    self._numbers[host].append(what[0])
                    self.bytes += len(packed)
                    self.arrived += 1
            heard(packed)

        def timing(name: str, sample: Any) -> None:
            if self._is_measuring:
                self.lags.append(time.time() - sample.timestamp)
            arrived(name, sample)

        source._heard, source.arrived = counting, timing

    def _shown(self, sample: Any) -> None:
        if self._is_measuring:
            self.merged += 1
            self.behind.append(time.time() - sample.timestamp)


def wait(true: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("the hosts do not all come up")
        time.sleep(0.1)


@contextlib.contextmanager
def cluster() -> Iterator[str]:
    """The address of a scheduler with all workers, ended at the end."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        words = ("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        processes = [started(folder, *words, "--scheduler-file", str(file))]
        try:
            wait(lambda: written(file))
            address = written(file)
            each = HOSTS // PROCESSES
            processes += [
                started(folder, __file__, address, str(number * each), str(each))
                for number in range(PROCESSES)
            ]
            yield address
        finally:
            for process in processes:
                process.kill()
                process.wait()


def written(file: Path) -> str:
    """The address in a scheduler's file; empty before it is there."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (FileNotFoundError, ValueError):
        return ""


def started(folder: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def work(address: str, first: int, count: int) -> None:
    """Be so many workers in one process, each a host."""
    from distributed import Worker

    async with contextlib.AsyncExitStack() as stack:
        for number in range(first, first + count):
            worker = Worker(
                address, name=f"node{number}", nthreads=1, memory_limit=None, dashboard=False
            )
            await stack.enter_async_context(worker)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
