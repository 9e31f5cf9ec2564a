"""The dashboard in a real JupyterLab, on this machine's perf and /proc/vmstat."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from lab import Lab, Notebook, wait_for

pytestmark = pytest.mark.browser

DASHBOARD = "import perfwidgets\ndashboard = perfwidgets.Dashboard()\ndashboard"
FAST = "import perfwidgets\ndashboard = perfwidgets.Dashboard(interval=0.1)\ndashboard"
NO_PERF = """
from perfwidgets import Dashboard, Monitor, PerfStat, VmStat
dashboard = Dashboard(Monitor(PerfStat(command="/nonexistent/perf"), VmStat(interval=0.1)).start())
dashboard
"""
SLEEP = "import time; time.sleep(4)"
MATMUL = """
import time, numpy
end = time.monotonic() + 4
square = numpy.random.default_rng(0).random((600, 600))
while time.monotonic() < end:
    square @ square
"""
PURE_PYTHON = """
import time
end = time.monotonic() + 4
total = 0
while time.monotonic() < end:
    for number in range(1000):
        total += number * number
"""
STORES = "[...(globalThis[Symbol.for('perfwidgets.stores')]?.values() ?? [])]"
STORE = f"{STORES}.at(-1)"
HISTORY = ".pw-chart:not(.pw-bandwidth) path.line"
PAGING = ".pw-bandwidth path.line"


@pytest.fixture(autouse=True)
def _needs_perf(need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go, to be looked at: build/screenshots of the checkout."""
    folder = Path(__file__).parents[2] / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def row(notebook: Notebook, event: str):
    return notebook.page.locator(f'tr[data-event="{event}"]').first


def wait_live(notebook: Notebook) -> None:
    notebook.page.wait_for_function(f"{STORE}?.samples > 2")
    notebook.wait_text(".pw-live", "Live")
    notebook.page.wait_for_function(
        "() => !['–', ''].includes(document.querySelector("
        "'tr[data-event=context-switches] .pw-number')?.textContent ?? '')"
    )


def overflowing(notebook: Notebook) -> list[str]:
    """Elements of ours that are wider than the room they have, or show a scroll bar."""
    return notebook.page.evaluate(
        """() => [...document.querySelectorAll('.perfwidgets, .perfwidgets *')]
        .filter(e => e.checkVisibility() && !e.closest('svg') && e.clientWidth > 0)
        .filter(e => {
            const style = getComputedStyle(e);
            const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY);
            const hides = style.textOverflow === 'ellipsis' || style.overflowX === 'hidden';
            // what is for screen readers only is cut to nothing on purpose
            const unseen = e.closest('.pw-headless thead') || style.clipPath === 'inset(50%)';
            const cut = hides && e.scrollWidth > e.clientWidth + 1 && !unseen;
            return cut || (scrolls && (e.scrollWidth > e.clientWidth + 1
                || e.scrollHeight > e.clientHeight + 1)) ;
        }).map(e => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)"""
    )


def beyond_the_cell(notebook: Notebook) -> list[str]:
    """Elements of ours that reach past the right edge of their output area."""
    return notebook.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output')].flatMap(area => {
            const edge = area.getBoundingClientRect().right + 1;
            return [...area.querySelectorAll('.perfwidgets, .perfwidgets *')]
                .filter(e => e.checkVisibility() && !e.closest('svg'))
                .filter(e => e.getBoundingClientRect().right > edge)
                .map(e => `${e.tagName}.${e.className}`);
        })"""
    )


def test_first_chart_and_live_numbers(lab: Lab, pictures: Path):
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    redraws = notebook.watch(HISTORY)
    redraws.wait(4)
    assert row(notebook, "context-switches").locator(".pw-state").inner_text().endswith("counted")
    assert "/proc/vmstat" in notebook.outputs(0)
    assert "not memory bandwidth" in notebook.outputs(0)
    printed = notebook.python("perfwidgets.Dashboard.__name__, dashboard.monitor.faults")
    assert printed == ["Dashboard", []]
    options = notebook.page.locator(".pw-selector select option").all_inner_texts()
    options = [option for option in options if not option.startswith("Metric")]
    marked = ["not supported" in option for option in options]
    assert len(options) == 17
    assert marked == sorted(marked), "events that count come first"
    notebook.screenshot(pictures / "light-1400.png")
    lab.assert_quiet()


def test_shown_counts_are_the_models(lab: Lab):
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    notebook.page.locator(".pw-start").click()
    notebook.wait_text(".pw-live", "Paused")
    # the newest row that the browser holds is the model's latest sample, to the digit
    in_browser = notebook.page.evaluate(
        f"""() => {{ const s = {STORE}, c = s.counters, at = c.newest() % c.size;
        return Object.fromEntries(c.events.map((e, i) => [e, c.counts[i][at]])); }}"""
    )
    in_model = notebook.python("{r.event: r.count for r in dashboard.monitor.sample}")
    assert {e: n for e, n in in_browser.items() if n == n and n is not None} == {
        event: count for event, count in in_model.items() if count is not None
    }
    cell = row(notebook, "context-switches").locator(".pw-number").first
    said = f"{in_model['context-switches']:,} in "
    assert wait_for(lambda: (cell.get_attribute("title") or "").startswith(said), 5)
    assert lab.children_named("perf") == []
    notebook.page.locator(".pw-start", has_text="Resume").click()
    wait_live(notebook)
    lab.assert_quiet()


def test_cores_add_up_to_their_total_when_counting_has_ended(lab: Lab):
    notebook = lab.open(
        ["import perfwidgets\nd = perfwidgets.Dashboard(events=['page-faults'], per_core=True)\nd"]
    )
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORE}?.samples > 2")
    row(notebook, "page-faults").locator(".pw-opener").click()
    notebook.page.locator(".pw-part").first.wait_for()
    for _ in range(3):  # perf's last interval is as short as chance has it
        notebook.page.locator(".pw-start", has_text="Pause").click()
        notebook.wait_text(".pw-live", "Paused")

        def counts() -> list[int]:
            cells = notebook.page.locator("tr td.pw-number:nth-of-type(1)").all()
            titles = [cell.get_attribute("title") or "0" for cell in cells]
            return [int(title.split()[0].replace(",", "")) for title in titles]

        def add_up() -> bool:
            total, *cores = counts()
            return len(cores) >= 1 and sum(cores) == total

        assert wait_for(add_up, 5), counts()
        notebook.page.locator(".pw-start", has_text="Resume").click()
        wait_for(lambda: notebook.page.locator(".pw-live", has_text="Live").count(), 5)
    lab.assert_quiet()


@pytest.mark.parametrize("width", [1400, 900, 520])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_layout_faults(lab: Lab, pictures: Path, width: int, theme):
    notebook = lab.open([DASHBOARD], theme=theme, width=width)
    notebook.run_and_wait(0)
    wait_live(notebook)
    notebook.watch(HISTORY).wait(3)
    assert overflowing(notebook) == []
    assert beyond_the_cell(notebook) == []
    height = "document.querySelector('.pw-dashboard').getBoundingClientRect().height"
    before = notebook.page.evaluate(height)
    notebook.watch(HISTORY).wait(6)
    assert notebook.page.evaluate(height) == pytest.approx(before, abs=1), "the layout jumped"
    notebook.page.set_viewport_size({"width": width, "height": 1500})
    notebook.screenshot(pictures / f"{theme}-{width}.png")
    lab.assert_quiet()


@pytest.mark.parametrize("cell", [SLEEP, MATMUL, PURE_PYTHON], ids=["sleep", "matmul", "python"])
def test_redraws_keep_up_while_a_cell_runs(lab: Lab, pictures: Path, cell: str):
    notebook = lab.open([FAST, cell])
    notebook.run_and_wait(0)
    wait_live(notebook)
    ticks = f"{STORE}.ticks"
    notebook.run(1)
    notebook.page.wait_for_timeout(500)  # well inside of the cell
    before, redraws = notebook.page.evaluate(ticks), notebook.watch(HISTORY)
    notebook.page.wait_for_timeout(3000)
    after, seen = notebook.page.evaluate(ticks), redraws.count()
    notebook.screenshot(pictures / "busy.png")
    assert after - before > 15, "the feed itself stood still"
    assert seen >= 0.9 * (after - before)
    notebook.wait_idle()
    lab.assert_quiet()


def test_selector_switches_while_a_cell_runs(lab: Lab):
    notebook = lab.open([DASHBOARD, SLEEP])
    notebook.run_and_wait(0)
    wait_live(notebook)
    title = notebook.page.locator(".pw-chart:not(.pw-bandwidth) .mainheading")
    notebook.run(1)
    notebook.page.select_option(".pw-selector select", label="Software · page-faults")
    title.get_by_text("page-faults, per second").wait_for(timeout=1500)
    assert notebook.page.evaluate(f"{STORE}.selected") == "page-faults"
    assert "pw-selected" in (row(notebook, "page-faults").get_attribute("class") or "")
    # a row of the grid chooses as well, and the dropdown follows
    row(notebook, "cpu-migrations").locator(".pw-event").click()
    title.get_by_text("cpu-migrations, per second").wait_for(timeout=1500)
    select = notebook.page.locator(".pw-selector select")
    assert select.input_value() == "Software · cpu-migrations"
    notebook.wait_idle()
    assert notebook.python("dashboard.selector.value") == "cpu-migrations"
    lab.assert_quiet()


def test_without_perf_the_rest_goes_on(lab: Lab, pictures: Path):
    notebook = lab.open([NO_PERF])
    notebook.run_and_wait(0)
    notice = notebook.page.locator(".pw-notice")
    notice.get_by_text("Not available on this system").wait_for()
    assert "/nonexistent/perf was not found" in notice.inner_text()
    assert "linux-perf" in notice.inner_text()
    assert notebook.page.locator(".pw-table").first.is_hidden()
    redraws = notebook.watch(PAGING)
    redraws.wait(5)
    payload = notebook.python("dashboard.monitor.to_dict()")
    assert payload["available"] is False
    assert "not found" in payload["error"]
    assert payload["remedy"]
    assert overflowing(notebook) == []
    notebook.screenshot(pictures / "unavailable-light.png")
    notebook.set_theme("dark")
    notebook.screenshot(pictures / "unavailable-dark.png")
    lab.assert_quiet()


def test_with_no_event_countable_the_rest_goes_on(lab: Lab):
    countable = "perf stat -x, -a -e cycles true 2>&1 | grep -q 'not supported'"
    if subprocess.run(["bash", "-c", countable], check=False).returncode:
        pytest.skip("this machine counts cycles")
    notebook = lab.open(
        ["import perfwidgets\nd = perfwidgets.Dashboard(events=['cycles', 'LLC-loads'])\nd"]
    )
    notebook.run_and_wait(0)
    notice = notebook.page.locator(".pw-notice")
    notice.get_by_text("Not available on this system").wait_for()
    assert "None of the events can be counted here" in notice.inner_text()
    notebook.page.locator(".mainheading", has_text="cycles, per second: not supported").wait_for()
    notebook.watch(PAGING).wait(3)
    assert notebook.python("d.monitor.to_dict()['unsupported_events']") == ["cycles", "LLC-loads"]
    lab.assert_quiet()


def test_cell_run_again_replaces_what_it_made(lab: Lab):
    count = (
        "[__import__('threading').active_count(),"
        " len(__import__('os').listdir('/proc/self/fd')),"
        " len(__import__('comm').get_comm_manager().comms),"
        " len(__import__('ipywidgets').widgets.widget._instances)]"
    )
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    before = notebook.python(count)
    for _ in range(4):
        notebook.run_and_wait(0)
        wait_live(notebook)
    assert len(lab.children_named("perf")) == 1
    threads, files, *others = before

    def settled() -> bool:
        now = notebook.python(count)
        # ipykernel has a socket for each thread that sends, and looks now and then for ended
        # ones: four more runs would leave eight descriptors, if they leaked
        return now[0] == threads and now[1] <= files + 3 and now[2:] == others

    assert wait_for(settled, 30), (before, notebook.python(count))
    assert notebook.page.evaluate(f"{STORES}.length") == 1, "a store of the last run is left"
    assert notebook.page.evaluate("document.querySelectorAll('.pw-dashboard').length") == 1
    notebook.watch(HISTORY).wait(3)
    assert overflowing(notebook) == []
    lab.assert_quiet()


def test_views_of_a_monitor_that_was_made_elsewhere_come_and_go_by_themselves(lab: Lab):
    live = f"{STORES}.filter(s => s.status.live && s.samples > 3).length"
    notebook = lab.open(
        [
            "import perfwidgets as pw\nmonitor = pw.Monitor(pw.PerfStat(), pw.VmStat())\n"
            "monitor.start()",
            "pw.Dashboard(monitor)",
            "pw.HistoryChart(monitor)",
        ]
    )
    for cell in (0, 1, 2, 1, 2, 2, 1):
        notebook.run_and_wait(cell)
    notebook.page.wait_for_function(f"{live} >= 1")
    # the first run's views are gone, and what is left of each is drawn
    assert wait_for(lambda: notebook.page.locator(".pw-dashboard").count() == 1, 10)
    assert wait_for(lambda: notebook.page.locator(".bqplot").count() == 3, 10)
    ticks = notebook.page.evaluate(f"{STORES}.map(s => s.samples)")
    later = f"{STORES}.every((s, i) => s.samples > {ticks}[i] + 2)"
    notebook.page.wait_for_function(later)
    notebook.reload()
    notebook.page.wait_for_function(f"{live} >= 1")
    assert wait_for(lambda: notebook.page.locator(".bqplot").count() == 3, 10)
    assert len(lab.children_named("perf")) == 1
    lab.assert_quiet()


def test_views_in_a_box_share_its_row_unless_their_layout_says_otherwise(lab: Lab):
    notebook = lab.open(
        [
            "import perfwidgets as pw\nfrom ipywidgets import HBox, VBox\n"
            "monitor = pw.Monitor(pw.Synthetic(1))\nmonitor.start()\n"
            "narrow = pw.HistoryChart(monitor)\nnarrow.layout.width = '300px'\n"
            "VBox([HBox([pw.HistoryChart(monitor), pw.CounterGrid(monitor)]),"
            " HBox([narrow, pw.BandwidthChart(monitor)])])"
        ]
    )
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORES}.some(s => s.samples > 3)")
    widths = """[...document.querySelectorAll(".widget-hbox:not([class*='pw-'])")].map(
        box => [...box.children].map(child => child.getBoundingClientRect().width))"""
    halves, chosen = notebook.page.evaluate(widths)
    assert halves[0] == halves[1] > 400
    assert chosen[0] == 300 < chosen[1]
    assert overflowing(notebook) == []
    lab.assert_quiet()


def test_nothing_moves_when_the_kernel_goes(lab: Lab):
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    places = """[...document.querySelectorAll('.pw-grid, .bqplot, .bqplot .plotarea_events')].map(
        each => { const { left, width } = each.getBoundingClientRect(); return [left, width]; })"""
    before = notebook.page.evaluate(places)
    notebook.restart_kernel()
    notebook.page.locator(".pw-status", has_text="Kernel gone").wait_for()
    notebook.page.locator(".jupyter-widgets-disconnected").first.wait_for(state="attached")
    assert notebook.page.evaluate(places) == before
    assert len(before) >= 3


def test_two_dashboards_in_one_cell(lab: Lab):
    notebook = lab.open(
        [
            "import perfwidgets\nfrom IPython.display import display\n"
            "display(perfwidgets.Dashboard())\ndisplay(perfwidgets.Dashboard())"
        ]
    )
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(STORES + ".filter(s => s.samples > 3).length === 2")
    assert len(lab.children_named("perf")) == 2
    lab.assert_quiet()


def test_reload_brings_the_history_back(lab: Lab):
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    notebook.page.wait_for_function(f"{STORE}.samples > 12")
    row(notebook, "page-faults").locator(".pw-event").click()
    assert wait_for(lambda: notebook.python("dashboard.selector.value") == "page-faults", 10)
    first = notebook.page.evaluate(f"{STORE}.counters.first")
    rows = notebook.page.evaluate(f"{STORE}.counters.next")
    notebook.reload()
    wait_live(notebook)
    assert notebook.page.evaluate(f"{STORE}.counters.first") == first
    notebook.page.wait_for_function(f"{STORE}.counters.next > {rows}")
    assert notebook.page.evaluate(f"{STORE}.selected") == "page-faults", "the choice is kept"
    assert notebook.python("dashboard.selector.value") == "page-faults"
    gaps = notebook.page.evaluate(
        f"""() => {{ const c = {STORE}.counters; let gaps = 0;
        for (let n = c.first; n < c.next; n++) if (!(c.durations[n % c.size] > 0)) gaps++;
        return gaps; }}"""
    )
    assert gaps == 0, "a row was lost on the way"
    lab.assert_quiet()


def test_new_view_of_the_output(lab: Lab, pictures: Path):
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    view = notebook.new_view_of_output(0)
    view.locator("tr[data-event=context-switches]").wait_for()
    drawn = notebook.page.evaluate(
        "() => [...document.querySelectorAll('.jp-LinkedOutputView path.line')].length"
    )
    assert drawn >= 2
    before = view.locator(HISTORY).first.get_attribute("d")
    notebook.page.wait_for_function(
        "before => document.querySelector('.jp-LinkedOutputView path.line').getAttribute('d')"
        " !== before",
        arg=before,
    )
    assert overflowing(notebook) == []
    notebook.screenshot(pictures / "new-view.png")
    lab.assert_quiet()


def test_controls(lab: Lab):
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    controls = notebook.page.locator(".pw-controls")
    controls.get_by_label("Window").select_option("15")
    notebook.page.locator(".pw-chart .tick text", has_text="−15 s").first.wait_for()
    controls.get_by_label("Interval").select_option("0.5")
    notebook.wait_text(".pw-status", "every 0.5 s")
    cores = controls.get_by_label("Cores")
    cores.fill("0")
    cores.press("Enter")
    notebook.wait_text(".pw-status", "cores 0")
    cores.fill("99")
    cores.press("Enter")
    controls.get_by_text("absent or offline").wait_for()
    controls.get_by_label("TLB").uncheck()
    notebook.page.wait_for_function("!document.querySelector('tr[data-event=dTLB-loads]')")
    assert notebook.python("[dashboard.monitor.interval, dashboard.monitor.cores]") == [0.5, "0"]
    assert len(notebook.python("dashboard.monitor.events")) == 13
    assert len(lab.children_named("perf")) == 1
    lab.assert_quiet()


def test_kernel_gone_keeps_the_picture(lab: Lab):
    notebook = lab.open([DASHBOARD])
    notebook.run_and_wait(0)
    wait_live(notebook)
    notebook.restart_kernel()
    notebook.wait_text(".pw-live", "Kernel gone")
    notebook.page.select_option(".pw-selector select", label="Software · page-faults")
    notebook.page.locator(".mainheading", has_text="page-faults").wait_for()
    notebook.page.wait_for_timeout(500)
    assert lab.children_named("perf") == []


def test_hostile_names_stay_text(lab: Lab):
    notebook = lab.open(
        [
            "from perfwidgets import *\n"
            "d = Dashboard(events=['page-faults', '<img/src=x/onerror=window.pwned=1>'])\nd"
        ]
    )
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORE}?.samples > 2")
    assert notebook.page.evaluate("window.pwned") is None
    assert notebook.page.locator("img[src=x]").count() == 0
    assert "onerror" in notebook.outputs(0)
    lab.assert_quiet()
