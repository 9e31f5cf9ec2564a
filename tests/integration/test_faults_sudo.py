"""perf that runs as another user, as under sudo: we may not signal it, and it ends all the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from processes import until

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
#: a kernel of somebody without rights, which does what it is told, line by line
KERNEL = """
import sys, time
from perfwidgets import Backoff, Monitor, PerfStat
command = sys.argv[1:]
monitor = Monitor(PerfStat("cs", interval=0.1, command=command),
                  backoff=Backoff(first=0.05, silence=0.5)).start()
assert monitor.wait_for_sample(30) is not None, monitor.error
print(monitor.source.process_id, flush=True)
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""


def as_root(folder):
    """A copy of `setpriv` that makes root of whoever calls it, which is what sudo does."""
    program = folder / "become-root"
    shutil.copy(shutil.which("setpriv"), program)
    program.chmod(0o4755)
    return [str(program), "--reuid=0", "--regid=0", "--clear-groups"]


class Kernel:
    """The process, and talk with it."""

    def __init__(self, command, folder):
        line = [*NOBODY, sys.executable, "-c", KERNEL, *command]
        self.process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=folder, env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
        self.perf = int(self.said())

    def said(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return line.strip()

    def do(self, code):
        """What the code prints."""
        self.process.stdin.write(code + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.said()) != "done":
            lines.append(line)
        return lines

    def end(self):
        _, complaints = self.process.communicate(timeout=30)
        return complaints


@pytest.fixture
def folder():
    """One that others may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def kernel(need, folder):
    need(shutil.which("perf"), "no perf here")
    need(os.geteuid() == 0 and shutil.which("setpriv"), "no right to become somebody else")
    kernel = Kernel([*as_root(folder), shutil.which("perf")], folder)
    try:
        status = Path(f"/proc/{kernel.perf}/status").read_text()
        assert "Uid:\t0\t0\t0\t0" in status, "it is root's"
        yield kernel
    finally:
        kernel.process.kill()
        kernel.process.wait()
        with suppress(ProcessLookupError):  # where a test has failed
            os.killpg(kernel.perf, signal.SIGKILL)
        for stream in (kernel.process.stdin, kernel.process.stdout, kernel.process.stderr):
            stream.close()


def gone(pid):
    return not Path(f"/proc/{pid}").exists()


def test_it_is_ended_by_its_pipe_and_nothing_is_said(kernel):
    assert kernel.do("monitor.stop(); print(monitor.state, monitor.error)") == ["stopped None"]
    assert gone(kernel.perf)
    kernel.do("monitor.start(); assert monitor.wait_for_sample(30) is not None")
    again = int(kernel.do("print(monitor.source.process_id)")[0])
    assert kernel.end() == ""
    until(lambda: gone(again), 5, "perf was left")


def test_stopped_it_cannot_be_ended_which_is_told_and_ends_when_it_goes_on(kernel):
    os.killpg(kernel.perf, signal.SIGSTOP)
    state, reason, remedy = kernel.do(
        "monitor.stop(); print(monitor.state); print(monitor.error.reason); print(monitor.error.remedy)"
    )
    assert state == "stopped"
    assert str(kernel.perf) in reason
    assert "another user" in reason
    assert f"kill -KILL -- -{kernel.perf}" in remedy
    assert not gone(kernel.perf)
    kernel.do("monitor.start(); assert monitor.wait_for_sample(30) is not None, monitor.error")
    os.killpg(kernel.perf, signal.SIGCONT)
    until(lambda: gone(kernel.perf), 5, "it went on for ever")
    assert kernel.do("import gc; gc.collect(); monitor.stop(); print(monitor.error)") == ["None"]
    assert kernel.end() == "", "printed where somebody else prints"


def test_silent_it_is_left_and_another_started(kernel):
    kernel.do("seen = []; monitor.observe(lambda change: seen.append(change.new), 'error')")
    os.killpg(kernel.perf, signal.SIGSTOP)
    code = "assert monitor.wait_for_sample(30) is not None; print(monitor.source.process_id)"
    other = int(kernel.do(code)[0])
    assert other != kernel.perf
    (reason,) = kernel.do("print([error.reason for error in seen if error][0])")
    assert "another user" in reason
    os.killpg(kernel.perf, signal.SIGCONT)
    until(lambda: gone(kernel.perf), 5, "it went on for ever")
    assert kernel.end() == ""
    until(lambda: gone(other), 5, "perf was left")
