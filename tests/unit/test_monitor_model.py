"""The monitor: traits that anyone can observe and link, over sources without perf or a clock."""

from __future__ import annotations

import asyncio
import gc
import math
import threading
import time
import weakref

import numpy as np
import pytest
import traitlets
from scripted_source import Scripted, transient

from perfwidgets import Backoff, Monitor, PerfStat, VmStat, lifetime
from perfwidgets.errors import ArgumentError, PerfNotFoundError

QUICK = Backoff(first=0.01, factor=1.0, longest=0.01, tries=3)


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@pytest.fixture
def monitored():
    made = []

    def monitored(*sources, **more):
        monitor = Monitor(*(sources or (Scripted(),)), backoff=QUICK, **more)
        made.append(monitor)
        return monitor

    yield monitored
    for monitor in made:
        monitor.stop()
        assert not [t for t in threading.enumerate() if t is monitor._collector._thread]


def memory(**more):
    return Scripted(name="memory", kind="memory", events=("pgfault",), **more)


# -- what it is made of


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ((), "needs a source"),
        ((5,), "5 is not a source"),
        ((PerfStat, VmStat()), "is not a source"),
        ((Scripted(), Scripted(name="other")), "Two sources of counters"),
        ((VmStat(), VmStat()), "Two sources of memory"),
    ],
)
def test_sources_that_are_none(sources, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        Monitor(*sources)
    assert caught.value.remedy


@pytest.mark.parametrize("window", [0, -1, math.nan, math.inf, "300", None, True, 1e8])
def test_windows_that_are_none(window):
    with pytest.raises(ArgumentError, match="window"):
        Monitor(Scripted(), window=window)


def test_before_it_starts(monitored):
    monitor = monitored(Scripted(events=("a", "b")), memory())
    assert monitor.state == "idle"
    assert monitor.states == {"scripted": "idle", "memory": "idle"}
    assert monitor.events == ("a", "b")
    assert monitor.sample is monitor.memory is monitor.error is None
    assert monitor.wait_for_sample(1000) is None
    assert monitor.to_dict() == {
        "available": False,
        "error": "no sample yet: the monitor is idle",
        "remedy": "Start it, and wait for the first interval.",
    }


# -- samples


def test_samples_histories_and_payload(monitored):
    monitor = monitored(Scripted(), memory())
    with monitor:
        assert monitor.wait_for_sample() is not None
        until(lambda: monitor.memory is not None and len(monitor.history) > 3)
        assert monitor.state == "running"
        assert monitor.to_dict()["available"] is True
    assert monitor.states == {"scripted": "stopped", "memory": "stopped"}
    counts = monitor.history.counts("cycles")
    counted = counts[~np.isnan(counts)]
    assert counted.tolist() == list(range(1, len(counted) + 1))
    assert monitor.sample_count == len(counted)
    assert monitor.memory_history.events == ("pgfault",)
    assert monitor.dropped == 0
    assert monitor.faults == ()


def test_memory_alone(monitored):
    monitor = monitored(memory())
    with monitor:
        assert monitor.wait_for_sample() is monitor.memory
        assert monitor.sample is None
        assert monitor.to_dict()["events"]["pgfault"]["status"] == "counted"
        with pytest.raises(ArgumentError, match="counts no events"):
            monitor.configure(events="cs")


# -- waiting


def test_waiting_after_each_command(monitored):
    monitor = monitored()
    for _ in range(10):
        monitor.start()
        assert monitor.wait_for_sample() is not None
        monitor.pause()
        until(lambda: monitor.state == "paused")
        assert monitor.wait_for_sample() is None
        monitor.resume()
        assert monitor.wait_for_sample() is not None
        monitor.configure(events="x")
        sample = monitor.wait_for_sample()
        assert sample is not None
        assert "x" in sample
        monitor.stop()
        assert monitor.wait_for_sample() is None


def test_waiting_after_a_failure_was_tried_again(monitored):
    monitor = monitored(Scripted(failures=[PerfNotFoundError("perf was not found", "Install it")]))
    monitor.start()
    assert monitor.wait_for_sample(1000) is None
    assert monitor.state == "failed"
    assert monitor.to_dict() == {
        "available": False,
        "error": "perf was not found",
        "remedy": "Install it",
    }
    monitor.start()
    assert monitor.wait_for_sample() is not None
    assert monitor.error is None
    assert monitor.errors == {}


def test_waiting_in_vain(monitored):
    monitor = monitored(Scripted(interval=1000)).start()
    began = time.monotonic()
    assert monitor.wait_for_sample(0.05) is None
    assert time.monotonic() - began < 5
    assert monitor.wait_for_sample(0) is None
    assert monitor.wait_for_sample(-1) is None


def test_a_stop_on_another_thread_ends_the_wait(monitored):
    monitor = monitored(Scripted(interval=1000)).start()
    until(lambda: monitor.state == "starting")
    threading.Timer(0.05, monitor.stop).start()
    monitor.wait_for_sample(1000)
    assert monitor.state == "stopped"


def test_an_observer_cannot_wait(monitored):
    monitor = monitored()
    monitor.observe(lambda change: monitor.wait_for_sample(), "sample")
    with monitor:
        until(lambda: monitor.faults)
    assert "cannot wait" in monitor.faults[0].message


# -- states and errors


def test_the_states_in_order_and_the_error_while_it_starts_again(monitored):
    seen = []
    monitor = monitored(Scripted(failures=[transient()]), memory())
    monitor.observe(lambda change: seen.append((monitor.state, monitor.error)), ["state", "error"])
    with monitor:
        until(lambda: monitor.state == "running")
    states = [state for state, _ in seen]
    assert states == ["starting", "starting", "starting", "running", "stopped"] or states == [
        *("starting", "starting", "running", "running", "stopped")
    ]
    assert str(seen[1][1]) == "it ended. Start it again."
    assert seen[-1][1] is None


def test_memory_fails_and_the_counters_go_on(monitored, tmp_path):
    monitor = monitored(Scripted(), VmStat(path=tmp_path / "none"))
    with monitor:
        until(lambda: monitor.states["/proc/vmstat"] == "failed" and len(monitor.history) > 3)
        assert monitor.state == "running"
        assert monitor.error is None
        assert "cannot be read" in monitor.errors["/proc/vmstat"].reason
        assert monitor.to_dict()["available"] is True


def test_the_counters_fail_and_memory_goes_on(monitored):
    monitor = monitored(Scripted(failures=[PerfNotFoundError("gone")]), memory())
    with monitor:
        until(lambda: len(monitor.memory_history) > 3)
        assert monitor.state == "failed"
        assert monitor.states["memory"] == "running"
        assert monitor.to_dict()["error"] == "gone"


# -- configure


def test_configured_while_it_runs_the_history_goes_on_after_a_gap(monitored):
    monitor = monitored(Scripted(events=("a",)), memory())
    with monitor:
        monitor.wait_for_sample()
        monitor.configure(events=["b"], interval=0.02)
        until(lambda: "b" in monitor.history.events)
        until(lambda: np.isfinite(monitor.history.counts("b")).sum() > 1)
        assert monitor.events == ("b",)
        assert monitor.interval == 0.02
        rows = monitor.history.rows()
        gap = np.flatnonzero(np.isnan(rows.counts).all(axis=1))
        assert len(gap) == 1
        assert np.isfinite(rows.counts[: gap[0], 0]).all()
        assert np.isfinite(rows.counts[gap[0] + 1 :, 1]).all()
        assert monitor._sources["memory"].interval == 0.02


def test_configured_while_idle(monitored):
    monitor = monitored(Scripted(events=("a",)))
    monitor.configure(events="b", interval=0.02)
    assert monitor.events == ("b",)
    assert monitor.interval == 0.02
    assert monitor.state == "idle"
    with monitor:
        assert "b" in monitor.wait_for_sample()


def test_configured_twice_in_a_row_both_hold(monitored):
    monitor = monitored(Scripted(events=("a",)))
    with monitor:
        monitor.wait_for_sample()
        for _ in range(20):
            monitor.configure(interval=0.03)
            monitor.configure(events="b")
            monitor.configure(interval=0.02)
            monitor.configure(events="c")
        assert "c" in monitor.wait_for_sample()
        assert monitor.interval == 0.02


@pytest.mark.parametrize(
    "bad",
    [
        {"interval": 0},
        {"events": ""},
        {"events": ["-a"]},
        {"cores": "x"},
        {"interval": 1.0, "events": ["cycle"]},
        {"interval": 1.0, "per_core": True, "cores": "99999"},
    ],
)
@pytest.mark.parametrize("running", [False, True])
def test_bad_arguments_change_nothing(monitored, bad, running):
    perf = PerfStat("cpu-clock", interval=5, command="/nonexistent/perf")
    vmstat = VmStat(interval=5)
    monitor = monitored(perf, vmstat)
    if running:
        monitor.start()
    with pytest.raises(ArgumentError):
        monitor.configure(**bad)
    assert monitor._sources == {"perf stat": perf, "/proc/vmstat": vmstat}
    assert (monitor.events, monitor.interval, monitor.cores) == (("cpu-clock",), 5.0, None)


def test_cores_none_means_all_and_not_given_means_as_before(monitored):
    monitor = monitored(PerfStat("cs", cores="0", command="ssh nowhere perf"))
    monitor.configure(interval=2)
    assert monitor.cores == "0"
    monitor.configure(cores=None)
    assert monitor.cores is None


# -- observers and links


def test_observers_are_called_on_the_collectors_thread_and_can_be_taken_off(monitored):
    seen, threads = [], set()

    def observer(change):
        seen.append(change.new)
        threads.add(threading.current_thread().name)

    monitor = monitored()
    monitor.observe(observer, "sample")
    monitor.observe(observer, names=["sample"])  # twice is once
    with monitor:
        until(lambda: len(seen) > 3)
        monitor.unobserve(observer, "sample")
        count = len(seen)
        monitor.wait_for_sample()
        monitor.wait_for_sample()
    assert len(seen) <= count + 1
    assert [s.time for s in seen] == sorted({s.time for s in seen})
    assert threads == {"perfwidgets collector"}


def test_unobserve_all(monitored):
    monitor, seen = monitored(), []
    monitor.observe(seen.append)
    monitor.unobserve_all()
    with monitor:
        monitor.wait_for_sample()
    assert seen == []


def test_links_work_both_ways_and_are_cut(monitored):
    class Other(traitlets.HasTraits):
        state = traitlets.Unicode()
        interval = traitlets.Float(None, allow_none=True)
        time = traitlets.Float()

    monitor, other = monitored(), Other()
    links = [
        traitlets.link((monitor, "state"), (other, "state")),
        traitlets.dlink((monitor, "interval"), (other, "interval")),
        traitlets.dlink((monitor, "sample"), (other, "time"), lambda s: s.time if s else 0.0),
    ]
    with monitor:
        until(lambda: other.time > 2)
        assert other.state == "running"
        assert other.interval == monitor.interval
        for link in links:
            link.unlink()
        frozen = other.time
        monitor.wait_for_sample()
    assert other.state == "running"
    assert other.time == frozen
    assert monitor.faults == ()


def test_an_observer_that_raises_disturbs_no_other_and_is_named(monitored):
    seen = []

    def broken(change):
        raise ZeroDivisionError("by nought")

    def leaves(change):
        raise SystemExit

    def cancelled(change):
        raise asyncio.CancelledError  # the result of a future that was cancelled

    monitor = monitored()
    monitor.observe(broken, "sample")
    monitor.observe(leaves, "sample")
    monitor.observe(cancelled, "sample")
    monitor.observe(broken, "faults")
    monitor.observe(lambda change: seen.append(change.new), "sample")
    with monitor:
        until(lambda: len(seen) > 4)
        assert monitor.state == "running"
    assert monitor.sample_count == len(seen)
    faults = {fault.where.rpartition(".")[2]: fault for fault in monitor.faults}
    assert set(faults) == {"broken", "leaves", "cancelled"}
    assert faults["broken"].message == "ZeroDivisionError: by nought"
    assert faults["broken"].times == len(seen)
    assert "by nought" in faults["broken"].traceback


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit, asyncio.CancelledError])
@pytest.mark.parametrize("way", ["on_tick", "post", "watch"])
def test_whatever_is_called_back_ends_no_counting(monitored, error, way):
    called = threading.Event()

    def raises(*_):
        called.set()
        raise error

    monitor = monitored()
    with monitor:
        assert monitor.wait_for_sample() is not None
        if way == "watch":
            monitor.watch("cycles > 0", raises)
        else:
            getattr(monitor, way)(raises)
        assert called.wait(10)
        assert monitor.wait_for_sample() is not None
        until(lambda: monitor.faults)
        assert monitor.state == "running"
    assert monitor.faults[0].message.startswith(error.__name__)


def test_a_slow_observer_loses_nothing_and_is_named(monitored):
    monitor, seen = monitored(), []

    def dawdles(change):
        seen.append(change.new)
        if len(seen) == 1:
            time.sleep(0.15)

    monitor.observe(dawdles, "sample")
    with monitor:
        until(lambda: len(seen) > 3)
    assert [s.time for s in seen] == [float(n) for n in range(1, len(seen) + 1)]
    assert "is slow" in monitor.faults[0].message
    assert "dawdles" in monitor.faults[0].where


def test_faults_are_bounded(monitored):
    monitor = monitored()
    for number in range(100):
        monitor.note_fault("here", str(number))
    assert len(monitor.faults) == 20
    assert monitor.faults[-1].message == "99"


def test_stopped_paused_and_configured_by_an_observer(monitored):
    monitor = monitored(Scripted(events=("a",)))
    steps = [
        lambda: monitor.configure(events="b"),
        monitor.stop,
        monitor.start,
        monitor.pause,
        monitor.resume,
        monitor.stop,
    ]
    monitor.observe(lambda change: steps.pop(0)() if steps else None, "sample")
    monitor.start()
    end = time.monotonic() + 10
    while steps and time.monotonic() < end:
        if monitor.state in ("stopped", "paused"):
            monitor.start()
        time.sleep(0.002)
    assert not steps
    until(lambda: monitor.state == "stopped")
    assert monitor.faults == ()
    assert monitor.events == ("b",)


def test_a_view_that_raises_is_named_and_the_next_is_called(monitored):
    monitor, calls = monitored(), []
    broken = lambda: 1 / 0  # noqa: E731
    monitor.on_tick(broken)
    monitor.on_tick(lambda: calls.append(1))
    with monitor:
        until(lambda: len(calls) > 1)
        monitor.off_tick(broken)
        monitor.off_tick(broken)
        monitor.post(lambda: 1 / 0)
        until(lambda: monitor.faults[-1].times >= 2)
    monitor.post(lambda: calls.append("posted"))
    assert calls[-1] == "posted"


# -- its life


def test_a_running_monitor_that_nobody_holds_ends():
    source = Scripted()
    monitor = Monitor(source).start()
    monitor.observe(lambda change: None, "sample")
    monitor.wait_for_sample()
    thread, gone = monitor._collector._thread, weakref.ref(monitor)
    del monitor
    gc.collect()
    until(lambda: not thread.is_alive())
    assert gone() is None
    assert source.exited == 1


def test_a_cell_that_is_run_again_ends_what_its_last_run_made(monkeypatch):
    cell = ["one", "run 1"]
    monkeypatch.setattr(lifetime, "_running_cell", lambda: tuple(cell))
    monkeypatch.setattr(lifetime, "_made", {})
    first, second = Monitor(Scripted()).start(), Monitor(Scripted()).start()
    first.wait_for_sample()
    assert second.wait_for_sample() is not None
    cell[:] = ["two", "run 2"]
    other = Monitor(Scripted()).start()
    assert first._collector.running
    cell[:] = ["one", "run 3"]
    third = Monitor(Scripted()).start()
    assert (first.state, second.state) == ("stopped", "stopped")
    assert third.wait_for_sample() is not None
    assert other.wait_for_sample() is not None
    other.stop()
    third.stop()
