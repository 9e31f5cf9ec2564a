"""Counts of a cell, beside the dashboard, in a real JupyterLab."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lab import Lab, wait_for

from perfwidgets import read_recording

pytestmark = pytest.mark.browser

DASHBOARD = "import perfwidgets\n%load_ext perfwidgets\nd = perfwidgets.Dashboard()\nd"
TOUCH = """%%perfstat --threads this -o touched
import mmap
with mmap.mmap(-1, 4000 * mmap.PAGESIZE) as memory:
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for page in range(4000):
        memory[page * mmap.PAGESIZE] = 1
"""


@pytest.fixture(autouse=True)
def _needs_perf(need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")


def test_a_counted_cell_shows_a_table_and_a_band(lab: Lab):
    notebook = lab.open([DASHBOARD, TOUCH])
    notebook.run_and_wait(0)
    notebook.run_and_wait(1)
    table = notebook.output(1).locator("table")
    table.locator("tr", has_text="page-faults").wait_for()
    found = notebook.python("touched['page-faults'].count")
    assert found == pytest.approx(4000, rel=0.01)
    assert f"{found:,}" in table.inner_text()
    notebook.page.locator(".pw-chart").first.scroll_into_view_if_needed()
    notebook.page.wait_for_function(
        "() => [...document.querySelectorAll('.pw-band')].some(b => b.title.includes('%%perfstat'))"
    )
    assert notebook.python("len(d.monitor.faults)") == 0


def test_the_record_button_makes_a_file_with_cells_and_regions(lab: Lab):
    notebook = lab.open([DASHBOARD, TOUCH])
    notebook.run_and_wait(0)
    button = notebook.page.locator(".pw-record")
    button.click()
    notebook.page.locator(".pw-record.pw-recording").wait_for()
    notebook.wait_text(".pw-status", "recording to perf-")
    notebook.run_and_wait(1)
    button.click()
    notebook.page.locator(".pw-record:not(.pw-recording)").wait_for()
    file = Path(notebook.python("str(d.monitor.recorder.path.resolve())"))
    assert wait_for(file.exists, 5)
    recording = read_recording(file)
    assert [cell.code for cell in recording.cells] == [TOUCH.splitlines()[0]]
    assert [region.label for region in recording.regions] == ["import mmap"]
    assert recording.regions[0].result["events"]["page-faults"]["value"] >= 4000
    assert recording.header.perf_version
