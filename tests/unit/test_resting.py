"""While nobody looks, samples wait in perf's pipe; whoever looks finds all that were counted."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import pytest
from scripted_source import reading, sample

from perfwidgets import Monitor, collector
from perfwidgets.perf_csv import IntervalAssembler
from perfwidgets.sources.pipe import open_pipe

EVENTS = ("cycles", "instructions")


class Resting:
    """Delivers a sample when told to; while it rests it holds them back, as `PerfStat` does."""

    name, kind, interval, events = "resting", "counters", 3600.0, EVENTS

    def __init__(self):
        self.rests = []
        self.held = []
        self._number = 0
        self._entered = threading.Event()

    async def __aenter__(self):
        self._finish, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self.rests.append(0.0)
        self._entered.set()
        return self

    async def __aexit__(self, *error): ...

    def __aiter__(self):
        return self

    async def __anext__(self):
        await self._finish.wait()
        raise StopAsyncIteration

    def finish(self):
        self.rest(0.0)
        self._finish.set()

    def hand_to(self, taker):
        self._taker = taker

    def rest(self, seconds):
        self.rests.append(seconds)
        while self.held and not seconds:
            self._taker(self.held.pop(0))
        return seconds > 0

    def bring(self, times=1):
        """Count for so many intervals; from any thread, done when this returns."""

        def work():
            for _ in range(times):
                self._number += 1
                each = [reading(event, self._number) for event in EVENTS]
                new = sample(float(self._number), *each, timestamp=time.time())
                if self.rests[-1]:
                    self.held.append(new)
                else:
                    self._taker(new)

        self._on_loop(work)

    def look(self):
        """Hand on what has come during a rest, as `PerfStat` does now and then, and rest on."""

        def work():
            while self.held:
                self._taker(self.held.pop(0))

        self._on_loop(work)

    def _on_loop(self, work):
        done = threading.Event()
        assert self._entered.wait(10)
        self._loop.call_soon_threadsafe(lambda: (work(), done.set()))
        assert done.wait(10)


@pytest.fixture
def source(monkeypatch):
    monkeypatch.setattr(collector, "_ALERT", 0.0)
    return Resting()


@pytest.fixture
def monitor(source):
    """It has rested since the first sample, and two more are held back."""
    with Monitor(source) as monitor:
        source.bring(3)
        assert source.rests[-1] > 0
        assert len(source.held) == 2
        yield monitor


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (lambda m: m.sample["cycles"].count, 3),
        (lambda m: m.sample_count, 3),
        (lambda m: m.latest_rated["cycles"].count, 3),
        (lambda m: m.to_dict()["events"]["cycles"]["value"], 3),
        (lambda m: m.history.counts("cycles").tolist(), [1, 2, 3]),
        (lambda m: len(m.history), 3),
        (lambda m: m.history.next_number, 3),
        (lambda m: m.history.row_bytes().rows, 3),
        (lambda m: m.history.last_time is not None, True),
        (lambda m: m.history.to_pandas()["cycles"].tolist(), [1, 2, 3]),
        (lambda m: len(list(m.cells)), 0),
    ],
)
def test_whoever_looks_finds_all_that_was_counted(monitor, source, look, expected):
    assert look(monitor) == expected
    assert source.held == []


def test_a_history_that_was_taken_before_is_as_fresh(monitor, source):
    history = monitor.history
    assert len(history) == 3
    source.bring(4)
    assert len(source.held) > 0
    assert history.counts("cycles").tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "begin",
    [
        lambda m, told: m.observe(lambda change: told.append(change.new), "sample"),
        lambda m, told: m.observe(lambda change: told.append(change.new)),
        lambda m, told: m.on_tick(lambda: told.append(1)),
        lambda m, told: m.watch("cycles > 0", told.append),
    ],
)
def test_whoever_is_to_be_told_is_told_at_once_and_not_of_what_was_before(monitor, source, begin):
    told = []
    begin(monitor, told)
    assert source.held == []
    assert told == []
    source.bring()
    assert source.rests[-1] == 0
    source.bring()
    assert source.held == []
    end = time.monotonic() + 10
    while not told:  # a tick waits for its pace
        assert time.monotonic() < end
        time.sleep(0.001)


def test_who_comes_on_the_collectors_own_thread_is_told_too(monitor, source):
    told, has_come = [], threading.Event()

    def come():
        monitor.observe(lambda change: told.append(change.new), "sample")
        has_come.set()

    monitor.post(come)
    assert has_come.wait(10)
    source.look()
    assert told
    source.bring()
    assert source.rests[-1] == 0
    assert source.held == []


def test_who_comes_while_a_rest_begins_ends_it(source, monkeypatch):
    """It was asked who looks, and told nobody; somebody came then, and saw no rest to end."""
    with Monitor(source) as monitor:
        rest = source.rest

        def late(seconds):
            if seconds and not monitor._tickers:
                monitor._tickers.append(lambda: None)
            return rest(seconds)

        monkeypatch.setattr(source, "rest", late)
        source.bring(3)
        assert source.held == []
        assert source.rests[-1] == 0


def test_a_source_that_cannot_rest_now_is_read_as_ever(source, monkeypatch):
    with Monitor(source) as monitor:
        monkeypatch.setattr(source, "rest", lambda seconds: False)
        source.bring(3)
        assert not monitor._collector._resting
        assert source.held == []
        assert monitor.sample_count == 3


def test_it_rests_again_when_nobody_is_to_be_told_any_more(monitor, source):
    def observer(change): ...

    monitor.observe(observer, "sample")
    source.bring(2)
    assert source.held == []
    monitor.unobserve(observer, "sample")
    source.bring(3)
    assert len(source.held) == 2


def test_who_waits_is_given_what_comes_after_and_not_what_was_held_back(monitor, source):
    found = []
    waiting = threading.Thread(target=lambda: found.append(monitor.wait_for_sample(10)))
    waiting.start()
    while source.held:
        time.sleep(0.001)
    time.sleep(0.05)
    assert found == []
    source.bring()
    waiting.join()
    assert found[0]["cycles"].count == 4


def test_a_recording_has_nothing_of_before_and_all_that_follows(monitor, source, tmp_path):
    recorder = monitor.record(tmp_path / "file.jsonl.gz")
    source.bring(3)
    assert source.held == []
    monitor.stop_recording()
    assert recorder.samples == 3


def test_what_is_held_back_at_the_end_is_delivered(source):
    with Monitor(source) as monitor:
        source.bring(4)
        assert len(source.held) == 3
    assert monitor.history.counts("cycles").tolist()[:4] == [1, 2, 3, 4]
    assert monitor.sample_count == 4


def test_who_looks_often_is_not_kept_waiting_each_time(monkeypatch):
    monkeypatch.setattr(collector, "_ALERT", 3600.0)
    source = Resting()
    with Monitor(source) as monitor:
        source.bring()
        assert len(monitor.history) == 1
        source.bring(5)
        assert source.rests == [0.0, collector._REST, 0.0]  # not again: somebody may look at once
    assert monitor.sample_count == 6


# -- the pipe


class Taken(list):
    """What a pipe has handed on."""

    def __init__(self, pipe):
        super().__init__()
        self._came = asyncio.Event()
        pipe.hand_to(self._take)

    def _take(self, data):
        if b"not" in data:
            return data
        self.append(data)
        self._came.set()
        return b""

    async def grow(self):
        await self._came.wait()
        self._came.clear()


def in_pipe(test):
    async def run():
        read_end, write_end = os.pipe()
        pipe = open_pipe(read_end)
        try:
            await test(pipe, write_end)
        finally:
            pipe.close()
            os.close(write_end)

    asyncio.run(run())


def test_what_comes_during_a_rest_is_taken_together(monkeypatch):
    monkeypatch.setattr("perfwidgets.sources.pipe._FIRST", 3600)

    async def test(pipe, write_end):
        taken = Taken(pipe)
        pipe.rest(3600)
        await asyncio.sleep(0.02)
        os.write(write_end, b"1 ")
        await taken.grow()
        for word in (b"2 ", b"3 "):
            os.write(write_end, word)
            await asyncio.sleep(0.02)
        assert taken == [b"1 "]
        pipe.rest(0)
        assert taken == [b"1 ", b"2 3 "]
        await taken.grow()
        os.write(write_end, b"4 ")
        await taken.grow()
        assert taken[2:] == [b"4 "]

    in_pipe(test)


@pytest.mark.parametrize("late", [0, 0.2])
def test_a_rest_ends_before_the_pipe_is_full(late):
    async def test(pipe, write_end):
        taken = Taken(pipe)
        pipe.rest(3600)
        time.sleep(late)  # noqa: ASYNC251  (the first chunk looks like a slow writer's)
        os.set_blocking(write_end, False)
        sent = 0
        for _ in range(300):  # a writer that were held up would raise here
            sent += os.write(write_end, bytes(1000))
            await asyncio.sleep(0.001)
        pipe.rest(0)
        assert sum(map(len, taken)) == sent == 300_000
        assert len(taken) < 100

    in_pipe(test)


def test_what_is_not_taken_ends_a_rest():
    async def test(pipe, write_end):
        taken = Taken(pipe)
        pipe.rest(0.05)
        await asyncio.sleep(0.02)
        os.write(write_end, b"1 ")
        await taken.grow()
        os.write(write_end, b"not a whole")
        assert await pipe.receive(30) == b"not a whole"
        os.write(write_end, b"not another")
        assert await pipe.receive(30) == b"not another"

    in_pipe(test)


def test_the_end_is_seen_during_a_rest():
    async def run():
        read_end, write_end = os.pipe()
        pipe = open_pipe(read_end)
        taken = Taken(pipe)
        pipe.rest(0.05)
        await asyncio.sleep(0.02)
        os.write(write_end, b"1 ")
        await taken.grow()
        os.close(write_end)
        end = await pipe.receive(30)
        pipe.close()
        return end

    assert asyncio.run(run()) == b""


# -- several intervals at once


def rows(number, *, more=0):
    lines = [f"     {number / 10:.9f}@@{number}@@@@{event}@@1000@@100.00@@@@" for event in EVENTS]
    lines += [f"     {number / 10:.9f}@@7@@@@more@@1000@@100.00@@@@"] * more
    return "".join(line + "\n" for line in lines).encode()


def ready():
    assembler = IntervalAssembler(EVENTS, interval=0.1)
    for number in (1, 2, 3):
        assembler.feed(rows(number))
    assert assembler.whole(rows(4)) is not None
    return assembler


def test_intervals_that_come_together_are_taken_one_after_the_other():
    assembler, data, found = ready(), rows(5) + rows(6) + rows(7), []
    while data:
        new, data = assembler.whole(data)
        found.append(new)
    assert [(round(s.time * 10), s["cycles"].count) for s in found] == [(5, 5), (6, 6), (7, 7)]
    assert all(s.duration == pytest.approx(0.1) for s in found)


@pytest.mark.parametrize("cut", range(1, len(rows(6)) + 1))
def test_what_is_cut_waits_for_its_end(cut):
    assembler, data = ready(), rows(5) + rows(6) + rows(7)
    cut += len(rows(5))
    found = assembler.feed(data[:cut]) + assembler.feed(data[cut:])
    assert [s["cycles"].count for s in found] == [5, 6, 7]
    assert not assembler.notes


def test_an_interval_with_a_row_more_is_not_cut_in_two():
    assembler = ready()
    data = rows(5, more=1) + rows(6, more=1) + rows(7, more=1)
    assert assembler.whole(data) is None
    found = assembler.feed(data)
    assert [len(s) for s in found][-1] == 3
    assert sum(len(s) for s in found) + len(assembler.notes) == 9
