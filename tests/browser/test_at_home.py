"""The dashboard is laid out by the room it has, in the colours and fonts of what it stands in."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab import Lab, wait_for
from pictures import Scene, begin, still_cell
from playwright.sync_api import Browser
from test_dashboard import beyond_the_cell, overflowing, pictures

from perfwidgets.widgets.scripts import style

pytestmark = pytest.mark.browser
__all__ = ["pictures"]

BESIDE = """
import ipywidgets
box = ipywidgets.HBox(
    [dashboard, ipywidgets.Button(description="beside", layout={"width": "70px"})],
    layout={"width": "%s"},
)
box
"""
COLUMNS = """root => {
  const left = (name) => Math.round(root.querySelector(name).getBoundingClientRect().left);
  return new Set([left('.pw-grid'), left('.pw-charts')]).size;
}"""
#: colours and fonts of ours, and those of JupyterLab that they follow
FOLLOWED = """() => {
  const lab = (property, name) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style[property] = `var(${name})`;
    const value = getComputedStyle(probe)[property];
    probe.remove();
    return value;
  };
  const own = getComputedStyle(document.querySelector('.pw-status'));
  return [
    [own.color, lab('color', '--jp-ui-font-color1')],
    [own.fontFamily, lab('fontFamily', '--jp-ui-font-family')],
    [own.fontSize, lab('fontSize', '--jp-ui-font-size1')],
  ];
}"""


def stands(lab: Lab, more: str = "dashboard", width: int = 1400, **scene: str):
    """A notebook with a still dashboard in it, shown as the last line of `more` says."""
    notebook = lab.open([f"{still_cell(Scene('home', **scene))}\n{more}"], width=width)
    notebook.run_and_wait(0)
    begin(notebook)
    notebook.page.locator("tr[data-event=cycles] .pw-state", has_text="scaled").wait_for()
    notebook.page.evaluate("harness.settled()")
    return notebook


def test_beside_something_in_a_narrow_box(lab: Lab, pictures: Path):
    notebook = stands(lab, BESIDE % "380px")
    dashboard = notebook.page.locator(".pw-dashboard")
    box = dashboard.bounding_box()
    assert box
    assert 290 <= box["width"] <= 310, "all the room that is left, and no more"
    assert dashboard.evaluate(COLUMNS) == 1
    assert overflowing(notebook) == []
    inside = dashboard.evaluate(
        """root => {
          const edge = root.getBoundingClientRect().right + 1;
          return [...root.querySelectorAll('*')]
            .filter(e => e.checkVisibility() && !e.closest('svg'))
            .filter(e => e.getBoundingClientRect().right > edge && !e.closest('.pw-headless thead'))
            .map(e => `${e.tagName}.${e.className}`);
        }"""
    )
    assert inside == []
    notebook.page.set_viewport_size({"width": 1400, "height": 2400})
    dashboard.screenshot(path=pictures / "box-380.png")


def test_two_columns_where_there_is_room_whatever_the_window(lab: Lab):
    notebook = stands(lab, BESIDE % "1000px")
    assert notebook.page.locator(".pw-dashboard").evaluate(COLUMNS) == 2
    assert overflowing(notebook) == []
    assert beyond_the_cell(notebook) == []


def test_a_new_view_is_laid_out_by_its_own_room(lab: Lab, pictures: Path):
    notebook = stands(lab)
    assert notebook.page.locator(".pw-dashboard").first.evaluate(COLUMNS) == 2
    view = notebook.new_view_of_output(0)
    view.locator("tr[data-event=cycles] .pw-state", has_text="scaled").wait_for()
    notebook.page.evaluate("harness.settled()")
    shown = notebook.page.locator(".pw-dashboard")
    columns = []
    for width in (1400, 1000, 700):
        notebook.set_width(width)
        for each in shown.all():
            box = each.bounding_box()
            assert box
            columns.append(each.evaluate(COLUMNS))
            assert columns[-1] == (2 if box["width"] > 760 else 1)
        # bqplot lays out each figure anew, one after the other
        assert wait_for(lambda: not overflowing(notebook), 10), overflowing(notebook)
    assert set(columns) == {1, 2}
    assert shown.count() == 2
    notebook.screenshot(pictures / "new-view-700.png")


@pytest.mark.parametrize(
    "theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]
)
def test_colours_and_fonts_are_those_of_jupyterlab(lab: Lab, theme: str, pictures: Path):
    notebook = stands(lab)
    notebook.page.evaluate("name => harness.theme(name)", theme)
    for own, followed in notebook.page.evaluate(FOLLOWED):
        assert own == followed
    # and its size, where a person has changed it
    notebook.page.add_style_tag(content=":root { --jp-ui-font-size1: 17px !important; }")
    size = "e => getComputedStyle(e).fontSize"
    assert notebook.page.locator(".pw-event").first.evaluate(size) == "17px"
    assert notebook.page.locator(".pw-unit").first.evaluate(size) == pytest.approx("14.45px")
    notebook.page.evaluate("harness.settled()")
    notebook.screenshot(pictures / f"{theme.split(' ', 1)[1].replace(' ', '-').lower()}-17px.png")


@pytest.mark.parametrize(
    ("body", "dark"),
    [
        ("", False),
        ("class='vscode-light' style='--vscode-editor-background: #fdf6e3'", False),
        ("class='vscode-dark' style='--vscode-editor-foreground: #ccc'", True),
        ("class='theme-dark'", True),
    ],
)
def test_a_page_without_jupyterlabs_variables_is_legible(browser: Browser, body: str, dark: bool):
    page = browser.new_page()
    page.set_content(
        f"<html><style>{style()}</style><body {body}><div class='perfwidgets'>"
        "<p class='probe'>words</p><p class='probe pw-dim'>words</p><button>words</button>"
        "<p class='probe pw-bad'>words</p></div></body></html>"
    )
    found = page.evaluate(
        """() => {
          const canvas = document.createElement('canvas').getContext('2d');
          const light = (color) => {
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
            return (0.3 * r + 0.6 * g + 0.1 * b) / 255;
          };
          const root = document.querySelector('.perfwidgets');
          const behind = document.createElement('i');
          behind.style.color = 'var(--pw-bg)';
          root.append(behind);
          return [light(getComputedStyle(behind).color),
            ...[...root.querySelectorAll('.probe')].map(e => light(getComputedStyle(e).color))];
        }"""
    )
    page.close()
    behind, *words = found
    assert (behind < 0.5) is dark
    assert all(abs(each - behind) > 0.4 for each in words), found


def test_no_colour_is_without_a_fallback():
    assert [
        use for use in style().split("var(--jp-")[1:] if use.split(")")[0].count(",") == 0
    ] == []
