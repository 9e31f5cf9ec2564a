"""The collector: one thread, commands in, samples out, whatever the sources and commands do."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
import weakref
from types import SimpleNamespace

import pytest
from scripted_source import Scripted, transient

from perfwidgets.collector import Backoff, Collector
from perfwidgets.errors import PerfNotFoundError

QUICK = Backoff(first=0.01, factor=1.0, longest=0.01, tries=3)


class Heard:
    """A listener that writes down what it is told."""

    def __init__(self):
        self.states, self.errors, self.samples, self.ticks = [], [], [], 0
        self.threads = set()
        self.react = lambda name, state: None

    def source_changed(self, name, state, error):
        self.threads.add(threading.current_thread())
        self.states.append((name, state))
        self.errors.append(error)
        self.react(name, state)

    unwatched = False

    def sample_arrived(self, name, source, sample):
        self.threads.add(threading.current_thread())
        self.samples.append((name, source, sample))

    def tick(self):
        self.threads.add(threading.current_thread())
        self.ticks += 1

    def of(self, name):
        """The states of one source, without repeats."""
        states = [state for source, state in self.states if source == name]
        return [s for i, s in enumerate(states) if i == 0 or states[i - 1] != s]


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def collect(heard):
    made = []

    def collect(*sources, backoff=QUICK, pace=0.001):
        collector = Collector({s.name: s for s in sources}, heard, backoff=backoff, pace=pace)
        made.append(collector)
        return collector

    yield collect
    for collector in made:
        collector.stop()
        assert not collector.running
        assert collector._thread is None or not collector._thread.is_alive()


def test_samples_come_on_a_thread_of_its_own_and_stop_ends_it(collect, heard):
    source = Scripted()
    collector = collect(source)
    assert not collector.running
    collector.start()
    assert collector.running
    until(lambda: len(heard.samples) > 3)
    until(lambda: heard.ticks > 1)
    collector.stop()
    assert heard.of("scripted") == ["starting", "running", "stopped"]
    assert heard.threads == {collector._thread}
    assert (source.entered, source.exited) == (1, 1)


def test_the_last_state_is_ticked(collect, heard):
    seen = []
    heard.tick = lambda: seen.append(heard.states[-1][1])
    collector = collect(Scripted(), pace=1000)
    collector.start()
    until(lambda: heard.samples)
    collector.stop()
    assert seen[-1] == "stopped"


def test_started_and_stopped_again_and_again(collect, heard):
    collector = collect(Scripted(), Scripted(name="memory", kind="memory"))
    for _ in range(30):
        before = len(heard.samples)
        collector.start()
        collector.start()
        until(lambda before=before: len(heard.samples) > before)
        collector.stop()
        collector.stop()
    assert threading.active_count() < 20


def test_stop_and_start_at_once_from_many_threads(collect, heard):
    collector = collect(Scripted())

    def hammer(number):
        for step in range(40):
            (collector.start, collector.pause, collector.stop)[(number + step) % 3]()

    threads = [threading.Thread(target=hammer, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    collector.start()
    before = len(heard.samples)
    until(lambda: len(heard.samples) > before)


def test_a_start_right_after_a_stop_is_not_lost(collect, heard):
    collector = collect(Scripted())
    for _ in range(50):
        collector.start()
        collector._wish("stop")  # as an observer's stop: nobody waits for the thread
        collector.start()
        before = len(heard.samples)
        until(lambda before=before: len(heard.samples) > before)


def test_a_source_that_ends_is_started_again_and_its_sample_starts_the_count_anew(collect, heard):
    source = Scripted(failures=[transient()] * 3)
    collector = collect(source)
    collector.start()
    until(lambda: len(heard.samples) > 1)
    assert heard.of("scripted") == ["starting", "running"]
    assert [str(e) for e in heard.errors if e] == ["it ended. Start it again."] * 3
    source.failures += [transient()] * 3
    until(lambda: len([e for e in heard.errors if e]) == 6)
    before = len(heard.samples)
    until(lambda: len(heard.samples) > before)
    assert "failed" not in heard.of("scripted")


def test_it_is_given_up_after_so_many_tries_and_start_tries_again(collect, heard):
    source = Scripted(failures=[transient()] * 4)
    collector = collect(source)
    collector.start()
    until(lambda: "failed" in heard.of("scripted"))
    assert source.entered == 4
    assert collector.running
    collector.start()
    until(lambda: heard.samples)
    assert heard.of("scripted") == ["starting", "failed", "starting", "running"]


def test_a_permanent_error_is_not_tried_again(collect, heard):
    source = Scripted(failures=[PerfNotFoundError("none")] * 2)
    collector = collect(source)
    collector.start()
    until(lambda: "failed" in heard.of("scripted"))
    time.sleep(0.05)
    assert source.entered == 1


def test_one_source_fails_and_the_other_goes_on(collect, heard):
    bad = Scripted(failures=[PerfNotFoundError("none")])
    collector = collect(bad, Scripted(name="memory", kind="memory"))
    collector.start()
    until(lambda: len(heard.samples) > 5)
    assert heard.of("scripted") == ["starting", "failed"]
    assert heard.of("memory") == ["starting", "running"]
    ticks = heard.ticks
    until(lambda: heard.ticks > ticks)


def test_an_error_that_nobody_foresaw_reaches_a_person(collect, heard):
    collector = collect(Scripted(failures=[ZeroDivisionError("by nought")]))
    collector.start()
    until(lambda: "failed" in heard.of("scripted"))
    error = next(e for e in heard.errors if e)
    assert "ZeroDivisionError: by nought" in error.reason
    assert "scripted_source.py" in error.reason
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_a_listener_that_breaks_the_thread_is_told_and_start_tries_again(heard):
    broken = [True]

    def tick():
        if broken.pop() if broken else False:
            raise KeyError("in a tick")

    heard.tick = tick
    collector = Collector({"scripted": Scripted()}, heard)
    collector.start()
    until(lambda: heard.states[-1:] == [("scripted", "failed")])
    assert not collector.running
    until(lambda: heard.errors[-1] is not None)
    assert "in a tick" in heard.errors[-1].reason
    collector.start()
    before = len(heard.samples)
    until(lambda: len(heard.samples) > before)
    collector.stop()


def test_a_start_while_the_failed_thread_still_tells_of_it(collect, heard):
    failing, starts = threading.Event(), threading.Event()

    def tick():
        if not failing.is_set():
            raise KeyError("in a tick")

    def tidy_up(name, state):
        if state == "failed":
            failing.set()
            starts.wait(10)
            time.sleep(0.05)  # the other has come to where it waits, or all the better if not
            collector.stop()

    heard.tick, heard.react = tick, tidy_up
    collector = collect(Scripted())
    collector.start()
    assert failing.wait(10)
    starts.set()
    restart = threading.Thread(target=collector.start, daemon=True)
    restart.start()
    restart.join(10)
    assert not restart.is_alive()
    until(lambda: heard.of("scripted")[-1] == "running")


def test_a_loop_that_is_cancelled_has_failed(collect, heard):
    def tick():
        for task in asyncio.all_tasks():
            task.cancel()

    heard.tick = tick
    collector = collect(Scripted())
    collector.start()
    until(lambda: heard.of("scripted")[-1:] == ["failed"])
    assert not collector.running
    heard.tick = lambda: None
    collector.start()
    until(lambda: heard.of("scripted")[-1] == "running")


def test_no_event_loop_can_be_had(collect, heard, monkeypatch):
    def no_loop(*_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("anyio.run", no_loop)
    collector = collect(Scripted())
    collector.start()
    assert heard.states == [("scripted", "failed")]
    assert "Too many open files" in heard.errors[0].reason
    assert not collector.running
    monkeypatch.undo()
    collector.start()
    until(lambda: heard.samples)


def test_pause_and_resume(collect, heard):
    source = Scripted()
    collector = collect(source)
    collector.start()
    until(lambda: heard.samples)
    collector.pause()
    until(lambda: heard.of("scripted")[-1] == "paused")
    assert source.exited == 1
    count = len(heard.samples)
    time.sleep(0.05)
    assert len(heard.samples) == count
    collector.start()
    until(lambda: len(heard.samples) > count)
    collector.pause()
    collector.stop()
    assert heard.of("scripted")[-1] == "stopped"


def test_a_paused_or_failed_source_is_replaced(collect, heard):
    collector = collect(Scripted(failures=[PerfNotFoundError("none")]))
    collector.start()
    until(lambda: "failed" in heard.of("scripted"))
    collector.replace("scripted", Scripted())
    until(lambda: heard.samples)
    collector.pause()
    until(lambda: heard.of("scripted")[-1] == "paused")
    other = Scripted()
    collector.replace("scripted", other)
    time.sleep(0.05)
    assert heard.of("scripted")[-1] == "paused"
    assert other.entered == 0
    collector.start()
    until(lambda: other.delivered)


def test_replaced_many_times_in_a_row_only_the_last_stays(collect, heard):
    first = Scripted()
    collector = collect(first)
    collector.start()
    until(lambda: heard.samples)
    others = [Scripted() for _ in range(20)]
    for other in others:
        collector.replace("scripted", other)
    until(lambda: others[-1].delivered > 2)
    assert first.exited == 1
    assert sum(o.entered - o.exited for o in [first, *others]) == 1
    assert heard.samples[-1][1] is others[-1]


def test_a_source_that_heeds_no_finish_is_ended_even_if_told_so_again_and_again(collect, heard):
    deaf = Scripted(deaf=True)
    collector = collect(deaf)
    collector.start()
    until(lambda: heard.samples)
    other = Scripted()
    end = time.monotonic() + 10
    while not deaf.exited:
        collector.replace("scripted", other)
        assert time.monotonic() < end, "each command gave it more time"
        time.sleep(0.05)
    until(lambda: other.delivered)


@pytest.mark.parametrize("command", ["stop", "pause", "replace"])
def test_a_source_that_hangs_while_it_is_entered(collect, heard, command):
    hanging, other = Scripted(enter_hangs=True), Scripted()
    collector = collect(hanging)
    collector.start()
    until(lambda: hanging.entered)
    if command == "replace":
        collector.replace("scripted", other)
        until(lambda: other.delivered)
    else:
        getattr(collector, command)()
        expected = {"stop": "stopped", "pause": "paused"}[command]
        until(lambda: heard.of("scripted")[-1] == expected)


def test_stopped_while_it_waits_to_start_again(collect, heard):
    collector = collect(Scripted(failures=[transient()]), backoff=Backoff(first=1000, longest=1000))
    collector.start()
    until(lambda: any(heard.errors))
    collector.start()  # what waits starts at once
    until(lambda: heard.samples)
    collector.stop()


def test_stop_from_the_thread_itself_does_not_wait_for_itself(collect, heard):
    collector = collect(Scripted())
    heard.react = lambda name, state: collector.stop() if state == "running" else None
    collector.start()
    until(lambda: not collector.running)
    assert heard.of("scripted") == ["starting", "running", "stopped"]


def test_start_from_an_observer_of_its_end(collect, heard):
    collector, starts = collect(Scripted(), Scripted(name="memory", kind="memory")), []

    def again(name, state):
        if (name, state) == ("scripted", "stopped") and not starts:
            starts.append(1)
            collector.start()

    heard.react = again
    collector.start()
    until(lambda: heard.samples)
    collector._wish("stop")
    until(lambda: heard.of("scripted")[-1] == "running" and len(heard.of("scripted")) == 5)
    until(lambda: heard.of("memory")[-1] == "running")
    assert heard.of("scripted") == ["starting", "running", "stopped", "starting", "running"]


def test_commands_wait_for_nobody(collect, heard):
    held, free = threading.Event(), threading.Event()
    collector = collect(Scripted())
    heard.react = lambda name, state: (held.set(), free.wait(10)) if state == "running" else None
    collector.start()
    assert held.wait(10)
    done = []

    def command():
        collector.start()
        collector.pause()
        collector.replace("scripted", Scripted())
        done.append(collector.post(lambda: done.append("posted")))

    caller = threading.Thread(target=command)
    caller.start()
    caller.join(5)
    assert done == [True], "a command waited for the observer"
    free.set()
    until(lambda: "posted" in done)


def test_what_is_posted_where_no_thread_runs_is_refused(collect):
    collector = collect(Scripted())
    assert not collector.post(lambda: pytest.fail("done"))
    collector.start()
    collector.stop()
    assert not collector.post(lambda: pytest.fail("done"))


def test_nobody_holds_it_any_more():
    source, listener = Scripted(), Heard()
    gone = weakref.ref(listener)
    collector = Collector({"scripted": source}, listener)
    collector.start()
    until(lambda: source.delivered > 1)
    thread = collector._thread
    del listener, collector
    gc.collect()
    until(lambda: not thread.is_alive())
    assert gone() is None
    assert source.exited == 1


def test_a_forked_child_has_no_collector_and_disturbs_none(collect, heard):
    collector = collect(Scripted())
    collector.start()
    until(lambda: heard.samples)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            collector.stop()
            collector.pause()
            gc.collect()
            code = int(collector.running)
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    before = len(heard.samples)
    until(lambda: len(heard.samples) > before)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.5), (2, 1.0), (6, 16.0), (7, 30.0), (5000, 30)]
)
def test_back_off(failures, seconds):
    assert Backoff().wait(failures) == seconds


def test_ticks_keep_to_the_pace(collect, heard):
    collector = collect(Scripted(interval=0.001), pace=0.05)
    collector.start()
    began = time.monotonic()
    until(lambda: len(heard.samples) > 50)
    collector.stop()
    assert heard.ticks <= (time.monotonic() - began) / 0.05 + 3


@pytest.mark.parametrize(
    ("interval", "at", "ticks"),
    [
        (0.1, [100.0, 100.1, 100.2], 3),  # as fast as ticks: each has its own
        (0.1, [100.0, 100.004], 1),  # but not what comes at once
        (0.05, [100.0, 100.05], 0),  # faster: ticks keep their own pace
    ],
)
def test_after_a_tick_between_ticks_fall_in_step_with_samples_again(
    heard, monkeypatch, interval, at, ticks
):
    source, later = Scripted(interval=interval), []
    collector = Collector({"scripted": source}, heard, pace=0.1)
    collector._loop = SimpleNamespace(call_at=lambda when, tick: later.append(when))
    collector._next_tick, collector._resting = None, False
    collector._tick_due = 100.07  # a state was told of 30 ms ago
    for now in at:
        monkeypatch.setattr(time, "monotonic", lambda now=now: now)
        collector.deliver("scripted", source, None)
    assert heard.ticks == ticks
    assert len(later) == len(at) - ticks


class Hanging(Scripted):
    """Delivers one sample, and then nothing, without ending."""

    async def __anext__(self):
        if self.delivered:
            await self._finish.wait()
            raise StopAsyncIteration
        return await super().__anext__()


def test_a_source_that_hangs_takes_no_ticks_from_the_others(collect, heard):
    memory = Scripted(name="memory", kind="memory", interval=0.01)
    collector = collect(Hanging(interval=0.01), memory)
    collector.start()
    until(lambda: len(heard.samples) > 10)
    ticks = heard.ticks
    until(lambda: memory.delivered > 30)
    until(lambda: heard.ticks > ticks + 5)
