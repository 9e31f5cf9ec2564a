"""A forked child has no collector and holds no pipe, and whatever it does harms nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap

import pytest
from processes import MARKER, marked, until

from perfwidgets import read_recording

#: a monitor that runs with a dashboard, a recording, and a region of code that is open
ALL_AT_ONCE = """
import gc, multiprocessing, os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads, in 3.12
from perfwidgets import Dashboard, Monitor, PerfStat, VmStat, count
monitor = Monitor(PerfStat("cs", interval=0.1), VmStat(interval=0.1)).start()
dashboard = Dashboard(monitor)
recorder = monitor.record(sys.argv[1])
begun = monitor.sample_count
monitor.observe(lambda change: None, "sample")
region = count("outer", events="page-faults")
region.__enter__()
assert monitor.wait_for_sample(30) is not None

def child():
    '''All that somebody could do there, by mistake or at its end.'''
    import threading
    assert threading.active_count() == 1, threading.enumerate()
    assert not monitor._collector.running
    monitor.stop_recording()
    monitor.mark("in the child")
    monitor.pause()
    monitor.configure(interval=0.2)
    dashboard.close()
    monitor.stop()
    region.__exit__(None, None, None)
    gc.collect()
    return os.getpid()
"""
BEHAVIOUR = {
    "os.fork, then os._exit": """
pid = os.fork()
if pid == 0:
    child()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
""",
    "os.fork, then its end": """
pid = os.fork()
if pid == 0:
    sys.exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
""",
    "os.fork, then an error": """
pid = os.fork()
if pid == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    raise ValueError("in the child")
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
""",
    "a pool": """
def work(number):
    return child()
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert os.getpid() not in pool.map(work, range(4), chunksize=1)
""",
    "a process": """
process = multiprocessing.get_context("fork").Process(target=child)
process.start()
process.join()
assert process.exitcode == 0, process.exitcode
""",
    "loky's workers": """
import joblib
def work(number):
    import threading
    loaded = "perfwidgets" in sys.modules
    pipes = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
             if os.path.islink(f"/proc/self/fd/{n}")]
    return loaded, held in pipes, [t.name for t in threading.enumerate() if "perfw" in t.name]
held = os.readlink(f"/proc/{monitor.source.process_id}/fd/0")
assert joblib.Parallel(2, backend="loky")(joblib.delayed(work)(n) for n in range(4)) == [
    (False, False, [])] * 4
assert set(joblib.Parallel(2, backend="multiprocessing")(
    joblib.delayed(child)() for _ in range(4))).isdisjoint({os.getpid()})
""",
    "a child that counts by itself": """
pid = os.fork()
if pid == 0:
    code = 1
    try:
        with Monitor(PerfStat("cs", interval=0.1)) as own:
            code = 0 if own.wait_for_sample(30) is not None else 2
    finally:
        os._exit(code)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
""",
}
THEN = """
before, rows = monitor.sample_count, recorder.samples
perf = monitor.source.process_id
assert monitor.wait_for_sample(30) is not None, monitor.error
assert monitor.wait_for_sample(30) is not None, monitor.error
assert monitor.sample_count > before
assert monitor.state == "running" and monitor.errors == {} and monitor.faults == (), monitor.faults
assert monitor.interval == 0.1 and [m.label for m in monitor.marks] == []
assert monitor.source.process_id == perf
region.__exit__(None, None, None)
assert region.error is None, region.error
assert region["page-faults"].count > 0
monitor.stop()
print(monitor.sample_count - begun, recorder.samples, recorder.error)
"""


@pytest.fixture
def marker(need, monkeypatch, tmp_path):
    need(shutil.which("perf"), "no perf here")
    monkeypatch.setenv(MARKER, str(tmp_path))
    yield str(tmp_path)
    until(lambda: not marked(str(tmp_path)), 5, "a process was left")


@pytest.mark.parametrize("what", BEHAVIOUR)
def test_a_child_of_a_monitor_a_recorder_and_a_region_harms_none(marker, tmp_path, what):
    program = textwrap.dedent(ALL_AT_ONCE) + BEHAVIOUR[what] + THEN
    warnings = ["-W", "error", "-W", "ignore::DeprecationWarning"]
    done = subprocess.run(
        [sys.executable, *warnings, "-c", program, str(tmp_path / "r.gz")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the child's end was told as if it were ours"
    seen, written, error = done.stdout.split()
    assert error == "None"
    recording = read_recording(tmp_path / "r.gz")
    times = [sample.time for sample in recording.samples]
    assert times == sorted(set(times)), "two wrote"
    assert len(times) == int(written) >= int(seen) - 2
    assert recording.notes == ()
    assert recording.marks == ()


def test_while_a_child_lives_stop_ends_perf_and_the_child_holds_none_of_it(marker):
    program = (
        "import os, signal, sys\n"
        "from perfwidgets import Monitor, PerfStat\n"
        "monitor = Monitor(PerfStat('cs', interval=1000)).start()\n"
        "import time\n"
        "while monitor.source.process_id is None: time.sleep(0.01)\n"
        "pipe = os.readlink(f'/proc/{monitor.source.process_id}/fd/0')\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    signal.pause()\n"
        "def held():\n"
        "    folder = f'/proc/{child}/fd'\n"
        "    return [os.readlink(f'{folder}/{n}') for n in os.listdir(folder)\n"
        "            if os.path.islink(f'{folder}/{n}')]\n"
        "end = time.monotonic() + 20\n"  # it closes its copy as it begins
        "while pipe in held() and time.monotonic() < end: time.sleep(0.01)\n"
        "print(pipe in held())\n"
        "monitor.stop()\n"
        "print(monitor.state)\n"
        "os.kill(child, signal.SIGKILL); os.waitpid(child, 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == ["False", "stopped"], done.stderr
