"""The dashboard in JupyterLab and Chromium: delay, redraws, the page's main thread, its memory."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from browser_drawing import drawing, windows
from browser_first import first_chart
from browser_load import out_of_frames, throttled
from browser_page import ECHO, HISTORY, NEWEST, live, opened
from latency import stamps
from measuring import Line, milliseconds, percentile, say
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from conftest import CHROMIUM, FLAGS
from lab import Lab, serve
from test_dashboard import FAST, MATMUL, PURE_PYTHON, SLEEP, STORE


def to_the_pixel(lab: Lab) -> list[Line]:
    """From the relay's stamp of perf's write to the mutation that draws it; and a bare echo."""
    with tempfile.TemporaryDirectory() as folder:
        log = str(Path(folder) / "stamps")
        with live(lab, interval=0.1, log=log) as page:
            drawn = page.watch(HISTORY, "d", NEWEST, 20)
            times = {int(k): v for k, v in page.notebook.python("times").items()}
            passed = stamps(Path(log))
    delays, known = [], set()
    for number, at in drawn:  # the first time that each sample is drawn
        when = round(times.get(number, -1), 9)
        if when in passed and number not in known:
            known.add(number)
            delays.append(at - passed[when])
    with opened(lab, ECHO, "threading.Thread(target=send).start()") as page:
        page.notebook.run(1)
        echoed = page.watch(".echo", "data-echo", "Number(target.dataset.echo)", 10)
    echo = [at - sent for sent, at in echoed]
    median, late = percentile(delays, 0.5), percentile(delays, 0.95)
    result = f"{milliseconds(delays)}, p95 {milliseconds(delays, 0.95)}"
    reference = f"echo: {milliseconds(echo)}, p95 {milliseconds(echo, 0.95)}"
    return [
        Line("perf's write to the pixel", f"{len(delays)} samples at 10 Hz", reference, result,
             "<= 60 ms, <= 150 ms", median <= 0.060 and late <= 0.150)
    ]  # fmt: skip


def redraws(lab: Lab) -> list[Line]:
    """Redraws of the chart against ticks of the feed, while a cell runs."""
    lines = []
    for name, cell in (("sleep", SLEEP), ("matmul", MATMUL), ("pure Python", PURE_PYTHON)):
        with opened(lab, FAST, cell) as page:
            page.notebook.page.wait_for_function(f"{STORE}?.samples > 5")
            page.notebook.run(1)
            page.notebook.page.wait_for_timeout(500)
            before = page.notebook.page.evaluate(f"{STORE}.ticks")
            seen = page.notebook.watch(HISTORY)
            page.notebook.page.wait_for_timeout(3000)
            ticks = page.notebook.page.evaluate(f"{STORE}.ticks") - before
            drawn = seen.count()
        found = drawn / max(ticks, 1)
        measured, target = f"while a cell runs {name}, 3 s", ">= 0.95"
        remark = f"{drawn} redraws, {ticks} ticks"
        lines.append(
            Line(
                "redraws",
                measured,
                "ticks at the page",
                f"{found:.2f}",
                target,
                found >= 0.95,
                remark,
            )
        )
    return lines


PARTS = (to_the_pixel, redraws, first_chart, drawing, windows, out_of_frames, throttled)


def browser() -> list[Line]:
    """All of them in one server and one Chromium."""
    lines = []
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder) / "lab") as server,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for part in PARTS:
            say(f"  {part.__name__} …")
            context = chromium.new_context()
            try:
                lines += part(Lab(server, context))
            except Exception as error:
                remark = " ".join(str(error).split())[:300]
                lines.append(
                    Line(part.__name__, "not measured", "", type(error).__name__, "", False, remark)
                )
            finally:
                context.close()
        chromium.close()
    return lines
