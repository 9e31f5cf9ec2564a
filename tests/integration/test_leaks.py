"""A notebook's life again and again in a real kernel: what is held returns to where it was."""

from __future__ import annotations

import shutil

import pytest
from processes import MARKER, marked, until, wait_until
from real_kernel import Kernel, started

#: what the kernel holds: all that grows where something is not let go
HELD = """
def held():
    import comm, gc, ipywidgets, os, threading, traitlets
    from perfwidgets import lifetime
    from perfwidgets.models.monitor import Monitor
    from perfwidgets.widgets import feed
    gc.collect()
    monitors = [m for m in gc.get_objects() if isinstance(m, Monitor)]
    return {
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
        "children": len(open(f"/proc/self/task/{os.getpid()}/children").read().split()),
        "comms": len(comm.get_comm_manager().comms),
        "widgets": len(ipywidgets.widgets.widget._instances),
        "feeds": len(feed._feeds),
        "monitors": len(monitors),
        "tickers": sum(len(m._tickers) for m in monitors),
        "observers": sum(len(h) for m in monitors for t in m._trait_notifiers.values() for h in t.values()),
        "made": sum(len(things) for _, things in lifetime._made.values()),
        "cell watchers": len(get_ipython().events.callbacks["post_run_cell"]),
    }

def resident():
    import ctypes, gc, os
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what is free, the allocator may keep: about a third here
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
"""
SHOWN = """
from perfwidgets import Dashboard
dashboard = Dashboard(interval=0.1)
dashboard.monitor.observe(lambda change: None, "sample")
"""
#: run in the same cell it replaces what that made, by a monitor that never starts
NOTHING = (
    "from perfwidgets import Monitor, PerfStat\ndashboard = None; monitor = Monitor(PerfStat('cs'))"
)
AGAIN = {
    "run again": SHOWN + "display(dashboard)",
    "run again while perf starts": SHOWN,
    "with samples": SHOWN + "display(dashboard)\nassert dashboard.monitor.wait_for_sample(30)",
    "displayed twice": SHOWN + "display(dashboard)\ndisplay(dashboard)",
    "outputs cleared": SHOWN
    + "from IPython.display import clear_output\ndisplay(dashboard)\nclear_output()",
    "closed": SHOWN + "dashboard.close()",
    "closed twice, then stopped": SHOWN + "dashboard.close(); dashboard.close(); dashboard.stop()",
    "deleted": SHOWN + "display(dashboard)\ndel dashboard",
    "it fails": SHOWN + "try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass",
    "parts of one's own": """
from perfwidgets import CounterGrid, HistoryChart, Monitor, PerfStat, StatusBar
monitor = Monitor(PerfStat(interval=0.1)).start()
display(CounterGrid(monitor), HistoryChart(monitor), StatusBar(monitor))
""",
    "recorded": SHOWN
    + "import tempfile, os\nfolder = tempfile.mkdtemp()\n"
    + "dashboard.monitor.record(os.path.join(folder, 'r.gz'))\ndashboard.monitor.mark('here')",
    "snapshots": SHOWN + "dashboard.monitor.wait_for_sample(30)\ndisplay(dashboard.snapshot())",
}


@pytest.fixture(autouse=True)
def marker(need, monkeypatch, tmp_path):
    need(shutil.which("perf"), "no perf here")
    monkeypatch.setenv(MARKER, str(tmp_path))
    yield str(tmp_path)
    until(lambda: not marked(str(tmp_path)), 5, "a process was left")


@pytest.fixture
def kernel(marker):
    with started() as kernel:
        kernel.run(HELD, "helpers")
        yield kernel


def settled(kernel: Kernel, wanted: dict[str, int]) -> None:
    """Wait until no more is held than `wanted`."""
    now: dict[str, int] = {}

    def is_no_more() -> bool:
        now.update(kernel.value("held()"))
        # ipykernel keeps a socket for each thread that has sent, and looks for ended ones now and then
        slack = {"descriptors": 4}
        return all(now[name] <= wanted[name] + slack.get(name, 0) for name in wanted)

    assert wait_until(is_no_more, 20), f"{now} instead of {wanted}"


def perfs_of(marker):
    return [line for line in marked(marker).values() if "perf stat" in line]


def test_a_cell_run_a_hundred_times_leaves_what_one_run_leaves(kernel, marker):
    code = AGAIN["run again"]
    for _ in range(10):
        kernel.run(code, "again")
    until(lambda: len(perfs_of(marker)) == 1)
    before, size = kernel.value("held()"), kernel.value("resident()")
    for _ in range(100):
        kernel.run(code, "again")
    until(lambda: len(perfs_of(marker)) == 1)
    settled(kernel, before)
    assert kernel.value("resident()") < 1.1 * size
    kernel.run("dashboard.close()")
    until(lambda: not perfs_of(marker))
    assert not set(kernel.said) - {"question"}, f"printed into cells: {kernel.said}"


def test_every_way_to_be_rid_of_a_dashboard_leaves_nothing(kernel, marker):
    for code in AGAIN.values():  # what is imported and made once is no leak
        kernel.run(code, "again")
    kernel.run(NOTHING, "again")
    until(lambda: not perfs_of(marker))
    before = kernel.value("held()")
    assert before["feeds"] == before["tickers"] == before["widgets"] == 0
    for way, code in AGAIN.items():
        for _ in range(2):
            kernel.run(code, "again")
        kernel.run(NOTHING, "again")
        until(lambda: not perfs_of(marker), 20, way)
        settled(kernel, before)
    assert kernel.said == {}


def test_monitors_that_nobody_holds_any_more_end_by_themselves(kernel, marker):
    code = (
        "from perfwidgets import Monitor, PerfStat\n"
        "for number in range(20):\n"
        "    monitor = Monitor(PerfStat('cs', interval=0.1)).start()\n"
        "    monitor.observe(print, 'recording')\n"
        "del monitor"
    )
    kernel.run(code, "loop")
    before = kernel.value("held()")
    kernel.run(code, "another loop")
    settled(kernel, before)
    until(lambda: not perfs_of(marker))
    assert kernel.said == {}
