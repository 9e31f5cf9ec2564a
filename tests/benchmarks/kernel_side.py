"""What `kernel` runs inside of the kernel."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import Any

import anywidget
import numpy as np
from measuring import cpu_seconds

import perfwidgets

MATRIX = np.random.default_rng(0).random((700, 700))


def dashboard() -> Any:
    made = perfwidgets.Dashboard(interval=0.1)
    for _ in range(5):
        made.monitor.wait_for_sample()
    return made


def threads() -> dict[int, float]:
    """CPU seconds of each thread but the main one."""
    found = {}
    for name in os.listdir("/proc/self/task"):
        with contextlib.suppress(OSError):  # it has just ended
            found[int(name)] = cpu_seconds("self", int(name))
    found.pop(os.getpid())
    return found


def grown(before: dict[int, float]) -> float:
    return sum(taken - before.get(thread, 0.0) for thread, taken in threads().items())


def with_dashboard(dashboard: Any, seconds: float) -> dict[str, float]:
    """CPU of the collector's thread, share of a core of all threads, messages sent."""
    set_running(dashboard, True)
    monitor = dashboard.monitor
    (collector,) = (t for t in threading.enumerate() if t.name == "perfwidgets collector")
    ticks = []
    monitor.on_tick(lambda: ticks.append(1))
    perf = monitor.source.process_id
    before, own, perfs = threads(), cpu_seconds("self", collector.native_id), cpu_seconds(perf)
    time.sleep(seconds)
    found = {
        "thread": cpu_seconds("self", collector.native_id) - own,
        "others": grown(before) / seconds,
        "perf": (cpu_seconds(perf) - perfs) / seconds,
        "sent": len(ticks),
    }
    monitor._tickers.pop()
    set_running(dashboard, False)
    return found


def without_a_view(seconds: float) -> dict[str, float]:
    """CPU of the collector's thread that counts the same, and shows it to nobody."""
    sources = (perfwidgets.PerfStat(interval=0.1), perfwidgets.VmStat(interval=0.1))
    others = {t.native_id for t in threading.enumerate()}
    with perfwidgets.Monitor(*sources) as monitor:
        monitor.observe(lambda change: None, "sample")
        for _ in range(5):
            monitor.wait_for_sample()
        (collector,) = (
            t
            for t in threading.enumerate()
            if t.name == "perfwidgets collector" and t.native_id not in others
        )
        own, samples = cpu_seconds("self", collector.native_id), monitor.sample_count
        time.sleep(seconds)
        taken = cpu_seconds("self", collector.native_id) - own
        samples = monitor.sample_count - samples
    return {"thread": taken, "sent": samples}


def with_bare_messages(seconds: float) -> dict[str, float]:
    """The same of a loop that sends what a tick does: a small head and 1 kB."""
    widget = anywidget.AnyWidget(_esm="export default {}")
    head = {"kind": "tick", "layout": 1, "samples": 100, "cost": 0.01}
    payload, sent, taken = b"x" * 1000, [], []

    def loop() -> None:
        began, due = time.thread_time(), time.monotonic()
        for _ in range(round(seconds * 10)):
            widget.send(head, [payload])
            sent.append(1)
            due += 0.1
            time.sleep(max(0.0, due - time.monotonic()))
        taken.append(time.thread_time() - began)

    before = threads()
    sender = threading.Thread(target=loop)
    sender.start()
    sender.join()
    found = {"thread": taken[0], "others": (grown(before) + taken[0]) / seconds, "sent": len(sent)}
    widget.close()
    return found


def set_running(dashboard: Any, running: bool) -> None:
    monitor = dashboard.monitor
    if running and monitor.state != "running":
        monitor.resume()
        monitor.wait_for_sample()
    elif not running and monitor.state == "running":
        monitor.pause()
        while monitor.state != "paused":
            time.sleep(0.02)
        time.sleep(0.1)


def pure_python() -> float:
    began, total = time.perf_counter(), 0
    for number in range(5_000_000):
        total += number * number
    return time.perf_counter() - began


def blas() -> float:
    began = time.perf_counter()
    for _ in range(16):
        MATRIX @ MATRIX
    return time.perf_counter() - began
