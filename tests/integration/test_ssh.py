"""perf on another host, through a real sshd, and commands that pass no input on."""

from __future__ import annotations

import itertools
import os
import shutil
import signal

import pytest
from processes import perfs, wait_until
from ssh_server import programs, serve

from perfwidgets import Backoff, Monitor, PerfStat
from perfwidgets.availability import Cause, check

EVENTS = ("cpu-clock", "page-faults")
NO_INPUT = ["sh", "-c", 'exec perf "$@" </dev/null', "perf"]

# each test's perfs are told from others by their interval
_intervals = itertools.count(211)


@pytest.fixture(scope="session")
def server(need, tmp_path_factory):
    need(programs(), "no sshd, ssh or ssh-keygen (apt: openssh-server, openssh-client)")
    need(shutil.which("perf") and os.geteuid() == 0, "no perf and root here")
    with serve(tmp_path_factory.mktemp("ssh")) as server:
        yield server


@pytest.fixture
def milliseconds():
    return next(_intervals)


def source(server, milliseconds, events=EVENTS):
    return PerfStat(events, interval=milliseconds / 1000, command=server.command())


def test_it_streams_and_stop_ends_the_remote_perf(server, milliseconds):
    with Monitor(source(server, milliseconds)) as monitor:
        for _ in range(3):
            assert monitor.wait_for_sample(10) is not None, monitor.error
        assert monitor.sample.counted == EVENTS
        assert monitor.sample.duration == pytest.approx(milliseconds / 1000, rel=0.5)
        assert monitor.perf_version
        assert len(perfs(milliseconds)) == 1
        monitor.configure(events=["context-switches"])
        assert monitor.wait_for_sample(10).counted == ("context-switches",)
        assert wait_until(lambda: len(perfs(milliseconds)) == 1)
    assert wait_until(lambda: not perfs(milliseconds))
    assert wait_until(lambda: not server.sessions())


def test_names_of_events_do_not_reach_the_remote_shell(server, milliseconds, tmp_path):
    trap = tmp_path / "trap"
    hostile = [f"$(>{trap})", f"`>{trap}`", f"page-faults;>{trap}", f"cs&>{trap}", "a'b\"c", "$0"]
    with Monitor(source(server, milliseconds, ["page-faults", *hostile])) as monitor:
        sample = monitor.wait_for_sample(20)
        assert sample is not None, monitor.error
        assert sample.counted == ("page-faults",)
        assert set(monitor.refused) == set(hostile)
    assert not trap.exists()
    assert wait_until(lambda: not perfs(milliseconds))


@pytest.mark.parametrize("end", ["server's", "client's"])
def test_a_broken_link_is_a_reason_and_is_tried_again(server, milliseconds, end):
    child = source(server, milliseconds)
    seen = []
    with Monitor(child, backoff=Backoff(first=0.4)) as monitor:
        assert monitor.wait_for_sample(10) is not None, monitor.error
        monitor.observe(lambda change: seen.append((monitor.state, change.new)), "error")
        (first,) = perfs(milliseconds)
        if end == "server's":
            server.cut()
        else:
            os.kill(child.process_id, signal.SIGKILL)
        assert wait_until(lambda: first not in perfs(milliseconds), 5)
        assert wait_until(lambda: seen)
        state, error = seen[0]
        assert state == "starting"
        assert "ssh" in error.reason
        assert error.remedy
        assert wait_until(lambda: monitor.state == "running")
        assert monitor.error is None
        assert monitor.wait_for_sample(10) is not None
        assert len(perfs(milliseconds)) == 1
    assert wait_until(lambda: not perfs(milliseconds))


def test_a_host_that_is_gone_is_given_up(server, milliseconds, unused_port):
    command = [str(unused_port) if w == str(server.port) else w for w in server.command()]
    child = PerfStat(EVENTS, interval=milliseconds / 1000, command=command)
    with Monitor(child, backoff=Backoff(first=0.1, tries=2)) as monitor:
        assert wait_until(lambda: monitor.state == "failed")
        assert "Connection refused" in monitor.error.reason
        assert "BatchMode" in monitor.error.remedy


@pytest.fixture
def unused_port(server):
    return server.port + 1 if server.port < 65535 else server.port - 1


def test_check_there(server):
    found = check([*EVENTS, "nosuch_event"], command=server.command())
    assert found.countable == EVENTS
    assert found["nosuch_event"].cause is Cause.UNKNOWN_NAME
    assert found.reason == ""


def test_there_is_no_perf_there(server):
    found = check(command=server.command("/nonexistent/perf"))
    assert found.reason == "/nonexistent/perf was not found"
    with Monitor(PerfStat(command=server.command("/nonexistent/perf"))) as monitor:
        assert wait_until(lambda: monitor.state == "failed")
        assert monitor.error.reason == "/nonexistent/perf was not found"


def test_a_command_that_passes_no_input_on(need, milliseconds):
    need(shutil.which("perf") and os.geteuid() == 0, "no perf and root here")
    with Monitor(PerfStat(EVENTS, interval=milliseconds / 1000, command=NO_INPUT)) as monitor:
        assert wait_until(lambda: monitor.state == "failed")
        assert "its input was closed" in monitor.error.reason
        assert "docker: `-i`" in monitor.error.remedy


def test_an_ssh_that_is_told_to_pass_no_input_on(server, milliseconds):
    ssh, *options = server.command()
    child = PerfStat(EVENTS, interval=milliseconds / 1000, command=[ssh, "-n", *options])
    with Monitor(child) as monitor:
        assert wait_until(lambda: monitor.state == "failed")
        assert "ssh: no `-n`" in monitor.error.remedy
    assert not perfs(milliseconds)
