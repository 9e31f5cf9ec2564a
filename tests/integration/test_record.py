"""``perfwidgets record`` with the real perf: how it ends, what it leaves, what it writes."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading

import anyio
import pytest
from processes import MARKER, marked, until

from perfwidgets import Replay, read_recording

RECORD = [sys.executable, "-m", "perfwidgets", "record"]


@pytest.fixture
def marker(request):
    """A value by which all processes of this test are known; none may be left."""
    value = f"{os.getpid()}-{request.node.name}"
    yield value
    until(lambda: not marked(value), why=f"left behind: {marked(value)}")


@pytest.fixture
def run(tmp_path, marker):
    """Run to the end; return the finished process."""

    def run(*words):
        return subprocess.run(
            [*RECORD, "-o", str(tmp_path / "r"), *words],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, MARKER: marker},
        )

    return run


@pytest.fixture
def start(tmp_path, marker):
    """Start it, and wait until the file holds a sample."""
    processes = []

    def start(*words, samples=1):
        process = subprocess.Popen(
            [*RECORD, "-o", str(tmp_path / "r"), *words],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, MARKER: marker},
        )
        processes.append(process)
        until(lambda: written(tmp_path / "r") >= samples, why="no sample came")
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def written(path):
    try:
        return sum(1 for _ in read_recording(path).samples)
    except Exception:
        return 0


def zcat(path):
    done = subprocess.run(["zcat", path], capture_output=True, timeout=60, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


FAULTS = """
import mmap, sys
pages = mmap.mmap(-1, 4096 * 4000)
pages.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(4000):
    pages[page * 4096] = 1
raise SystemExit(int(sys.argv[1]))
"""


@pytest.mark.parametrize("status", [0, 7])
def test_a_command_is_counted_alone_from_its_beginning(run, tmp_path, status):
    done = run(
        "-e", "page-faults,cpu-clock", "-I", "100", "--", sys.executable, "-c", FAULTS, str(status)
    )
    assert done.returncode == status, done.stderr
    recording = read_recording(tmp_path / "r")
    assert recording.notes == ()
    faults = recording.totals()["page-faults"]
    assert 4000 <= faults.count < 20_000, "its pages, those of a Python, and not the machine's"
    assert f"{len(list(recording.samples))} sample" in done.stderr
    assert recording.header.events == ("page-faults", "cpu-clock")
    assert recording.header.perf_version
    lines, code = zcat(tmp_path / "r")
    assert code == 0
    assert lines[-1]["kind"] == "end"
    assert list(recording.memory)


def test_a_command_that_is_over_at_once_is_counted(run, tmp_path):
    for number in range(5):
        done = run("-e", "page-faults", "--overwrite", "--", "true")
        assert done.returncode == 0, done.stderr
        totals = read_recording(tmp_path / "r").totals()
        assert totals["page-faults"].count > 10, number


def test_with_a_the_whole_machine_is_counted_while_a_command_runs(run, tmp_path):
    done = run("-a", "-e", "cpu-clock", "-I", "100", "--", "sleep", "0.5")
    assert done.returncode == 0, done.stderr
    total = read_recording(tmp_path / "r").totals()["cpu-clock"]
    assert total.rate == pytest.approx(1000 * os.cpu_count(), rel=0.2), "ms a second, of all CPUs"


SLOW_PERF = """#!/bin/sh
[ "$1" = stat ] && sleep 1
exec perf "$@"
"""
#: ends with 0 if the perf of this test counts by now
IS_COUNTED = """
import os, sys
from pathlib import Path
def counts(process):
    try:
        links = [os.readlink(link) for link in (process / "fd").iterdir()]
        marked = sys.argv[1].encode() in (process / "environ").read_bytes()
        return marked and "anon_inode:[perf_event]" in links
    except OSError:
        return False
raise SystemExit(0 if any(map(counts, Path("/proc").glob("[0-9]*"))) else 9)
"""


def test_with_a_too_a_command_begins_once_perf_counts(run, tmp_path, marker):
    slow = tmp_path / "perf"
    slow.write_text(SLOW_PERF)
    slow.chmod(0o755)
    done = run(
        *("-a", "-e", "page-faults", "-I", "100", "--command", str(slow)),
        *("--", sys.executable, "-c", IS_COUNTED, marker),
    )
    assert done.returncode == 0, done.stderr
    assert read_recording(tmp_path / "r").totals()["page-faults"].count > 10


def test_per_core_and_some_cores(run, tmp_path):
    done = run("-A", "-a", "-e", "cpu-clock", "-I", "100", "--", "sleep", "0.3")
    assert done.returncode == 0, done.stderr
    sample = next(iter(read_recording(tmp_path / "r").samples))
    assert set(sample["cpu-clock"].parts) == {f"CPU{n}" for n in range(os.cpu_count())}
    done = run("-C", "0", "-e", "cpu-clock", "-I", "100", "--overwrite", "--", "sleep", "0.3")
    assert done.returncode == 0, done.stderr
    recording = read_recording(tmp_path / "r")
    assert recording.header.cores == "0"
    assert recording.totals()["cpu-clock"].rate == pytest.approx(1000, rel=0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_well(start, tmp_path, number):
    process = start("-e", "cpu-clock,page-faults", "-I", "50", samples=3)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    recording = read_recording(tmp_path / "r")
    assert recording.notes == ()
    assert len(list(recording.samples)) >= 3
    assert "bytes in" in said
    assert [s.state for s in recording.states if s.source == "perf stat"] == [
        *("starting", "running", "stopped"),
    ]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 143), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_too(start, tmp_path, number, status):
    process = start("-e", "page-faults", "-I", "50", "--", "sleep", "1000")
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == status, said
    assert list(read_recording(tmp_path / "r").samples)


def test_killed_it_leaves_a_file_that_can_be_read_and_no_process(start, tmp_path, marker):
    process = start("-e", "cpu-clock", "-I", "50", samples=25)
    process.kill()
    process.communicate(timeout=30)
    recording = read_recording(tmp_path / "r")
    assert len(list(recording.samples)) >= 25
    assert any("end is missing" in note.text for note in recording.notes)
    assert sum(line["kind"] == "sample" for line in zcat(tmp_path / "r")[0]) >= 25


def test_a_process_is_counted_until_it_ends(start, tmp_path):
    target = subprocess.Popen(["sleep", "1000"])
    reaper = threading.Thread(target=target.wait)
    reaper.start()
    try:
        process = start("-e", "context-switches", "-I", "50", "-p", str(target.pid))
    finally:
        target.kill()
        reaper.join(30)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert list(read_recording(tmp_path / "r").samples)


def test_what_cannot_be_counted_is_said_and_the_rest_counted(run, tmp_path):
    done = run("-e", "page-faults,nosuch/event/,msr/nosuch/", "-I", "100", "--", "sleep", "0.3")
    assert done.returncode == 0, done.stderr
    assert "perf refuses 'nosuch/event/'" in done.stderr
    totals = read_recording(tmp_path / "r").totals()
    assert totals["page-faults"].count is not None
    assert totals["nosuch/event/"].count is None


def test_nothing_countable_is_an_error_and_leaves_no_file(run, tmp_path):
    done = run("-e", "nosuch/event/", "--", "sleep", "1000")
    assert done.returncode == 2
    assert "nosuch/event/" in done.stderr
    assert not (tmp_path / "r").exists()


def test_no_perf_is_an_error_and_leaves_no_file(run, tmp_path):
    done = run("--command", "/nosuch/perf", "-e", "cpu-clock")
    assert done.returncode == 2
    assert "/nosuch/perf" in done.stderr
    assert not (tmp_path / "r").exists()


def test_perf_that_is_killed_is_started_again_and_the_gap_is_told(start, tmp_path, marker):
    process = start("-e", "cpu-clock", "-I", "50", samples=3)
    (perf,) = [pid for pid, line in marked(marker).items() if line.startswith("perf stat")]
    os.kill(perf, signal.SIGKILL)
    before = written(tmp_path / "r")
    until(lambda: written(tmp_path / "r") > before + 20, why="it was not started again")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    states = [s for s in read_recording(tmp_path / "r").states if s.source == "perf stat"]
    assert [s.state for s in states] == ["starting", "running", "starting", "running", "stopped"]
    assert states[2].error


def test_a_disk_that_becomes_full_ends_it_with_an_error(marker, tmp_path):
    limit = "ulimit -f 8; trap '' XFSZ; exec \"$@\""
    done = subprocess.run(
        ["bash", "-c", limit, "sh", *RECORD, "-o", tmp_path / "r", "-I", "10", "-A", "-a"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, MARKER: marker},
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr
    recording = read_recording(tmp_path / "r")
    assert list(recording.samples)
    assert recording.notes == ()


def test_a_recording_is_played(run, tmp_path):
    run("-a", "-e", "cpu-clock,page-faults", "-I", "100", "--", "sleep", "0.5")
    source = Replay(tmp_path / "r", speed=math.inf)

    async def play(source):
        async with source:
            return [sample async for sample in source]

    samples = list(read_recording(tmp_path / "r").samples)
    played = anyio.run(play, source)
    assert [s.readings for s in played] == [s.readings for s in samples]
    assert len(anyio.run(play, source.memory)) == len(list(read_recording(tmp_path / "r").memory))
