"""Memory controllers in a real JupyterLab: rows as perf 6.8 prints them on a Xeon, played."""

from __future__ import annotations

import pytest
from lab import Lab
from test_dashboard import beyond_the_cell

pytestmark = pytest.mark.browser

#: of a public recording, `perf stat -I 1000 -x, -a`: the same two rows for each second
PLAYED = """
import perfwidgets
rows = [
    (238.47, "uncore_imc/cas_count_read/", "8009419950"),
    (207.08, "uncore_imc/cas_count_write/", "8007561959"),
]
with open("imc.csv", "w") as file:
    for second in range(1, 21):
        for mib, event, running in rows:
            file.write(f"{second}.000604066,{mib},MiB,{event},{running},100.00,,\\n")
dashboard = perfwidgets.Dashboard(perfwidgets.Replay("imc.csv", speed=float("inf")))
dashboard
"""
PLAIN = """
import perfwidgets
dashboard = perfwidgets.Dashboard(perfwidgets.Synthetic(1))
dashboard
"""
FIGURE = ".pw-controllers .pw-chart"


def test_controllers_are_a_source_of_their_own_below_paging(lab: Lab):
    notebook = lab.open([PLAYED])
    notebook.run_and_wait(0)
    page = notebook.page
    line = page.locator(".pw-controllers-line")
    line.get_by_text("read 238 MiB/s").wait_for()
    line.get_by_text("write 207 MiB/s").wait_for()
    page.locator(FIGURE).scroll_into_view_if_needed()
    page.locator(f"{FIGURE} .mainheading").get_by_text(
        "MiB/s, by the memory controllers"
    ).wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.pw-controllers path.line')]"
        ".filter((path) => path.getAttribute('d')?.length > 20).length === 2"
    )
    box = page.locator(FIGURE).bounding_box()
    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + box["height"] / 2)
    page.get_by_text("memory controllers, read").first.wait_for()
    assert beyond_the_cell(notebook) == []
    assert notebook.python("dashboard.monitor.faults") == []
    lab.assert_quiet()


def test_without_such_rows_there_is_nothing_of_it(lab: Lab):
    notebook = lab.open([PLAIN])
    notebook.run_and_wait(0)
    notebook.page.locator(".pw-memory", has_text="Paging activity").wait_for()
    assert notebook.page.locator(".pw-controllers").count() == 0
    lab.assert_quiet()
