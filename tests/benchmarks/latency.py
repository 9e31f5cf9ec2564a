"""From perf's write to the model."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measuring import Line, milliseconds, percentile

from perfwidgets.models.monitor import Monitor
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.sources.vmstat import VmStat

RELAY = Path(__file__).with_name("relay.py")
SECONDS = 15.0


def stamps(log: Path) -> dict[float, float]:
    """The time column of each interval -> when its last rows were passed on."""
    pairs = (line.split() for line in log.read_text().splitlines())
    return {float(time): float(stamp) for time, stamp in pairs}


def to_the_model() -> list[Line]:
    """A relay before perf stamps its bytes; an observer of the model stamps the sample."""
    seen: dict[float, float] = {}

    def arrived(change: Any) -> None:
        seen[round(change.new.time, 9)] = time.time()

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "stamps"
        source = PerfStat(interval=0.1, command=[sys.executable, str(RELAY), str(log)])
        with Monitor(source, VmStat(interval=0.1)) as monitor:
            monitor.observe(arrived, "sample")
            for _ in range(3):
                monitor.wait_for_sample()
            seen.clear()
            time.sleep(SECONDS)
        passed = stamps(log)
    delays = [at - passed[when] for when, at in seen.items() if when in passed]
    median = percentile(delays, 0.5)
    result = f"{milliseconds(delays)}, p95 {milliseconds(delays, 0.95)}"
    measured = f"median and p95 of {len(delays)} samples at 10 Hz"
    name = "perf's write to the model"
    return [Line(name, measured, "the relay's stamp", result, "<= 20 ms", median <= 0.020)]
