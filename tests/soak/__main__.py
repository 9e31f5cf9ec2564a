"""Many samples through the whole path, and our memory meanwhile: ``python -m tests.soak``.

A seeded source, as fast as it goes, into a monitor with an observer and a dashboard, whose messages
go to nobody. Cells run, marks are set and snapshots of the whole history are packed for pages that
are loaded meanwhile. After a first tenth the memory that we hold stays within 5 %. Before it
the same in a real JupyterLab with a page open for some minutes: the kernel's memory and the page's.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import math
import os
import signal
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore", module="bqscales|bqplot")

sys.path.insert(0, str(Path(__file__).parent))

import comm  # noqa: E402
from comm.base_comm import BaseComm  # noqa: E402

from perfwidgets import Dashboard, Monitor, Synthetic  # noqa: E402

#: how far memory may be above that after the warm-up
_ALLOWED = 1.05
_STEPS = 20


class Nobody(BaseComm):  # type: ignore[misc]
    """A comm that counts what it is given, and drops it."""

    messages = 0
    size = 0

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None,
                    buffers: Any = None, **keys: Any) -> None:  # fmt: skip
        Nobody.messages += 1
        Nobody.size += sum(memoryview(buffer).nbytes for buffer in buffers or [])


def resident() -> int:
    """Our memory in bytes, without what is free and kept by the allocator."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Soak:
    """One run, measured at each twentieth of its samples."""

    def __init__(self, samples: int, *, per_core: bool) -> None:
        self.samples = samples
        source = Synthetic(
            7, samples=samples, interval=0.1, speed=math.inf, cores=4, per_core=per_core
        )
        self.monitor = Monitor(source, window=300)
        self.dashboard = Dashboard(self.monitor)
        self.seen = 0
        self.measured: list[tuple[int, int]] = []
        self.monitor.observe(self._on_sample, "sample")

    def _on_sample(self, change: Any) -> None:
        self.seen += 1
        if self.seen % 500 == 0:  # what a person does meanwhile
            number = self.monitor.cells.begin(self.seen, f"cell {self.seen}", time.time())
            self.monitor.mark(f"mark {self.seen}")
            self.monitor.cells.end(number)
        if self.seen % (self.samples // _STEPS) == 0:
            self.dashboard.status._feed.pack()  # a page is loaded
            self.measured.append((self.seen, resident()))
            say(f"  {self.seen:>12,} samples   {self.measured[-1][1] / 2**20:7.1f} MiB")

    def run(self) -> bool:
        """Whether all samples came, and memory stayed flat."""
        began = time.monotonic()
        self.monitor.start()  # returns when all of it was played
        seconds = time.monotonic() - began
        warm = self.measured[_STEPS // 10 - 1][1]
        most = max(size for _, size in self.measured[_STEPS // 10 :])
        threads = threading.active_count()
        self.dashboard.close()
        self.monitor.stop()
        # measuring takes its time, which is no fault of what is measured
        faults = [fault for fault in self.monitor.faults if fault.traceback]
        whole = self.seen == self.samples == self.monitor.sample_count
        flat = most <= _ALLOWED * warm
        say(
            f"{self.seen:,} samples in {seconds:.0f} s ({self.seen / seconds:,.0f} a second), "
            f"{Nobody.messages:,} messages of {Nobody.size / 2**20:,.0f} MiB in all; "
            f"memory {warm / 2**20:.1f} MiB after the warm-up, at most {most / 2**20:.1f} MiB "
            f"({most / warm - 1:+.1%}); threads {threads}, then {threading.active_count()}; "
            f"faults {len(faults)}: {'as it should be' if whole and flat and not faults else 'NOT SO'}"
        )
        for fault in faults:
            say(f"  {fault.where}: {fault.message} ({fault.times} times)\n{fault.traceback}")
        return whole and flat and not faults


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run it; 0 where memory stayed flat and nothing was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--per-core", action="store_true", help="each of 4 cores apart")
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="with a page open; 0 without (default: 10)"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without what was started
    if arguments.samples < 10 * _STEPS:
        parser.error(f"give at least {10 * _STEPS} samples")
    is_flat = True
    if arguments.minutes:
        from browser import soak

        is_flat = soak(arguments.minutes)
    comm.create_comm = Nobody
    return 0 if Soak(arguments.samples, per_core=arguments.per_core).run() and is_flat else 1


if __name__ == "__main__":
    sys.exit(main())
