"""Cells and marks on the timeline, in a real JupyterLab."""

from __future__ import annotations

import shutil

import pytest
from lab import Lab, Notebook

pytestmark = pytest.mark.browser

DASHBOARD = "import perfwidgets, time\ndashboard = perfwidgets.Dashboard()\ndashboard"
HISTORY = ".pw-chart:not(.pw-bandwidth) .pw-band"
PAGING = ".pw-bandwidth .pw-band"


@pytest.fixture(autouse=True)
def _needs_perf(need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")


def titles(notebook: Notebook, selector: str = HISTORY) -> list[str]:
    """What the bands say, in the order of the cells."""
    script = "s => [...document.querySelectorAll(s)].map(band => band.title)"
    return sorted(
        notebook.page.evaluate(script, selector), key=lambda title: len(title.split(":")[0])
    )


def wait_bands(notebook: Notebook, count: int, selector: str = HISTORY) -> None:
    notebook.page.wait_for_function(
        "([selector, count]) => document.querySelectorAll(selector).length === count",
        arg=[selector, count],
    )


def in_sight(notebook: Notebook) -> None:
    notebook.page.locator(".pw-chart").first.scroll_into_view_if_needed()


@pytest.mark.parametrize("seconds", [0.005, 0.4], ids=["of 5 ms", "longer than the interval"])
def test_ten_cells_in_a_row_give_ten_bands_and_ten_rows(lab: Lab, seconds: float):
    cells = [f"time.sleep({seconds})  # {n}" for n in range(10)]
    notebook = lab.open([DASHBOARD, *cells])
    notebook.run_and_wait(0)
    for n in range(1, 11):
        notebook.run_and_wait(n)
    in_sight(notebook)
    wait_bands(notebook, 10)
    wait_bands(notebook, 10, PAGING)
    rows = notebook.python(
        "[[c.execution_count, c.code, c.failed, c.intervals] for c in dashboard.monitor.cells][:10]"
    )
    assert [row[:3] for row in rows] == [[n + 2, cells[n], False] for n in range(10)]
    assert notebook.python("len(dashboard.monitor.cells.to_pandas())") >= 10
    assert (sum(row[3] for row in rows) > 0) is (seconds > 0.25)
    expected = sorted(f"In [{n + 2}]: {cells[n]}" for n in range(10))
    assert sorted(title.split("\n")[0] for title in titles(notebook)) == expected
    # a page that is loaded anew is told of them too
    notebook.reload()
    in_sight(notebook)
    wait_bands(notebook, 10)


def test_a_failed_cell_is_marked_and_a_running_one_grows(lab: Lab):
    notebook = lab.open([DASHBOARD, "1 / 0", "time.sleep(3)"])
    notebook.run_and_wait(0)
    notebook.run(1)
    in_sight(notebook)
    notebook.page.locator(f"{HISTORY}.pw-failed").wait_for(state="attached")
    assert "failed: ZeroDivisionError" in titles(notebook)[0]
    # it took no time, and its label stands beside it as soon as there is room
    label = notebook.page.locator(f"{HISTORY}.pw-failed > span").filter(has_text="✕ [2]")
    label.wait_for(state="attached")
    assert label.bounding_box()["width"] > 20, "not cut off by its band"
    notebook.run(2)
    in_sight(notebook)
    notebook.page.wait_for_function(
        "s => [...document.querySelectorAll(s)].some(b => b.title.includes('still running'))",
        arg=HISTORY,
    )
    width = "s => [...document.querySelectorAll(s)].at(-1).getBoundingClientRect().width"
    before = notebook.page.evaluate(width, HISTORY)
    notebook.page.wait_for_function(f"([s, w]) => ({width})(s) > w + 4", arg=[HISTORY, before])
    notebook.page.wait_for_function(
        "s => ![...document.querySelectorAll(s)].some(b => b.title.includes('still running'))",
        arg=HISTORY,
    )


def test_overlapping_cells_leave_a_band_each(lab: Lab):
    background = (
        "import asyncio\n"
        "async def later():\n    await asyncio.sleep(1)\n    dashboard.monitor.mark('later')\n"
        "task = asyncio.ensure_future(later())"
    )
    notebook = lab.open([DASHBOARD, background, "await task", "time.sleep(.3)"])
    for n in range(4):
        notebook.run_and_wait(n)
    in_sight(notebook)
    wait_bands(notebook, 3)
    assert [title.split(":")[0] for title in titles(notebook)] == ["In [2]", "In [3]", "In [4]"]


def test_marks_are_lines_with_a_label(lab: Lab):
    notebook = lab.open([DASHBOARD, "dashboard.monitor.mark('epoch 3 <b>')\ntime.sleep(3)"])
    notebook.run_and_wait(0)
    notebook.run(1)
    in_sight(notebook)
    mark = notebook.page.locator(".pw-chart:not(.pw-bandwidth) .pw-mark")
    mark.wait_for()
    assert mark.get_attribute("title") == "epoch 3 <b>"
    notebook.page.locator(".pw-mark", has_text="epoch 3 <b>").first.wait_for()
    assert notebook.python("list(dashboard.monitor.marks.to_pandas().label)") == ["epoch 3 <b>"]
