"""The dashboard in JupyterLab and Chromium: delay, redraws, the page's main thread, its memory."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from latency import RELAY, stamps
from measuring import Line, milliseconds, percentile, say
from playwright.sync_api import CDPSession, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from conftest import CHROMIUM, FLAGS
from lab import Lab, Notebook, serve
from test_dashboard import FAST, HISTORY, MATMUL, PURE_PYTHON, SLEEP, STORE

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
        """The share of time in which the page's main thread did something."""
        before, began = self.metric("TaskDuration"), time.monotonic()
        self.notebook.page.wait_for_timeout(seconds * 1000)
        return (self.metric("TaskDuration") - before) / (time.monotonic() - began)

    def heap(self) -> float:
        """What the page's scripts hold after a collection, in MB."""
        self.protocol.send("HeapProfiler.collectGarbage")
        return self.metric("JSHeapUsedSize") / 1e6

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


def to_the_pixel(lab: Lab) -> list[Line]:
    """From the relay's stamp of perf's write to the mutation that draws it; and a bare echo."""
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "stamps")
        with live(lab, interval=0.1, log=log) as page:
            drawn = page.watch(HISTORY, "d", NEWEST, 20)
            times = {int(k): v for k, v in page.notebook.python("times").items()}
            passed = stamps(Path(log))
    delays, known = [], set()
    for number, at in drawn:  # the first time that each sample is drawn
        when = round(times.get(number, -1), 9)
        if when in passed and number not in known:
            known.add(number)
            delays.append(at - passed[when])
    with opened(lab, ECHO, "threading.Thread(target=send).start()") as page:
        page.notebook.run(1)
        echoed = page.watch(".echo", "data-echo", "Number(target.dataset.echo)", 10)
    echo = [at - sent for sent, at in echoed]
    median, late = percentile(delays, 0.5), percentile(delays, 0.95)
    result = f"{milliseconds(delays)}, p95 {milliseconds(delays, 0.95)}"
    reference = f"echo: {milliseconds(echo)}, p95 {milliseconds(echo, 0.95)}"
    return [
        Line("perf's write to the pixel", f"{len(delays)} samples at 10 Hz", reference, result,
             "<= 60 ms, <= 150 ms", median <= 0.060 and late <= 0.150)
    ]  # fmt: skip


def redraws(lab: Lab) -> list[Line]:
    """Redraws of the chart against ticks of the feed, while a cell runs."""
    lines = []
    for name, cell in (("sleep", SLEEP), ("matmul", MATMUL), ("pure Python", PURE_PYTHON)):
        with opened(lab, FAST, cell) as page:
            page.notebook.page.wait_for_function(f"{STORE}?.samples > 5")
            page.notebook.run(1)
            page.notebook.page.wait_for_timeout(500)
            before = page.notebook.page.evaluate(f"{STORE}.ticks")
            seen = page.notebook.watch(HISTORY)
            page.notebook.page.wait_for_timeout(3000)
            ticks = page.notebook.page.evaluate(f"{STORE}.ticks") - before
            drawn = seen.count()
        found = drawn / max(ticks, 1)
        measured, target = f"while a cell runs {name}, 3 s", ">= 0.95"
        remark = f"{drawn} redraws, {ticks} ticks"
        lines.append(
            Line(
                "redraws",
                measured,
                "ticks at the page",
                f"{found:.2f}",
                target,
                found >= 0.95,
                remark,
            )
        )
    return lines


def drawing(lab: Lab) -> list[Line]:
    """The page's main thread at both rates, paused, out of sight, and with longer windows."""
    lines = []
    for interval, limit in ((0.25, 0.10), (0.1, 0.20)):
        with live(lab, interval=interval) as page:
            page.notebook.page.wait_for_timeout(3000)
            share = page.busy(10)
            page.notebook.page.set_viewport_size({"width": 1400, "height": 1000})
            page.notebook.page.evaluate(
                "document.querySelector('.pw-dashboard').style.marginTop = '3000px'"
            )
            page.notebook.page.wait_for_timeout(500)
            hidden = page.busy(6)
            page.notebook.page.locator(".pw-start").evaluate("button => button.click()")
            page.notebook.page.wait_for_timeout(1000)
            idle = page.busy(6)
        remark = f"paused: {idle:.1%}"
        lines.append(
            Line("browser main thread", f"share, every {interval:g} s", "wall time", f"{share:.1%}",
                 f"<= {limit:.0%}", share <= limit, remark)
        )  # fmt: skip
        lines.append(
            Line("browser main thread", f"out of sight, every {interval:g} s", "wall time",
                 f"{hidden:.1%}", "<= 2%", hidden <= 0.02, f"above paused: {hidden - idle:.1%}")
        )  # fmt: skip
    return lines


def throttled(lab: Lab, seconds: float = 60) -> list[Line]:
    """A browser six times slower: how old is what is shown, and does its heap grow?"""
    with live(lab) as page:
        before = page.watch(HISTORY, "d", SHOWN_TIME, 10)
        page.protocol.send("Emulation.setCPUThrottlingRate", {"rate": 6})
        page.notebook.page.wait_for_timeout(3000)
        heap = page.heap()
        drawn = page.watch(HISTORY, "d", SHOWN_TIME, seconds)
        growth = page.heap() - heap
        page.protocol.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    usual = [at - shown for shown, at in before]
    lag = [at - shown for shown, at in drawn]
    worst = percentile(lag, 0.95)
    remark = (
        f"median {milliseconds(lag)}; heap {growth:+.1f} MB of {heap:.0f} MB in {seconds:.0f} s"
    )
    return [
        Line("browser 6x slower", "age of what is drawn, p95", f"unthrottled {milliseconds(usual, 0.95)}",
             f"{worst * 1e3:.0f} ms", "<= 500 ms, heap flat", worst <= 0.5 and growth < 2, remark)
    ]  # fmt: skip


def browser() -> list[Line]:
    """All of them in one server and one Chromium."""
    lines = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder) / "lab") as server,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for part in (to_the_pixel, redraws, drawing, throttled):
            say(f"  {part.__name__} …")
            context = chromium.new_context()
            try:
                lines += part(Lab(server, context))
            except Exception as error:
                remark = " ".join(str(error).split())[:300]
                lines.append(
                    Line(part.__name__, "not measured", "", type(error).__name__, "", False, remark)
                )
            finally:
                context.close()
        chromium.close()
    return lines
