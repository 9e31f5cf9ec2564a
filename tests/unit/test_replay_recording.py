"""A recording of ours played again: counters and memory in step, paused, sped up, put elsewhere."""

from __future__ import annotations

import gc
import math
import os
import queue
import threading
from pathlib import Path

import anyio
import pytest

from perfwidgets import Monitor, Reading, Recorder, RecordingError, Replay, Sample, Status
from perfwidgets.errors import ArgumentError
from perfwidgets.perf_csv import read_perf_csv
from perfwidgets.perf_json import read_perf_json
from perfwidgets.recording.header import Header

DATA = Path(__file__).parent.parent / "data"
FILES = sorted(p for d in ("local", "guest") for p in (DATA / d).iterdir() if p.suffix != ".md")
BEGAN = 1_795_331_000.0


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


def values(samples):
    return [(s.time, s.timestamp, s.duration, s.readings) for s in samples]


def sample(time, count, event="cycles", duration=1.0, timestamp=...):
    reading = Reading(event, count, count / duration, None, Status.COUNTED, 1.0)
    stamp = BEGAN + time if timestamp is ... else timestamp
    return Sample(time, stamp, duration, (reading,), None, duration)


def recorded(path, counters=(), memory=(), header=None):
    with Recorder(path, header) as recorder:
        both = [("sample", s) for s in counters] + [("memory", s) for s in memory]
        for kind, one in sorted(both, key=lambda pair: pair[1].timestamp or 0.0):
            (recorder.write_sample if kind == "sample" else recorder.write_memory)(one)
    assert (recorder.error, recorder.skipped) == (None, 0)
    return path


@pytest.fixture
def both(tmp_path):
    """Ten samples of counters a second apart, and five of memory every other second."""
    counters = [sample(n, n) for n in range(1, 11)]
    memory = [sample(n, n, "pgpgin", 2.0) for n in range(2, 11, 2)]
    return recorded(tmp_path / "both", counters, memory)


async def play(source):
    async with source:
        return [one async for one in source]


def counts(samples):
    return [one.readings[0].count for one in samples]


def has_samples(path):
    is_json = any(line.startswith(b'{"') for line in path.read_bytes().splitlines())
    return any(True for _ in (read_perf_json if is_json else read_perf_csv)(path))


@pytest.mark.parametrize("path", [p for p in FILES if has_samples(p)], ids=lambda p: p.name)
def test_perfs_text_played_recorded_and_played_again_is_the_same(path, tmp_path):
    first = anyio.run(play, Replay(path, speed=math.inf))
    again = Replay(recorded(tmp_path / "r", first), speed=math.inf)
    assert values(anyio.run(play, again)) == values(first)


@pytest.mark.anyio
async def test_counters_and_memory(both):
    source = Replay(both, speed=math.inf)
    assert (source.kind, source.memory.kind) == ("counters", "memory")
    assert source.name != source.memory.name
    assert (source.interval, source.memory.interval) == (1.0, 2.0)
    assert (source.events, source.memory.events) == (("cycles",), ("pgpgin",))
    assert counts(await play(source)) == list(range(1, 11))
    assert counts(await play(source.memory)) == [2, 4, 6, 8, 10]
    assert source.recording.path == both


@pytest.mark.anyio
async def test_memory_alone_and_counters_alone(tmp_path):
    memory = Replay(recorded(tmp_path / "m", memory=[sample(1.0, 5, "pgpgin")]), speed=math.inf)
    assert (memory.kind, memory.memory, memory.events) == ("memory", None, ("pgpgin",))
    assert counts(await play(memory)) == [5]
    counters = Replay(recorded(tmp_path / "c", [sample(1.0, 5)]), speed=math.inf)
    assert (counters.kind, counters.memory) == ("counters", None)
    with pytest.raises(RecordingError, match="no samples"):
        Replay(recorded(tmp_path / "e"))


def test_what_the_header_says_is_what_the_source_says(tmp_path):
    header = Header(("cycles", "missing"), 0.25, "0-3", True, "6.1.187")
    source = Replay(recorded(tmp_path / "r", [sample(1.0, 5)], header=header))
    assert (source.events, source.interval) == (("cycles", "missing"), 0.25)
    assert (source.cores, source.per_core, source.version) == ("0-3", True, "6.1.187")
    assert source.label == "recording r"


def ran(monitor):
    over = threading.Event()

    def look(change):
        if set(change.new.values()) <= {"stopped", "failed"}:
            over.set()

    monitor.observe(look, "states")
    monitor.start()
    assert over.wait(60)
    monitor.stop()
    assert monitor.errors == {}


def test_a_monitor_of_both_holds_both(both):
    source = Replay(both, speed=math.inf)
    monitor = Monitor(source, source.memory)
    ran(monitor)
    assert monitor.history.rows().counts[:, 0].tolist()[:10] == list(range(1, 11))
    assert monitor.memory_history.times.tolist()[:5] == [BEGAN + n for n in (2, 4, 6, 8, 10)]
    assert monitor.memory.time == 10


def test_in_time_both_are_in_step(both):
    source = Replay(both, speed=50)
    monitor, came = Monitor(source, source.memory), []
    monitor.observe(lambda change: came.append(("counters", change.new.time)), "sample")
    monitor.observe(lambda change: came.append(("memory", change.new.time)), "memory")
    ran(monitor)
    assert [time for kind, time in came if kind == "counters"] == list(range(1, 11))
    # one that is due stays behind the other by less than what comes next
    for place, (kind, time) in enumerate(came):
        others = [t for k, t in came[:place] if k != kind]
        assert not others or others[-1] - time < 2.0 or place == len(came) - 1


@pytest.mark.anyio
async def test_left_in_the_middle_it_goes_on_there_and_after_its_end_anew(both):
    source = Replay(both, speed=math.inf)
    async with source:
        assert counts([await anext(source) for _ in range(3)]) == [1, 2, 3]
        source.finish()
        with pytest.raises(StopAsyncIteration):
            await anext(source)
    async with source:
        assert counts([await anext(source)]) == [4]
    assert counts(await play(source)) == [5, 6, 7, 8, 9, 10]
    assert counts(await play(source)) == list(range(1, 11))


@pytest.mark.anyio
async def test_paused_nothing_comes_and_resumed_it_goes_on(both):
    source = Replay(both, speed=math.inf)
    async with source:
        assert counts([await anext(source) for _ in range(2)]) == [1, 2]
        source.pause()
        assert source.paused
        with anyio.move_on_after(0.05) as scope:
            await anext(source)
        assert scope.cancelled_caught
        source.resume()
        assert counts([one async for one in source]) == [3, 4, 5, 6, 7, 8, 9, 10]


@pytest.mark.anyio
async def test_the_position_stands_still_while_nobody_plays(both):
    source = Replay(both, speed=20)
    assert source.position == 0.0
    async with source:
        await anext(source)
        assert source.position >= 1.0
        source.pause()
        held = source.position
        source.speed = 1e9
        assert source.position == held
        source.speed = 20
        source.resume()
    held = source.position
    source.speed = 1e9
    assert source.position == held
    source.seek(4.5)
    assert source.position == 4.5


@pytest.mark.anyio
async def test_seeks_ahead_and_back(both):
    source = Replay(both, speed=math.inf)
    async with source:
        assert counts([await anext(source)]) == [1]
        source.seek(4.5)
        assert counts([await anext(source) for _ in range(2)]) == [5, 6]
        source.seek(9)
        assert counts([await anext(source)]) == [10]
        source.seek(2)
        assert counts([await anext(source)]) == [3]
        source.seek(2)
        assert counts([await anext(source)]) == [3]
        source.seek(0)
        assert counts([one async for one in source]) == list(range(1, 11))
    source.seek(8)
    assert counts(await play(source)) == [9, 10]
    assert counts(await play(source.memory)) == [10], "the other one follows"
    source.seek(100)
    assert counts(await play(source)) == []


@pytest.mark.anyio
async def test_one_that_waits_hears_of_it_from_another_thread(tmp_path):
    path = recorded(
        tmp_path / "r", [sample(1e-3, 1, duration=1e-3), sample(1e6, 2), sample(2e6, 3)]
    )
    for change, expected in (
        (lambda source: source.seek(2e6 - 0.001), 3),
        (lambda source: setattr(source, "speed", math.inf), 2),
        (lambda source: setattr(source, "speed", 1e9), 2),
    ):
        source = Replay(path)
        async with source:
            first = await anext(source)
            assert first.readings[0].count == 1
            waiting = anyio.Event()

            async def change_it(waiting=waiting, change=change, source=source):
                await waiting.wait()
                await anyio.to_thread.run_sync(change, source)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(change_it)
                waiting.set()
                second = await anext(source)
            assert second.readings[0].count == expected


@pytest.mark.parametrize("bad", [-1, math.nan, math.inf, "5", None, True])
def test_a_moment_that_is_none_is_refused(both, bad):
    source = Replay(both)
    with pytest.raises(ArgumentError, match="no moment"):
        source.seek(bad)
    with pytest.raises(ArgumentError, match="speed"):
        source.speed = -1
    assert source.speed == 1.0


def test_a_monitor_pauses_both_and_goes_on_with_both(tmp_path):
    counters = [sample(t, n, duration=0.01) for n, t in enumerate((0.01, 0.02, 1e6, 1e6 + 1))]
    memory = [sample(t, n, "pgpgin", 0.01) for n, t in enumerate((0.01, 1e6))]
    source = Replay(recorded(tmp_path / "r", counters, memory))
    monitor, arrived = Monitor(source, source.memory, window=1e7), queue.Queue()
    monitor.observe(lambda change: arrived.put(change.new.readings[0]), ["sample", "memory"])

    def next_counts(number):
        found = [arrived.get(timeout=30) for _ in range(number)]
        return sorted((reading.event, reading.count) for reading in found)

    with monitor:
        assert next_counts(3) == [("cycles", 0), ("cycles", 1), ("pgpgin", 0)]
        monitor.pause()
        assert monitor.wait_for_sample(30) is None
        source.speed = math.inf
        monitor.resume()
        assert next_counts(3) == [("cycles", 2), ("cycles", 3), ("pgpgin", 1)]
    assert arrived.empty()


@pytest.mark.anyio
async def test_a_pause_of_the_recording_lasts_and_is_gone_past(monkeypatch, tmp_path):
    reached = []

    async def reach(self, moment, seeks):
        reached.append(moment)
        return "reached"

    monkeypatch.setattr("perfwidgets.sources.play_clock.Waiter.reach", reach)
    found = [sample(1.0, 1), sample(2.0, 2), sample(1.0, 3, timestamp=BEGAN + 3600)]
    await play(Replay(recorded(tmp_path / "r", found)))
    assert reached == [1.0, 2.0, 3600.0]
    reached.clear()
    found = [sample(t, 1, timestamp=None) for t in (1.0, 2.0, 1.0)]
    again = await play(Replay(recorded(tmp_path / "timeless", found)))
    assert reached == [1.0, 2.0, 3.0], "without clock times runs follow each other"
    assert [one.time for one in again] == [1.0, 2.0, 3.0]


@pytest.mark.anyio
async def test_it_leaves_no_file_open_and_says_what_was_damaged(tmp_path):
    path = recorded(tmp_path / "r", [sample(n, n) for n in range(1, 6000)])
    data = path.read_bytes()
    path.write_bytes(data[:-50])

    def held():
        links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
        return sum(os.path.exists(link) and os.path.samefile(link, path) for link in links)

    gc.disable()
    try:
        source = Replay(path, speed=math.inf)
        assert held() == 0
        async with source:
            await anext(source)
            assert held() == 1
            source.seek(0)
            await anext(source)
            assert held() == 1
        assert held() == 0
    finally:
        gc.enable()
    await play(source)
    assert any("end is missing" in note.text for note in source.notes)


@pytest.mark.anyio
async def test_it_is_read_as_it_is_played(tmp_path):
    path = tmp_path / "r"
    with Recorder(path) as recorder:
        for number in range(1, 20_000):
            recorder.write_sample(sample(number, number))
            if number % 1000 == 0:
                recorder.flush()
    source, count = Replay(path, speed=math.inf), 0
    async with source:
        async for _ in source:
            count += 1
            assert len(source._ready) <= 2000
    assert count == 19_999


@pytest.mark.anyio
async def test_it_is_read_only_in_its_context(both):
    source = Replay(both, speed=math.inf)
    for _ in range(2):
        with pytest.raises(RecordingError, match="async with"):
            await anext(source)
        assert len(await play(source)) == 10
