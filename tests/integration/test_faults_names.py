"""Threads of a real process that are named to mislead, counted live by a real perf, each apart."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from processes import until

from perfwidgets import Monitor, PerfStat

#: of 15 bytes at most, as Linux keeps them; perf prints them raw into its rows
NAMES = [
    *("<b>&\"'x</b>", "a@@5@@b", "1.0@@7@@@@cs", "tab\tin", "\x1b[31mred", "\u202egro", "=1+1"),
    *("-C 0", "$(id)`id`;", "x-12", "CPU0", "é"),
]
BROKEN = "line\nbreak"
THREADS = f"""
import sys, threading, time
def work(name):
    with open(f"/proc/self/task/{{threading.get_native_id()}}/comm", "wb") as file:
        file.write(name.encode())
    while True:
        time.sleep(0.005)
for name in {[*NAMES, BROKEN]!r}:
    threading.Thread(target=work, args=(name,), daemon=True).start()
sys.stdin.read()
"""
PER_THREAD = """#!/bin/sh
[ "$1" = --version ] && exec perf --version
shift
exec perf stat --per-thread "$@"
"""


@pytest.fixture
def threads():
    process = subprocess.Popen([sys.executable, "-c", THREADS], stdin=subprocess.PIPE)
    yield process.pid
    process.stdin.close()
    process.wait(30)


def test_names_of_threads_come_out_as_they_are_and_none_is_taken_for_counts(
    need, tmp_path, threads
):
    need(shutil.which("perf"), "no perf here")
    command = tmp_path / "perf"
    command.write_text(PER_THREAD)
    command.chmod(0o755)
    until(lambda: names_of(threads) >= {*NAMES})
    source = PerfStat("cs", pid=threads, interval=0.2, command=str(command))
    with Monitor(source) as monitor:
        for _ in range(3):
            assert monitor.wait_for_sample(30) is not None, monitor.error
        sample, notes = monitor.sample, list(source.notes)
    assert [reading.event for reading in sample] == ["cs"], "a name became an event"
    parts = sample["cs"].parts
    counted = {label.rpartition("-")[0]: part.count for label, part in parts.items()}
    assert counted.keys() - {*NAMES} == {names_of(threads, main=True)}
    assert all(1 <= counted[name] < 1000 for name in NAMES), "a number out of a name"
    # perf breaks the row of the one with a line's end: both halves are noted, and not counted
    assert notes
    assert all(note.text.endswith("@@line") or note.text.startswith("break-") for note in notes), (
        notes
    )


def names_of(pid, *, main=False):
    """The names of its threads, or that of the first."""
    tasks = Path(f"/proc/{pid}/task")
    names = {
        int(task.name): (task / "comm").read_text().removesuffix("\n") for task in tasks.iterdir()
    }
    return names[pid] if main else set(names.values())
