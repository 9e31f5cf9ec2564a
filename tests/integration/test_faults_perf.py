"""perf that is killed, stopped, ends, floods, says nothing: it is shown, and the rest goes on."""

from __future__ import annotations

import gc
import math
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from processes import MARKER, marked, until

from perfwidgets import Backoff, Monitor, PerfStat, VmStat

FAKE = Path(__file__).with_name("fake_perf.py")
AT_ONCE = Backoff(first=0.01, factor=1.0, tries=100)


@pytest.fixture(autouse=True)
def nothing_left(need, monkeypatch, request):
    """Every test leaves no process behind."""
    need(shutil.which("perf"), "no perf here")
    value = f"{os.getpid()}-{id(request.node)}"
    monkeypatch.setenv(MARKER, value)
    yield value
    until(lambda: not marked(value), 5, "a process was left")


def faulty(how, **backoff):
    """A monitor whose perf does `how`, with /proc/vmstat beside it."""
    command = [sys.executable, "-I", "-S", str(FAKE), how]
    tried = {"first": 0.05, "factor": 1.0, "tries": 1, "silence": 0.2, **backoff}
    return Monitor(
        PerfStat("page-faults", interval=0.1, command=command),
        VmStat(interval=0.1),
        backoff=Backoff(**tried),
    )


def perf_of(monitor):
    return monitor.source.process_id


def goes_on(monitor):
    """Memory activity is still read, without a gap."""
    before = len(monitor.memory_history)
    until(lambda: len(monitor.memory_history) > before + 2)
    assert monitor.states["/proc/vmstat"] == "running"
    assert not np.isnan(monitor.memory_history.counts("pgfault")).any()


def resident():
    """Our memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def held():
    """What we hold of the machine: links of descriptors, threads, children."""
    gc.collect()
    links = []
    for number in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{number}").split("[")[0])
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return sorted(links), threading.active_count(), len(children)


# -- killed


@pytest.mark.filterwarnings("ignore::perfwidgets.errors.PerfwidgetsWarning")
def test_killed_a_hundred_times_in_a_row_nothing_is_left_and_nothing_lost(nothing_left):
    errors = []
    monitor = Monitor(PerfStat("page-faults", interval=0.05), VmStat(interval=0.1), backoff=AT_ONCE)
    monitor.observe(lambda change: errors.append(change.new), "error")
    with monitor:
        for number in range(100):
            assert monitor.wait_for_sample(30) is not None, number
            if number == 10:
                before, size = held(), resident()
            perf = until(lambda: perf_of(monitor))
            # mostly with its `cat`, which else holds its output open for up to a second more
            kill = os.kill if number % 25 < 2 else os.killpg
            kill(perf, signal.SIGKILL if number % 2 else signal.SIGTERM)
            until(lambda number=number: len([e for e in errors if e]) == number + 1)
        assert monitor.wait_for_sample(30) is not None
        until(lambda: monitor.state == "running")
        until(lambda: held()[1:] == before[1:] and len(held()[0]) == len(before[0]), 5)
        assert sum("perf stat" in line for line in marked(nothing_left).values()) == 1
        assert resident() < 1.05 * size + (4 << 20)
        goes_on(monitor)
    reasons = [error.reason for error in errors if error]
    assert sum("SIGKILL" in reason for reason in reasons) == 50
    assert sum("SIGTERM" in reason for reason in reasons) == 50
    rows = monitor.history.rows()
    gaps = np.isnan(rows.counts[:, 0])
    assert gaps.sum() >= 100
    assert (np.diff(rows.times) >= 0).all()
    assert (~gaps).sum() == monitor.sample_count, "a sample was lost"


# -- stopped


def test_stopped_it_goes_on_where_it_was_and_the_long_interval_has_its_own_rate(nothing_left):
    with Monitor(PerfStat("cpu-clock", interval=0.1), VmStat(interval=0.1)) as monitor:
        monitor.wait_for_sample(30)
        perf, samples = perf_of(monitor), monitor.sample_count
        os.kill(perf, signal.SIGSTOP)
        before = len(monitor.memory_history)
        until(lambda: len(monitor.memory_history) > before + 12)
        while_stopped = monitor.sample_count
        os.kill(perf, signal.SIGCONT)
        until(lambda: monitor.sample_count > while_stopped + 2)
        assert perf_of(monitor) == perf, "it was started anew"
        assert while_stopped <= samples + 2
        assert monitor.error is None
        rows, rates = monitor.history.rows(), monitor.history.rates("cpu-clock")
    long = rows.durations > 0.8
    assert long.sum() == 1, "the time it was stopped is one long interval"
    cores = os.cpu_count()
    usual = rates[~long & np.isfinite(rates)]
    assert rates[long][0] == pytest.approx(1000 * cores, rel=0.5)
    assert np.median(usual) == pytest.approx(1000 * cores, rel=0.5)


def test_stopped_for_good_it_is_ended_and_started_again(nothing_left):
    backoff = Backoff(first=0.05, silence=0.5)
    errors = []
    monitor = Monitor(PerfStat("cs", interval=0.1), VmStat(interval=0.1), backoff=backoff)
    monitor.observe(lambda change: errors.append(change.new), "error")
    with monitor:
        monitor.wait_for_sample(30)
        first = perf_of(monitor)
        os.kill(first, signal.SIGSTOP)
        until(lambda: errors)
        assert "delivered nothing" in errors[0].reason
        assert errors[0].remedy
        until(lambda: monitor.state == "running" and perf_of(monitor) not in (None, first))
        assert monitor.wait_for_sample(30) is not None
        assert not Path(f"/proc/{first}").exists()
        assert np.isnan(monitor.history.counts("cs")).any()
        goes_on(monitor)


def test_the_monitor_is_stopped_while_perf_is(nothing_left):
    monitor = Monitor(PerfStat("cs", interval=0.1)).start()
    monitor.wait_for_sample(30)
    os.kill(perf_of(monitor), signal.SIGSTOP)
    monitor.stop()
    assert monitor.state == "stopped"
    assert not marked(nothing_left)


# -- it says nothing, or nothing of use


@pytest.mark.parametrize("how", ["never prints", "prints garbage", "floods with complaints"])
def test_what_delivers_nothing_is_tried_again_then_given_up_and_a_person_can_try(how):
    seen = []
    monitor = faulty(how)
    monitor.observe(lambda change: seen.append((monitor.state, monitor.error)), ["state", "error"])
    with monitor:
        until(lambda: monitor.state == "failed")
        assert "has delivered nothing" in monitor.error.reason
        assert monitor.error.remedy
        if how == "prints garbage":
            assert "what it prints is not perf stat's" in monitor.error.reason
            assert "garbage" in monitor.error.reason
            assert monitor.error.reason.isprintable()
        assert len({id(error) for state, error in seen if error}) == 2, "first, and one try"
        assert monitor.to_dict()["available"] is False
        assert monitor.sample is None
        goes_on(monitor)
        monitor.start()  # the button
        until(lambda: monitor.state == "starting" and perf_of(monitor))


@pytest.mark.parametrize(
    "how", ["floods with lines", "floods without a line's end", "floods with rows"]
)
def test_a_flood_fills_no_memory_and_takes_nothing_from_the_rest(how):
    monitor = faulty(how, tries=0, silence=1.5)
    with monitor:
        until(lambda: len(monitor.memory_history) > 2)
        before = resident()
        goes_on(monitor)
        goes_on(monitor)
        assert resident() < before + (64 << 20)
        until(lambda: monitor.state == "failed" or monitor.sample_count)


@pytest.mark.parametrize(
    ("how", "words"), [("closes its output", "perf"), ("ends by itself", "status 3")]
)
def test_what_ends_again_and_again_after_an_interval_is_never_given_up(how, words):
    """An interval delivered starts the count of tries anew."""
    errors = []
    monitor = faulty(how)
    monitor.observe(lambda change: errors.append(change.new), "error")
    with monitor:
        until(lambda: len([error for error in errors if error]) >= 3)
        assert monitor.state != "failed"
        assert all(words in error.reason for error in errors if error), errors
        goes_on(monitor)
    counts = monitor.history.counts("page-faults")
    assert np.isnan(counts).sum() >= 2, "no gap between two runs"
    assert set(counts[~np.isnan(counts)]) == {5.0}


def test_what_does_not_end_is_ended(nothing_left):
    monitor = faulty("does not end").start()
    assert monitor.wait_for_sample(30) is not None
    perf = perf_of(monitor)
    monitor.stop()
    assert monitor.state == "stopped"
    assert not Path(f"/proc/{perf}").exists()


def test_patience_without_end_is_possible():
    monitor = faulty("never prints", silence=math.inf)
    with monitor:
        until(lambda: monitor.memory is not None)
        goes_on(monitor)
        assert monitor.state == "starting"
        assert monitor.error is None
