"""A recording played again gives what its reader gives, on every backend, and as often as asked."""

from __future__ import annotations

import gc
import gzip
import math
import os
import queue
import re
import threading
from pathlib import Path

import anyio
import numpy as np
import pytest

from perfwidgets import Monitor, read_perf_csv
from perfwidgets.errors import ArgumentError, RecordingError, SourceError
from perfwidgets.models.history import unique_names
from perfwidgets.perf_json import read_perf_json
from perfwidgets.sources.replay import Replay
from perfwidgets.sources.synthetic import Synthetic, perf_text

DATA = Path(__file__).parent.parent / "data"
LOCAL, GUEST = DATA / "local", DATA / "guest"
PLAYED = [
    LOCAL / "debian-vm-amd-perf5.10-global-multichar.csv",
    LOCAL / "debian-vm-amd-perf6.1-percpu-A.csv",
    LOCAL / "debian-vm-amd-perf6.1-dup.csv",
    LOCAL / "debian-vm-amd-perf6.1-perthread-hostile-comm.csv",
    LOCAL / "debian-vm-amd-perf6.12-cgroup-foreach-A.csv",
    LOCAL / "debian-vm-amd-perf6.12-global-realtab.csv",
    LOCAL / "debian-vm-amd-perf6.12-json-A.csv",
    LOCAL / "debian-vm-amd-perf6.12-locale-de-comma.csv",
    LOCAL / "debian-vm-amd-perf6.12-sigkill-midline.csv",
    LOCAL / "debian-vm-amd-perf6.12-unsup-only.csv",
    GUEST / "default-events.4cpu.p6.1.csv",
    GUEST / "json-100ms.4cpu.p6.1.csv",
    GUEST / "mux-10ms-notcounted.2cpu-icount.p6.12.csv",
    GUEST / "semicolon-100ms.4cpu.p6.1.csv",
    GUEST / "summary-csv.4cpu.p6.1.csv",
    GUEST / "workload-csv.2cpu-icount.p6.1.csv",
]
CSV = GUEST / "csv-500ms.4cpu.p6.1.csv"
ROW = "     {:.9f},{},,cycles,100,100.00,,\n"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


def read(path):
    """The reader of a file, at its end, and what it gave."""
    is_json = any(line.startswith(b'{"') for line in path.read_bytes().splitlines())
    reader = (read_perf_json if is_json else read_perf_csv)(path)
    return reader, list(reader)


def values(samples):
    return [(s.time, s.timestamp, s.duration, s.readings) for s in samples]


async def play(source):
    async with source:
        return [sample async for sample in source]


def written(path, *rows):
    path.write_text("".join(ROW.format(time, count) for time, count in rows))
    return path


@pytest.mark.anyio
@pytest.mark.parametrize("path", PLAYED, ids=lambda p: p.name)
async def test_it_plays_what_the_reader_reads(path):
    reader, samples = read(path)
    source = Replay(path, speed=math.inf)
    assert samples
    assert values(await play(source)) == values(samples)
    assert source.notes == reader.notes
    assert values(await play(source)) == values(samples), "played again it is the same"
    assert source.notes == reader.notes


@pytest.mark.parametrize("path", PLAYED, ids=lambda p: p.name)
def test_its_beginning_tells_events_and_interval(path):
    _, samples = read(path)
    source = Replay(path)
    assert sorted(unique_names(source.events)) == sorted(
        {key for s in samples[:9] for key in unique_names([r.event for r in s])}
    )
    durations = sorted(s.duration for s in samples[:9])
    assert durations[0] - 0.001 <= source.interval <= durations[-1] + 0.001
    assert (source.name, source.kind, source.speed) == ("replay", "counters", 1.0)
    assert source.label == f"recording {path.name}"


def ran(monitor):
    """Run a monitor until its source comes to its end; return all samples that it showed."""
    shown, over = [], threading.Event()
    monitor.observe(lambda change: shown.append(change.new), "sample")
    monitor.observe(lambda change: change.new in ("stopped", "failed") and over.set(), "state")
    monitor.start()
    try:
        assert over.wait(60), monitor.state
        assert monitor.state == "stopped", monitor.error
    finally:
        monitor.stop()
    return shown


@pytest.mark.parametrize("path", PLAYED, ids=lambda p: p.name)
def test_a_monitor_and_its_history_hold_exactly_these_counts(path):
    _, samples = read(path)
    monitor = Monitor(Replay(path, speed=math.inf), window=1e6)
    assert values(ran(monitor)) == values(samples)
    assert monitor.sample_count == len(samples)
    rows = monitor.history.rows()
    kept = ~np.isnan(rows.durations) | (rows.shares != -3).any(axis=1)
    assert kept.sum() == len(samples)
    assert rows.times[kept].tolist() == [s.time for s in samples]
    for counts, shares, sample in zip(rows.counts[kept], rows.shares[kept], samples, strict=True):
        keys = unique_names([r.event for r in sample])
        for key, reading in zip(keys, sample, strict=True):
            column = rows.events.index(key)
            if reading.count is None:
                assert np.isnan(counts[column])
                assert shares[column] < 0
            else:
                assert counts[column] == reading.count
                assert shares[column] == np.float32(reading.running)


class Clock:
    """Time that passes only when somebody waits, and then at once."""

    def __init__(self, monkeypatch):
        self.reached = []
        monkeypatch.setattr("perfwidgets.sources.play_clock.Waiter.reach", self.reach)

    async def reach(self, moment, seeks):
        self.reached.append(moment)
        return "reached"


@pytest.mark.anyio
async def test_a_sample_is_due_when_its_interval_ended(monkeypatch):
    clock = Clock(monkeypatch)
    _, samples = read(CSV)
    await play(Replay(CSV))
    assert clock.reached == pytest.approx([s.time for s in samples])


@pytest.mark.anyio
async def test_what_begins_late_is_not_waited_for(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    path = written(tmp_path / "tail.csv", *((5000.0 + i, i) for i in range(4)))
    played = await play(Replay(path))
    assert [s.time for s in played] == [5000.0, 5001.0, 5002.0, 5003.0]
    assert clock.reached == pytest.approx([1.0, 2.0, 3.0, 4.0])


@pytest.mark.anyio
async def test_appended_runs_follow_each_other(monkeypatch, tmp_path):
    clock = Clock(monkeypatch)
    path = written(tmp_path / "two.csv", (0.5, 1), (1.0, 2), (0.5, 3), (1.0, 4), (0.25, 5))
    source = Replay(path)
    played = await play(source)
    assert [s.time for s in played] == [0.5, 1.0, 1.5, 2.0, 2.25]
    assert [s.duration for s in played] == [0.5, 0.5, 0.5, 0.5, 0.25]
    assert [s["cycles"].count for s in played] == [1, 2, 3, 4, 5]
    assert clock.reached == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.25])
    assert [s.time for s in await play(source)] == [0.5, 1.0, 1.5, 2.0, 2.25]


@pytest.mark.anyio
async def test_it_waits_for_its_time_divided_by_speed(tmp_path):
    path = written(tmp_path / "slow.csv", (100.0, 1), (200.0, 2))
    started = anyio.current_time()
    async with Replay(path, speed=10_000) as source:
        assert [s["cycles"].count async for s in source] == [1, 2]
        assert anyio.current_time() - started >= 0.0199


@pytest.mark.anyio
async def test_a_read_that_was_cancelled_loses_nothing(tmp_path):
    path = written(tmp_path / "slow.csv", (1e6, 1), (2e6, 2))
    async with Replay(path) as source:
        with anyio.move_on_after(0.001) as scope:
            await anext(source)
        assert scope.cancelled_caught
        source.speed = math.inf
        assert [s["cycles"].count async for s in source] == [1, 2]


@pytest.mark.anyio
async def test_finish_ends_it_while_it_waits(tmp_path):
    path = written(tmp_path / "years.csv", (1.0, 1), (1e9, 2))
    async with Replay(path, speed=1000) as source, anyio.create_task_group() as tasks:
        assert (await anext(source))["cycles"].count == 1
        waiting = anyio.Event()

        async def read_on():
            waiting.set()
            assert [sample async for sample in source] == []

        tasks.start_soon(read_on)
        await waiting.wait()
        source.finish()
    played = await play(Replay(path, speed=math.inf))
    assert [s["cycles"].count for s in played] == [1, 2]


@pytest.mark.anyio
async def test_finish_before_the_first_sample_and_before_entry(tmp_path):
    source = Replay(CSV, speed=math.inf)
    source.finish()
    assert len(await play(source)) == len(read(CSV)[1])
    async with source:
        source.finish()
        assert [sample async for sample in source] == []
        with pytest.raises(StopAsyncIteration):
            await anext(source)


@pytest.mark.anyio
async def test_others_have_their_turn_at_infinite_speed(tmp_path):
    path = written(tmp_path / "long.csv", *((i / 10, i) for i in range(1, 500)))
    played, turns = 0, 0

    async def other():
        nonlocal turns
        while played < 499:
            turns += 1
            await anyio.lowlevel.checkpoint()

    async with Replay(path, speed=math.inf) as source, anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        async for _ in source:
            played += 1
    assert played == 499
    assert turns >= 250


def test_paused_or_stopped_by_a_monitor_it_goes_on_where_it_was(tmp_path):
    times = (0.01, 0.02, 1e6, 2e6)
    source = Replay(written(tmp_path / "slow.csv", *((t, n) for n, t in enumerate(times))))
    monitor, arrived = Monitor(source, window=1e7), queue.Queue()
    monitor.observe(lambda change: arrived.put(change.new["cycles"].count), "sample")
    with monitor:
        assert [arrived.get(timeout=30) for _ in range(2)] == [0, 1]
        monitor.pause()
        assert monitor.wait_for_sample(30) is None
        assert monitor.state == "paused"
        held = source.position
        source.speed = 1e12
        assert source.position == held, "time stands still"
        monitor.resume()
        assert arrived.get(timeout=30) == 2
        assert arrived.get(timeout=30) == 3
        assert monitor.wait_for_sample(30) is None
        assert monitor.state == "stopped", "by itself"
    assert monitor.error is None
    assert arrived.empty()
    source.speed = math.inf
    over = threading.Event()
    monitor.observe(lambda change: change.new == "stopped" and over.set(), "state")
    monitor.start()
    assert over.wait(30)
    monitor.stop()
    assert [arrived.get(timeout=30) for _ in times] == [0, 1, 2, 3], "it had come to its end"


@pytest.mark.anyio
async def test_it_is_read_as_it_is_played(tmp_path):
    size = 30_000
    path = tmp_path / "long.csv"
    path.write_text("".join(ROW.format(i / 10, i) for i in range(1, size)))
    async with Replay(path, speed=math.inf) as source:
        count = 0
        async for _ in source:
            count += 1
            if count % 1000 == 0:
                assert len(source._ready) <= 2000
    assert count == size - 1


@pytest.mark.anyio
async def test_a_file_that_grows_is_played_to_its_end(tmp_path):
    path = written(tmp_path / "grows.csv", *((i / 10, i) for i in range(1, 3000)))
    async with Replay(path, speed=math.inf) as source:
        played = [await anext(source)]
        with path.open("a") as file:
            file.write(ROW.format(5000.0, 7) + "  5001.0,8,,cyc")
        played += [sample async for sample in source]
    assert [s["cycles"].count for s in played] == [*range(1, 3000), 7]
    assert [note.text for note in source.notes] == ["  5001.0,8,,cyc"]


@pytest.mark.anyio
async def test_a_file_that_shrinks_or_goes_ends(tmp_path):
    path = written(tmp_path / "shrinks.csv", *((i / 10, i) for i in range(1, 30_000)))
    source = Replay(path, speed=math.inf)
    async with source:
        await anext(source)
        os.truncate(path, 0)
        left = [sample async for sample in source]
    assert len(left) < 29_000
    assert await play(source) == []
    path.unlink()
    with pytest.raises(RecordingError, match=r"shrinks.*No such file"):
        await play(source)
    path.mkdir()
    with pytest.raises(RecordingError, match="directory"):
        await play(source)


@pytest.mark.anyio
async def test_what_was_read_before_a_failing_disk_is_played(monkeypatch):
    _, samples = read(CSV)
    source = Replay(CSV, speed=math.inf)

    def lines(path):
        yield from ((line, True) for line in CSV.read_text().splitlines())
        raise RecordingError(f"{path} cannot be read: Input/output error", "Copy it elsewhere")

    monkeypatch.setattr("perfwidgets.sources.perf_text_file.open_lines", lines)
    async with source:
        played = [await anext(source) for _ in samples[:-1]]
        for _ in range(2):
            with pytest.raises(RecordingError, match="Input/output"):
                await anext(source)
    assert values(played) == values(samples[:-1])


def test_its_failure_reaches_the_monitor_with_its_remedy(tmp_path):
    path = written(tmp_path / "goes.csv", (1.0, 1))
    monitor = Monitor(Replay(path))
    path.unlink()
    with monitor:
        assert monitor.wait_for_sample(30) is None
        assert monitor.state == "failed"
        error = monitor.error
    assert isinstance(error, RecordingError)
    assert isinstance(error, SourceError)
    assert "Give the path" in error.remedy


@pytest.mark.anyio
async def test_it_leaves_no_file_open(tmp_path):
    path = written(tmp_path / "long.csv", *((i / 10, i) for i in range(1, 9000)))

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
        assert held() == 0
        async with source:
            pass
    finally:
        gc.enable()
    gc.collect()
    assert held() == 0


@pytest.mark.anyio
async def test_it_is_read_only_in_its_context():
    source = Replay(CSV, speed=math.inf)
    for _ in range(2):
        with pytest.raises(RecordingError, match="async with"):
            await anext(source)
        assert len(await play(source)) > 0


@pytest.mark.anyio
async def test_output_without_a_time_column_is_one_sample(tmp_path):
    path = tmp_path / "command.csv"
    path.write_text("123,,cycles,100,100.00,,\n456,,instructions,100,100.00,,\n")
    source = Replay(path)
    assert (source.events, source.interval) == (("cycles", "instructions"), None)
    (sample,) = await play(source)
    assert (sample.time, sample.duration) == (0.0, None)
    assert [r.count for r in sample] == [123, 456]


@pytest.mark.anyio
async def test_per_core_of_a_large_machine_is_played_exactly(tmp_path):
    made = await play(Synthetic(3, cores=256, per_core=True, counters=4, samples=6, speed=math.inf))
    path = tmp_path / "large.csv"
    path.write_text("".join(perf_text(made, separator=";")))
    source = Replay(path, speed=math.inf)
    assert source.interval == 0.25
    assert source.events == tuple(r.event for r in made[0])
    assert [s.readings for s in await play(source)] == [s.readings for s in made]


# Bad arguments, all at construction


@pytest.mark.parametrize("speed", [0, -1, math.nan, -math.inf, None, "fast", "1", True, b"1", []])
def test_a_speed_that_is_none_is_refused(speed):
    with pytest.raises(ArgumentError, match=r"speed.*Give a positive number"):
        Replay(CSV, speed=speed)


@pytest.mark.parametrize("path", [None, "", 3, b"x.csv", ["x.csv"], "a\0b"])
def test_a_path_that_is_none_is_refused(path):
    with pytest.raises(ArgumentError, match="no path"):
        Replay(path)


def test_what_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(RecordingError, match=r"nosuch.*No such file.*Give the path"):
        Replay(tmp_path / "nosuch.csv")
    with pytest.raises(RecordingError, match="directory"):
        Replay(tmp_path)
    with pytest.raises(RecordingError, match="cannot be read"):
        Replay("/proc/self/mem")
    os.mkfifo(tmp_path / "pipe")
    for special in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(RecordingError, match="no plain file"):
            Replay(special)


HOLDS = {
    LOCAL / "debian-vm-amd-perf5.10-append-o.csv": ("is empty", "at least one interval"),
    LOCAL / "debian-vm-amd-perf6.1-human.csv": ("for people", "-x ';'.*-j"),
    GUEST / "human-mux.4cpu.p6.1.csv": ("for people", "-x ';'"),
    LOCAL / "debian-vm-amd-perf6.1-metric-only.csv": ("metrics only", "--metric-only"),
    GUEST / "metric-only-csv.2cpu-icount.p6.1.csv": ("metrics only", "--metric-only"),
    LOCAL / "debian-vm-amd-perf5.10-json.csv": ("in place of counting.*switch `j'", "check"),
    LOCAL / "debian-vm-amd-perf6.1-group.csv": ("in place of counting", "check"),
    GUEST / "timeout-with-interval-error.4cpu.p6.1.csv": ("timeout option is not", "check"),
    LOCAL / "debian-vm-amd-perf6.1-topdown.csv": ("no counts.*does not support", "-x ';'"),
}


@pytest.mark.parametrize(("path", "holds"), HOLDS.items(), ids=lambda p: getattr(p, "name", ""))
def test_a_file_without_a_sample_is_refused_by_what_it_holds(path, holds):
    with pytest.raises(RecordingError) as caught:
        Replay(path)
    assert path.name in caught.value.reason
    assert caught.match(f"(?s){holds[0]}")
    assert re.search(holds[1], caught.value.remedy)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"# started on Sun Nov 22 07:41:47 2026\n\n", "no counts yet"),
        (b"\n\n", "no counts yet"),
        (gzip.compress(CSV.read_bytes()), "compressed.*Unpack"),
        (b"PERFILE2h\0\0\0\0", "binary format"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0", "no text"),
        (b"     1.001364330 9224197  cycles 8012885033 100.00\n", "blanks"),
        (b" Performance counter stats for 'true':\n\n    1.2 msec task-clock # 0.5\n", "people"),
        (b"hello\nworld\n", "beginning with 'hello'"),
        (b"     1.000000000,123,,cyc", "no counts of perf's"),
        (b"         summary,571,,cycles,100,100.00,,\n", "only a summary.*-I 1000"),
        (b"x" * 3_000_000, "no counts of perf's"),
        (b'{"time": 3}\n', "no counts of perf's"),
    ],
)
def test_other_files_are_refused_by_what_they_hold(tmp_path, content, match):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=f"(?s){match}"):
        Replay(path)
