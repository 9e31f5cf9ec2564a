"""Counting the tasks of one cgroup."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfwidgets import PerfStat
from perfwidgets.errors import SourceError
from perfwidgets.samples import Status

pytestmark = pytest.mark.anyio
GROUPS = Path("/sys/fs/cgroup")


@pytest.fixture
def hierarchy(need, tmp_path: Path) -> Iterator[Path]:
    """Where cgroups of perf are made; mounted for the test where this machine has it nowhere."""
    need(shutil.which("perf"), "no perf on this machine")
    mounted = [GROUPS, GROUPS / "perf_event"]
    found = next((p for p in mounted if (p / "cgroup.procs").exists()), None)
    if found is not None:
        yield found
        return
    command = ["mount", "-t", "cgroup", "-o", "perf_event", "none", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no cgroups of perf here, and none can be mounted: {done.stderr.strip()}")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.fixture
def busy_group(hierarchy: Path) -> Iterator[str]:
    """A cgroup with one busy task."""
    name = f"perfwidgets-{os.getpid()}"
    folder = hierarchy / name
    folder.mkdir()
    task = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        (folder / "cgroup.procs").write_text(str(task.pid))
        yield name
    finally:
        task.send_signal(signal.SIGKILL)
        task.wait()
        folder.rmdir()


async def test_only_the_tasks_of_the_cgroup_are_counted(busy_group: str):
    async with PerfStat(["cpu-clock", "page-faults"], cgroup=busy_group, interval=0.2) as source:
        samples = [await anext(source) for _ in range(3)]
    for sample in samples[1:]:
        clock = sample["cpu-clock"]
        assert clock.status is Status.COUNTED
        # one busy task, whatever the number of cores: never more than the time that passed
        assert 0 < clock.count <= 1000 * sample.duration * 1.05
        assert list(clock.parts) == [busy_group]


async def test_a_cgroup_that_is_not_there_is_a_reason(need):
    need(shutil.which("perf"), "no perf on this machine")
    with pytest.raises(SourceError, match="cgroup") as raised:
        async with PerfStat(["cpu-clock"], cgroup="no-such-group", interval=0.2) as source:
            await anext(source)
    assert raised.value.remedy
