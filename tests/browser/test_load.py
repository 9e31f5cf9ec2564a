"""What the page shows when the kernel cannot run, the browser is slow, or nobody looks."""

from __future__ import annotations

import shutil

import pytest
from lab import Lab, Notebook
from test_dashboard import DASHBOARD, FAST, HISTORY, STORE, wait_live

pytestmark = pytest.mark.browser

#: a call into C that keeps the interpreter's lock
HOLD = "import ctypes; ctypes.PyDLL(None).usleep(2_000_000)"
#: from here on no frame is given, and what asks for one is kept
WITHHOLD = """() => {
    const real = globalThis.requestAnimationFrame.bind(globalThis);
    const asked = globalThis.asked = [];
    globalThis.requestAnimationFrame = (callback) => asked.push(callback);
    globalThis.release = () => {
        globalThis.requestAnimationFrame = real;
        for (const callback of asked) real(callback);
    };
}"""
#: by how much, in intervals, the times of two rows differ from what perf measured between them
STEPS = f"""() => {{
    const c = {STORE}.counters, steps = [];
    for (let n = c.first + 1; n < c.next; n++) {{
        steps.push(Math.abs(c.time(n) - c.time(n - 1) - c.durations[n % c.size]));
    }}
    return Math.max(...steps) / {STORE}.status.interval;
}}"""
HOURS = """
from perfwidgets import Dashboard, Monitor, Synthetic
dashboard = Dashboard(Monitor(Synthetic(interval=0.1), window=20_000).start())
dashboard
"""
LONG = """
import perfwidgets
from perfwidgets import Dashboard, Monitor, Synthetic
monitor = Monitor(Synthetic(interval=0.1), window=20_000)
for number in range(100_000):
    sample = perfwidgets.Sample(
        number * 0.1, 1e9 + number * 0.1, 0.1,
        tuple(perfwidgets.Reading(e, 1e6 if number == 70_001 else 50, 500.0, None,
                                  perfwidgets.Status.COUNTED, 1.0) for e in monitor.events),
        None, 0.1)
    monitor.sample_arrived("synthetic", monitor.source, sample)
dashboard = Dashboard(monitor)
dashboard
"""


@pytest.fixture(autouse=True)
def _needs_perf(need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")


def live(lab: Lab, *cells: str) -> Notebook:
    notebook = lab.open(cells)
    notebook.run_and_wait(0)
    wait_live(notebook)
    return notebook


def test_a_held_kernel_is_named_and_marked(lab: Lab):
    notebook = live(lab, DASHBOARD, HOLD)
    page = notebook.page
    assert page.locator(".pw-held").inner_text() == ""
    ticks = page.evaluate(f"{STORE}.counters.next")
    notebook.run(1)
    said = page.locator(".pw-held", has_text="kernel held for ")
    said.wait_for()
    seconds = float(said.inner_text().split()[-2])
    assert 1.5 <= seconds <= 3, "of the two seconds all but a beat"
    assert "GIL" in (said.get_attribute("title") or "")
    for chart in page.locator(".pw-chart").all():
        band = chart.locator(".pw-hold")
        band.wait_for()
        assert (band.get_attribute("title") or "").startswith(f"kernel held for {seconds} s\n")
    # perf went on: what it counted meanwhile came, if late
    notebook.wait_idle()
    page.wait_for_function(f"{STORE}.counters.next >= {ticks} + 8")
    page.wait_for_function("document.querySelector('.pw-held').textContent === ''", timeout=20_000)
    assert page.locator(".pw-chart .pw-hold").count() >= 1, "the mark stays as long as its time"
    assert page.evaluate(STEPS) <= 0.5, "it is drawn where it was counted, not where it came"
    assert notebook.python("dashboard.monitor.faults") == []
    notebook.reload()
    wait_live(notebook)
    page.locator(".pw-chart .pw-hold").first.wait_for()
    assert page.locator(".pw-held").inner_text() == "", "it is no news to a fresh page"
    lab.assert_quiet()


def test_a_kernel_that_only_works_is_not_called_held(lab: Lab):
    notebook = live(lab, FAST, "import time\nend = time.monotonic() + 3\n"
                    "while time.monotonic() < end: sum(range(10_000))")  # fmt: skip
    notebook.run_and_wait(1)
    assert notebook.page.evaluate(f"{STORE}.holds.all.size") == 0
    lab.assert_quiet()


def test_frames_withheld_ask_for_one_and_show_the_latest(lab: Lab):
    notebook = live(lab, FAST)
    page = notebook.page
    page.evaluate(WITHHOLD)
    before = page.evaluate(f"[{STORE}.ticks, {STORE}.redraws.times.length]")
    page.wait_for_function(f"{STORE}.ticks > {before[0]} + 30")
    drawn = page.evaluate(
        f"""async () => {{
            const store = {STORE};
            const own = asked.length;
            const line = document.querySelector({HISTORY!r});
            const old = line.getAttribute("d");
            let frames = 0;
            const newest = store.counters.newest();
            release();
            while (line.getAttribute("d") === old && frames < 10) {{
                await new Promise(requestAnimationFrame);
                frames += 1;
            }}
            return {{ own, frames, newest, version: store.version }};
        }}"""
    )
    # ours, and one of bqplot's for each chart that was handed over before
    assert drawn["own"] <= 6, "frames pile up"
    assert drawn["frames"] <= 3
    notebook.watch(HISTORY).wait(3)
    lab.assert_quiet()


def test_a_tick_is_laid_out_once(lab: Lab):
    notebook = live(lab, FAST)
    page = notebook.page
    protocol = lab.context.new_cdp_session(page)
    protocol.send("Performance.enable")

    def layouts() -> float:
        found = protocol.send("Performance.getMetrics")["metrics"]
        return next(metric["value"] for metric in found if metric["name"] == "LayoutCount")

    began, ticks = layouts(), page.evaluate(f"{STORE}.ticks")
    page.wait_for_function(f"{STORE}.ticks >= {ticks} + 40")
    ended, after = layouts(), page.evaluate(f"{STORE}.ticks")
    assert ended - began <= 1.5 * (after - ticks)
    lab.assert_quiet()


def test_a_window_so_long_that_a_tick_does_not_move_it_is_drawn_once_a_second(lab: Lab):
    notebook = lab.open([HOURS])
    notebook.run_and_wait(0)
    page = notebook.page
    page.wait_for_function(f"{STORE}?.samples > 2")
    notebook.wait_drawn()

    def redraws_of(window: int) -> tuple[int, int]:
        page.evaluate(f"{STORE}.setWindow({window})")
        page.wait_for_timeout(500)
        ticks = page.evaluate(f"{STORE}.ticks")
        drawn = notebook.watch(HISTORY)
        page.wait_for_function(f"{STORE}.ticks >= {ticks} + 40")
        return drawn.count(), page.evaluate(f"{STORE}.ticks") - ticks

    drawn, ticks = redraws_of(20_000)
    assert 2 <= drawn <= ticks / 5
    drawn, ticks = redraws_of(60)
    assert drawn >= 0.9 * ticks
    lab.assert_quiet()


def test_nothing_is_laid_out_out_of_sight(lab: Lab):
    notebook = live(lab, FAST)
    page = notebook.page
    page.evaluate("document.querySelector('.pw-dashboard').style.marginTop = '3000px'")
    page.wait_for_function(f"!{STORE}.views.values().some(v => v.ahead && v.inSight())")
    protocol = lab.context.new_cdp_session(page)
    protocol.send("Performance.enable")
    found = protocol.send("Performance.getMetrics")["metrics"]
    before = {metric["name"]: metric["value"] for metric in found}
    ticks = page.evaluate(f"{STORE}.ticks")
    page.wait_for_function(f"{STORE}.ticks >= {ticks} + 30")
    found = protocol.send("Performance.getMetrics")["metrics"]
    after = {metric["name"]: metric["value"] for metric in found}
    assert after["LayoutCount"] - before["LayoutCount"] <= 5
    lab.assert_quiet()


def test_a_window_of_100_000_samples_comes_whole_to_a_fresh_page(lab: Lab):
    notebook = lab.open([LONG])
    notebook.run_and_wait(0)
    page = notebook.page
    page.wait_for_function(f"{STORE}?.counters.next >= 100000")
    assert page.evaluate(f"{STORE}.counters.first") > 80_000, "the newest rows only"
    page.evaluate(f"{STORE}.setWindow(10_000)")
    page.locator(".pw-chart .tick text", has_text="−125 min").first.wait_for()
    # the axis reaches to the spike: 1e6 in 0.1 s
    page.locator(".pw-chart:not(.pw-bandwidth) .tick text", has_text="10M").wait_for()
    assert page.evaluate(f"{STORE}.counters.coarse.first") == 0
    assert notebook.python("dashboard.monitor.faults") == []
    assert notebook.python("len(dashboard.grid.children[0]._feed.pack()) <= 2_000_000") is True
    lab.assert_quiet()


def test_the_status_bar_tells_its_own_cost_and_stands_still(lab: Lab):
    notebook = live(lab, DASHBOARD)
    page = notebook.page
    cost = page.locator(".pw-cost")
    cost.get_by_text("redraws/s").wait_for()
    page.wait_for_function("/ [0-9]+ redraws/.test(document.querySelector('.pw-cost').textContent)"
                           " || /\\u2007[0-9]+ redraws/.test(document.querySelector('.pw-cost').textContent)")  # fmt: skip
    width = "document.querySelector('.pw-cost').getBoundingClientRect().width"
    widths = []
    for _ in range(6):
        ticks = page.evaluate(f"{STORE}.ticks")
        page.wait_for_function(f"{STORE}.ticks > {ticks} + 1")
        widths.append(page.evaluate(width))
    assert max(widths) - min(widths) <= 1
    rate = page.evaluate(f"{STORE}.redraws.at(performance.now())")
    assert 2 <= rate <= 8, "four ticks a second"
    lab.assert_quiet()
