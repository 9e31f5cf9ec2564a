"""What drawing costs the page's main thread, beside bqplot's own redraw of the same figures."""

from __future__ import annotations

import statistics

from browser_page import STORE, Page, live, opened
from lab import Lab
from measuring import Line, say

SECONDS, ROUNDS = 6, 1
#: the figures of a dashboard alone, their data handed over again and again by a script
BARE = """
import anywidget, numpy, traitlets, ipywidgets
from perfwidgets.widgets.bandwidth_chart import _COLORS
from perfwidgets.widgets.chart import Figure
figures = [Figure({{"line": "#0072B2"}}, title="a", height=240, window=60),
           Figure(_COLORS, title="b", height=190, window=60)]
class Again(anywidget.AnyWidget):
    _esm = '''export default {{ async initialize({{ model }}) {{
        (async () => {{
            const lines = await Promise.all(
                model.get("lines").map((id) => model.widget_manager.get_model(id)));
            let turn = 0; // without any change nothing would be drawn
            setInterval(() => {{
                turn = 1 - turn;
                for (const line of lines) {{
                    const values = (name) => Float64Array.from(line.get(name));
                    const y = values("y");
                    y[0] = 0.5 + turn * 1e-3;
                    line.set_state({{ x: values("x"), y }});
                }}
            }}, {milliseconds});
        }})();
    }} }}'''
    lines = traitlets.List().tag(sync=True)
lines = [figures[0].lines["line"], figures[1].lines["pgpgin"], figures[1].lines["pgpgout"]]
for line in lines:
    line.x = numpy.linspace(-60, 0, {points})
    line.y = numpy.random.default_rng(0).random({points})
again = Again(lines=[line.model_id for line in lines])
ipywidgets.VBox([figure.figure for figure in figures])
"""
#: a history that is full already, then live
FILLED = """
import time
from perfwidgets import Dashboard, Monitor, PerfStat, Reading, Sample, Status, VmStat
source, memory = PerfStat(interval=0.25), VmStat(interval=0.25)
monitor = Monitor(source, memory, window={window})
def made(events, number, at):
    readings = (Reading(event, number % 1000, number % 1000 / 0.25, None, Status.COUNTED, 1.0)
                for event in events)
    return Sample(number * 0.25, at, 0.25, tuple(readings), None, 0.25)
began = time.time() - {rows} * 0.25
for number in range({rows}):
    for each in (source, memory):
        sample = made(each.events, number, began + number * 0.25)
        monitor.sample_arrived(each.name, each, sample)
dashboard = Dashboard(monitor.start())
dashboard
"""


def bare(lab: Lab, interval: float) -> float:
    """The share that bqplot's own redraw of the same figures takes, nothing else in the page."""
    cell = BARE.format(milliseconds=interval * 1000, points=round(60 / interval))
    with opened(lab, cell) as page:
        page.notebook.wait_drawn(3)
        page.wait(2)
        return page.busy(SECONDS)


def shares(page: Page) -> tuple[float, float, float]:
    """In sight, scrolled away, and paused."""
    page.wait(3)
    shown = page.busy(SECONDS)
    page.value("document.querySelector('.pw-dashboard').style.marginTop = '3000px'")
    page.wait(1)
    away = page.busy(SECONDS)
    page.notebook.page.locator(".pw-start").evaluate("button => button.click()")
    page.wait(1)
    return shown, away, page.busy(SECONDS)


def drawing(lab: Lab) -> list[Line]:
    """The page's main thread at both rates: in sight, scrolled away; rounds interleaved."""
    lines = []
    for interval, limit in ((0.25, 0.10), (0.1, 0.20)):
        ours, alone = [], []
        for _ in range(ROUNDS):
            with live(lab, interval=interval) as page:
                ours.append(shares(page))
            alone.append(bare(lab, interval))
        share, away, paused = (statistics.median(each) for each in zip(*ours, strict=True))
        reference = f"bqplot's redraw alone: {statistics.median(alone):.1%}"
        remark = f"{share / statistics.median(alone):.2f} of the reference; paused {paused:.1%}"
        lines += [
            Line("browser main thread", f"share, every {interval:g} s", reference, f"{share:.1%}",
                 f"<= {limit:.0%}", share <= limit, remark),
            Line("browser main thread", f"scrolled away, every {interval:g} s", reference,
                 f"{away:.1%}", "<= 2%", away <= 0.02),
        ]  # fmt: skip
    return lines


def windows(lab: Lab) -> list[Line]:
    """The same with a window of 1,000 and of 100,000 samples, all of it drawn."""
    found = {}
    for rows in (1000, 100_000):
        say(f"  {rows:,} samples …")
        with opened(lab, FILLED.format(rows=rows, window=rows * 0.25 * 1.2)) as page:
            page.notebook.page.wait_for_function(f"{STORE}?.samples > {rows} + 5")
            page.value(f"{STORE}.setWindow({rows * 0.25})")
            page.wait(3)
            found[rows] = page.busy(SECONDS)
            held = page.value(f"{STORE}.counters.coarse?.length ?? 0")
    short, long = found.values()
    return [
        Line("browser main thread", "a window of 100,000 samples, every 0.25 s", f"of 1,000: {short:.1%}",
             f"{long:.1%}", "<= 10%", max(short, long) <= 0.10,
             f"{long / short:.2f} of the reference; {held} buckets in the page"),
    ]  # fmt: skip
