"""What tests of exploring in the page have in common."""

from __future__ import annotations

import re
from typing import Any

from lab import Lab, Notebook
from playwright.sync_api import Locator
from test_dashboard import STORE

SYNTHETIC = """
import perfwidgets
source = perfwidgets.Synthetic(seed=3, interval=0.1, counters=4)
monitor = perfwidgets.Monitor(source, perfwidgets.VmStat(interval=0.1)).start()
dashboard = perfwidgets.Dashboard(monitor)
dashboard
"""
READER = ".pw-history .pw-reader"
LINE = ".pw-history path.line"
CHARTS = [".pw-history", ".pw-bandwidth"]
PREFIX = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
#: of row `number`: time, and rate, count and share of what is chosen
ROWS = f"""() => {{
  const {{ counters, selected }} = {STORE};
  const column = counters.index.get(selected);
  return Array.from({{ length: counters.length }}, (_, i) => {{
    const number = counters.first + i;
    const row = number % counters.size;
    return [counters.time(number), counters.rate(column, number), counters.counts[column][row],
            counters.shares[column][row]];
  }});
}}"""


def opened(lab: Lab, *cells: str, code: str = SYNTHETIC, **options: Any) -> Notebook:
    notebook = lab.open([code, *cells], **options)
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORE}?.samples > 8")
    notebook.page.locator(READER).first.wait_for(state="attached")
    notebook.wait_drawn()
    return notebook


def is_busy(notebook: Notebook) -> bool:
    return notebook.page.locator(".jp-InputPrompt", has_text="[*]").count() > 0


def place(notebook: Notebook, share: float, height: float = 0.5) -> tuple[float, float]:
    """Where in the page a share of the history's width is."""
    reader = notebook.page.locator(READER)
    reader.scroll_into_view_if_needed()
    box = reader.bounding_box()
    assert box
    return box["x"] + share * box["width"], box["y"] + height * box["height"]


def drag(notebook: Notebook, begin: float, end: float) -> None:
    mouse = notebook.page.mouse
    mouse.move(*place(notebook, begin))
    mouse.down()
    mouse.move(*place(notebook, (begin + end) / 2), steps=3)
    mouse.move(*place(notebook, end), steps=3)
    mouse.up()


def ticks(notebook: Notebook, chart: str) -> list[str]:
    return notebook.page.locator(f"{chart} .tick text").all_text_contents()


def view(notebook: Notebook) -> dict[str, Any]:
    return notebook.page.evaluate(
        f"(({{fixed, held, live, cursor}}) => ({{fixed, held, live, cursor}}))({STORE}.view)"
    )


def tools(notebook: Notebook, words: str) -> Locator:
    return notebook.page.locator(".pw-tools button", has_text=words)


def add(notebook: Notebook, event: str) -> None:
    select = notebook.page.locator(".pw-more")
    select.scroll_into_view_if_needed()
    select.select_option(event)


def freeze(notebook: Notebook) -> None:
    """Hold the picture and wait until what was on its way is drawn."""
    tools(notebook, "Freeze").click()
    notebook.page.wait_for_function("document.querySelector('[aria-pressed=true]')")
    notebook.page.wait_for_function(f"samples => {STORE}.samples > samples", arg=samples(notebook))


def samples(notebook: Notebook) -> int:
    return notebook.page.evaluate(f"{STORE}.samples")


def said(words: str) -> float:
    """The number that a read-out begins with."""
    found = re.match(r"([\d.,]+)\u202f?([kMG]?)", words)
    assert found, words
    return float(found[1]) * PREFIX[found[2]]


def readout(notebook: Notebook) -> tuple[float, dict[str, str], str]:
    """Time, words by line, and all the text of the history's read-out."""
    box = notebook.page.locator(f"{READER} .pw-readout")
    box.wait_for()
    lines = box.locator(".pw-read").all()
    words = {
        line.locator("span").first.inner_text(): line.locator("span").last.inner_text()
        for line in lines
    }
    return float(box.get_attribute("data-time") or "nan"), words, box.inner_text()
