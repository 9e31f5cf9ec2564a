"""Sources that stand still, clocks that jump, cores that go: no wrong rate, and a gap where one is."""

from __future__ import annotations

import itertools
import math
import time

import numpy as np
import pytest
from scripted_source import Scripted, reading, sample, transient

from perfwidgets import Backoff, Monitor, Status
from perfwidgets.models.history import History
from perfwidgets.models.monitor import Monitor as Model
from perfwidgets.perf_csv import IntervalAssembler, read_perf_csv
from perfwidgets.samples import NO_COUNT_SHARES
from perfwidgets.sources.vmstat import difference

QUICK = {"first": 0.01, "factor": 1.0, "longest": 0.01}


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


class Silent(Scripted):
    """Delivers `spoken` samples, then nothing, without ending."""

    def __init__(self, spoken=0, **more):
        super().__init__(**more)
        self.spoken = spoken

    async def __anext__(self):
        if self.delivered >= self.spoken:
            await self._finish.wait()
            raise StopAsyncIteration
        return await super().__anext__()


# -- silence


def test_what_never_delivers_is_tried_again_and_given_up():
    source, memory = Silent(), Scripted(name="memory", kind="memory")
    monitor = Monitor(source, memory, backoff=Backoff(**QUICK, tries=2, silence=0.02))
    with monitor:
        until(lambda: monitor.state == "failed")
        assert monitor.error.reason == "scripted has delivered nothing for 0 s"
        assert monitor.error.remedy
        assert (source.entered, source.exited) == (3, 3)
        before = memory.delivered
        until(lambda: memory.delivered > before + 3)
        source.spoken = math.inf
        monitor.start()
        until(lambda: monitor.state == "running")
        assert monitor.error is None


def test_a_sample_starts_the_count_of_tries_anew():
    source = Silent(spoken=0)
    monitor = Monitor(source, backoff=Backoff(**QUICK, tries=1, silence=0.02))
    source.__class__ = type("Again", (Silent,), {"__aenter__": _one_more})
    with monitor:
        until(lambda: source.entered > 6)
        assert monitor.state != "failed"
    assert monitor.sample_count >= 6
    rows = monitor.history.rows()
    assert np.isnan(rows.counts[:, 0]).sum() >= 5, "a gap between two runs"


async def _one_more(self):
    self.spoken += 1
    return await Scripted.__aenter__(self)


def test_an_observer_that_holds_the_thread_up_is_not_taken_for_silence(monkeypatch):
    monkeypatch.setattr("perfwidgets.supervisor._LATE", 0.05)
    monitor = Monitor(Scripted(), backoff=Backoff(**QUICK, silence=0.05))
    seen = []

    def dawdles(change):
        seen.append(change.new)
        if len(seen) in (2, 4):
            time.sleep(0.4)

    monitor.observe(dawdles, "sample")
    with monitor:
        until(lambda: len(seen) > 8)
        assert monitor.state == "running"
    assert not np.isnan(monitor.history.counts("cycles")[:-1]).any(), "it was started anew"


@pytest.mark.parametrize("more", [{"interval": None}, {"live": False}, {"silence": math.inf}])
def test_what_sets_its_own_pace_may_be_silent(more):
    source = Silent(spoken=1, interval=0.01)
    source.interval = more.get("interval", 0.01)
    source.live = more.get("live", True)
    monitor = Monitor(source, backoff=Backoff(**QUICK, silence=more.get("silence", 0.01)))
    beside = Monitor(Silent(), backoff=Backoff(**QUICK, tries=0, silence=0.05))
    with monitor, beside:
        until(lambda: beside.state == "failed")
        assert monitor.state in ("starting", "running")
        assert source.entered == 1


def test_a_slow_one_has_as_much_longer():
    source = Silent(interval=0.01)
    source.speed = 0.001
    monitor = Monitor(source, backoff=Backoff(**QUICK, silence=0.01))
    beside = Monitor(Silent(), backoff=Backoff(**QUICK, tries=0, silence=0.05))
    with monitor, beside:
        until(lambda: beside.state == "failed")
        assert source.entered == 1
        assert monitor.state == "starting"


# -- what happens in between


def test_every_observer_view_and_post_may_raise_and_nothing_is_printed(capfd):
    monitor = Monitor(Scripted(failures=[transient()]), backoff=Backoff(**QUICK))
    for name in ("sample", "state", "states", "error", "errors", "faults"):
        monitor.observe(lambda change: 1 / 0, name)
    monitor.on_tick(lambda: iter([]).__next__())
    with monitor:
        monitor.post(lambda: {}["posted"])
        until(lambda: monitor.sample_count > 5)
        assert monitor.state == "running"
    messages = {fault.message for fault in monitor.faults}
    assert messages >= {"ZeroDivisionError: division by zero", "StopIteration: "}
    assert "KeyError: 'posted'" in messages
    assert all(fault.traceback for fault in monitor.faults)
    assert capfd.readouterr() == ("", "")


def test_a_fault_s_words_are_cut_short_and_counted_all_the_same():
    monitor = Model(Scripted())
    for _ in range(3):
        monitor.note_fault("w", "x" * 1_000_000, "trace " * 1_000_000)
    (fault,) = monitor.faults
    assert fault.times == 3
    assert len(fault.message) == 1000
    assert fault.message.endswith(" …")
    assert len(fault.traceback) == 8000


# -- time


def test_suspended_for_an_hour_the_interval_has_its_own_length_and_no_rate_is_wrong():
    """perf's clock and ours stop or go on meanwhile: the count is divided by what perf measured."""
    text = "".join(
        f"{end:.9f}@@{count}@@@@cycles@@{count}@@100.00@@@@\n"
        for end, count in ((0.1, 100), (0.2, 100), (3600.2, 3_600_000), (3600.3, 100))
    )
    history = History(10_000, 0.1)
    for one in read_perf_csv(text.splitlines(keepends=True)):
        history.append(one)
    assert history.rates("cycles") == pytest.approx([1000] * 4)
    assert history.rows().durations == pytest.approx([0.1, 0.1, 3600, 0.1])


def test_an_interval_fifty_times_too_long_has_its_own_rate():
    history = History(100, 0.1)
    for end, count in ((0.1, 10), (5.1, 500), (5.2, 10)):
        history.append(sample(end, reading(count=count), duration=5.0 if count == 500 else 0.1))
    assert history.rates("cycles") == pytest.approx([100, 100, 100])


@pytest.mark.parametrize("jump", [-3600.0, -1.5, 3600.0])
def test_a_clock_that_jumps_gives_no_wrong_rate_and_no_row_out_of_order(jump):
    history = History(300, 0.1)
    now = 1e9
    for number in range(1, 41):
        now += 0.1 + (jump if number == 20 else 0)
        history.append(sample(number / 10, reading(count=10), duration=0.1, timestamp=now))
    rates, times = history.rates("cycles"), history.times
    assert (np.diff(times) > 0).all()
    assert rates == pytest.approx([100] * len(rates))
    assert len(rates) == 21, "what was before has no place on the time axis any more"


@pytest.mark.parametrize("duration", [0.0, -1.0, 1e-9])
def test_no_time_has_passed_between_two_readings_of_vmstat(duration):
    one = difference(
        {"pgfault": 5},
        {"pgfault": 900},
        duration=duration,
        since_start=1,
        timestamp=1,
        interval=0.1,
    )
    assert one["pgfault"].count == 895
    assert one["pgfault"].rate is None


def test_a_counter_of_vmstat_that_went_back_has_no_count():
    one = difference(
        {"pgfault": 900}, {"pgfault": 5}, duration=1, since_start=1, timestamp=1, interval=1
    )
    assert (one["pgfault"].count, one["pgfault"].status) == (None, Status.NOT_COUNTED)


def test_a_core_that_goes_offline_is_missing_and_its_last_count_is_not_kept():
    rows = IntervalAssembler(["cycles"], separator=",", interval=0.1)
    found = []
    for number, cores in enumerate(([0, 1], [0, 1], [0], [0], [0, 1]), 1):
        text = "".join(
            f"{number / 10:.9f},CPU{core},{100 * (core + 1)},,cycles,1,100.00,,\n" for core in cores
        )
        found += rows.feed(text.encode())
        found += filter(None, [rows.flush()])
    assert [one["cycles"].count for one in found] == [300, 300, 100, 100, 300]
    assert [list(one["cycles"].parts) for one in found][2] == ["CPU0"]
    assert [one["cycles"].rate for one in found] == pytest.approx([3000, 3000, 1000, 1000, 3000])


# -- too much


def test_events_without_end_fill_no_memory_and_it_is_said(monkeypatch):
    monkeypatch.setattr("perfwidgets.models.history._MOST_COLUMNS", 100)
    monkeypatch.setattr("perfwidgets.models.history._MOST_CELLS", 20_000)
    monitor = Model(Scripted(), window=10_000)
    source = monitor.source
    for number in range(1, 1001):
        events = [reading(f"event {number}", 7), reading("cycles", number)]
        monitor.sample_arrived("scripted", source, sample(float(number), *events))
    history = monitor.history
    assert len(history.events) == 100
    assert history.nbytes < 20_000 * 12 + 300 * 16 + 10_000
    counts = history.counts("cycles")
    assert counts.tolist() == list(range(1001 - len(counts), 1001)), "what has a column is kept"
    assert len(counts) >= 100
    assert (
        history.rows().shares[:, history.events.index("event 3")] == NO_COUNT_SHARES[Status.MISSING]
    ).all()
    (fault,) = monitor.faults
    assert "no more than 100 events" in fault.message


def test_a_window_and_an_interval_that_would_fill_the_memory(monkeypatch):
    monkeypatch.setattr("perfwidgets.models.history._MOST_CELLS", 1000)
    history = History(1e7, 0.01)
    for number in range(500):
        history.append(sample(float(number), *(reading(str(e), number) for e in range(10))))
    assert len(history) == 100
    assert history.counts("3").tolist() == list(range(400, 500))


def test_back_off_never_waits_longer_than_it_says():
    backoff = Backoff(first=0.5, factor=2.0, longest=30.0)
    waits = [backoff.wait(n) for n in range(1, 2000)]
    assert all(a <= b for a, b in itertools.pairwise(waits))
    assert waits[-1] == 30.0
