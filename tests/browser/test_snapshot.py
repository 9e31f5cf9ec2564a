"""Snapshots in Chromium: a page from a file with the network cut, and what nbconvert makes."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import Lab
from playwright.sync_api import Browser, Locator, Page, expect
from test_dashboard import pictures

from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.snapshot import Snapshot
from perfwidgets.sources.vmstat import MEMORY_EVENTS

pytestmark = pytest.mark.browser
__all__ = ["pictures"]

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "tests" / "data" / "guest" / "mux-csv-100ms.4cpu.p6.1.csv"
BEGIN = 1_700_000_000.0
SPIKE = 70


class Counters:
    """A source that is never run."""

    name, kind, interval, cores, version = "scripted", "counters", 0.5, None, "6.1"
    events = ("cycles", "instructions", "page-faults", "LLC-loads")

    async def __anext__(self) -> Sample: ...


class Memory:
    """Another."""

    name, kind, interval, events = "memory", "memory", 0.5, MEMORY_EVENTS

    async def __anext__(self) -> Sample: ...


def counted(event: str, count: float | None, running: float = 1.0) -> Reading:
    if count is None:
        return Reading(event, None, None, None, Status.NOT_SUPPORTED, 0.0)
    return Reading(event, count, count / 0.5, None, Status.COUNTED, running)


def measured() -> Monitor:
    """A minute: faults with a spike, cells, marks, a gap, and events that share counters."""
    monitor = Monitor(Counters(), Memory())
    for number in range(1, 121):
        if number == 40:
            monitor.history.gap()
        if 40 <= number < 50:
            continue
        time = number * 0.5
        readings = (
            counted("cycles", 1000 + number, 0.54),
            counted("instructions", 2000 + 2 * number, 0.61),
            counted("page-faults", 5000 if number == SPIKE else 100 + number % 7),
            counted("LLC-loads", None),
        )
        paged = tuple(counted(event, number * (event == "pgpgin")) for event in MEMORY_EVENTS)
        for source, each in (("scripted", readings), ("memory", paged)):
            sample = Sample(time, BEGIN + time, 0.5, each, interval=0.5)
            monitor.sample_arrived(source, monitor._sources[source], sample)
    monitor.cells.begin(3, "train('</script>')", BEGIN + 10)
    monitor.cells.end(0, ended=BEGIN + 18)
    monitor.cells.begin(4, "1 / 0", BEGIN + 30)
    monitor.cells.end(1, ended=BEGIN + 45, error="ZeroDivisionError")
    monitor.marks.add('epoch "3" <b>', at=BEGIN + 52)
    return monitor


@pytest.fixture
def open_file(browser: Browser) -> Iterator[Any]:
    """Open a file without any network; in the end nothing but it was asked for, and all is quiet."""
    contexts, complaints = [], []

    def open_file(path: Path, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("request", lambda request: complaints.append(request.url))
        page.goto(path.as_uri())
        assert complaints.pop(0) == path.as_uri()
        if options.get("java_script_enabled", True):
            page.locator("html[data-pw-ready]").wait_for()
        return page

    yield open_file
    for context in contexts:
        for page in context.pages:
            page.evaluate("0")  # what the page wrote before has then arrived
        context.close()
    assert complaints == []


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return Snapshot.of(measured(), event="page-faults").save(tmp_path / "x.html")


def plot_of(page: Page, name: str = "history"):
    return page.locator(f'[data-pw-plot="{name}"] svg.pw-plot')


def readout(page: Page, name: str = "history"):
    return page.locator(f'[data-pw-plot="{name}"] output')


def ticks(page: Page) -> list[str]:
    return plot_of(page).locator(":scope > g:not(.pw-cursor) > text").all_text_contents()


def at(page: Page, second: float, seconds: float = 60.0) -> tuple[float, float]:
    """Where a moment stands in the plot that shows all."""
    box = plot_of(page).bounding_box()
    assert box
    inside = box["width"] - 52 - 14
    return box["x"] + 52 + inside * second / seconds, box["y"] + 120


def test_hover_tells_value_time_and_share(saved: Path, open_file):
    page = open_file(saved)
    page.mouse.move(*at(page, SPIKE * 0.5))
    expect(readout(page)).to_have_text(
        "page-faults 10.0\u202fk/s, counted all of the time · "
        "2023-11-14 22:13:55.000 UTC, 25 s before the end"
    )
    page.get_by_label("Event or metric").select_option("cycles")
    expect(readout(page)).to_contain_text(
        "cycles 2.14\u202fk/s, counted 54\u202f% of the time, scaled"
    )
    page.mouse.move(*at(page, 21))
    expect(readout(page)).to_contain_text("22:13:39.500 UTC")
    page.mouse.move(5, 5)
    expect(readout(page)).to_contain_text("Arrow keys move the cursor")


def test_another_event_or_metric_is_chosen(saved: Path, open_file):
    page = open_file(saved)
    select = page.get_by_label("Event or metric")
    assert select.input_value() == "page-faults"
    groups = select.locator("optgroup")
    labels = [groups.nth(i).get_attribute("label") for i in range(groups.count())]
    assert labels == ["CPU", "Cache", "Software", "Metrics"]
    line = plot_of(page).locator(".pw-line")
    of_faults = line.get_attribute("d")
    assert of_faults
    assert of_faults.count("M") == 2, "the gap breaks the line"
    select.select_option("IPC")
    expect(page.locator("[data-pw-plot=history] .pw-heading")).to_contain_text("IPC")
    expect(page.locator("[data-pw-plot=history] .pw-heading")).to_contain_text(
        "its weakest count 54\u202f% of the time"
    )
    assert line.get_attribute("d") not in ("", of_faults)
    assert "2" in ticks(page)
    select.select_option("LLC-loads")
    expect(page.locator("[data-pw-plot=history] .pw-heading")).to_contain_text("not supported")
    assert line.get_attribute("d") == ""
    page.mouse.move(*at(page, 10))
    expect(readout(page)).to_contain_text("LLC-loads: not supported")


def test_dragging_zooms_and_a_double_click_or_the_button_shows_all(saved: Path, open_file):
    page = open_file(saved)
    everything = ticks(page)
    assert "end" in everything
    button = page.locator("[data-pw-plot=history]").get_by_role("button", name="Show all")
    expect(button).to_be_disabled()
    for reset in (lambda: plot_of(page).dblclick(), button.click):
        page.mouse.move(*at(page, 10))
        page.mouse.down()
        page.mouse.move(*at(page, 15), steps=4)
        assert float(page.locator(".pw-selection").first.get_attribute("width") or 0) > 50
        page.mouse.up()
        expect(button).to_be_enabled()
        expect(plot_of(page)).not_to_contain_text("end")
        zoomed = ticks(page)
        assert "−50 s" in zoomed
        # the spike is out of sight, and the axis follows what is in it
        assert [tick for tick in zoomed if tick.endswith("k")] == []
        expect(plot_of(page, "memory")).not_to_contain_text("end")
        reset()
        expect(button).to_be_disabled()
        expect(plot_of(page)).to_contain_text("end")
        assert ticks(page) == everything


def test_all_of_it_by_keys(saved: Path, open_file):
    page = open_file(saved)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Event or metric")).to_be_focused()
    page.keyboard.press("Tab")  # the button is disabled: straight to the plot
    expect(plot_of(page)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(readout(page)).to_contain_text("the end")
    expect(readout(page)).to_have_attribute("aria-live", "polite")
    page.keyboard.press("ArrowLeft")
    expect(readout(page)).to_contain_text("0.5 s before the end")
    page.keyboard.press("Shift+ArrowLeft")
    expect(readout(page)).to_contain_text("5.5 s before the end")
    everything = ticks(page)
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(plot_of(page)).not_to_contain_text("−50 s")
    page.keyboard.press("Home")
    before = readout(page).inner_text()
    page.keyboard.press("ArrowLeft")
    assert readout(page).inner_text() != before, "the cursor leaves the view, and takes it along"
    page.keyboard.press("Escape")
    expect(plot_of(page)).to_contain_text("−50 s")
    assert ticks(page) == everything


def test_cells_and_marks_stand_where_they_were(saved: Path, open_file):
    page = open_file(saved)
    bands = plot_of(page).locator(".pw-band")
    expect(bands).to_have_count(2)
    assert bands.nth(0).locator("title").text_content() == "In [3]: train('</script>')\n8.0 s"
    expect(bands.nth(1)).to_contain_text("✕ [4]")
    band = bands.nth(0).locator("rect").bounding_box()
    assert band
    assert band["x"] == pytest.approx(at(page, 10)[0], abs=1.5)
    assert band["x"] + band["width"] == pytest.approx(at(page, 18)[0], abs=1.5)
    expect(plot_of(page).locator(".pw-mark")).to_contain_text('epoch "3" <b>')


def test_paging_is_read_at_the_cursor_too(saved: Path, open_file):
    page = open_file(saved)
    plot = plot_of(page, "memory")
    plot.focus()
    page.keyboard.press("End")
    expect(readout(page, "memory")).to_contain_text("in 240 KB/s, out 0 KB/s")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("narrow", {"viewport": {"width": 480, "height": 900}}),
        ("no-script", {"java_script_enabled": False}),
        ("no-script-dark", {"java_script_enabled": False, "color_scheme": "dark"}),
    ],
)
def test_how_it_looks(saved: Path, open_file, pictures: Path, name: str, options: dict[str, Any]):
    page = open_file(saved, **options)
    if options.get("java_script_enabled", True):
        page.mouse.move(*at(page, SPIKE * 0.5))
        expect(plot_of(page).locator(".pw-cursor circle")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for plot in ("history", "memory"):
        box = page.locator(f'[data-pw-plot="{plot}"] svg').bounding_box()
        assert box
        assert box["width"] > 400
    expect(page.get_by_role("table").first).to_contain_text("page-faults")
    page.screenshot(path=pictures / f"snapshot-{name}.png", full_page=True)


def test_a_picture_of_its_own_is_drawn(tmp_path: Path, open_file, pictures: Path):
    path = Snapshot.of(measured(), event="page-faults").save(tmp_path / "x.svg")
    page = open_file(path, java_script_enabled=False)
    expect(page.locator("text", has_text="page-faults, per second")).to_be_visible()
    page.screenshot(path=pictures / "snapshot-svg.png")


NOTEBOOK = f"""
import math, perfwidgets
dashboard = perfwidgets.Dashboard(perfwidgets.Replay({str(RECORDING)!r}, speed=math.inf))
while dashboard.monitor.state != "stopped":
    dashboard.monitor.wait_for_sample(1)
dashboard.snapshot()
"""


@pytest.fixture
def executed(need: Callable[[object, str], None]) -> Any:
    """A notebook that has shown a snapshot of a recording, as it would be saved."""
    need(importlib.util.find_spec("nbconvert"), "no nbconvert in this Python")
    from nbconvert.preprocessors import ExecutePreprocessor
    from nbformat import v4

    notebook = v4.new_notebook(cells=[v4.new_code_cell(NOTEBOOK)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    ExecutePreprocessor(timeout=90, store_widget_state=False).preprocess(notebook)
    return notebook


def test_what_nbconvert_makes_shows_it_without_script(
    executed: Any, tmp_path: Path, open_file, pictures: Path
):
    from nbconvert import HTMLExporter

    [output] = executed.cells[0].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    for theme in ("light", "dark"):
        html, _ = HTMLExporter(theme=theme).from_notebook_node(executed)
        file = tmp_path / f"{theme}.html"
        # what the exporter itself would fetch is not ours
        file.write_text(re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL), "utf-8")
        page = open_file(file, java_script_enabled=False, viewport={"width": 900, "height": 1000})
        line = page.locator('[data-pw-plot="history"] svg path').first
        expect(line).to_be_visible()
        box = line.bounding_box()
        assert box
        assert box["width"] > 300
        table = page.get_by_role("table").first
        expect(table).to_contain_text("439,213,083")
        assert re.search(r"scaled \d+\s%", table.inner_text())
        expect(page.get_by_text(f"recording {RECORDING.name}").first).to_be_visible()
        assert (brightness(table) > 128) == (theme == "dark")
        page.screenshot(path=pictures / f"snapshot-nbconvert-{theme}.png", full_page=True)


def brightness(locator: Locator) -> float:
    """The brightness of an element's text, 0 to 255."""
    color = locator.evaluate("element => getComputedStyle(element).color")
    return sum(float(number) for number in re.findall(r"[\d.]+", color)[:3]) / 3


LIVE = """
import perfwidgets
dashboard = perfwidgets.Dashboard(perfwidgets.Synthetic(3, interval=0.1, counters=6))
"""
TAKEN = """
for _ in range(8):
    dashboard.monitor.wait_for_sample(10)
dashboard.monitor.mark("here")
dashboard.monitor.wait_for_sample(10)
dashboard.snapshot()
"""


def test_in_jupyterlab_it_is_taken_while_the_cell_runs(lab: Lab, pictures: Path):
    notebook = lab.open([LIVE, TAKEN], theme="dark")
    notebook.run_and_wait(0)
    notebook.run_and_wait(1)
    output = notebook.output(1)
    expect(output.locator('[data-pw-plot="history"] svg').first).to_be_visible()
    expect(output).to_contain_text("Cells: In [2]: for _ in range(8):, still running")
    expect(output).to_contain_text("made-up counters")
    assert brightness(output.get_by_role("table").first) > 128
    before = output.inner_text()
    notebook.python("dashboard.monitor.wait_for_sample(10).time")
    assert output.inner_text() == before
    notebook.screenshot(pictures / "snapshot-lab-dark.png")
    lab.assert_quiet()
