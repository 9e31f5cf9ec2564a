"""A notebook with a live dashboard in Chromium, and what Chromium measures of its page."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latency import RELAY
from playwright.sync_api import CDPSession

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from lab import Lab, Notebook
from test_dashboard import HISTORY, STORE

DASHBOARD = """
import sys
from perfwidgets import Dashboard, Monitor, PerfStat, VmStat
command = [sys.executable, {relay!r}, {log!r}] if {log!r} else "perf"
monitor = Monitor(PerfStat(interval={interval}, command=command), VmStat(interval={interval}),
                  window={window})
times = {{}}
monitor.observe(lambda c: times.__setitem__(monitor.history.next_number - 1, c.new.time), "sample")
dashboard = Dashboard(monitor.start())
dashboard
"""
#: a message that a script turns into a mutation at once; nothing is faster through a kernel
ECHO = """
import threading, time, anywidget
class Echo(anywidget.AnyWidget):
    _esm = '''export default { render({ model, el }) {
        model.on("msg:custom", (content) => el.setAttribute("data-echo", content.stamp));
        el.className = "echo";
    } }'''
echo = Echo()
def send():
    for _ in range(100):
        echo.send({"stamp": time.time()})
        time.sleep(0.1)
echo
"""
WATCH = """([selector, attribute, what]) => {
    const seen = globalThis.seen = [];
    const read = new Function("target", `return ${what}`);
    const now = () => (performance.timeOrigin + performance.now()) / 1000;
    globalThis.watcher?.disconnect();
    globalThis.watcher = new MutationObserver((records) => {
        const found = records.find((record) => record.target.matches(selector));
        if (found) seen.push([read(found.target), now()]);
    });
    watcher.observe(document.body, {attributes: true, attributeFilter: [attribute], subtree: true});
}"""
NEWEST = f"{STORE}.counters.newest()"
SHOWN_TIME = f"{STORE}.counters.times[{STORE}.counters.newest() % {STORE}.counters.size]"


@dataclass
class Page:
    """A notebook with a dashboard that is live, and the protocol to ask Chromium of its page."""

    notebook: Notebook
    protocol: CDPSession

    def metric(self, name: str) -> float:
        found = self.protocol.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in found if metric["name"] == name)

    def busy(self, seconds: float) -> float:
        """The share of time in which the page's main thread did something, no old garbage apart."""
        self.heap()
        before, began = self.metric("TaskDuration"), time.monotonic()
        self.notebook.page.wait_for_timeout(seconds * 1000)
        return (self.metric("TaskDuration") - before) / (time.monotonic() - began)

    def heap(self) -> float:
        """What the page's scripts hold after a collection, in MB."""
        self.protocol.send("HeapProfiler.collectGarbage")
        return self.metric("JSHeapUsedSize") / 1e6

    def wait(self, seconds: float) -> None:
        self.notebook.page.wait_for_timeout(seconds * 1000)

    def value(self, expression: str, argument: object = None) -> Any:
        return self.notebook.page.evaluate(expression, argument)

    def watch(self, selector: str, attribute: str, what: str, seconds: float) -> list[list[float]]:
        """`what`, and the time, at each write of an attribute."""
        self.notebook.page.evaluate(WATCH, [selector, attribute, what])
        self.notebook.page.wait_for_timeout(seconds * 1000)
        return self.notebook.page.evaluate("globalThis.seen")


@contextmanager
def opened(lab: Lab, *cells: str) -> Iterator[Page]:
    notebook = lab.open(cells)
    try:
        notebook.run_and_wait(0)
        protocol = lab.context.new_cdp_session(notebook.page)
        protocol.send("Performance.enable")
        yield Page(notebook, protocol)
    finally:
        lab.close()


@contextmanager
def live(
    lab: Lab, *more: str, interval: float = 0.25, window: float = 300, log: str = ""
) -> Iterator[Page]:
    cell = DASHBOARD.format(relay=str(RELAY), log=log, interval=interval, window=window)
    with opened(lab, cell, *more) as page:
        page.notebook.page.wait_for_function(f"{STORE}?.samples > 5")
        page.notebook.watch(HISTORY).wait(2)
        yield page


#: seconds between samples where many are wanted soon; the feed still ticks 10 times a second
FAST_SAMPLES = 0.01
