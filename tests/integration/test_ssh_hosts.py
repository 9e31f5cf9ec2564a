"""Several hosts in one monitor without Dask: a perf for each, through a real sshd on loopback."""

from __future__ import annotations

import itertools
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request

import pytest
from processes import perfs, until
from ssh_server import programs, serve

from perfwidgets import Backoff, Hosts, Monitor, PerfStat, Replay, Status, read_recording

EVENTS = ("cpu-clock", "page-faults")
HOST = "127.0.0.1"
THREE = [HOST, f"{HOST} #2", f"{HOST} #3"]

# each test's perfs are told from others by their interval
_intervals = itertools.count(231)


@pytest.fixture(scope="session")
def server(need, tmp_path_factory):
    need(programs(), "no sshd, ssh or ssh-keygen (apt: openssh-server, openssh-client)")
    need(shutil.which("perf") and os.geteuid() == 0, "no perf and root here")
    with serve(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture
def milliseconds(server):
    number = next(_intervals)
    yield number
    until(lambda: not perfs(number), why="perf is left behind")
    until(lambda: not server.sessions(), why="a connection is left behind")


@pytest.fixture
def source(server, milliseconds):
    def source(*perf, **more):
        command = more.pop("command", None) or server.command(*perf)
        return PerfStat(EVENTS, interval=milliseconds / 1000, command=command, **more)

    return source


def counted(sample):
    """The hosts that have a count in this sample."""
    parts = sample["page-faults"].parts
    return {host for host, part in parts.items() if part.status is Status.COUNTED}


def wait_for_all(monitor, hosts):
    def arrived():
        sample = monitor.wait_for_sample(10)
        return sample if sample is not None and counted(sample) == set(hosts) else None

    return until(arrived, why=str(monitor.hosts))


def test_three_hosts_are_one_monitor(source, milliseconds):
    with Monitor(source(), source(), source()) as monitor:
        sample = wait_for_all(monitor, THREE)
        reading = sample["cpu-clock"]
        assert list(reading.parts) == THREE
        assert reading.count == pytest.approx(sum(p.count for p in reading.parts.values()))
        assert len(perfs(milliseconds)) == 3
        until(lambda: all(host.state == "running" for host in monitor.hosts.values()))
        assert all(host.counted == EVENTS for host in monitor.hosts.values())
        assert monitor.state == "running"
        assert monitor.error is None
        monitor.configure(per_core=True)
        until(lambda: monitor.wait_for_sample(10)["cpu-clock"].parts[THREE[1]].parts)
        assert monitor.faults == ()


@pytest.mark.parametrize("end", ["the perf there", "the ssh here"])
def test_one_that_is_killed_is_a_gap_and_comes_back(source, milliseconds, end):
    sources = [source(), source(), source()]
    hosts = Hosts(dict(zip("abc", sources, strict=True)), backoff=Backoff(first=1.0))
    seen, states = [], []
    with Monitor(hosts) as monitor:
        wait_for_all(monitor, "abc")
        before = perfs(milliseconds)
        monitor.observe(lambda change: seen.append(counted(change.new)), "sample")
        monitor.observe(lambda change: states.append(dict(change.new)), "hosts")
        if end == "the perf there":
            os.kill(before[0], signal.SIGKILL)
        else:
            os.kill(sources[1].process_id, signal.SIGKILL)
        until(lambda: any(len(hosts) == 2 for hosts in seen), why="no gap was told")
        assert monitor.state == "running"  # the rest is live
        wait_for_all(monitor, "abc")
        assert all(seen), "an interval in which none was counted"
        lost = {host for hosts in seen for host in set("abc") - hosts}
        assert len(lost) == 1
        (name,) = lost
        told = [state[name] for state in states if state[name].error is not None]
        assert told[0].state == "starting"
        assert told[0].error.reason
        assert told[0].error.remedy
        until(lambda: monitor.hosts[name].state == "running")
        assert monitor.hosts[name].error is None
        assert len(until(lambda: len(perfs(milliseconds)) == 3 and perfs(milliseconds))) == 3
        others = set("abc") - lost
        assert all(monitor.hosts[other].missed == 0 for other in others)


def test_one_that_is_not_there(server, source):
    port = server.port + 1 if server.port < 65535 else server.port - 1
    nowhere = [str(port) if word == str(server.port) else word for word in server.command()]
    hosts = Hosts(
        {
            "here": source(),
            "nowhere": source(command=nowhere),
            "no perf": source("/nonexistent/perf"),
        },
        backoff=Backoff(first=0.2),
    )
    with Monitor(hosts) as monitor:
        assert counted(wait_for_all(monitor, ["here"])) == {"here"}
        until(lambda: monitor.hosts["nowhere"].error and monitor.hosts["no perf"].error)
        assert "Connection refused" in monitor.hosts["nowhere"].error.reason
        missing = monitor.hosts["no perf"]
        assert (missing.state, missing.error.reason) == (
            "failed",
            "/nonexistent/perf was not found",
        )
        assert monitor.state == "running"
        assert monitor.wait_for_sample(10) is not None
        assert monitor.to_dict()["events"]["page-faults"]["parts"]["nowhere"]["status"] == "missing"


def counts_of(sample):
    return {host: part.count for host, part in sample["cpu-clock"].parts.items()}


def test_a_recording_of_hosts_plays_as_hosts(source, tmp_path):
    path = tmp_path / "hosts.jsonl.gz"
    hosts = Hosts({"node6": source(per_core=True), "node7": source()})
    with Monitor(hosts) as monitor:
        wait_for_all(monitor, ["node6", "node7"])
        monitor.record(path)
        monitor.mark("here")
        wait_for_all(monitor, ["node6", "node7"])
        until(lambda: monitor.recorder.samples > 3)
    recorded = read_recording(path)
    assert recorded.header.hosts == ("node6", "node7")
    assert recorded.header.cpu is None  # of the hosts nothing is known, and this is none of them
    assert recorded.notes == ()
    samples, told = list(recorded.samples), []
    # when it was ended, the last interval of one may have been here, and that of the other not
    both = max(n for n, sample in enumerate(samples) if None not in counts_of(sample).values())
    played = Monitor(Replay(path, speed=math.inf))
    played.observe(lambda change: told.append(change.new["node7"].counted), "hosts")
    with played:
        assert set(played.hosts) == {"node6", "node7"}
        assert {host.state for host in played.hosts.values()} == {"recorded"}
        assert EVENTS in told
        assert counts_of(played.sample) == counts_of(samples[-1])
        parts = samples[both]["cpu-clock"].parts["node6"].parts
        assert parts["CPU0"].count > 0
        assert [mark.label for mark in played.marks] == ["here"]
        assert played.faults == ()


def test_the_command_serves_hosts(server, milliseconds, tmp_path, monkeypatch):
    shim = tmp_path / "ssh"  # as ~/.ssh/config would have it: the options of this server
    ssh, *options = server.command()[:-2]
    words = " ".join(f"'{word}'" for word in options)
    shim.write_text(
        f'#!/bin/sh\nwhile [ "$1" = -o ]; do shift 2; done\nshift\n'
        f'exec {shutil.which(ssh)} {words} {HOST} "$@"\n'
    )
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "perfwidgets", "serve", "--port", "0", "-I", str(milliseconds)),
            *("-e", ",".join(EVENTS), "--host", "node6", "--host", "root@node7"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = re.search(r"serving (\S+)", process.stderr.readline())[1]

        def page():
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()

        def series(name):
            return set(re.findall(rf'^{name}{{.*host="(.*?)".*}}', page(), re.MULTILINE))

        until(lambda: series("perf_page_faults_total") == {"node6", "node7"})
        assert series("perfwidgets_up") == {"node6", "node7"}
        assert "vmstat_" not in page()
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0
