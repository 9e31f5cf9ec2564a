"""The selector in a real JupyterLab: what is known of an event, and counting another one."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Lab, Notebook, wait_for
from test_dashboard import (
    STORE,
    beyond_the_cell,
    pictures,  # noqa: F401  (a fixture)
    row,
    wait_live,
)

pytestmark = pytest.mark.browser

#: real perf by way of a wrapper that keeps what it is asked for; sets are kept in the notebook's folder
LIVE = """
import os, shutil
os.environ["XDG_CONFIG_HOME"] = os.path.join(os.getcwd(), "config-of-this-test")
import perfwidgets
wrapper = os.path.abspath("perf-that-tells")
with open(wrapper, "w") as file:
    file.write(f'#!/bin/sh\\necho "$1" >> {wrapper}.log\\nexec {shutil.which("perf")} "$@"\\n')
os.chmod(wrapper, 0o755)
dashboard = perfwidgets.Dashboard(
    events="context-switches,page-faults,iTLB-loads", command=[wrapper]
)
dashboard
"""
ASKED = "open(wrapper + '.log').read().split()"
SYNTHETIC = """
import perfwidgets
dashboard = perfwidgets.Dashboard(perfwidgets.Synthetic(1))
dashboard
"""
INPUT = ".pw-adder-panel > input"


def told(notebook: Notebook, text: str) -> None:
    notebook.page.locator(".pw-told", has_text=text).wait_for(timeout=20_000)


def opened(lab: Lab) -> Notebook:
    notebook = lab.open([LIVE])
    notebook.run_and_wait(0)
    wait_live(notebook)
    notebook.page.locator(".pw-adder-opener").click()
    told(notebook, "perf knows")
    return notebook


def test_the_chosen_event_is_explained_in_one_line(lab: Lab):
    notebook = lab.open([SYNTHETIC])
    notebook.run_and_wait(0)
    wait_live(notebook)
    about = notebook.page.locator(".pw-about")
    about.get_by_text("Core clock cycles while not halted.").wait_for()
    notebook.page.select_option(".pw-selector select", label="TLB · iTLB-loads")
    about.get_by_text("⚠ differs on Intel, AMD").wait_for()
    assert about.bounding_box()["height"] < 24
    assert not about.locator("dd").first.is_visible()
    about.locator("summary").click()
    about.get_by_text("Intel: counts only what the second level of the TLB answers").wait_for()
    assert about.locator(".pw-source").count() == 2
    notebook.page.select_option(".pw-selector select", label="Metric · IPC")
    about.get_by_text("instructions / cycles").wait_for()
    title = row(notebook, "iTLB-loads").locator(".pw-event").get_attribute("title")
    assert "On AMD it counts fetches that missed the first level" in title
    assert not notebook.page.locator(".pw-adder").is_visible(), "made-up counters have no list"
    lab.assert_quiet()


def test_another_event_is_found_tried_counted_and_taken_away(lab: Lab, pictures: Path):  # noqa: F811
    notebook = lab.open([LIVE])
    notebook.run_and_wait(0)
    wait_live(notebook)
    page = notebook.page
    assert "list" not in notebook.python(ASKED), "perf's list is fetched when it is asked for"
    page.locator(".pw-adder-opener").click()
    told(notebook, "perf knows")
    page.fill(INPUT, "minor fau")
    page.locator('.pw-found [role="option"]').first.wait_for()
    assert page.locator(".pw-option-name").all_inner_texts() == ["minor-faults"]
    page.keyboard.press("ArrowDown")
    assert page.locator(INPUT).get_attribute("aria-activedescendant")
    page.keyboard.press("Enter")
    told(notebook, "minor-faults: fits")
    assert notebook.python("dashboard.monitor.events").count("minor-faults") == 0
    notebook.screenshot(pictures / "adder-tried.png")
    page.locator(".pw-apply").click()
    told(notebook, "is counted from now on")
    row(notebook, "minor-faults").locator(".pw-state", has_text="counted").wait_for()
    page.wait_for_function(f"{STORE}.selected === 'minor-faults'")
    assert beyond_the_cell(notebook) == []
    page.locator(".pw-chip", has_text="minor-faults").locator("button").click()
    told(notebook, "is counted no longer")
    row(notebook, "minor-faults").wait_for(state="detached")
    assert notebook.python(ASKED).count("list") == 1
    lab.assert_quiet()


def test_what_cannot_be_counted_says_so_before_it_is(lab: Lab):
    notebook = opened(lab)
    page = notebook.page
    page.fill(INPUT, "no_such_event_at_all")
    page.keyboard.press("Enter")
    told(notebook, "✕ no_such_event_at_all: cannot be counted here")
    assert page.locator(".pw-apply").inner_text() == "Count it all the same"
    page.fill(INPUT, "<b id=injected>x</b>")
    assert page.locator('.pw-found [role="option"]').count() == 0, "it holds a blank"
    page.fill(INPUT, "<b/id=injected>x</b>")
    page.keyboard.press("Enter")
    told(notebook, "<b/id=injected>x</b>")
    assert page.locator("#injected").count() == 0
    page.fill(INPUT, "--output=/tmp/x")
    assert page.locator('.pw-found [role="option"]').count() == 0
    lab.assert_quiet()


def test_a_late_answer_is_not_said_over_a_later_one(lab: Lab):
    notebook = lab.open([LIVE.replace("exec {", '[ "$1" != list ] || sleep 3\\nexec {')])
    notebook.run_and_wait(0)
    wait_live(notebook)
    page = notebook.page
    page.locator(".pw-adder-opener").click()
    page.locator(".pw-set", has_text="software").locator("button").click()
    told(notebook, "the set software is counted from now on")
    page.fill(INPUT, "alignment-fau")
    page.locator('.pw-found [role="option"]', has_text="alignment-faults").wait_for()
    assert "the set software is counted" in page.locator(".pw-told").inner_text()
    lab.assert_quiet()


def test_a_set_is_kept_and_found_in_a_page_loaded_anew(lab: Lab):
    notebook = opened(lab)
    page = notebook.page
    page.fill(".pw-sets input", "my set")
    page.keyboard.press("Enter")
    told(notebook, "kept as my set")
    page.locator(".pw-set", has_text="software").locator("button").click()
    told(notebook, "the set software is counted from now on")
    row(notebook, "cpu-migrations").wait_for()
    notebook.reload()
    page.locator(".pw-adder-opener").click()
    page.locator(".pw-own", has_text="my set").locator("button").first.click()
    told(notebook, "the set my set is counted from now on")
    asked = ["context-switches", "page-faults", "iTLB-loads"]
    assert wait_for(lambda: notebook.python("list(dashboard.monitor.events)") == asked, 10)
    page.locator(".pw-own button").last.click()
    told(notebook, "the set my set is gone")
    assert "my set" not in notebook.python("perfwidgets.event_sets()")
    lab.assert_quiet()
