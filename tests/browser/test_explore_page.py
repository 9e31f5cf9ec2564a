"""Reading, zooming, freezing and comparing in the page: no kernel is asked, also while one is busy."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest
from explore import (
    CHARTS,
    LINE,
    READER,
    ROWS,
    add,
    drag,
    freeze,
    is_busy,
    opened,
    place,
    readout,
    said,
    samples,
    ticks,
    tools,
    view,
)
from lab import Lab, Theme, wait_for
from test_dashboard import STORE, beyond_the_cell, overflowing

pytestmark = pytest.mark.browser

# no clock, and many zeros
ZEROS = """
import math, pathlib, perfwidgets
counts = [0, 10, 0, 0, 1000, 2000, 0, 300, 400, 5, 0, 0]
lines = [f"{n + 1}.0,{count},,page-faults,1000,100.00,," for n, count in enumerate(counts)]
pathlib.Path("zeros.csv").write_text("\\n".join(lines) + "\\n")
monitor = perfwidgets.Monitor(perfwidgets.Replay("zeros.csv", speed=math.inf), window=15).start()
chart = perfwidgets.HistoryChart(monitor, "page-faults", scale="log")
chart
"""
# cells run until a test has seen enough, however slow the machine is
SLEEP = "import pathlib, time\nwhile not pathlib.Path({!r}).exists():\n    time.sleep(0.05)"
PURE_PYTHON = (
    "import pathlib\nwhile not pathlib.Path({!r}).exists():\n"
    "    sum(number * number for number in range(100_000))"
)


@pytest.fixture
def end(lab: Lab) -> Path:
    """A file; cells that wait for it end when it is there."""
    return lab.server.folder / f"end-{secrets.token_hex(4)}"


@pytest.mark.parametrize("cell", [SLEEP, PURE_PYTHON], ids=["sleep", "python"])
def test_a_drag_zooms_all_charts_in_step_while_a_cell_runs(lab: Lab, end: Path, cell: str):
    notebook = opened(lab, cell.format(str(end)))
    notebook.run(1)
    notebook.page.wait_for_function(f"{STORE}.timeline.cells.size > 0")
    drag(notebook, 0.5, 0.95)
    fixed = view(notebook)["fixed"]
    window = notebook.page.evaluate(f"{STORE}.window")
    assert fixed["to"] - fixed["from"] == pytest.approx(0.45 * window, rel=0.1)
    notebook.page.wait_for_function(
        "() => ['.pw-history', '.pw-bandwidth'].every(c =>"
        " [...document.querySelectorAll(`${c} .tick text`)].some(t => /\\d:\\d\\d/.test(t.textContent)))"
    )
    first, second = ([t for t in ticks(notebook, chart) if ":" in t] for chart in CHARTS)
    assert first == second
    before = samples(notebook)
    notebook.page.wait_for_function(f"samples => {STORE}.samples > samples + 5", arg=before)
    assert view(notebook)["fixed"] == fixed, "it stands still"
    tools(notebook, "Reset zoom").click()
    notebook.page.locator(".pw-history .tick text", has_text="now").wait_for()
    assert view(notebook)["live"]
    notebook.watch(LINE).wait(2)
    assert is_busy(notebook), "all that was done while the cell ran"
    end.touch()
    notebook.wait_idle()
    lab.assert_quiet()


def test_the_cursor_says_what_the_store_holds_and_draws_nothing_anew(lab: Lab, end: Path):
    notebook = opened(lab, SLEEP.format(str(end)))
    notebook.run(1)
    notebook.page.wait_for_function(f"{STORE}.timeline.cells.size > 0")
    notebook.page.wait_for_function(f"{STORE}.samples > 40")
    drag(notebook, 0.95, 0.999)
    freeze(notebook)
    drawn = notebook.watch(".bqplot path.line")
    for share in (0.5, 0.7, 0.99):
        notebook.page.mouse.move(*place(notebook, share))
        expected = view(notebook)["fixed"]["from"] + share * (
            view(notebook)["fixed"]["to"] - view(notebook)["fixed"]["from"]
        )
        notebook.page.wait_for_function(
            f"expected => Math.abs({STORE}.view.cursor - expected) < 0.15", arg=expected
        )
        time, words, text = readout(notebook)
        rows = {row[0]: row for row in notebook.page.evaluate(ROWS)}
        assert time in rows, "the cursor stands at a sample"
        _, rate, _, counted = rows[time]
        [(name, spoken)] = words.items()
        assert name == notebook.page.evaluate(f"{STORE}.selected")
        assert said(spoken) == pytest.approx(rate, rel=0.006)
        assert f"scaled, counted {round(counted * 100)}\u202f%" in spoken
        assert re.search(r"\d\d:\d\d:\d\d\.\d{3}", text)
    assert "In [2]: import pathlib, time" in text
    assert is_busy(notebook)
    paging = notebook.page.locator(".pw-bandwidth .pw-readout")
    assert "pgpgin" in paging.inner_text(), "the cursor is in all charts"
    assert " KB/s" in paging.inner_text()
    assert drawn.count() == 0
    notebook.page.mouse.move(5, 5)
    paging.wait_for(state="hidden")
    lab.assert_quiet()


def test_frozen_the_picture_stands_while_samples_go_on(lab: Lab, end: Path):
    notebook = opened(lab, SLEEP.format(str(end)))
    notebook.run(1)
    freeze(notebook)
    held = view(notebook)["held"]
    drawn = notebook.watch(".bqplot path.line")
    before = samples(notebook)
    path = notebook.page.locator(LINE).first.get_attribute("d")
    number = notebook.page.locator("tr[data-event=page-faults] .pw-number").first
    faults = number.inner_text()
    notebook.page.wait_for_function(f"samples => {STORE}.samples >= samples + 20", arg=before)
    assert wait_for(lambda: number.inner_text() != faults, 10), "the numbers go on"
    assert drawn.count() == 0
    assert notebook.page.locator(LINE).first.get_attribute("d") == path
    assert tools(notebook, "Freeze").get_attribute("aria-pressed") == "true"
    # a zoom into it goes back to it
    drag(notebook, 0.6, 0.9)
    tools(notebook, "Reset zoom").click()
    assert view(notebook)["fixed"] == held
    tools(notebook, "Freeze").click()
    drawn.wait(2)
    assert is_busy(notebook)
    lab.assert_quiet()


def test_another_window_ends_a_zoom(lab: Lab):
    notebook = opened(lab)
    drag(notebook, 0.5, 0.9)
    assert not view(notebook)["live"]
    notebook.page.locator(".pw-controls").get_by_label("Window").select_option("15")
    notebook.page.locator(".pw-history .tick text", has_text="−15 s").wait_for()
    assert view(notebook)["live"]
    lab.assert_quiet()


def test_a_double_click_and_escape_reset_too(lab: Lab):
    notebook = opened(lab)
    drag(notebook, 0.5, 0.9)
    assert not view(notebook)["live"]
    notebook.page.mouse.dblclick(*place(notebook, 0.3))
    assert view(notebook)["live"]
    drag(notebook, 0.5, 0.9)
    assert not view(notebook)["live"]
    notebook.page.keyboard.press("Escape")
    assert view(notebook)["live"], "the chart has the keys after a drag"
    lab.assert_quiet()


def test_events_of_one_unit_share_an_axis(lab: Lab, end: Path):
    notebook = opened(lab, SLEEP.format(str(end)))
    notebook.run(1)
    notebook.page.select_option(".pw-selector select", label="CPU · instructions")
    add(notebook, "branch-misses")
    notebook.page.locator(
        ".pw-history .mainheading", has_text=re.compile("^per second$")
    ).wait_for()
    notebook.page.locator(".pw-line-key").nth(1).wait_for()
    names = notebook.page.locator(".pw-line-key").all_inner_texts()
    assert names == ["instructions", "branch-misses"]
    assert wait_for(lambda: notebook.page.locator(f"{LINE}[d]").count() >= 2, 10)
    freeze(notebook)
    notebook.page.mouse.move(*place(notebook, 0.995))
    _, words, _ = readout(notebook)
    assert list(words) == names
    heights = notebook.page.locator(f"{READER} .pw-dot").evaluate_all(
        "dots => dots.map(dot => parseFloat(dot.style.bottom))"
    )
    values = [said(each) for each in words.values()]
    assert heights[1] / heights[0] == pytest.approx(values[1] / values[0], rel=0.05), "one axis"
    dashes = notebook.page.locator(LINE).evaluate_all(
        "lines => lines.map(line => getComputedStyle(line).strokeDasharray)"
    )
    assert len(set(dashes)) == 4, "colour never speaks alone"
    notebook.page.get_by_label("Take branch-misses away").click()
    notebook.page.locator(".pw-legend").wait_for(state="hidden")
    assert is_busy(notebook)
    end.touch()
    notebook.wait_idle()
    # told one at a time: the front end waits for each answer
    assert wait_for(lambda: notebook.python("dashboard.history.events") == [None], 10)
    lab.assert_quiet()


def test_events_of_different_units_are_shares_of_their_greatest(lab: Lab, end: Path):
    notebook = opened(lab, SLEEP.format(str(end)))
    notebook.run(1)
    notebook.page.select_option(".pw-selector select", label="CPU · instructions")
    add(notebook, "cpu-clock")
    add(notebook, "IPC")
    notebook.page.locator(".mainheading", has_text="each as share of its own greatest").wait_for()
    normalise = tools(notebook, "normalise")
    assert normalise.get_attribute("aria-pressed") == "true"
    assert normalise.is_disabled(), "they cannot be drawn otherwise"
    freeze(notebook)
    scales = notebook.page.locator(".pw-entry .pw-dim").all_inner_texts()
    stretch = view(notebook)["fixed"]
    shown = [r for r in notebook.page.evaluate(ROWS) if stretch["from"] <= r[0] <= stretch["to"]]
    rates = [rate for _, rate, *_ in shown]
    assert scales[0].startswith("100\u202f% = ")
    assert said(scales[0].removeprefix("100\u202f% = ")) == pytest.approx(max(rates), rel=0.006)
    assert scales[1].endswith(" msec/s")
    assert "100\u202f%" in ticks(notebook, ".pw-history")
    assert is_busy(notebook)
    lab.assert_quiet()


def test_on_a_log_scale_a_zero_is_not_drawn_and_the_title_says_so(lab: Lab):
    notebook = lab.open([ZEROS])
    notebook.run_and_wait(0)
    title = notebook.page.locator(".pw-history .mainheading")
    title.get_by_text("page-faults, per second, log scale: 0 is not drawn").wait_for()
    steps = {"1", "10", "100", "1\u202fk", "10\u202fk"}
    found = ticks(notebook, ".pw-history")
    assert len(steps & set(found)) >= 4, found
    # 10, 1000-2000, 300-400-5: what stands alone is a dash; bqplot is given an end outside
    notebook.page.wait_for_function(
        "line => (document.querySelector(line)?.getAttribute('d')?.match(/M[\\d.]/g) ?? []).length === 3",
        arg=LINE,
    )
    reader = notebook.page.locator(READER)
    reader.focus()
    dots = {}
    for _ in range(12):
        notebook.page.keyboard.press("ArrowLeft")
        _, words, text = readout(notebook)
        dot = notebook.page.locator(f"{READER} .pw-dot")
        dots[re.search(r"[\d.]+ s", text)[0]] = (words["page-faults"], dot.is_visible())
    assert dots["7.000 s"] == ("0/s", False), "read as 0, not drawn"
    assert dots["8.000 s"] == ("300/s", True)
    tools(notebook, "log").click()
    title.get_by_text(re.compile("^page-faults, per second$")).wait_for()
    assert wait_for(lambda: notebook.python("chart.scale") == "linear", 10)
    lab.assert_quiet()


def test_per_interval_is_the_count(lab: Lab, end: Path):
    notebook = opened(lab, SLEEP.format(str(end)))
    notebook.run(1)
    notebook.page.locator(".pw-tools select").first.select_option("per interval")
    title = notebook.page.locator(".pw-history .mainheading")
    title.get_by_text("per interval of 0.1 s").wait_for()
    drag(notebook, 0.9, 0.999)
    freeze(notebook)
    notebook.page.mouse.move(*place(notebook, 0.9))
    time, words, _ = readout(notebook)
    _, rate, count, _ = next(row for row in notebook.page.evaluate(ROWS) if row[0] == time)
    [spoken] = words.values()
    assert said(spoken) == pytest.approx(count, rel=0.006)
    assert count == pytest.approx(rate / 10, rel=0.2)
    assert "/s" not in spoken
    assert is_busy(notebook)
    end.touch()
    notebook.wait_idle()
    assert wait_for(lambda: notebook.python("dashboard.history.per") == "interval", 10)
    lab.assert_quiet()


def test_the_keyboard_reads_and_zooms_and_nothing_speaks_of_itself(lab: Lab, end: Path):
    notebook = opened(lab, SLEEP.format(str(end)))
    spoken = notebook.page.locator(f"{READER} [aria-live]")
    notebook.page.wait_for_function(
        f"samples => {STORE}.samples > samples + 5", arg=samples(notebook)
    )
    assert spoken.inner_text() == "", "a tick is no news"
    selected = notebook.page.evaluate(f"{STORE}.selected")
    description = notebook.page.locator(f"{READER} [id]").inner_text()
    assert re.search(rf"The last 1 min\. {selected}: .* at the end, from", description)
    reader = notebook.page.locator(READER)
    assert reader.get_attribute("aria-describedby") == notebook.page.locator(
        f"{READER} [id]"
    ).get_attribute("id")
    notebook.page.locator(".pw-tools select").first.focus()
    for _ in range(8):  # over the tools into the chart
        notebook.page.keyboard.press("Tab")
        if reader.evaluate("reader => reader === document.activeElement"):
            break
    outline = reader.evaluate("reader => getComputedStyle(reader).outlineStyle")
    assert outline == "solid", "the focus can be seen"
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    before = notebook.page.evaluate(active)
    notebook.page.keyboard.press("ArrowLeft")
    cursor = view(notebook)["cursor"]
    notebook.page.keyboard.press("Shift+ArrowLeft")
    times = [row[0] for row in notebook.page.evaluate(ROWS)]
    step = times.index(cursor) - times.index(view(notebook)["cursor"])
    assert step == 10
    row = notebook.page.evaluate(ROWS)[times.index(view(notebook)["cursor"])]
    assert spoken.inner_text().startswith(f"{selected} ")
    assert said(spoken.inner_text().removeprefix(f"{selected} ")) == pytest.approx(
        row[1], rel=0.006
    )
    notebook.page.keyboard.press("+")
    fixed = view(notebook)["fixed"]
    assert fixed["to"] - fixed["from"] == pytest.approx(30, rel=0.01)
    assert re.match(r"From \d\d:\d\d:\d\d to", spoken.inner_text())
    notebook.page.keyboard.press("Escape")
    assert view(notebook)["live"]
    assert spoken.inner_text() == "The last 1 min"
    assert notebook.page.evaluate(active) == before, "JupyterLab took none of the keys"
    lab.assert_quiet()


def test_a_page_that_is_loaded_anew_shows_the_same(lab: Lab):
    notebook = opened(lab)
    add(notebook, "branch-misses")
    tools(notebook, "log").click()
    freeze(notebook)
    drag(notebook, 0.7, 0.95)
    before = view(notebook)
    assert wait_for(lambda: notebook.python("dashboard.history.tools.stretch") != [], 10)
    notebook.reload()
    notebook.page.locator(".pw-legend .pw-entry", has_text="branch-misses").wait_for()
    after = view(notebook)
    assert (after["fixed"], after["held"]) == (before["fixed"], before["held"])
    assert tools(notebook, "log").get_attribute("aria-pressed") == "true"
    assert wait_for(lambda: notebook.python("dashboard.history.scale") == "log", 10)
    lab.assert_quiet()


def test_two_pages_of_one_kernel_show_each_its_own_time(lab: Lab):
    notebook = opened(lab)
    other = lab.visit(notebook.name)
    other.page.wait_for_function(f"{STORE}?.samples > 8")
    notebook.page.bring_to_front()
    freeze(notebook)
    held = view(notebook)["held"]
    kept = "dashboard.history.tools.held"
    assert wait_for(lambda: notebook.python(kept) == [held["from"], held["to"]], 10)
    for page in (other, notebook):
        page.page.bring_to_front()
        page.page.wait_for_function(f"samples => {STORE}.samples > samples + 3", arg=samples(page))
    assert view(other)["live"]
    assert view(notebook)["held"] == held
    assert notebook.python(kept) == [held["from"], held["to"]], "no page undoes the other's"
    lab.assert_quiet()


@pytest.mark.parametrize("width", [1400, 520])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tools_have_room(lab: Lab, tmp_path: Path, theme: Theme, width: int):
    notebook = opened(lab, theme=theme, width=width)
    for event in ("L1-dcache-load-misses", "branch-misses", "IPC"):
        add(notebook, event)
    notebook.page.locator(".pw-entry").nth(3).wait_for()
    drag(notebook, 0.5, 0.9)
    notebook.page.mouse.move(*place(notebook, 0.5))
    readout(notebook)
    assert overflowing(notebook) == []
    assert beyond_the_cell(notebook) == []
    heights = notebook.page.locator(".pw-tools > :is(button, select)").evaluate_all(
        "all => [...new Set(all.filter(e => e.checkVisibility()).map(e => e.offsetHeight))]"
    )
    assert len(heights) == 1
    lab.assert_quiet()
