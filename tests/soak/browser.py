"""A dashboard in a real JupyterLab for minutes: the kernel's memory and the page's stay flat."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from conftest import CHROMIUM, FLAGS
from lab import Lab, Notebook, serve
from playwright.sync_api import CDPSession, sync_playwright
from test_dashboard import HISTORY, STORE, STORES

#: 500 samples a second, if the machine can; a window of so many seconds of them is soon full
DASHBOARD = """
import ctypes, gc, os
from perfwidgets import Dashboard, Monitor, Synthetic
monitor = Monitor(Synthetic(7, interval=0.1, speed=50, cores=4), window=20).start()
dashboard = Dashboard(monitor)
def resident():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
dashboard
"""
CELL = "total = sum(number * number for number in range(300_000))"
#: by so many samples the window is full, and much is older
WARM = 20_000
STEPS = 20
_WARM_STEPS = 4


class Measured(NamedTuple):
    """At one moment: bytes of the kernel and of the page's heap, and what else the page holds."""

    samples: int
    kernel: float
    heap: float
    nodes: float
    listeners: float


def measure(notebook: Notebook, protocol: CDPSession) -> Measured:
    """Look at both, after each has collected its garbage."""
    protocol.send("HeapProfiler.collectGarbage")
    metrics = {m["name"]: m["value"] for m in protocol.send("Performance.getMetrics")["metrics"]}
    names = ("JSHeapUsedSize", "Nodes", "JSEventListeners")
    samples, resident = notebook.python("[monitor.sample_count, resident()]")
    return Measured(samples, resident, *(metrics[name] for name in names))


def use(notebook: Notebook, step: int) -> None:
    """What a person does meanwhile: runs a cell, chooses events."""
    notebook.run_and_wait(1)
    page = notebook.page
    options = page.locator(".pw-selector select option:not([disabled])").count()
    page.select_option(".pw-selector select", index=step % min(options, 10))
    notebook.watch(HISTORY).wait(3)


def soak(minutes: float) -> bool:
    """Whether all stayed flat, and nothing complained."""
    with sync_playwright() as playwright, serve(Path(tempfile.mkdtemp())) as server:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        lab = Lab(server, browser.new_context())
        try:
            notebook = lab.open([DASHBOARD, CELL])
            notebook.run_and_wait(0)
            notebook.page.wait_for_function(f"{STORE}?.samples > {WARM}", timeout=1_800_000)
            protocol = lab.context.new_cdp_session(notebook.page)
            protocol.send("Performance.enable")
            measured = []
            for step in range(STEPS):
                use(notebook, step)
                notebook.page.wait_for_timeout(minutes * 60_000 / STEPS)
                measured.append(measure(notebook, protocol))
                told(measured[-1])
            stores = notebook.page.evaluate(f"{STORES}.length")
            faults = notebook.python("[fault.message for fault in monitor.faults]")
            return verdict(measured, [*lab.console, *faults], stores)
        finally:
            lab.close()
            browser.close()


def told(now: Measured) -> None:
    """Print one line of figures."""
    sys.stdout.write(
        f"  {now.samples:>9,} samples   kernel {now.kernel / 2**20:6.1f} MiB   page: heap "
        f"{now.heap / 2**20:5.1f} MiB, {now.nodes:,.0f} nodes, {now.listeners:,.0f} listeners\n"
    )
    sys.stdout.flush()


def verdict(measured: list[Measured], complaints: list[str], stores: int) -> bool:
    """Compare what came after the warm-up with its end."""
    warm, later = measured[:_WARM_STEPS], measured[_WARM_STEPS:]
    growth = {
        name: max(getattr(each, name) for each in later) / max(getattr(each, name) for each in warm)
        for name in ("kernel", "heap", "nodes", "listeners")
    }
    is_flat = max(growth.values()) <= 1.05
    figures = ", ".join(f"{name} {factor - 1:+.1%}" for name, factor in growth.items())
    is_well = is_flat and not complaints and stores == 1
    samples = measured[-1].samples - measured[0].samples
    sys.stdout.write(
        f"{samples:,} samples in the page, most after the warm-up beside most in it: {figures}; "
        f"{len(complaints)} complaints: {'as it should be' if is_well else 'NOT SO'}\n"
        + "".join(f"  {text[:300]}\n" for text in complaints[:20])
    )
    return is_well
