"""From running the cell to the first chart and the first numbers, imports apart."""

from __future__ import annotations

import statistics

from browser_page import ECHO, opened
from lab import Lab
from measuring import Line

RUNS, INTERVAL = 5, 0.25
IMPORTS = ECHO.rsplit("echo\n", 1)[0] + "import perfwidgets; perfwidgets.Dashboard\n"
#: run a cell; when what is waited for is there, in ms since
RUN = """async ([cell, conditions]) => {
    const began = performance.now(), found = [];
    harness.run(cell);
    for (const words of conditions) {
        const holds = new Function(`return ${words}`);
        while (!holds()) await new Promise(requestAnimationFrame);
        found.push(performance.now() - began);
    }
    return found;
}"""
LAYOUT = (
    "document.querySelectorAll('.pw-dashboard .bqplot path.line').length >= 2"
    " && document.querySelector('tr[data-event=context-switches]')"
)
NUMBERS = (
    "/[0-9]/.test(document.querySelector('tr[data-event=context-switches] .pw-number').textContent)"
)


def first_chart(lab: Lab) -> list[Line]:
    """In fresh pages, beside a widget without anything to load."""
    layouts, numbers, echoes = [], [], []
    for _ in range(RUNS):
        with opened(lab, IMPORTS, "echo", "dashboard = perfwidgets.Dashboard()\ndashboard") as page:
            echoes += page.value(RUN, [1, ["document.querySelector('.echo')"]])
            page.notebook.wait_idle()
            layout, number = page.value(RUN, [2, [LAYOUT, NUMBERS]])
            layouts.append(layout / 1e3)
            numbers.append(number / 1e3)
    layout, number = statistics.median(layouts), statistics.median(numbers)
    reference = f"a bare widget: {statistics.median(echoes):.0f} ms"
    remark = f"median of {RUNS} fresh pages; longest {max(layouts):.2f} and {max(numbers):.2f} s"
    return [
        Line("first chart", "from running the cell to the layout", reference, f"{layout:.2f} s",
             "<= 0.5 s", layout <= 0.5, remark),
        Line("first numbers", f"the same, every {INTERVAL:g} s", reference, f"{number:.2f} s",
             f"<= {INTERVAL + 0.5:g} s", number <= INTERVAL + 0.5),
    ]  # fmt: skip
