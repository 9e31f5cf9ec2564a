"""Pages, links, scripts and kernels that fail in a real JupyterLab: what was there is shown."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from lab import Lab, Notebook, wait_for
from own_server import OwnServer
from playwright.sync_api import BrowserContext
from test_dashboard import FAST, HISTORY, STORE, STORES, wait_live

pytestmark = pytest.mark.browser

#: how many rows the page holds that mark a gap, and whether the rows follow each other
ROWS = f"""() => {{
    const columns = {STORE}.counters;
    let gaps = 0;
    for (let n = columns.first; n < columns.next; n++) if (!(columns.durations[n % columns.size] > 0)) gaps++;
    return {{ first: columns.first, next: columns.next, gaps }};
}}"""
#: JupyterLab's connection to the kernel breaks, as when the network does
DROP = """() => {
    const kernel = [...window.jupyterapp.shell.widgets("main")]
        .find(w => w.sessionContext).sessionContext.session.kernel;
    window.wasDropped = kernel.connectionStatus;
    kernel.connectionStatusChanged.connect((_, status) => { window.wasDropped += ` ${status}`; });
    kernel._ws.close();
}"""

#: how long each interval was that the page holds
DURATIONS = f"""() => {{
    const columns = {STORE}.counters, found = [];
    for (let n = columns.first; n < columns.next; n++) found.push(columns.durations[n % columns.size]);
    return found;
}}"""
#: JupyterLab has heard from the server that it knows no such kernel
NO_SESSION = """() => ![...window.jupyterapp.shell.widgets("main")]
    .find((w) => w.sessionContext).sessionContext.session"""
#: what a person does who chooses a kernel
NEW_KERNEL = """async () => {
    const panel = [...window.jupyterapp.shell.widgets("main")].find((w) => w.sessionContext);
    await panel.sessionContext.changeKernel({ name: "python3" });
}"""


@pytest.fixture(autouse=True)
def _needs_perf(need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")


def live(lab: Lab, *more: str) -> Notebook:
    notebook = lab.open([FAST, *more])
    notebook.run_and_wait(0)
    wait_live(notebook)
    return notebook


def rows(notebook: Notebook) -> dict[str, Any]:
    return notebook.page.evaluate(ROWS)


def until_samples(notebook: Notebook, more: int) -> None:
    wanted = notebook.page.evaluate(f"{STORE}.samples") + more
    notebook.page.wait_for_function(f"{STORE}.samples >= {wanted}")


def test_a_dropped_connection_comes_back_and_no_tick_is_lost(lab: Lab):
    notebook = live(lab)
    before = rows(notebook)
    for _ in range(2):
        notebook.page.evaluate(DROP)
        notebook.page.wait_for_function("window.wasDropped.endsWith(' connected')")
        until_samples(notebook, 5)
    notebook.watch(HISTORY).wait(3)
    after = rows(notebook)
    assert after["first"] == before["first"]
    assert after["gaps"] == before["gaps"] == 0, "a row was lost on the way"
    assert after["next"] > before["next"] + 10
    notebook.wait_text(".pw-live", "Live")
    assert notebook.python("[dashboard.monitor.dropped, dashboard.monitor.faults]") == [0, []]


def test_a_reloaded_page_has_every_tick_of_the_kernel(lab: Lab):
    notebook = live(lab)
    until_samples(notebook, 20)
    first = rows(notebook)["first"]
    for _ in range(2):
        notebook.reload()
        wait_live(notebook)
        until_samples(notebook, 3)
    now = rows(notebook)
    assert (now["first"], now["gaps"]) == (first, 0)
    shown = notebook.page.evaluate(DURATIONS)
    kernel, counted = notebook.python(
        "(lambda rows: [rows.first, rows.durations.tolist()])(dashboard.monitor.history.rows())"
    )
    assert len(shown) > 25
    assert shown == pytest.approx(counted[first - kernel :][: len(shown)], rel=1e-6)
    lab.assert_quiet()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_started_again_finds_the_charts_and_no_perf(
    context: BrowserContext, tmp_path: Path, how: signal.Signals
):
    """The kernel goes with its server: the page says so, keeps its picture, and can begin anew."""
    own = OwnServer(tmp_path)
    own.start()
    try:
        lab = Lab(own.server, context)
        notebook = live(lab)
        page = notebook.page
        until_samples(notebook, 10)
        notebook.page.evaluate("harness.save()")
        held = rows(notebook)
        own.end(how)
        assert own.has_ended_clean(), f"left: {own.perfs()}"
        page.locator(".pw-live", has_text="No samples").wait_for()
        own.start()
        page.locator(".pw-live", has_text="Kernel gone").wait_for(timeout=90_000)
        for button in page.locator(".jp-Dialog button", has_text="Close").all():
            button.click()
        now = rows(notebook)
        assert now["first"] == held["first"]
        assert now["next"] >= held["next"]
        page.select_option(".pw-selector select", label="Software · page-faults")
        page.locator(".mainheading", has_text="page-faults").wait_for()
        page.wait_for_function(NO_SESSION)
        page.evaluate(NEW_KERNEL)
        notebook.run_and_wait(0)
        wait_live(notebook)
        assert page.evaluate(f"{STORES}.length") == 1, (
            "what was of the kernel that has gone is left"
        )
        assert rows(notebook)["first"] == 0
        assert len(own.perfs()) == 1
        own.end(signal.SIGTERM)
        assert own.has_ended_clean(), f"left: {own.perfs()}"
    finally:
        own.sweep()


def test_two_pages_on_one_notebook_show_the_same_and_each_may_go(lab: Lab):
    notebook = live(lab)
    notebook.page.evaluate("harness.save()")
    other = lab.visit(notebook.name)
    wait_live(other)
    assert rows(other)["first"] == rows(notebook)["first"], "the history came along"
    other.page.select_option(".pw-selector select", label="Software · page-faults")
    other.page.locator(".mainheading", has_text="page-faults").wait_for()
    until_samples(notebook, 5)
    until_samples(other, 5)
    for each in (notebook, other):
        assert rows(each)["gaps"] == 0
    assert len(lab.children_named("perf")) == 1
    other.page.close()
    until_samples(notebook, 5)
    notebook.reload()
    wait_live(notebook)
    assert rows(notebook)["gaps"] == 0
    assert len(lab.children_named("perf")) == 1
    lab.assert_quiet()


def test_a_kernel_that_is_killed_leaves_its_picture_to_be_explored(lab: Lab):
    notebook = live(lab, "import os; os.getpid()")
    pid = notebook.python("__import__('os').getpid()")
    until_samples(notebook, 10)
    held = rows(notebook)
    os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: lab.children_named("perf") == [], 3)
    page = notebook.page
    page.locator(".pw-live", has_text="Kernel gone").wait_for()
    dismiss = page.get_by_role("button", name="Ok", exact=True)
    if dismiss.count():
        dismiss.first.click()
    now = rows(notebook)
    assert now["first"] == held["first"]
    assert now["next"] >= held["next"]
    page.select_option(".pw-selector select", label="Software · page-faults")
    page.locator(".mainheading", has_text="page-faults").wait_for()
    page.locator(".pw-controls").get_by_label("Window").select_option("15")
    page.locator(".pw-chart .tick text", has_text="−15 s").first.wait_for()
    assert (page.locator(HISTORY).first.get_attribute("d") or "").count("L") > 3, "it is drawn"
    assert page.locator(".pw-start").is_disabled()
    page.evaluate("window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.wait_for_function(f"{STORES}.length === 0")


def test_faults_of_observers_and_of_scripts_are_shown_with_their_tracebacks(lab: Lab):
    notebook = live(
        lab,
        "def careless(change):\n    return 1 / 0\ndashboard.monitor.observe(careless, 'sample')\n"
        "dashboard.monitor.on_tick(lambda: [][5])\nprint('mine')",
        "print('also mine')",
    )
    notebook.run_and_wait(1)
    trouble = notebook.page.locator(".pw-trouble")
    trouble.get_by_text("careless: ZeroDivisionError: division by zero").wait_for()
    trouble.get_by_text("IndexError").wait_for()
    assert "return 1 / 0" in (trouble.get_attribute("title") or "")
    # an error in a script of ours: the other views go on
    notebook.page.evaluate(
        f"""() => {{ const view = [...{STORE}.views].find(v => v.name === 'status bar') ?? [...{STORE}.views][0];
        const draw = view.draw; let once = true;
        view.draw = function (store) {{
            if (once) {{ once = false; throw new Error('in a script'); }}
            return draw.call(this, store);
        }}; }}"""
    )
    trouble.get_by_text("in a script").wait_for()
    notebook.run_and_wait(2)
    until_samples(notebook, 5)
    notebook.watch(HISTORY).wait(3)
    notebook.wait_text(".pw-live", "Live")
    faults = notebook.python(
        "[[f.where, f.times, bool(f.traceback)] for f in dashboard.monitor.faults]"
    )
    counted = {where.split(".")[-1].split(":")[0]: times for where, times, _ in faults}
    assert len(faults) == 3
    assert all(trace for _, _, trace in faults)
    assert max(counted.values()) > 3, "it is counted how often"
    assert notebook.outputs(1).strip() == "mine"
    assert notebook.outputs(2).strip() == "also mine", (
        "a fault was printed into a cell of somebody else"
    )
    lab.assert_quiet()


def test_displayed_twice_cleared_and_run_again_in_a_page(lab: Lab):
    notebook = lab.open(
        [
            FAST.removesuffix("dashboard") + "display(dashboard)\ndashboard",
            "dashboard",
            "from IPython.display import clear_output; clear_output()",
        ]
    )
    for _ in range(3):
        notebook.run_and_wait(0)
        notebook.page.wait_for_function(f"{STORES}.length === 1 && {STORE}.samples > 2")
        notebook.run_and_wait(1)
        notebook.run_and_wait(2)
    shown = "document.querySelectorAll('.pw-dashboard').length"
    assert wait_for(lambda: notebook.page.evaluate(shown) == 3, 10), "twice, and once"
    assert notebook.page.evaluate(f"{STORES}.length") == 1, "a store of an earlier run is left"
    # each figure and cell draws from the one store: none is left of those that are gone
    views = notebook.page.evaluate(f"{STORE}.views.size")
    assert len(lab.children_named("perf")) == 1
    notebook.run_and_wait(0)
    notebook.run_and_wait(1)
    assert wait_for(lambda: notebook.page.evaluate(f"{STORE}.views.size") == views, 10)
    lab.assert_quiet()


def test_perf_that_cannot_go_on_has_a_button_to_try_again(lab: Lab):
    notebook = lab.open(
        [
            "from perfwidgets import *\n"
            "command = ['sh', '-c', 'test -e go && exec perf \"$@\"; exit 3', 'perf']\n"
            "monitor = Monitor(PerfStat('cs', interval=0.1, command=command), VmStat(interval=0.1),"
            " backoff=Backoff(first=0.01, tries=1))\n"
            "dashboard = Dashboard(monitor.start())\ndashboard",
            "open('go', 'w').close()",
        ]
    )
    notebook.run_and_wait(0)
    button = notebook.page.locator(".pw-start", has_text="Try again")
    button.wait_for()
    notebook.page.locator(".pw-dashboard", has_text="status 3").wait_for()
    notebook.watch(".pw-bandwidth path.line").wait(3)
    notebook.run_and_wait(1)
    button.click()
    notebook.wait_text(".pw-live", "Live")
    notebook.page.wait_for_function(f"{STORE}.samples > 3")
    assert notebook.page.locator(".pw-trouble").inner_text() == ""
    lab.assert_quiet()
