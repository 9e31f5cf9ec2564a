"""How well each number was counted, seen in the browser: made-up counters that are shared."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Lab, wait_for
from test_dashboard import STORE, overflowing, pictures, row, wait_live

pytestmark = pytest.mark.browser
__all__ = ["pictures"]

SHARED = """
from perfwidgets import Dashboard, Synthetic
dashboard = Dashboard(Synthetic(seed=3, counters={counters}, cores=4, interval=0.25))
dashboard
"""


def test_a_scaled_count_says_so_with_its_share(lab: Lab, pictures):
    notebook = lab.open([SHARED.format(counters=7)])
    notebook.run_and_wait(0)
    wait_live(notebook)
    state = row(notebook, "cycles").locator(".pw-state")
    notebook.page.locator("tr[data-event=cycles] .pw-state", has_text="scaled").wait_for()
    in_model = notebook.python("dashboard.monitor.sample['cycles'].running")
    assert in_model < 1
    assert "%" in state.inner_text()
    assert "scaled by perf" in (state.get_attribute("title") or "")
    assert row(notebook, "page-faults").locator(".pw-state").inner_text().endswith("counted")
    assert "made-up counters" in notebook.page.locator(".pw-status").inner_text()
    assert overflowing(notebook) == []
    notebook.screenshot(pictures / "scaled.png")
    lab.assert_quiet()


def test_a_small_share_is_weak(lab: Lab):
    notebook = lab.open([SHARED.format(counters=3)])
    notebook.run_and_wait(0)
    wait_live(notebook)
    notebook.page.locator("tr[data-event=LLC-loads] .pw-state", has_text="weak").wait_for()
    assert overflowing(notebook) == []
    lab.assert_quiet()


def test_what_fits_is_one_click_away(lab: Lab, pictures):
    notebook = lab.open([SHARED.format(counters=5)])
    notebook.run_and_wait(0)
    wait_live(notebook)
    notice = notebook.page.locator(".pw-notice")
    notice.get_by_text("13 hardware events share 5 counters").wait_for()
    notice.get_by_role("button", name="Only CPU").click()
    notebook.page.wait_for_function("!document.querySelector('tr[data-event=LLC-loads]')")
    notebook.page.locator("tr[data-event=cycles] .pw-state", has_text="counted").wait_for()
    assert notebook.python("dashboard.monitor.sample['cycles'].running") == 1.0
    # and all of them again
    notebook.page.locator(".pw-controls").get_by_label("Cache").check()
    notebook.page.locator("tr[data-event=LLC-loads]").wait_for()
    lab.assert_quiet()


def test_counting_in_turn_is_unscaled_and_goes_on_as_before(lab: Lab, pictures):
    notebook = lab.open([SHARED.format(counters=5)])
    notebook.run_and_wait(0)
    wait_live(notebook)
    notice = notebook.page.locator(".pw-notice")
    notice.get_by_role("button", name="Count in turn").click()
    notice.get_by_text("Counted in turn, unscaled: cycles").wait_for(timeout=20000)
    notebook.screenshot(pictures / "in-turn.png")
    results = notebook.python(
        "{event: found.running for event, found in dashboard.monitor.turns['results'].items()}"
    )
    assert len(results) == 13
    assert set(results.values()) == {1.0}
    notebook.page.wait_for_function(f"{STORE}.layout.events.length === 17")
    assert notebook.page.locator("tr[data-event=context-switches]").is_visible()
    assert len(notebook.python("dashboard.monitor.events")) == 17
    lab.assert_quiet()


def test_rows_open_into_cores(lab: Lab, pictures):
    notebook = lab.open([SHARED.format(counters=20)])
    notebook.run_and_wait(0)
    wait_live(notebook)
    assert row(notebook, "cycles").locator(".pw-opener").is_hidden()
    notebook.page.locator(".pw-controls").get_by_label("per core").check()
    row(notebook, "cycles").locator(".pw-opener").click()
    notebook.page.locator(".pw-part", has_text="core 3").wait_for()
    notebook.page.locator(".pw-start").click()
    notebook.wait_text(".pw-live", "Paused")
    parts = notebook.python("[p.count for p in dashboard.monitor.sample['cycles'].parts.values()]")
    whole = notebook.python("dashboard.monitor.sample['cycles'].count")
    assert len(parts) == 4
    assert sum(parts) == whole

    def shown() -> list[int]:
        cells = notebook.page.locator(".pw-part td.pw-number:nth-of-type(1)").all()
        return [int((cell.get_attribute("title") or "0").replace(",", "")) for cell in cells]

    # digits change four times a second at the most, so that the last may come a moment later
    assert wait_for(lambda: shown() == parts, 5), (shown(), parts)
    notebook.screenshot(pictures / "per-core.png")
    assert overflowing(notebook) == []
    row(notebook, "cycles").locator(".pw-opener").click()
    assert notebook.page.locator(".pw-part").count() == 0
    lab.assert_quiet()


def test_a_recording_drives_the_same_views(lab: Lab, pictures):
    path = Path(__file__).parents[1] / "data" / "guest" / "mux-csv-100ms.2cpu-icount.p6.1.csv"
    notebook = lab.open(
        [
            "from perfwidgets import Dashboard, Replay\n"
            f"dashboard = Dashboard(Replay({str(path)!r}, speed=2))\ndashboard"
        ]
    )
    notebook.run_and_wait(0)
    notebook.wait_text(".pw-live", "Played")
    assert "recording" in notebook.page.locator(".pw-status").inner_text()
    assert notebook.page.locator(".mainheading", has_text="no paging activity").is_visible()
    assert "scaled" in row(notebook, "cycles").locator(".pw-state").inner_text()
    drawn = notebook.page.locator(".pw-chart:not(.pw-bandwidth) path.line").first.get_attribute("d")
    assert len(drawn or "") > 50, "the history is drawn"
    # a recording holds what was asked for when it was made
    assert not notebook.page.locator(".pw-controls").get_by_label("Interval").is_visible()
    notebook.screenshot(pictures / "replay.png")
    lab.assert_quiet()
