"""Recordings in a real JupyterLab: ours, the guest's, and those of others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from lab import Lab, Notebook

pytestmark = pytest.mark.browser

DATA = Path(__file__).parents[1] / "data"
PUBLIC = os.environ.get("PERFWIDGETS_RECORDINGS", "")
STORE = "[...(globalThis[Symbol.for('perfwidgets.stores')]?.values() ?? [])].at(-1)"
LINE = ".pw-chart:not(.pw-bandwidth) path.line"
RECORD = """
import perfwidgets
live = perfwidgets.Dashboard(interval=0.1)
live.monitor.record({path!r})
for n in range(30):
    assert live.monitor.wait_for_sample(), live.monitor.error
    if n == 15:
        live.monitor.mark("half way")
live.close()
"""
PLAY = """
import perfwidgets
replay = perfwidgets.Replay({path!r}, speed={speed})
dashboard = perfwidgets.Dashboard(replay)
dashboard
"""


def play(lab: Lab, path: Path, speed: float = 20) -> Notebook:
    notebook = lab.open([PLAY.format(path=str(path), speed=speed)])
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(f"{STORE}?.counters.newest() >= 0")
    return notebook


def wait_line(notebook: Notebook) -> None:
    """Wait until the chart draws a line of several points."""
    notebook.page.wait_for_function(
        "s => (document.querySelector(s)?.getAttribute('d') ?? '').split(/[LM]/).length > 4",
        arg=LINE,
    )


def test_what_the_dashboard_recorded_is_played_with_its_marks(lab: Lab, need, tmp_path: Path):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")
    path = tmp_path / "here.jsonl.gz"
    notebook = lab.open([RECORD.format(path=str(path)), PLAY.format(path=str(path), speed=1)])
    notebook.run_and_wait(0)
    notebook.run_and_wait(1)
    wait_line(notebook)
    notebook.wait_text(".pw-live", "Playing")
    bar = notebook.page.locator(".pw-controls")
    assert not bar.locator(".pw-record").is_visible()
    assert not bar.get_by_label("Interval").is_visible()
    notebook.page.locator(".pw-mark[title='half way']").first.wait_for(state="attached")
    # paused, time stands still; resumed, it goes on where it was
    bar.locator("button", has_text="Pause").click()
    notebook.wait_text(".pw-live", "Paused")
    held = notebook.python("replay.position")
    assert 0 < held < 3.5
    bar.locator("button", has_text="Resume").click()
    notebook.wait_text(".pw-live", "Play")
    notebook.wait_text(".pw-live", "Played")
    assert notebook.python("replay.position") > held
    samples = notebook.python("dashboard.monitor.sample_count")
    assert samples == notebook.python(f"perfwidgets.read_recording({str(path)!r}).sample_count")
    # sought after its end, it plays again from there
    notebook.page.locator(".pw-place").fill("1.5")
    notebook.page.locator(".pw-place").dispatch_event("change")
    notebook.wait_text(".pw-live", "Playing")
    notebook.page.get_by_label("Speed").select_option("10")
    notebook.wait_text(".pw-live", "Played")
    assert notebook.python("replay.speed") == 10
    assert notebook.python("dashboard.monitor.sample_count") > samples
    assert notebook.python("[str(f) for f in dashboard.monitor.faults]") == []


def test_what_was_recorded_in_the_guest_is_played(lab: Lab):
    notebook = play(lab, DATA / "guest" / "csv-100ms.2cpu-icount.p6.1.csv", speed=2)
    wait_line(notebook)
    cycles = notebook.page.locator('tr[data-event="cycles"]').first
    notebook.page.wait_for_function(
        "() => /\\d/.test(document.querySelector('tr[data-event=cycles] .pw-number')?.textContent ?? '')"
    )
    assert "counted" in cycles.inner_text()
    # nothing tells how long perf's own text is
    assert not notebook.page.locator(".pw-place").is_visible()


@pytest.mark.parametrize(
    "name",
    [
        "intel-xeon-perf6.8-interval-imc.csv",
        "intel-haswell-cloudlab-perf5.x-interval-rapl.csv",
        "intel-16cpu-perf6.12-interval-default.jsonl",
    ],
)
def test_what_others_recorded_is_played(lab: Lab, need, name: str):
    need(PUBLIC, "PERFWIDGETS_RECORDINGS is not set: the public recordings are not ours to copy")
    notebook = play(lab, Path(PUBLIC) / name)
    assert notebook.page.locator(".pw-table tbody tr").count() > 0
    numbers = notebook.page.locator(".pw-table .pw-number")
    numbers.first.wait_for()
    assert notebook.python("dashboard.monitor.sample is not None")
    assert notebook.python("[str(f) for f in dashboard.monitor.faults]") == []
