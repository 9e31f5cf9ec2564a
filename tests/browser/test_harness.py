"""The harness itself, on plain widgets: what it says of a page must be so."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import LINE, Lab, Notebook, Server, marked_processes, serve, wait_for

pytestmark = pytest.mark.browser

CHART = """
import threading, bqplot, numpy
x, y = bqplot.LinearScale(), bqplot.LinearScale()
line = bqplot.Lines(x=numpy.arange(50.0), y=numpy.zeros(50), scales={"x": x, "y": y})
ended, ticks = threading.Event(), 0
def draw():
    global ticks
    while not ended.wait(0.1):
        ticks += 1
        line.y = numpy.sin(numpy.arange(50.0) + ticks)
thread = threading.Thread(target=draw, daemon=True)
thread.start()
bqplot.Figure(marks=[line], axes=[bqplot.Axis(scale=x), bqplot.Axis(scale=y, side="left")],
              layout={"height": "200px", "width": "auto"})
"""
BAR = """
import anywidget, traitlets
class Bar(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
      const bar = el.appendChild(document.createElement("progress"));
      const draw = () => bar.setAttribute("value", model.get("value"));
      draw(); model.on("change:value", draw);
    } };
    '''
    value = traitlets.Float(0.25).tag(sync=True)
bar = Bar()
bar
"""
ORPHAN = """
import subprocess
subprocess.run(["sh", "-c", "sleep 600 >/dev/null 2>&1 &"], start_new_session=True, check=True)
"""


def chart(lab: Lab, *more: str) -> Notebook:
    notebook = lab.open([CHART, *more])
    notebook.run_and_wait(0)
    notebook.wait_drawn()
    return notebook


def test_redraws_are_counted_while_a_cell_sleeps(lab: Lab) -> None:
    notebook = chart(lab, "import time; time.sleep(2)")
    redraws = notebook.watch()
    notebook.run(1)
    redraws.wait(10)
    notebook.wait_idle()
    assert 10 <= redraws.count() <= notebook.python("ticks")
    assert redraws.longest_gap() < 1
    lab.assert_quiet()


def test_no_redraw_is_counted_where_nothing_is_drawn(lab: Lab) -> None:
    notebook = chart(lab, "ended.set(); thread.join()", "import time; time.sleep(0.5)")
    notebook.run_and_wait(1)
    redraws = notebook.watch()
    notebook.run_and_wait(2)
    assert redraws.count() == 0


def test_theme_and_width(lab: Lab, tmp_path: Path) -> None:
    notebook = lab.open([CHART], theme="dark")
    theme = "document.body.dataset.jpThemeName"
    assert notebook.page.evaluate(theme) == "JupyterLab Dark"
    notebook.run_and_wait(0)
    notebook.wait_drawn()
    notebook.set_theme("light")
    assert notebook.page.evaluate(theme) == "JupyterLab Light"
    notebook.set_width(520)
    figure = notebook.output(0).locator(".bqplot").first.bounding_box()
    assert figure
    line = notebook.output(0).locator("path.line").first.bounding_box()
    assert line
    assert 200 < line["width"] < figure["width"] < 520
    notebook.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
    lab.assert_quiet()


def test_views_survive_a_reload_and_can_be_added(lab: Lab) -> None:
    notebook = chart(lab)
    view = notebook.new_view_of_output(0)
    view.locator("path.line").wait_for(state="attached")
    notebook.watch(f".jp-LinkedOutputView {LINE}").wait(3)
    notebook.reload()
    notebook.wait_drawn()
    notebook.watch().wait(3)
    tab = lab.visit(notebook.name)
    tab.wait_drawn()
    tab.watch().wait(3)
    lab.assert_quiet()


def test_a_restarted_kernel_has_forgotten(lab: Lab) -> None:
    notebook = chart(lab, "print('begun')\nimport time; time.sleep(60)", "print('four is')\n2 + 2")
    notebook.run(1)
    notebook.output(1).get_by_text("begun").wait_for()
    notebook.interrupt()
    notebook.wait_idle()
    assert "KeyboardInterrupt" in notebook.outputs(1)
    kernel = notebook.python("__import__('os').getpid()")
    notebook.restart_kernel()
    assert notebook.python("__import__('os').getpid()") != kernel
    assert not notebook.python("'line' in globals()")
    notebook.run_and_wait(2)
    assert notebook.outputs(2).split() == ["four", "is", "4"]
    lab.assert_quiet()


def test_anywidgets_and_values_of_the_kernel(lab: Lab) -> None:
    notebook = lab.open([BAR, "bar.value = 0.75"])
    notebook.run_and_wait(0)
    notebook.output(0).locator("progress").wait_for()
    changes = notebook.watch("progress", "value")
    notebook.run_and_wait(1)
    changes.wait(0)
    assert notebook.output(0).locator("progress").get_attribute("value") == "0.75"
    assert notebook.python("(bar.value, 'a\\n\\'b\"', None, 1j)") == [0.75, "a\n'b\"", None, "1j"]
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        notebook.python("1 / 0")
    lab.assert_quiet()


def test_what_goes_wrong_is_seen(lab: Lab) -> None:
    notebook = lab.open(["raise RuntimeError('of the cell')"])
    with pytest.raises(AssertionError, match="RuntimeError: of the cell"):
        notebook.run_and_wait(0)
    notebook.page.route("**/*.invalid/*", lambda route: route.abort())
    with notebook.page.expect_event("requestfailed"):
        notebook.page.evaluate(
            "console.warn('a warning'); console.error('an error'); console.log('no matter');"
            "setTimeout(() => { new Image().src = 'http://a.invalid/b'; throw Error('thrown'); })"
        )
    seen = " ".join(lab.console)
    for text in ("a warning", "an error", "thrown", "http://a.invalid/b"):
        assert text in seen
    assert "no matter" not in seen
    with pytest.raises(AssertionError, match="a warning"):
        lab.assert_quiet()


def test_processes_are_seen_and_ended(lab: Lab, server: Server) -> None:
    notebook = lab.open([ORPHAN])
    notebook.run_and_wait(0)
    assert wait_for(lambda: len(lab.children_named("sleep")) == 1, 10), "it is named a little later"
    assert lab.children_named("perf") == []
    lab.close()
    assert server.request("GET", "api/kernels") == []
    assert len(lab.children_named("sleep")) == 1, "its orphans are for a test to see"


@pytest.mark.usefixtures("server")  # skipped where that is
def test_a_server_ends_with_all_that_it_started(tmp_path: Path) -> None:
    markers = []

    def interrupted() -> None:
        with serve(tmp_path) as server:
            markers.append(server.marker)
            server.request("POST", "api/kernels")
            assert len(marked_processes(server.marker)) >= 2
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert marked_processes(markers[0]) == {}
