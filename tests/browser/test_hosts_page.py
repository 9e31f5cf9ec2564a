"""Several hosts in one dashboard, in a real JupyterLab: three perfs of this machine pose as them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lab import Lab, Notebook

pytestmark = pytest.mark.browser

STORE = "[...(globalThis[Symbol.for('perfwidgets.stores')]?.values() ?? [])].at(-1)"
HOSTS = """
import os, signal
from perfwidgets import Backoff, Dashboard, Hosts, PerfStat, VmStat

FEW = ("context-switches", "page-faults")
DENIED = '''case "$1" in --version) echo perf version 6.1.0;; *)
echo "Access to performance monitoring and observability operations is limited." >&2
echo "perf_event_paranoid setting is 4:" >&2; exit 255;; esac'''
node6 = PerfStat(interval=0.25, per_core=True)
hosts = Hosts(
    {
        "node6": node6,
        "<b>node7</b>": PerfStat(interval=0.25, command=["sh", "-c", DENIED, "perf"]),
        "node8": PerfStat(FEW, interval=0.25),
    },
    memory={"node6": VmStat(interval=0.25)},
    backoff=Backoff(first=3600),
)
dashboard = Dashboard(hosts)
dashboard
"""
LOSE_ONE = "os.kill(node6.process_id, signal.SIGKILL)"


@pytest.fixture(autouse=True)
def _needs_perf(need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go, to be looked at: build/screenshots of the checkout."""
    folder = Path(__file__).parents[2] / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open([HOSTS, LOSE_ONE])
    notebook.run_and_wait(0)
    notebook.page.wait_for_function(
        f"() => {STORE}?.hostParts && {STORE}.hosts.every(h => h.state === 'running' || h.error)"
    )
    return notebook


def parts_of(notebook: Notebook, event: str) -> list[str]:
    """The names in the rows below an event's, as they stand."""
    return notebook.page.evaluate(
        """event => {
            const rows = [];
            let tr = document.querySelector(`tr[data-event="${event}"]`).nextElementSibling;
            for (; tr?.matches('.pw-part'); tr = tr.nextElementSibling) rows.push(tr);
            return rows.map(tr => tr.cells[0].textContent.replace(/[▸▾]/, ''));
        }""",
        event,
    )


def test_hosts_open_into_their_cores_and_say_why_one_is_away(notebook: Notebook, pictures: Path):
    page = notebook.page
    notebook.wait_text(".pw-status .pw-dim", "3 hosts · 1 not available")
    notebook.wait_text(".pw-live", "Live")
    # one line for it, with the remedy, while the rest is live
    reason = page.locator(".pw-host-reasons")
    assert "Not available on <b>node7</b>: " in reason.inner_text()
    assert "Run perf there as root" in reason.inner_text()
    assert page.locator(".pw-hosts b").count() == 0  # a name is no markup

    opener = page.get_by_role("button", name="Hosts of context-switches")
    opener.click()
    assert parts_of(notebook, "context-switches") == ["node6", "<b>node7</b>", "node8"]
    assert opener.get_attribute("aria-expanded") == "true"
    page.get_by_role("button", name="Cores of node6, context-switches").click()
    cores = notebook.python(
        "len(dashboard.monitor.sample['cs' if 0 else 'context-switches'].parts['node6'].parts)"
    )
    found = parts_of(notebook, "context-switches")
    assert found[: cores + 1] == ["node6", *(f"core {number}" for number in range(cores))]
    assert found[cores + 1 :] == ["<b>node7</b>", "node8"]
    page.wait_for_function(
        "() => [...document.querySelectorAll('.pw-inner .pw-number')]"
        ".every(cell => /[0-9]/.test(cell.textContent))"
    )
    away = page.locator("tr.pw-part", has_text="node7")
    assert "not available" in away.inner_text()
    assert "0" not in away.locator(".pw-number").all_inner_texts()  # not counted is not zero

    page.locator(".pw-hosts > details > summary").click()
    rows = page.locator(".pw-hosts tbody tr")
    assert rows.count() == 3
    notebook.wait_text(".pw-hosts tbody tr", "2 of 17")
    notebook.screenshot(pictures / "hosts-light.png")
    notebook.set_theme("dark")
    notebook.screenshot(pictures / "hosts-dark.png")
    notebook.set_width(760)
    notebook.screenshot(pictures / "hosts-narrow.png")


def test_an_event_says_on_which_hosts_it_counts(notebook: Notebook):
    page = notebook.page
    page.locator('tr[data-event="cpu-clock"] .pw-event').click()
    notebook.wait_text(".pw-about summary", "Counted on 1 of 3 hosts.")
    page.locator(".pw-about summary").click()
    notebook.wait_text(".pw-about dd", "node6; no count from <b>node7</b> and node8")


def test_one_that_is_lost_is_told_and_the_rest_goes_on(notebook: Notebook):
    page = notebook.page
    page.get_by_role("button", name="Hosts of page-faults").click()
    notebook.run_and_wait(1)
    notebook.wait_text(".pw-status .pw-dim", "3 hosts · 2 not available")
    notebook.wait_text(".pw-host-reasons", "Not available on node6: ")
    notebook.wait_text("tr.pw-part", "starting again")
    before = page.evaluate(f"{STORE}.samples")
    page.wait_for_function(f"{STORE}.samples > {before} + 3")
    notebook.wait_text(".pw-live", "Live")
    assert parts_of(notebook, "page-faults") == ["node6", "<b>node7</b>", "node8"]
    counts = page.evaluate(
        f"() => {{ const {{ layout, parts }} = {STORE};"
        "const e = layout.events.findIndex(({ key }) => key === 'page-faults');"
        "return layout.parts.map((_, i) => parts.shares[e * layout.parts.length + i]); }"
    )
    assert counts[0] == -3  # no count, and no zero
    assert counts[2] == 1


def test_a_page_that_is_loaded_anew_has_the_hosts(notebook: Notebook):
    notebook.reload()
    notebook.wait_text(".pw-status .pw-dim", "3 hosts · 1 not available")
    notebook.page.get_by_role("button", name="Hosts of page-faults").click()
    assert parts_of(notebook, "page-faults") == ["node6", "<b>node7</b>", "node8"]
    assert notebook.python("dashboard.monitor.faults") == []
