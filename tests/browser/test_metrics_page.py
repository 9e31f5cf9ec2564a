"""Metrics in a real JupyterLab: the panel, and their history in the chart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lab import Lab, Notebook, wait_for
from test_dashboard import (
    HISTORY,
    SLEEP,
    STORE,
    beyond_the_cell,
    overflowing,
    pictures,  # noqa: F401  (a fixture)
    wait_live,
)

pytestmark = pytest.mark.browser

ALL = """
import perfwidgets
dashboard = perfwidgets.Dashboard(perfwidgets.Synthetic(seed=1))
dashboard
"""
SHARED = """
import perfwidgets
from perfwidgets import Dashboard, Synthetic
dashboard = Dashboard(Synthetic(2, counters=4, unsupported=["iTLB-loads"]))
dashboard
"""
GAPS = """
import perfwidgets
events = "cycles,instructions,page-faults"
dashboard = perfwidgets.Dashboard(
    perfwidgets.Synthetic(3, events=events, not_counted=0.3, interval=0.1)
)
dashboard
"""
LIVE = "import perfwidgets\ndashboard = perfwidgets.Dashboard()\ndashboard"
TITLE = ".pw-chart:not(.pw-bandwidth) .mainheading"
#: IPC of each row that the browser holds, from its counts; null where there is none
IPC_ROWS = f"""() => {{
    const c = {STORE}.counters, [i, y] = ["instructions", "cycles"].map((e) => c.index.get(e));
    const rows = [];
    for (let n = c.first; n < c.next; n++) rows.push(c.counts[i][n % c.size] / c.counts[y][n % c.size]);
    return rows.map((v) => (Number.isNaN(v) ? null : v));
}}"""


def metric(notebook: Notebook, name: str):
    return notebook.page.locator(f'.pw-metric[data-metric="{name}"]')


def wait_samples(notebook: Notebook, samples: int = 3) -> None:
    notebook.page.wait_for_function(f"{STORE}?.samples >= {samples}")
    # in a narrow page it is below the edge of the window, and not drawn until it is seen
    notebook.page.locator(".pw-metric:visible").first.scroll_into_view_if_needed()
    shown = "document.querySelector('.pw-metric:not([hidden]) .pw-number').textContent !== '–'"
    notebook.page.wait_for_function(shown)


def title_is(notebook: Notebook, text: str) -> None:
    notebook.wait_text(TITLE, text, seconds=3)
    assert text in notebook.page.locator(TITLE).all_text_contents()


def test_the_panel_says_what_the_model_s_counts_give(lab: Lab):
    notebook = lab.open([ALL])
    notebook.run_and_wait(0)
    wait_samples(notebook)
    notebook.page.locator(".pw-start").click()
    notebook.wait_text(".pw-live", "Paused")
    values = notebook.python(
        "{v.name: [v.value, v.unit] for v in __import__('perfwidgets.metrics').metrics.evaluate("
        "dashboard.monitor.sample, dashboard.monitor.sample.duration) if v.value is not None}"
    )
    assert {"IPC", "GHz", "LLC MPKI", "L1d miss rate", "page fault rate"} <= values.keys()

    def agrees() -> bool:
        return all(
            (metric(notebook, name).locator(".pw-number").get_attribute("title") or "")
            == f"{value:,.6f}".rstrip("0").rstrip(".") + (f" {unit}" if unit else "")
            for name, (value, unit) in values.items()
        )

    assert wait_for(agrees, 5), values
    shown = notebook.page.locator(".pw-metric:visible").count()
    assert shown == len(values)
    notebook.page.locator(".pw-metrics.pw-stale").wait_for()
    lab.assert_quiet()


def test_a_metric_s_history_while_a_cell_runs(lab: Lab):
    notebook = lab.open([ALL, SLEEP])
    notebook.run_and_wait(0)
    wait_samples(notebook, 6)
    notebook.run(1)
    select = notebook.page.locator(".pw-selector select")
    select.select_option(label="Metric · IPC")
    title_is(notebook, "IPC")
    assert "pw-selected" in (metric(notebook, "IPC").get_attribute("class") or "")
    metric(notebook, "L1d miss rate").locator("button").click()
    title_is(notebook, "L1d miss rate, %")
    assert select.input_value() == "Metric · L1d miss rate"
    metric(notebook, "page fault rate").locator("button").click()
    title_is(notebook, "page fault rate, per second")
    notebook.watch(HISTORY).wait(2)
    notebook.wait_idle()
    chosen = "dashboard.selector.value"  # told one at a time: the front end waits for each answer
    assert wait_for(lambda: notebook.python(chosen) == "page fault rate", 10)
    notebook.reload()
    wait_samples(notebook)
    title_is(notebook, "page fault rate, per second")
    assert notebook.page.locator(".pw-selector select").input_value() == "Metric · page fault rate"
    lab.assert_quiet()


def test_gaps_of_a_metric_are_gaps(lab: Lab):
    notebook = lab.open([GAPS])
    notebook.run_and_wait(0)
    wait_samples(notebook, 40)
    metric(notebook, "IPC").locator("button").click()
    title_is(notebook, "IPC")
    notebook.page.locator(".pw-start").click()
    notebook.wait_text(".pw-live", "Paused")
    rows = notebook.page.evaluate(IPC_ROWS)
    runs = "".join("." if value is None else "x" for value in rows).split(".")
    pieces = len([run for run in runs if run])
    assert pieces > 3, "there are gaps to be seen"
    drawn = f"document.querySelector('{HISTORY}').getAttribute('d').split('M').length - 1"
    # the last piece is the point outside of the picture, if the history ends with a gap
    assert wait_for(lambda: notebook.page.evaluate(drawn) - pieces in (0, 1), 5)
    lab.assert_quiet()


def test_a_metric_inherits_the_weakest_share(lab: Lab):
    notebook = lab.open([SHARED])
    notebook.run_and_wait(0)
    wait_samples(notebook)
    state = metric(notebook, "IPC").locator(".pw-state")
    share = notebook.page.evaluate(
        f"""() => {{ const c = {STORE}.counters, at = c.newest() % c.size;
        return Math.min(...["cycles", "instructions"].map(e => c.shares[c.index.get(e)][at])); }}"""
    )
    assert 0.2 < share < 0.5
    assert "◔" in state.inner_text()
    assert "number weak" in (state.get_attribute("title") or "")
    assert metric(notebook, "page fault rate").locator(".pw-state").inner_text() == ""
    summary = notebook.page.locator(".pw-metrics summary")
    assert summary.inner_text() == "not available here: iTLB miss rate — needs iTLB-loads"
    assert metric(notebook, "iTLB miss rate").is_hidden()
    summary.click()
    notebook.page.locator(".pw-metrics details", has_text="backend stalls (stalled-cycles-backend)")
    assert overflowing(notebook) == []
    lab.assert_quiet()


def test_a_machine_that_lacks_the_events_says_so(lab: Lab):
    notebook = lab.open(
        [
            "import perfwidgets\n"
            "events = 'cycles,instructions,page-faults'\n"
            "source = perfwidgets.Synthetic(1, events=events, unsupported='cycles,instructions')\n"
            "dashboard = perfwidgets.Dashboard(source)\ndashboard"
        ]
    )
    notebook.run_and_wait(0)
    wait_samples(notebook)
    summary = notebook.page.locator(".pw-metrics summary")
    summary.get_by_text("not available here: IPC — needs instructions, cycles").wait_for()
    notebook.page.locator(".pw-selector select").select_option(label="Metric · IPC (not supported)")
    title_is(notebook, "IPC: needs instructions, cycles (not supported here)")
    label = "Metric · LLC MPKI (not available)"
    notebook.page.locator(".pw-selector select").select_option(label=label)
    title_is(notebook, "LLC MPKI: needs LLC-load-misses (not among the events counted)")
    lab.assert_quiet()


def test_one_s_own_metric_appears_at_once(lab: Lab):
    add = (
        "perfwidgets.add_metric('<b>loss</b>', '0.001 * IPC - 1', help='<i>mine</i>')\n"
        "perfwidgets.add_metric('tiny', '0.0003 * cycles / max(cycles, 1)')"
    )
    notebook = lab.open([ALL, add])
    notebook.run_and_wait(0)
    wait_samples(notebook)
    notebook.run_and_wait(1)
    ticks = notebook.page.locator(".pw-chart:not(.pw-bandwidth) .axis").nth(1).locator(".tick text")

    def axis_is(*words: str) -> bool:
        return wait_for(lambda: ticks.all_text_contents() == list(words), 5)

    metric(notebook, "<b>loss</b>").locator("button").click()
    title_is(notebook, "<b>loss</b>")
    assert notebook.page.locator(".pw-metrics b").count() == 0
    assert axis_is("-1", "-0.5", "0"), ticks.all_text_contents()
    metric(notebook, "tiny").locator("button").click()
    title_is(notebook, "tiny")
    words = ("0", "80µ", "160µ", "240µ", "320µ")
    assert axis_is(*words), ticks.all_text_contents()
    metric(notebook, "IPC").locator("button").click()
    title_is(notebook, "IPC")
    assert wait_for(lambda: "0.8" in ticks.all_text_contents(), 5), ticks.all_text_contents()
    lab.assert_quiet()


@pytest.mark.parametrize("row", ['.pw-metric[data-metric="IPC"]', 'tr[data-event="branches"]'])
def test_a_click_and_the_focus_outlive_another_layout_of_rows(lab: Lab, row: str):
    more = "import time\ntime.sleep(1)\nperfwidgets.add_metric('one more', 'cycles * 2')"
    notebook = lab.open([ALL, more])
    notebook.run_and_wait(0)
    wait_samples(notebook)
    page = notebook.page
    layout = page.evaluate(f"{STORE}.layout.id")
    notebook.run(1)
    button = page.locator(f"{row} button.pw-event")
    button.scroll_into_view_if_needed()
    button.hover()
    page.mouse.down()
    page.wait_for_function(f"{STORE}.layout.id > {layout}")
    metric(notebook, "one more").wait_for()
    page.mouse.up()
    page.wait_for_function(f"document.querySelector('{row}').classList.contains('pw-selected')")
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == button.text_content()
    lab.assert_quiet()


@pytest.mark.parametrize("width", [1400, 1100, 520])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_faults_of_layout(lab: Lab, pictures: Path, width: int, theme):  # noqa: F811
    notebook = lab.open([SHARED], theme=theme, width=width)
    notebook.run_and_wait(0)
    wait_samples(notebook)
    metric(notebook, "IPC").locator("button").click()
    title_is(notebook, "IPC")
    assert overflowing(notebook) == []
    assert beyond_the_cell(notebook) == []
    height = "document.querySelector('.pw-metrics').getBoundingClientRect().height"
    before = notebook.page.evaluate(height)
    notebook.watch(HISTORY).wait(6)
    assert notebook.page.evaluate(height) == pytest.approx(before, abs=1), "the layout jumped"
    notebook.page.set_viewport_size({"width": width, "height": 1900})
    notebook.screenshot(pictures / f"metrics-{theme}-{width}.png")
    lab.assert_quiet()


def test_live_on_this_machine(lab: Lab, need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")
    notebook = lab.open([LIVE])
    notebook.run_and_wait(0)
    wait_live(notebook)
    metric(notebook, "context switch rate").locator("button").click()
    title_is(notebook, "context switch rate, per second")
    rate = metric(notebook, "context switch rate").locator(".pw-number").get_attribute("title")
    assert rate is not None
    assert rate.endswith("/s")
    assert overflowing(notebook) == []
    lab.assert_quiet()
