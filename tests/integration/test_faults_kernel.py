"""The kernel is interrupted, restarted, shut down, killed: perf goes on, or goes with it."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest
from processes import MARKER, marked, perfs, until, wait_until
from real_kernel import DASHBOARD, started

#: how soon all must be gone (s)
SOON = 3
#: a child that is forked and lives on, with a region of code open in the kernel
FORK_AND_REGION = """
import os, signal, perfwidgets
child = os.fork()
if child == 0:
    signal.pause()
region = perfwidgets.count(events="page-faults")
region.__enter__()
"""


@pytest.fixture(autouse=True)
def marker(need, monkeypatch, tmp_path):
    need(shutil.which("perf"), "no perf here")
    monkeypatch.setenv(MARKER, str(tmp_path))
    yield str(tmp_path)
    for pid in marked(str(tmp_path)):  # the forked child, whose life is its own
        os.kill(pid, signal.SIGKILL)


def ours(marker):
    """perf, its `cat`, and the launcher, as far as this kernel started them."""
    lines = [line for line in marked(marker).values() if "ipykernel" not in line]
    return [line for line in lines if "perf stat" in line or "cat" in line or "launcher" in line]


def test_an_interrupt_ends_the_cell_and_nothing_else_and_a_restart_ends_all(marker):
    with started() as kernel:
        kernel.run(DASHBOARD, "dashboard")
        before = kernel.value("dashboard.monitor.source.process_id, dashboard.monitor.sample_count")
        for code in ("while True: pass", "import time; time.sleep(1000)"):
            request = kernel.begin(f"print('in it', flush=True)\n{code}", "loop")
            until(lambda: kernel.client.get_iopub_msg(10)["msg_type"] == "stream")
            kernel.manager.interrupt_kernel()
            assert kernel.end(request)["ename"] == "KeyboardInterrupt"
        kernel.run("assert dashboard.monitor.wait_for_sample(30) is not None")
        after = kernel.value("dashboard.monitor.source.process_id, dashboard.monitor.sample_count")
        assert after[0] == before[0], "perf was started anew"
        assert after[1] > before[1]
        assert kernel.value("dashboard.monitor.state, dashboard.monitor.faults") == ("running", ())
        assert set(kernel.said) <= {"loop"}, f"printed into others' cells: {kernel.said}"

        kernel.manager.restart_kernel(now=False)
        assert wait_until(lambda: not ours(marker), SOON), ours(marker)
        kernel.client.wait_for_ready(30)
        kernel.run(DASHBOARD, "dashboard")
        assert len(perfs(100)) >= 1
        kernel.manager.shutdown_kernel(now=False)
        assert wait_until(lambda: not ours(marker), SOON), ours(marker)


@pytest.mark.parametrize("interval", [0.1, 30])
def test_a_kernel_that_is_killed_leaves_no_perf_and_no_launcher(marker, interval):
    """Also where a forked child lives on that was given copies of all that was open."""
    live = (
        "from perfwidgets import Monitor, PerfStat, VmStat\n"
        f"monitor = Monitor(PerfStat(interval={interval}), VmStat(interval=0.1)).start()\n"
        "import time\nend = time.monotonic() + 30\n"
        "while monitor.memory is None or monitor.source.process_id is None:\n"
        "    assert time.monotonic() < end\n    time.sleep(0.01)\n"
    )
    with started() as kernel:
        kernel.run(live)
        kernel.run(FORK_AND_REGION)
        child = kernel.value("child")
        assert len([line for line in ours(marker) if "perf stat" in line]) == 2
        assert any("launcher.py" in line for line in ours(marker))
        os.kill(kernel.pid, signal.SIGKILL)
        assert wait_until(lambda: not ours(marker), SOON), ours(marker)
        assert Path(f"/proc/{child}").exists(), "the child is its own master"
        held = [os.readlink(link) for link in Path(f"/proc/{child}/fd").iterdir()]
        assert not any("perf" in link for link in held)
        os.kill(child, signal.SIGKILL)
