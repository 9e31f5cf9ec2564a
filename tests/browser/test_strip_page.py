"""The strip of cores, and the dashboard in one line, in a real JupyterLab."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from lab import Lab, Notebook, wait_for
from test_dashboard import (
    SLEEP,
    STORE,
    beyond_the_cell,
    overflowing,
    pictures,  # noqa: F401  (a fixture)
)

pytestmark = pytest.mark.browser


def dashboard_of(source: str, options: str = "") -> str:
    return f"import perfwidgets\ndashboard = perfwidgets.Dashboard({source}{options})\ndashboard"


MANY = dashboard_of("perfwidgets.Synthetic(1, cores=256, per_core=True, interval=0.1)")
FEW = dashboard_of(
    "perfwidgets.Synthetic(2, cores=8, per_core=True, not_counted=0.1, interval=0.1)"
)
WHOLE = dashboard_of("perfwidgets.Synthetic(3, cores=4, interval=0.1)")
PERF = dashboard_of("perfwidgets.PerfStat(per_core=True)")
PLOT, TIP = ".pw-strip-plot", ".pw-strip-tip"
TICKS = ".pw-chart:not(.pw-bandwidth) .axis .tick text"
#: the rows of a part that the kernel holds: number, begin, end, rate
ROWS = """[[n, t - d, t, r] for rows in dashboard.monitor.part_history.rows() for n, t, d, r in zip(
rows.numbers.tolist(), rows.times.tolist(), rows.durations.tolist(),
rows.rates[:, rows.events.index({event!r}), rows.labels.index({label!r})].tolist())]"""
HELD = (
    f"""() => ({STORE}?.partRows.blocks ?? []).flatMap(b => [...b.numbers.subarray(0, b.length)])"""
)


def wait_rows(notebook: Notebook, rows: int) -> None:
    notebook.page.wait_for_function(f"() => ({HELD})().length >= {rows}")
    notebook.page.locator(PLOT).wait_for()


def pause(notebook: Notebook) -> None:
    notebook.page.locator(".pw-start").click()
    notebook.page.locator(".pw-live").scroll_into_view_if_needed()  # else it is not drawn
    notebook.wait_text(".pw-live", "Paused")


def settle(notebook: Notebook) -> None:
    """Wait until the strip has drawn the newest, which it does some times a second at most."""
    notebook.page.wait_for_function(
        f"""() => {{ const {{ grid }} = [...{STORE}.views].find(v => v.name === 'core strip');
        return Math.abs(grid.from + grid.step * grid.columns - {STORE}.shownTime().to) <= grid.step; }}"""
    )


def shown(notebook: Notebook) -> tuple[float, float]:
    time = notebook.page.evaluate(f"{STORE}.shownTime()")
    return time["from"], time["to"]


def si(value: float) -> str:
    """As format.js writes it."""
    prefixes = ["", "k", "M", "G"]
    while value >= 999.5:
        value /= 1000
        prefixes.pop(0)
    digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f}" + ("\u202f" + prefixes[0] if prefixes[0] else "")


def point_at(notebook: Notebook, part: int, parts: int, time: float) -> str:
    """Point at a part and a moment, and return what the strip says of it."""
    settle(notebook)
    box = notebook.page.locator(PLOT).bounding_box()
    begin, end = shown(notebook)
    x = box["x"] + (time - begin) / (end - begin) * box["width"]
    notebook.page.mouse.move(x, box["y"] + (part + 0.5) / parts * box["height"])
    notebook.page.locator(TIP).wait_for()
    return notebook.page.locator(TIP).inner_text()


def zoom_by_dragging(notebook: Notebook, first: float, last: float) -> None:
    """Drag from one share of the width to another."""
    settle(notebook)
    box = notebook.page.locator(PLOT).bounding_box()
    mouse, y = notebook.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + first * box["width"], y)
    mouse.down()
    mouse.move(box["x"] + (first + last) / 2 * box["width"], y)
    notebook.page.locator(".pw-strip-brush").wait_for()
    mouse.move(box["x"] + last * box["width"], y)
    mouse.up()


def test_pointing_at_256_cores_names_the_core_and_its_value(lab: Lab):
    notebook = lab.open([MANY])
    notebook.run_and_wait(0)
    wait_rows(notebook, 30)
    notebook.page.locator(".pw-controls select").first.select_option(label="15 s")
    pause(notebook)
    assert notebook.page.locator(".pw-strip").get_attribute("data-parts") == "256"
    assert notebook.page.locator(f"{PLOT} canvas").bounding_box()["height"] == 256
    for part in (0, 131, 255):
        rows = notebook.python(ROWS.format(event="cycles", label=f"CPU{part}"))
        for _, begin, end, rate in (rows[-20], rows[-7]):
            said = point_at(notebook, part, 256, (begin + end) / 2)
            assert re.fullmatch(rf"core {part} · \d\d:\d\d:\d\d\.\d+ · (.*) per second", said), said
            assert said.endswith(f" · {si(rate)} per second")
    lab.assert_quiet()


def test_the_cores_of_this_machine(lab: Lab, need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")
    notebook = lab.open([PERF])
    notebook.run_and_wait(0)
    wait_rows(notebook, 4)
    cores = len(os.sched_getaffinity(0))
    pause(notebook)
    notebook.page.locator(".pw-controls select").first.select_option(label="15 s")
    chosen = notebook.page.evaluate(f"{STORE}.selected")
    for part in range(cores):
        *_, (_, begin, end, rate) = notebook.python(ROWS.format(event=chosen, label=f"CPU{part}"))
        said = point_at(notebook, part, cores, (begin + end) / 2)
        assert said.startswith(f"core {part} · ")
        assert said.endswith(f" · {si(rate)} per second")
    lab.assert_quiet()


def test_dragging_zooms_every_chart_and_a_double_click_goes_back(lab: Lab):
    notebook = lab.open([FEW])
    notebook.run_and_wait(0)
    wait_rows(notebook, 40)
    notebook.page.locator(".pw-controls select").first.select_option(label="15 s")
    pause(notebook)
    ticks = notebook.page.locator(TICKS)
    assert wait_for(lambda: "now" in ticks.all_text_contents(), 5)
    begin, end = shown(notebook)
    zoom_by_dragging(notebook, 0.8, 0.95)
    fixed = notebook.page.evaluate(f"{STORE}.view.fixed")
    assert fixed["from"] == pytest.approx(begin + 0.8 * (end - begin), abs=0.1)
    assert fixed["to"] == pytest.approx(begin + 0.95 * (end - begin), abs=0.1)
    assert wait_for(lambda: "now" not in ticks.all_text_contents(), 5), ticks.all_text_contents()
    foot = notebook.page.locator(".pw-strip-foot").inner_text()
    assert "now" not in foot
    assert len(re.findall(r"\d\d:\d\d:\d\d\.\d\d", foot)) == 2
    rows = notebook.python(ROWS.format(event="cycles", label="CPU5"))
    inside = [row for row in rows if fixed["from"] < row[1] and row[2] < fixed["to"]]
    counted = next(row for row in inside if isinstance(row[3], float) and row[3] == row[3])
    said = point_at(notebook, 5, 8, (counted[1] + counted[2]) / 2)
    assert said.startswith("core 5 · ")
    assert f" · {si(counted[3])} per second" in said
    notebook.page.locator(PLOT).dblclick()
    assert wait_for(lambda: "now" in ticks.all_text_contents(), 5), ticks.all_text_contents()
    assert notebook.page.evaluate(f"{STORE}.view.live") is True
    # and it follows a zoom that comes from elsewhere
    notebook.page.evaluate(f"{STORE}.view.show({end - 3}, {end - 1})")
    words = notebook.page.locator(".pw-strip-foot")
    assert wait_for(lambda: "now" not in words.inner_text(), 5)
    lab.assert_quiet()


def test_gaps_are_blank_and_what_was_not_counted_says_so(lab: Lab):
    notebook = lab.open([FEW])
    notebook.run_and_wait(0)
    wait_rows(notebook, 40)
    notebook.page.locator(".pw-controls select").first.select_option(label="15 s")
    pause(notebook)
    begin, end = shown(notebook)
    assert "no sample" in point_at(notebook, 3, 8, begin + 0.02 * (end - begin))
    rows = notebook.python(ROWS.format(event="cycles", label="CPU3"))
    lacking = [row for row in rows[5:-5] if not isinstance(row[3], float) or row[3] != row[3]]
    assert lacking, "with 10 % not counted there are some among forty"
    said = point_at(notebook, 3, 8, (lacking[0][1] + lacking[0][2]) / 2)
    assert said.endswith(" · not counted")
    assert notebook.page.locator(".pw-strip-none").is_visible()
    lab.assert_quiet()


def test_a_page_that_is_loaded_anew_has_all_of_it(lab: Lab):
    notebook = lab.open([MANY])
    notebook.run_and_wait(0)
    wait_rows(notebook, 40)
    before = notebook.page.evaluate(HELD)
    notebook.reload()
    wait_rows(notebook, len(before))

    def missing() -> set[float]:
        after = notebook.page.evaluate(HELD)
        return {*before, *range(int(before[0]), int(after[-1]))} - set(after)

    # what fell between the history and the first tick comes once it is noticed
    assert wait_for(lambda: not missing(), 10), missing()
    lab.assert_quiet()


def test_it_goes_on_while_a_cell_runs_and_follows_the_choice(lab: Lab):
    notebook = lab.open([FEW, SLEEP])
    notebook.run_and_wait(0)
    wait_rows(notebook, 5)
    title = notebook.page.locator(".pw-strip-title")
    assert title.inner_text() == "cycles by core"
    notebook.run(1)
    rows = len(notebook.page.evaluate(HELD))
    notebook.page.locator('tr[data-event="page-faults"] .pw-event').click()
    title.get_by_text("page-faults by core", exact=True).wait_for(timeout=3000)
    notebook.page.wait_for_function(f"() => ({HELD})().length >= {rows + 15}", timeout=3500)
    notebook.page.locator('.pw-metric[data-metric="IPC"] button').click()
    title.get_by_text("IPC by core", exact=True).wait_for(timeout=3000)
    notebook.wait_idle()
    pause(notebook)
    notebook.page.locator(".pw-controls select").first.select_option(label="15 s")
    of = {
        event: notebook.python(ROWS.format(event=event, label="CPU2"))
        for event in ("cycles", "instructions")
    }
    both = [(c, i) for c, i in zip(*of.values(), strict=True) if c[3] == c[3] and i[3] == i[3]]
    (_, begin, end, cycles), (*_, instructions) = next(
        pair for pair in both[::-1] if all(isinstance(row[3], float) for row in pair)
    )
    said = point_at(notebook, 2, 8, (begin + end) / 2)
    assert said.endswith(f" · {instructions / cycles:.2f}"), said
    lab.assert_quiet()


def test_keys_choose_a_core_and_a_moment_and_a_range(lab: Lab):
    notebook = lab.open([FEW, "1"])
    notebook.run_and_wait(0)
    wait_rows(notebook, 30)
    pause(notebook)
    settle(notebook)
    plot, tip = notebook.page.locator(PLOT), notebook.page.locator(TIP)
    said = notebook.page.locator(".pw-strip-hidden").last
    press = notebook.page.keyboard.press
    plot.focus()
    press("ArrowDown")
    assert tip.inner_text().startswith("core 0 · ")
    newest = tip.inner_text()
    for _ in range(3):
        press("ArrowDown")
    assert tip.inner_text().startswith("core 3 · ")
    press("ArrowLeft")
    rows = notebook.python(ROWS.format(event="cycles", label="CPU3"))
    value = rows[-2][3]
    expected = (
        f"{si(value)} per second" if isinstance(value, float) and value == value else "not counted"
    )
    assert tip.inner_text().endswith(expected)
    assert said.inner_text() == tip.inner_text()
    for _ in range(4):
        press("ArrowUp")
    press("End")
    assert tip.inner_text() == newest
    active = (
        "() => document.querySelector('.jp-Notebook .jp-mod-active')?.dataset.windowedListIndex"
    )
    assert notebook.page.evaluate(active) == "1" or plot.evaluate(
        "e => e === document.activeElement"
    )
    for _ in range(12):
        press("ArrowLeft")
    press("Enter")
    assert "a range begins here" in said.inner_text()
    for _ in range(5):
        press("ArrowRight")
    press("Enter")
    fixed = notebook.page.evaluate(f"{STORE}.view.fixed")
    assert fixed["from"] == pytest.approx(rows[-13][1], abs=0.02)
    assert fixed["to"] == pytest.approx(rows[-8][2], abs=0.02)
    press("Escape")
    assert notebook.page.evaluate(f"{STORE}.view.live") is True
    assert plot.evaluate("e => e === document.activeElement"), "JupyterLab took none of the keys"
    assert "most " in notebook.page.locator(".pw-strip-hidden").first.inner_text()
    lab.assert_quiet()


def test_it_takes_no_room_until_cores_are_counted_apart(lab: Lab):
    notebook = lab.open([WHOLE])
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORE}?.samples > 5")
    strip = notebook.page.locator(".pw-strip")
    assert strip.is_hidden()
    box = notebook.page.locator(".pw-controls").get_by_text("per core")
    box.click()
    wait_rows(notebook, 5)
    assert strip.get_attribute("data-parts") == "4"
    notebook.wait_idle()
    box.click()
    strip.wait_for(state="hidden")
    box.click()
    strip.wait_for()
    numbers = notebook.page.evaluate(HELD)
    assert numbers != list(range(int(numbers[0]), int(numbers[-1]) + 1)), (
        "what it held before stays"
    )
    lab.assert_quiet()


@pytest.mark.parametrize("width", [1400, 520])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_faults_of_layout_with_cores(lab: Lab, pictures: Path, width: int, theme):  # noqa: F811
    notebook = lab.open([MANY], theme=theme, width=width)
    notebook.run_and_wait(0)
    wait_rows(notebook, 30)
    assert overflowing(notebook) == []
    assert beyond_the_cell(notebook) == []
    height = "document.querySelector('.pw-strip').getBoundingClientRect().height"
    before = notebook.page.evaluate(height)
    wait_rows(notebook, 50)
    assert notebook.page.evaluate(height) == pytest.approx(before, abs=1), "the layout jumped"
    colors = notebook.page.evaluate(
        f"""() => {{ const c = document.querySelector('{PLOT} canvas');
        const data = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer);
        return new Set(data).size; }}"""
    )
    assert colors > 20, "a map of many colours"
    notebook.page.set_viewport_size({"width": width, "height": 2000})
    notebook.screenshot(pictures / f"strip-{theme}-{width}.png")
    lab.assert_quiet()


# ---------------------------------------------------------------- in one line


COMPACT = dashboard_of("perfwidgets.Synthetic(4, interval=0.1)", ", compact=True")


def items(notebook: Notebook) -> list[str]:
    return notebook.page.locator(".pw-compact-item:visible .pw-compact-name").all_inner_texts()


def test_one_line_opens_into_the_whole_while_a_cell_runs(lab: Lab, pictures: Path):  # noqa: F811
    notebook = lab.open([COMPACT, SLEEP])
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORE}?.samples > 5")
    whole = notebook.page.locator(".pw-dashboard")
    line = notebook.page.locator(".pw-compact")
    notebook.page.locator(".pw-compact-item").first.wait_for()
    assert items(notebook)[:3] == ["IPC", "cycles", "instructions"]
    assert whole.bounding_box()["height"] < 40
    # nothing is drawn of what nobody sees
    rate = notebook.page.locator(".pw-compact-item .pw-number").nth(1)
    before = rate.inner_text()
    assert wait_for(lambda: rate.inner_text() != before, 5)
    drawn = f"() => [...{STORE}.views].filter(v => v.inSight()).map(v => v.name)"
    seen = notebook.page.evaluate(drawn)
    assert "compact bar" in seen
    assert not {"history chart", "bandwidth chart", "status bar"} & set(seen), seen
    notebook.screenshot(pictures / "compact-closed.png")
    notebook.run(1)
    opener = line.locator("button").last
    opener.click()
    notebook.page.locator(".pw-chart path.line").first.wait_for()
    assert whole.bounding_box()["height"] > 400
    assert opener.get_attribute("aria-expanded") == "true"
    assert overflowing(notebook) == []
    notebook.screenshot(pictures / "compact-open.png")
    notebook.wait_idle()
    assert wait_for(lambda: notebook.python("dashboard.children[0].is_open"), 5)
    notebook.reload()
    notebook.page.locator(".pw-compact [aria-expanded=true]").wait_for()
    notebook.page.locator(".pw-compact [aria-expanded=true]").click()
    assert wait_for(lambda: whole.bounding_box()["height"] < 40, 5)
    lab.assert_quiet()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_has_no_room_drops_out_and_is_counted(lab: Lab, pictures: Path, theme):  # noqa: F811
    notebook = lab.open([COMPACT], theme=theme)
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORE}?.samples > 5")
    notebook.page.locator(".pw-compact-item").first.wait_for()
    more = notebook.page.locator(".pw-compact-more")
    seen = {}
    for width in (1400, 900, 500, 400):
        notebook.set_width(width)

        def adds_up() -> bool:
            cut = [each for each in overflowing(notebook) if "pw-compact" in each]
            return len(items(notebook)) + int(more.inner_text()) == 6 and not cut

        assert wait_for(adds_up, 5), (width, items(notebook), more.inner_text())
        assert beyond_the_cell(notebook) == []
        seen[width] = len(items(notebook))
        notebook.screenshot(pictures / f"compact-{theme}-{width}.png")
    assert seen[1400] > seen[900] >= seen[500] >= seen[400] >= 1, seen
    assert "page-faults: " in more.get_attribute("title")
    notebook.page.locator(".pw-compact [aria-expanded]").click()
    assert wait_for(lambda: overflowing(notebook) == [], 5), overflowing(notebook)
    lab.assert_quiet()
