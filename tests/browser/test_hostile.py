"""Names that want to be more than text stay text: no script runs and the layout holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile import HOSTILE, SCRIPT, THREADS
from lab import Lab, Notebook
from test_dashboard import STORE, pictures

pytestmark = pytest.mark.browser
__all__ = ["pictures"]

HERE = str(Path(__file__).parent)
#: everything that a recording can name is hostile
RECORDED = f"""
import sys
sys.path.insert(0, {HERE!r})
from hostile import HOSTILE, SCRIPT
from perfwidgets import Dashboard, Reading, Recorder, Replay, Sample, Status
from perfwidgets.recording import Header

def part(label, unit):
    return Reading(label, 1, 10.0, unit, Status.COUNTED, 1.0)

def reading(event, unit, n):
    parts = {{label: part(event, unit) for label in HOSTILE.values()}} if n % 2 else {{}}
    return Reading(event, 5 + n, 10.0 * n, unit, Status.COUNTED, 0.5, **({{"parts": parts}} if parts else {{}}))

events = tuple(HOSTILE.values())
header = Header(events=events, interval=0.1, cores=SCRIPT, perf_version=SCRIPT, kernel=SCRIPT, cpu=SCRIPT)
with Recorder("hostile.gz", header, overwrite=True) as recorder:
    for n in range(30):
        readings = tuple(reading(event, event, n) for event in events)
        recorder.write_sample(Sample(n / 10, 1e9 + n / 10, 0.1, readings, SCRIPT, 0.1))
    for n, label in enumerate(events):
        recorder.write_mark(label, 1e9 + n / 10)
        recorder.write_cell(n, label, 1e9 + n / 10, 1e9 + (n + 1) / 10, failed=n % 2 == 0, error=label)
        recorder.write_region(label, n, {{"label": label, "events": {{label: {{"value": label}}}}}})
    recorder.write_state(SCRIPT, SCRIPT, None)
dashboard = Dashboard(Replay("hostile.gz", speed=10))
dashboard
"""
OTHER_TABLES = """
import warnings
from perfwidgets import check, compare, count
with count(label=SCRIPT, events="page-faults", threads="this") as region:
    pass
display(region, dashboard.snapshot(), dashboard.grid.monitor)
print(region, repr(dashboard))
display(compare({SCRIPT: lambda: None, HOSTILE["attribute"]: lambda: None}, events="page-faults"))
"""


def assert_harmless(notebook: Notebook) -> None:
    found = notebook.page.evaluate(
        """() => ({
            pwned: window.pwned,
            images: document.querySelectorAll('img[src=x]').length,
            handlers: [...document.querySelectorAll('.jp-OutputArea *')]
                .filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length,
            scripts: [...document.querySelectorAll('.jp-OutputArea script')]
                .filter(e => e.textContent.includes('pwned')).length,
            links: [...document.querySelectorAll('a')].filter(e => e.href.startsWith('javascript:')).length,
            title: document.title.includes('title'),
            prototype: ({}).polluted !== undefined,
        })"""
    )
    expected = {"images": 0, "handlers": 0, "scripts": 0, "links": 0}
    assert found == {**expected, "title": False, "prototype": False} | (
        {"pwned": None} if "pwned" in found else {}
    )


def beyond_the_cell(notebook: Notebook) -> list[str]:
    """Elements of ours that are seen past the right edge of their output area."""
    return notebook.page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea-output')].flatMap(area => {
            const edge = area.getBoundingClientRect().right + 1;
            const seen = e => {  // what no box around it cuts off
                let right = e.getBoundingClientRect().right;
                for (let box = e.parentElement; box && box !== area; box = box.parentElement) {
                    if (getComputedStyle(box).overflowX === 'visible') continue;
                    right = Math.min(right, box.getBoundingClientRect().right);
                }
                return right;
            };
            return [...area.querySelectorAll('.perfwidgets, .perfwidgets *')]
                .filter(e => e.checkVisibility() && !e.closest('svg') && seen(e) > edge)
                .map(e => `${e.tagName}.${e.className}`);
        })"""
    )


def too_wide(notebook: Notebook) -> bool:
    return notebook.page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("width", [1400, 520])
def test_a_recording_of_hostile_names_runs_no_script_and_breaks_no_layout(
    lab: Lab, pictures: Path, width: int
):
    notebook = lab.open([RECORDED], width=width)
    notebook.run_and_wait(0)
    page = notebook.page
    page.wait_for_function(f"{STORE}?.counters.newest() >= 0")
    page.locator(".pw-live", has_text="Played").wait_for()
    page.locator("tr[data-event]").first.wait_for()
    shown = page.evaluate(
        "[...document.querySelectorAll('tr[data-event]')].map(e => e.dataset.event)"
    )
    assert set(HOSTILE.values()) <= set(shown), "a name was lost, or changed"
    assert_harmless(notebook)
    # every name is chosen, every row opened, every title and hover asked for
    options = page.locator(".pw-selector select option").count()
    for number in range(options):
        page.select_option(".pw-selector select", index=number)
        page.wait_for_function(f"{STORE}.frame === 0")
    for opener in page.locator(".pw-opener:visible").all()[:4]:
        opener.click()
    for place in (".pw-band", ".pw-event", ".pw-status", ".mainheading"):
        for element in page.locator(f"{place}:visible").all()[:4]:
            element.hover(force=True)
    assert_harmless(notebook)
    notebook.screenshot(pictures / f"hostile-{width}.png")
    assert beyond_the_cell(notebook) == []
    assert not too_wide(notebook)
    height = page.evaluate("document.querySelector('.pw-dashboard').getBoundingClientRect().height")
    assert height < 6000, "a long name makes a tower"
    lab.assert_quiet()


def test_tables_pictures_and_texts_of_hostile_names_are_text(lab: Lab):
    notebook = lab.open([RECORDED, OTHER_TABLES])
    notebook.run_and_wait(0)
    notebook.wait_text(".pw-live", "Played")
    notebook.run_and_wait(1, seconds=90)
    notebook.output(1).locator("table").first.wait_for()
    assert "onerror" in notebook.outputs(1), "the names are there, as text"
    assert_harmless(notebook)
    notebook.reload()
    assert_harmless(notebook)
    lab.assert_quiet()


def test_an_error_and_a_fault_of_hostile_words_are_text(lab: Lab):
    notebook = lab.open(
        [
            "from perfwidgets import *\n"
            f"words = {SCRIPT!r}\n"
            "says = 'echo \"$0\" >&2; head -c 50000 /dev/zero | tr \\'\\\\0\\' x >&2; exit 3'\n"
            "dashboard = Dashboard(Monitor(PerfStat(command=['sh', '-c', says, words])))\n"
            "def observer(change):\n    raise ValueError(words + 'x' * 100_000)\n"
            "observer.__qualname__ = words[:300]\n"
            "dashboard.monitor.observe(observer, 'error')\n"
            "dashboard.monitor.start()\ndashboard"
        ]
    )
    notebook.run_and_wait(0)
    trouble = notebook.page.locator(".pw-trouble", has_text="onerror")
    trouble.wait_for()
    notebook.page.locator(".pw-trouble", has_text="ValueError").wait_for()
    assert len(trouble.inner_text()) < 20_000
    assert_harmless(notebook)
    assert beyond_the_cell(notebook) == []
    assert not too_wide(notebook)
    lab.assert_quiet()


#: a folder, threads, marks and a cell's first line, all of them hostile, with real counters
LIVE = f"""# {SCRIPT}
import os, sys, tempfile, threading
sys.path.insert(0, {HERE!r})
from hostile import FOLDER, PER_THREAD, SCRIPT, name_this_thread, THREADS
from perfwidgets import Dashboard, Monitor, PerfStat, VmStat
os.chdir(tempfile.mkdtemp())
os.mkdir(FOLDER)
os.chdir(FOLDER)
with open("perf", "w", opener=lambda path, flags: os.open(path, flags, 0o755)) as file:
    file.write(PER_THREAD)
for name in THREADS:
    threading.Thread(target=name_this_thread, args=(name,), daemon=True).start()
source = PerfStat("cs", pid="self", interval=0.2, command=[os.path.abspath("perf")])
dashboard = Dashboard(Monitor(source, VmStat(interval=0.2)).start())
dashboard.monitor.mark(SCRIPT)
dashboard
"""
PLAYED = """
recorded = [name for name in os.listdir() if name.endswith(".gz")]
from perfwidgets import Replay, read_recording
for name in recorded:
    print(repr(read_recording(name)), read_recording(name).notes, sep="\\n")
display(Dashboard(Replay(os.path.abspath(recorded[0]), speed=10)))
os.listdir()
"""


@pytest.mark.parametrize("width", [1400, 520])
def test_a_hostile_folder_and_threads_live_and_recorded_are_text(
    lab: Lab, pictures: Path, width: int
):
    notebook = lab.open([LIVE, PLAYED], width=width)
    notebook.run_and_wait(0)
    page = notebook.page
    page.locator(".pw-live", has_text="Live").wait_for()
    for opener in page.locator(".pw-opener:visible").all():
        opener.click()
    row = page.locator("tr", has_text=THREADS[0])
    row.first.wait_for()
    shown = page.locator(".pw-dashboard").first.inner_text()
    assert [name for name in THREADS if name.strip() not in shown] == [], "a name was changed"
    record = page.get_by_role("button", name="Record")
    record.click()
    stop = page.get_by_role("button", name="End recording")
    stop.wait_for()
    stop.hover()
    page.wait_for_function(f"{STORE}.samples > 5")
    assert_harmless(notebook)
    stop.click()
    record.wait_for()
    page.locator(".pw-band, .pw-mark").first.hover(force=True)
    assert_harmless(notebook)
    assert beyond_the_cell(notebook) == []
    notebook.screenshot(pictures / f"hostile-live-{width}.png")
    notebook.run_and_wait(1)
    page.locator(".pw-status").last.scroll_into_view_if_needed()
    page.locator(".pw-live", has_text="Played").wait_for()
    assert "pwned" not in notebook.outputs(1).split("[")[-1], "a shell ran a name"
    assert_harmless(notebook)
    assert not too_wide(notebook)
    lab.assert_quiet()
