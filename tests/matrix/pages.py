"""A dashboard in the page of any front end: is it live, also while the kernel is busy?"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from playwright.sync_api import Error as PlaywrightError

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from test_dashboard import HISTORY, STORE

DASHBOARD = """
import perfwidgets
dashboard = perfwidgets.Dashboard(interval=0.1)
dashboard
"""
BUSY = """
import time
def work(*_):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        sum(number * number for number in range(1000))
"""
#: in Voilà nobody runs a cell once the page is there, but a button does the same
BUTTON = """
import ipywidgets
button = ipywidgets.Button(description="be busy")
def clicked(_):
    work()
    button.description = "worked"
button.on_click(clicked)
button
"""
_CELL = ".jp-CodeCell"
#: count redraws of the chart and changes of the numbers until a condition holds, then say how many
_WATCH = """async ([line, done, seconds]) => {
    const seen = { redraws: 0, numbers: 0, seconds: 0 };
    const isNumber = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest(".pw-number");
    const watcher = new MutationObserver((records) => {
        if (records.some((r) => r.type === "attributes" && r.target.matches(line))) seen.redraws++;
        if (records.some((r) => r.type !== "attributes" && isNumber(r.target))) seen.numbers++;
    });
    watcher.observe(document.body, { subtree: true, childList: true, characterData: true,
        attributes: true, attributeFilter: ["d"] });
    const began = performance.now();
    const isDone = new Function(`return ${done}`);
    while (!isDone() && performance.now() - began < seconds * 1000) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    seen.seconds = (performance.now() - began) / 1000;
    watcher.disconnect();
    return seen;
}"""


@dataclass
class Seen:
    """What came of one page. Figures are of a second."""

    redraws: float = 0.0
    numbers: float = 0.0
    busy_redraws: float = 0.0
    busy_numbers: float = 0.0
    samples: int = 0
    complaints: list[str] = field(default_factory=list)
    """Errors and warnings that name us, or come from our scripts."""
    others: list[str] = field(default_factory=list)
    """Those of the front end itself."""

    @property
    def is_live(self) -> bool:
        """Whether chart and numbers changed, idle and busy, and no script of ours complained."""
        figures = (self.redraws, self.numbers, self.busy_redraws, self.busy_numbers)
        return min(figures) > 0 and not self.complaints

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what a page writes into its console."""
        if message.type in {"error", "warning"}:
            self.tell(f"{message.type}: {message.text} ({message.location['url']})")

    def tell(self, text: str) -> None:
        """Sort a complaint: anywidget runs our scripts from addresses that begin with blob."""
        ours = any(word in text for word in ("perfwidgets", "anywidget", "pw-", "(blob:"))
        (self.complaints if ours else self.others).append(text)


def cells_of(app: str) -> list[str]:
    """The notebook's cells."""
    if app == "voila":
        return [BUSY + BUTTON, DASHBOARD]
    return [BUSY + DASHBOARD, "work()\nprint('wor' + 'ked')"]


def look(browser: Browser, url: str, app: str, picture: Path) -> Seen:
    """Open the notebook, run it, and count what changes."""
    seen = Seen()
    page = browser.new_page(viewport={"width": 1400, "height": 2200})
    try:
        page.on("console", seen.hear)
        page.on("pageerror", lambda error: seen.tell(f"page error: {error} {error.stack}"))
        page.goto(url, wait_until="domcontentloaded")
        if app != "voila":
            page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first.wait_for()
            _run(page, 0)
        page.wait_for_function(f"{STORE}?.samples > 10", timeout=45_000)
        page.locator(".pw-live", has_text="Live").wait_for()
        idle = page.evaluate(_WATCH, [HISTORY, "false", 4])
        seen.redraws, seen.numbers = (idle[k] / idle["seconds"] for k in ("redraws", "numbers"))
        if app == "voila":
            page.get_by_role("button", name="be busy").click()
        else:
            _run(page, 1)
        busy = page.evaluate(_WATCH, [HISTORY, _busy_is_over(app), 60])
        for name in ("redraws", "numbers"):
            setattr(seen, f"busy_{name}", busy[name] / busy["seconds"])
        seen.samples = page.evaluate(f"{STORE}.samples")
    except PlaywrightError as error:
        seen.complaints.append(str(error))
    finally:
        page.screenshot(path=picture)
        page.close()
    return seen


def _busy_is_over(app: str) -> str:
    if app == "voila":
        return (
            "[...document.querySelectorAll('button')].some(b => b.textContent.includes('worked'))"
        )
    return (
        f"(document.querySelectorAll('{_CELL}')[1]?.querySelector('.jp-OutputArea-output')"
        "?.textContent ?? '').includes('worked')"
    )


def _run(page: Page, cell: int) -> None:
    """Run a cell, again and again until it is: before the kernel is there some lose it."""
    place = page.locator(_CELL).nth(cell)
    for _ in range(20):
        place.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        with suppress(AssertionError):
            expect(place.locator(".jp-InputPrompt").first).not_to_have_text("[ ]:", timeout=2000)
            return
    raise PlaywrightError(f"cell {cell} does not run")
