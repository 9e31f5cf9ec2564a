"""Samples whose readings are made later say what those of readings say; sources that hand them on."""

from __future__ import annotations

import asyncio
import copy
import math
import os
import pickle
import time
from dataclasses import replace

import pytest

from perfwidgets.later_samples import LaterSample
from perfwidgets.models.history import History
from perfwidgets.perf_csv import IntervalAssembler
from perfwidgets.samples import Sample, Status
from perfwidgets.sources.pipe import open_pipe
from perfwidgets.sources.vmstat import VmStat

VALUES = ["7", "200.71", "<not supported>", "<not counted>", "999999999999999"]
EVENTS = [f"event-{number}" for number in range(len(VALUES))]


def interval(number, values=VALUES):
    time = f"{number * 0.1:16.9f}"
    rows = (
        f"{time}@@{value}@@{'msec' if event == EVENTS[1] else ''}@@{event}@@100@@50.00@@1.0@@K/sec\n"
        for event, value in zip(EVENTS, values, strict=True)
    )
    return "".join(rows).encode()


def second(values=VALUES, number=2):
    """The second interval, which is read as the first was."""
    assembler = IntervalAssembler(EVENTS, interval=0.1)
    assembler.feed(interval(1))
    assembler.flush()
    (sample,) = assembler.feed(interval(number, values))
    return sample


@pytest.mark.parametrize("values", [VALUES, ["<not counted>"] * 5, ["0"] * 5])
def test_what_it_says_without_readings_is_what_these_say(values):
    sample = second(values)
    assert isinstance(sample, LaterSample)
    counts, shares = sample.numbers
    assert "readings" not in vars(sample)
    plain = copy.copy(sample)
    assert type(plain) is Sample
    assert plain.keys == sample.keys
    assert plain.numbers == (pytest.approx(counts, nan_ok=True), shares)
    assert (plain.has_rates, plain.labels) == (sample.has_rates, sample.labels)
    assert plain.readings == sample.readings
    assert (plain.time, plain.duration, plain.interval) == (0.2, pytest.approx(0.1), 0.1)


def test_its_readings_are_exact():
    sample = second()
    counts = [reading.count for reading in sample]
    assert counts == [7, 200.71, None, None, 999999999999999]
    assert [type(count) for count in counts] == [int, float, type(None), type(None), int]
    assert [r.status for r in sample][2:4] == [Status.NOT_SUPPORTED, Status.NOT_COUNTED]
    assert sample["event-1"].unit == "msec"
    assert sample["event-0"].running == 0.5
    assert sample["event-0"].rate == pytest.approx(70)


def test_it_is_copied_changed_and_shown_like_any_other():
    sample = second()
    assert pickle.loads(pickle.dumps(sample)).readings == sample.readings
    assert repr(sample).startswith("Sample(time=0.2")
    stamped = sample.stamped(5.0)
    assert (stamped.timestamp, sample.timestamp) == (5.0, None)
    fewer = replace(sample, readings=sample.readings[:1])
    assert fewer.counted == ("event-0",)
    assert (len(fewer.keys), fewer.numbers[0], fewer.has_rates) == (1, [7], True)


def test_an_interval_too_short_for_rates_has_none_in_the_history_either():
    history = History(10, 0.1)
    history.append(replace(second(), timestamp=1.0))
    history.append(second(number=1.01).stamped(2.0))
    assert history.rows().durations.tolist() == [
        pytest.approx(0.1),
        pytest.approx(math.nan, nan_ok=True),
    ]
    assert history.counts("event-0").tolist() == [7, 7]


def test_what_a_taker_raises_reaches_who_receives():
    async def run() -> bytes | None:
        read_end, write_end = os.pipe()
        pipe = open_pipe(read_end)
        came = asyncio.Event()

        def take(data: bytes) -> bytes:
            came.set()
            return b"" if data == b"all of it" else data

        pipe.hand_to(take)
        os.write(write_end, b"all of it")
        await came.wait()
        os.write(write_end, b"not this")
        assert await pipe.receive(30) == b"not this"
        pipe.hand_to(lambda data: 1 / 0)
        os.write(write_end, b"x")
        with pytest.raises(ZeroDivisionError):
            await pipe.receive(30)
        os.close(write_end)
        try:
            return await pipe.receive(30)
        finally:
            pipe.close()

    assert asyncio.run(run()) == b""


def test_a_beat_takes_a_sample_of_memory_activity_once_it_is_about_time(tmp_path):
    path = tmp_path / "vmstat"
    path.write_text("pgpgin 5\npgfault 7\n")

    async def run() -> None:
        taken = []
        source = VmStat(interval=3600, path=path)
        source.beat()
        async with source:
            source.beat()
            source.hand_to(taken.append)
            source.beat()
            assert taken == []
            path.write_text("pgpgin 25\npgfault 8\n")
            source._last_time -= 3500
            source.beat()
            source.beat()
            assert [sample["pgpgin"].count for sample in taken] == [20]
            assert taken[0]["pgmajfault"].status is Status.MISSING
            source.finish()
            source.beat()
            last = [sample async for sample in source]
            assert [sample["pgpgin"].count for sample in last] == [0]
            assert len(taken) == 1

    asyncio.run(run())


def test_where_no_beat_comes_any_more_no_interval_is_left_out(monkeypatch):
    class Beaten:
        """An alarm during which one beat comes; what it puts off passes at once."""

        rung = False
        now = 100.0
        waits = 0

        async def wait(self, seconds):
            self.waits += 1
            self.now = self.until = self.now + seconds
            if self.waits == 1:
                source.beat()
            self.now = self.until

        def put_off(self, seconds):
            self.until = self.now + seconds

    async def run():
        async with source:
            source.hand_to(taken.append)
            taken.append(await anext(source))

    alarm, taken, source = Beaten(), [], VmStat(interval=8.0)
    monkeypatch.setattr("perfwidgets.sources.vmstat.new_alarm", lambda: alarm)
    monkeypatch.setattr(time, "monotonic", lambda: alarm.now)
    asyncio.run(run())
    # not at the next point of its own grid after the time that the beat gave it
    assert [sample.duration for sample in taken] == [8.0, 12.0]
    assert alarm.waits == 1


def test_a_file_that_is_gone_at_a_beat_is_the_iteration_s_to_tell(tmp_path):
    path = tmp_path / "vmstat"
    path.write_text("pgpgin 5\n")

    async def run() -> None:
        source = VmStat(interval=3600, path=path)
        source.hand_to(lambda _: None)
        async with source:
            source._last_time -= 3500
            waiting = asyncio.ensure_future(anext(source))
            await asyncio.sleep(0)
            path.unlink()
            source.beat()
            await waiting

    with pytest.raises(Exception, match="cannot be read"):
        asyncio.run(run())
