"""The dashboard for those who see it otherwise, or not at all, and use the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import Lab, Notebook, wait_for
from pictures import DRAW, STORE, Scene, show
from test_dashboard import pictures

pytestmark = pytest.mark.browser
__all__ = ["pictures"]

HIGH_CONTRAST = "JupyterLab Dark High Contrast"
NO_PERF = Scene("unavailable", options="perf=False")
FOUR_CORES = Scene("cores", options="cores=4")
#: focus of ours, in words; the dashboard's place among what else has focus is JupyterLab's
FOCUSED = """() => {
  const e = document.activeElement;
  if (!e.closest('.pw-dashboard')) return null;
  const style = getComputedStyle(e);
  const name = e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent;
  const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return {
    name: `${e.tagName.toLowerCase()} ${name}`.replace(/\\s+/g, ' ').trim(), seen,
    at: e.className,
  };
}"""
CONTROLS = """() => [...document.querySelectorAll(
  '.pw-dashboard :is(button, select, input, summary, a[href], [tabindex="0"])')]
  .filter(e => !e.disabled && e.checkVisibility({visibilityProperty: true})).length"""

#: lines of charts and edges of fields -> the contrast with the page behind them
CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const light = (...colors) => {
    for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = getComputedStyle(document.documentElement).getPropertyValue('--jp-layout-color0');
  const ratio = (color) => {
    const [a, b] = [light(page), light(page, color)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const found = {};
  document.querySelectorAll('.pw-dashboard path.line').forEach((line, i) => {
    found[`line ${i}`] = ratio(getComputedStyle(line).stroke);
  });
  document.querySelectorAll('.pw-dashboard :is(select, input[type=text])').forEach((field, i) => {
    if (field.checkVisibility()) found[`field ${i}`] = ratio(getComputedStyle(field).borderTopColor);
  });
  return found;
}"""


def faults(notebook: Notebook, impacts: Iterable[str] = ("serious", "critical")) -> list[str]:
    """What axe-core finds in our part of the page."""
    found = Axe().run(notebook.page, context=".pw-dashboard").response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]}: {node['failureSummary']}"
        for each in found
        if each["impact"] in impacts
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(lab: Lab, theme):
    notebook = show(lab, Scene("all", theme=theme))
    notebook.page.locator("tr[data-event=cycles] .pw-state", has_text="scaled").wait_for()
    assert faults(notebook) == []
    lab.assert_quiet()


def test_axe_finds_nothing_in_high_contrast_and_open_rows(lab: Lab):
    notebook = show(lab, FOUR_CORES)
    notebook.page.evaluate("name => harness.theme(name)", HIGH_CONTRAST)
    notebook.page.locator("tr[data-event=cycles] .pw-opener").click()
    notebook.page.locator(".pw-part", has_text="core 3").wait_for()
    assert faults(notebook) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_where_perf_is_absent(lab: Lab, theme):
    notebook = show(lab, Scene("unavailable", options="perf=False", theme=theme))
    notebook.page.locator(".pw-notice", has_text="Not available on this system").wait_for()
    assert faults(notebook) == []


def test_every_control_is_reached_by_the_keyboard_and_shows_its_focus(lab: Lab):
    notebook = show(lab, FOUR_CORES)
    page = notebook.page
    expected = page.evaluate(CONTROLS)
    page.locator(".pw-start").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    seen = []
    while (focused := page.evaluate(FOCUSED)) is not None and len(seen) <= expected:
        seen.append(focused)
        page.keyboard.press("Tab")
    assert [each for each in seen if not each["seen"]] == []
    assert [each for each in seen if " " not in each["name"]] == [], "a control without a name"
    assert len(seen) == expected, [each["name"] for each in seen]


def test_keys_act_on_the_control_and_not_on_the_notebook(lab: Lab):
    notebook = show(lab, FOUR_CORES)
    page = notebook.page
    cells = "document.querySelectorAll('.jp-Notebook .jp-Cell').length"
    before = page.evaluate(cells)
    page.locator("tr[data-event=page-faults] .pw-event").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"{STORE}.selected === 'page-faults'")
    opener = page.locator("tr[data-event=page-faults] .pw-opener")
    opener.focus()
    page.keyboard.press("Space")
    page.locator(".pw-part", has_text="core 3").wait_for()
    window = page.locator(".pw-controls").get_by_label("Window")
    window.focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function(f"{STORE}.window === 30")
    for select in (window, page.locator(".pw-selector select")):
        select.focus()
        for key in ("a", "b", "d", "d", "x"):  # which make and take away cells, elsewhere
            page.keyboard.press(key)
        assert select.evaluate("e => e === document.activeElement")
    assert page.evaluate(cells) == before
    assert page.locator(".pw-dashboard").count() == 1


def test_nothing_is_read_aloud_while_samples_come(lab: Lab):
    notebook = lab.open(
        [
            "from perfwidgets import Dashboard, Synthetic\n"
            "dashboard = Dashboard(Synthetic(seed=3, counters=5, interval=0.1))\ndashboard"
        ]
    )
    notebook.run_and_wait(0)
    page = notebook.page
    page.locator(".pw-live", has_text="Live").wait_for()
    page.wait_for_function(f"{STORE}.samples > 20")
    regions = page.evaluate(
        """() => {
          const live = [...document.querySelectorAll('.pw-dashboard '
            + ':is([role=status], [role=alert], [role=log], [aria-live]:not([aria-live=off]))')];
          window.spoken = [];
          for (const region of live) new MutationObserver(() => spoken.push(region.textContent))
            .observe(region, { childList: true, characterData: true, subtree: true });
          return live.length;
        }"""
    )
    assert regions >= 3
    samples = page.evaluate(f"{STORE}.samples")
    page.wait_for_function(f"{STORE}.samples > {samples + 20}")
    assert page.evaluate("spoken") == []
    # what happens is: a state, once
    page.locator(".pw-start").click()
    page.locator(".pw-live", has_text="Paused").wait_for()
    assert page.evaluate("[...new Set(spoken)]") == ["❚❚Paused"]


def test_silence_is_told_once_and_its_seconds_are_not_read(lab: Lab):
    notebook = show(lab, Scene("silent"))
    page = notebook.page
    live = page.locator(".pw-live")
    for seconds in (7, 8, 9):
        page.evaluate(f"() => {{ {STORE}.silence = () => {seconds}; }}")
        page.locator(".pw-since", has_text=f"for {seconds} s").wait_for()
        assert live.inner_text().split("\n")[-1].endswith("No samples")
    assert page.locator(".pw-live[role=status]").count() == 1


def test_charts_say_what_they_show(lab: Lab):
    notebook = show(lab, Scene("words"))
    charts = notebook.page.locator(".pw-dashboard .pw-chart")
    assert charts.count() == 2
    for chart, words in zip(charts.all(), (["cycles"], ["in", "out"]), strict=True):
        reader = chart.locator("[role=application], [role=img]").first
        assert reader.get_attribute("aria-label")
        described = reader.get_attribute("aria-describedby")
        description = notebook.page.locator(f"[id='{described}']")

        def says(description=description, words=words) -> bool:
            notebook.page.evaluate(DRAW)  # it changes once a second at most
            text = description.inner_text()
            return all(word in text for word in words) and "at the end" in text

        assert wait_for(says, 20), description.inner_text()
        assert any(letter.isdigit() for letter in description.inner_text()), "its current value"


def test_states_and_lines_differ_without_their_colours(lab: Lab):
    notebook = show(lab, Scene("states"))
    page = notebook.page
    states = {
        page.locator(f"tr[data-event='{event}'] td.pw-state").inner_text().replace("\u202f", " ")
        for event in ("cycles", "iTLB-loads", "page-faults")
    }
    assert len({state[0] for state in states}) == 3, "each has its sign"
    assert len({state.split()[-1] for state in states}) == 3, "and its words"
    weight = "e => Number(getComputedStyle(e).fontWeight)"
    chosen = page.locator(".pw-selected .pw-event")
    assert chosen.evaluate(weight) > page.locator(".pw-event").last.evaluate(weight)
    assert chosen.get_attribute("aria-pressed") == "true"
    dashes = page.locator(".pw-bandwidth path.line").evaluate_all(
        "lines => lines.slice(0, 2).map(line => getComputedStyle(line).strokeDasharray)"
    )
    assert len(set(dashes)) == 2


def test_nothing_moves_for_those_who_want_no_motion(lab: Lab):
    notebook = show(lab, FOUR_CORES)
    moving = """() => [...document.querySelectorAll('.pw-dashboard, .pw-dashboard *')]
      .filter(e => ['', '::before', '::after'].some(part => {
        const style = getComputedStyle(e, part || undefined);
        const seconds = (words) => words.split(',').some(word => parseFloat(word) > 0);
        return seconds(style.transitionDuration)
          || (style.animationName !== 'none' && seconds(style.animationDuration));
      })).map(e => e.className.baseVal ?? e.className)"""
    assert notebook.page.evaluate("matchMedia('(prefers-reduced-motion: reduce)').matches")
    assert notebook.page.evaluate(moving) == []
    assert notebook.page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_and_fields_stand_out_from_the_page(lab: Lab, theme):
    notebook = show(lab, Scene("contrast", theme=theme))
    ratios = notebook.page.evaluate(CONTRASTS)
    assert len(ratios) >= 6
    assert {what: ratio for what, ratio in ratios.items() if ratio < 3} == {}


def test_colours_that_the_reader_has_chosen_are_kept(lab: Lab, pictures):
    notebook = show(lab, Scene("forced"))
    page = notebook.page
    page.emulate_media(forced_colors="active")
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    system = page.evaluate(
        """() => {
          const probe = document.body.appendChild(document.createElement('i'));
          const of = (name) => { probe.style.color = name; return getComputedStyle(probe).color; };
          const found = ['CanvasText', 'LinkText', 'Highlight', 'GrayText'].map(of);
          probe.remove();
          return found;
        }"""
    )
    strokes = page.locator(".pw-dashboard path.line").evaluate_all(
        "lines => lines.map(line => getComputedStyle(line).stroke)"
    )
    assert set(strokes) <= set(system), strokes
    borders = page.locator(".pw-band").evaluate_all(
        "bands => bands.map(e => parseFloat(getComputedStyle(e).borderRightWidth))"
    )
    assert borders
    assert min(borders) >= 1, "bands, whose backgrounds go, keep their edges"
    page.locator(".pw-dashboard").screenshot(path=pictures / "forced-colors.png")
