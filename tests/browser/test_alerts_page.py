"""Watched conditions in a real JupyterLab."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Lab
from test_dashboard import (
    STORE,
    beyond_the_cell,
    pictures,  # noqa: F401  (a fixture)
    row,
    wait_live,
)

pytestmark = pytest.mark.browser

WATCHED = """
import perfwidgets
dashboard = perfwidgets.Dashboard(perfwidgets.Synthetic(1, interval=0.1))
monitor = dashboard.monitor
monitor.watch("page-faults > 0/s for 0.5 s")
monitor.watch("IPC > 0")
monitor.watch("cycles < 1/s")
dashboard
"""


def test_what_is_crossed_is_told_in_rows_lines_and_charts(lab: Lab, pictures: Path):  # noqa: F811
    notebook = lab.open([WATCHED, "monitor.unwatch()"])
    notebook.run_and_wait(0)
    wait_live(notebook)
    page = notebook.page
    state = row(notebook, "page-faults").locator(".pw-state")
    state.get_by_text("> 0/s").wait_for()
    assert "▲" in state.inner_text(), "colour never speaks alone"
    assert "page-faults > 0/s for 0.5 s: since" in state.get_attribute("title")
    page.locator('.pw-metric[data-metric="IPC"].pw-crossed', has_text="▲ > 0").wait_for()
    assert "pw-crossed" not in row(notebook, "cycles").get_attribute("class")
    lines = page.locator(".pw-alerts li")
    lines.filter(has_text="not crossed: cycles < 1/s").wait_for()
    assert lines.filter(has_text="⚠").count() == 2
    spans = page.evaluate(f"{STORE}.alerts.between(-Infinity, Infinity).map((a) => a.label)")
    assert sorted(spans) == ["▲ IPC > 0", "▲ page-faults > 0/s for 0.5 s"]
    assert beyond_the_cell(notebook) == []
    notebook.screenshot(pictures / "alerts.png")

    notebook.reload()
    wait_live(notebook)
    row(notebook, "page-faults").locator(".pw-state", has_text="> 0/s").wait_for()
    assert page.evaluate(f"{STORE}.alerts.all.length") == 2

    notebook.run_and_wait(1)
    page.locator("tr.pw-crossed, .pw-metric.pw-crossed").first.wait_for(state="detached")
    lines.filter(has_text="last: ").wait_for()
    ended = page.evaluate(f"{STORE}.alerts.all.every((alert) => alert.ended > alert.began)")
    assert ended, "what has been stays, with its end"
    lab.assert_quiet()


def test_nothing_watched_takes_no_room(lab: Lab):
    notebook = lab.open([WATCHED.replace("monitor.watch", "0 and monitor.watch")])
    notebook.run_and_wait(0)
    wait_live(notebook)
    assert not notebook.page.locator(".pw-alerts").is_visible()
    lab.assert_quiet()
