"""Made-up counters: the same everywhere, plausible, cheap, and never to be taken for real."""

from __future__ import annotations

import hashlib
import json
import math
import threading

import anyio
import numpy as np
import pytest

from perfwidgets import DEFAULT_EVENTS, Monitor, Status, read_perf_csv
from perfwidgets.errors import ArgumentError, CoreListError, EventNameError, SourceError
from perfwidgets.events import EVENTS
from perfwidgets.sources.made_up import _SHARES
from perfwidgets.sources.synthetic import Synthetic, perf_text


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


async def take(source):
    async with source:
        return [sample async for sample in source]


def made(seed=0, **options):
    """All samples of a source, on asyncio."""
    return anyio.run(take, Synthetic(seed, speed=math.inf, **options))


def values(samples):
    return [(s.time, s.timestamp, s.duration, s.readings, s.cores, s.interval) for s in samples]


def counts(samples, event):
    return [sample[event].count for sample in samples]


@pytest.mark.anyio
async def test_one_seed_gives_the_same_each_time():
    options = {"per_core": True, "counters": 4, "not_counted": 0.1, "samples": 30}
    source = Synthetic(7, speed=math.inf, **options)
    first = values(await take(source))
    assert len(first) == 30
    assert values(await take(source)) == first, "entered again it is the same"
    assert values(await take(Synthetic(7, speed=math.inf, **options))) == first
    assert values(await take(Synthetic(8, speed=math.inf, **options))) != first


def test_the_same_on_every_machine_and_python():
    # only ever to be changed knowingly: recordings and pictures may have been made from these
    samples = made(42, samples=200, cores=3, per_core=True, counters=5, not_counted=0.05)
    text = json.dumps(
        [
            (s.time, s.duration, r.event, label, part.count, part.running, part.status.value)
            for s in samples
            for r in s
            for label, part in {"whole": r, **r.parts}.items()
        ]
    )
    assert (
        hashlib.sha256(text.encode()).hexdigest()
        == "e81c822802d90099d8bb7c0839721f06c810c5ffa01c3e4a6eb7cb27be288844"
    )


def test_counts_are_plausible():
    samples = made(samples=400)
    for event, base in ((e.name, e.base) for e in EVENTS.values() if e.base):
        if event in DEFAULT_EVENTS and base in DEFAULT_EVENTS:
            for sample in samples:
                assert 0 <= sample[event].count <= sample[base].count
    ipc = np.divide(counts(samples, "instructions"), counts(samples, "cycles"))
    assert 0.4 < ipc.min() < ipc.max() < 2.7
    for sample in samples:
        assert sample["cpu-clock"].count == pytest.approx(8 * 1000 * sample.duration, abs=0.05)
        assert sample["cpu-clock"].unit == "msec"
        assert sample["cycles"].count <= 8 * 3.6e9 * sample.duration
        assert sample.duration == pytest.approx(0.25, rel=0.003)
        assert sample.available
    cycles = np.array(counts(samples, "cycles"))
    assert cycles.max() > 4 * np.median(cycles), "there are bursts"
    assert all(sum(counts(samples, event)) > 0 for event in DEFAULT_EVENTS)


def test_counts_are_exact_integers_beyond_32_bits():
    samples = made(samples=300, cores=64)
    assert max(counts(samples, "instructions")) > 2**35
    for sample in samples:
        for reading in sample:
            assert type(reading.count) is (float if reading.unit else int)
            assert reading.rate == reading.count / sample.duration


def test_what_is_known_is_made_up_and_so_is_what_is_not():
    assert {name.name for name in EVENTS.values()} == set(_SHARES), "an event without a rate"
    events = (*_SHARES, "r1a8", "cpu/event=0x3c,umask=0x1/", "sched:sched_switch")
    samples = made(events=events, samples=40)
    for event in set(events) - {"alignment-faults", "emulation-faults"}:
        assert len(set(counts(samples, event))) > 1 or event == "major-faults", event


def test_names_of_one_event_count_the_same():
    (sample,) = made(events=["cycles", "cpu-cycles", "cycles:u", "cycles"], samples=1)
    assert len({reading.count for reading in sample}) == 1
    assert [r.event for r in sample] == ["cycles", "cpu-cycles", "cycles:u", "cycles"]


def test_an_event_does_not_depend_on_what_else_is_asked_for():
    every = made(samples=50)
    for event in DEFAULT_EVENTS:
        assert counts(made(events=[event], samples=50), event) == counts(every, event)
    assert counts(made(events=DEFAULT_EVENTS[::-1], samples=50), "LLC-loads") == counts(
        every, "LLC-loads"
    )


@pytest.mark.parametrize("options", [{}, {"counters": 3, "not_counted": 0.2}])
def test_per_core_adds_up_to_the_whole(options):
    whole = made(5, cores=6, samples=50, **options)
    apart = made(5, cores=6, samples=50, per_core=True, **options)
    for one, other in zip(whole, apart, strict=True):
        for total, split in zip(one, other, strict=True):
            assert list(split.parts) == [f"CPU{n}" for n in range(6)]
            assert not total.parts
            for value in ("count", "rate", "unit", "status", "running"):
                assert getattr(total, value) == getattr(split, value)
            if split.count is not None and split.unit is None:
                assert sum(part.count for part in split.parts.values()) == split.count


def test_events_beyond_the_counters_share_them():
    hardware = 13
    samples = made(samples=200, counters=4)
    for sample in samples:
        for reading in sample:
            if reading.event in DEFAULT_EVENTS[:4]:
                assert reading.running == 1.0
            else:
                assert reading.running == pytest.approx(4 / hardware, rel=0.03)
                assert reading.scaled
        assert sum(r.running for r in sample if r.scaled) == pytest.approx(4, abs=0.15)
    exact = made(samples=200)
    for one, other in zip(samples, exact, strict=True):
        assert one["cycles"].count == pytest.approx(other["cycles"].count, rel=0.021)
    assert all(s["cycles"].running == 1.0 for s in made(samples=5, counters=hardware))
    fits = made(samples=5, counters=11, unsupported=["LLC-loads", "LLC-load-misses"])
    assert all(s["cycles"].running == 1.0 for s in fits), "the unsupported take no counter"


def test_unsupported_and_not_counted():
    samples = made(samples=300, unsupported="cycles,LLC-loads", not_counted=0.1, per_core=True)
    for sample in samples:
        assert sample.unsupported == ("cycles", "LLC-loads")
        for reading in sample:
            if reading.status is not Status.COUNTED:
                assert (reading.count, reading.rate, reading.running) == (None, None, 0.0)
                assert {part.status for part in reading.parts.values()} == {reading.status}
    lost = sum(reading.status is Status.NOT_COUNTED for s in samples for reading in s)
    assert 0.08 < lost / (300 * 15) < 0.12
    assert made(samples=1, not_counted=1.0)[0].counted == ()


@pytest.mark.parametrize("separator", [",", ";", "@@", "\t"])
@pytest.mark.parametrize("per_core", [False, True])
def test_as_text_it_is_read_as_it_was_made(separator, per_core):
    samples = made(
        9,
        cores=5,
        samples=60,
        per_core=per_core,
        counters=4,
        not_counted=0.1,
        unsupported=["LLC-loads"],
    )
    reader = read_perf_csv(perf_text(samples, separator=separator))
    read = list(reader)
    assert not reader.notes
    assert reader.separator == separator
    assert [(s.time, s.duration, s.readings) for s in read] == [
        (s.time, s.duration, s.readings) for s in samples
    ]


def test_a_large_machine():
    samples = made(cores=256, per_core=True, samples=3)
    assert all(len(reading.parts) == 256 for sample in samples for reading in sample)
    assert sum(1 for _ in perf_text(samples)) == 3 * 17 * 256


@pytest.mark.anyio
async def test_it_waits_for_its_interval_divided_by_speed():
    started = anyio.current_time()
    async with Synthetic(interval=10, speed=1000, samples=2) as source:
        samples = [sample async for sample in source]
        assert anyio.current_time() - started >= 0.0199
    assert [round(s.time) for s in samples] == [10, 20]
    assert samples[1].timestamp - samples[0].timestamp == pytest.approx(
        samples[1].duration / 1000, abs=1e-6
    )
    slow = values(samples)
    fast = values(await take(Synthetic(interval=10, samples=2, speed=math.inf)))
    assert [(a[0], *a[2:]) for a in slow] == [(b[0], *b[2:]) for b in fast]
    assert all(b[1] is None for b in fast)


@pytest.mark.anyio
async def test_it_has_no_end_but_finish():
    async with Synthetic(speed=math.inf) as source:
        for _ in range(500):
            await anext(source)
        source.finish()
        assert [sample async for sample in source] == []
    async with Synthetic(interval=3600) as source:
        source.finish()
        assert [sample async for sample in source] == []
    assert await take(Synthetic(samples=0)) == []


@pytest.mark.anyio
async def test_a_read_that_was_cancelled_loses_nothing():
    async with Synthetic(interval=3600, samples=2) as source:
        with anyio.move_on_after(0.001) as scope:
            await anext(source)
        assert scope.cancelled_caught
        source._pace.speed = math.inf
        cut = values([sample async for sample in source])
    assert cut == values(await take(Synthetic(interval=3600, samples=2, speed=math.inf)))


@pytest.mark.anyio
async def test_it_is_read_only_in_its_context():
    with pytest.raises(SourceError, match="async with"):
        await anext(Synthetic())


def test_a_monitor_holds_what_was_made_up():
    samples = made(3, samples=100, counters=4, not_counted=0.1)
    source = Synthetic(3, samples=100, counters=4, not_counted=0.1, speed=math.inf)
    monitor, over, shown = Monitor(source), threading.Event(), []
    monitor.observe(lambda change: shown.append(change.new), "sample")
    monitor.observe(lambda change: change.new == "stopped" and over.set(), "state")
    with monitor:
        assert over.wait(60)
    assert monitor.states == {"synthetic": "stopped"}
    assert values(shown) == values(samples)
    for event in DEFAULT_EVENTS:
        expected = [math.nan if c is None else c for c in counts(samples, event)]
        held = monitor.history.counts(event)
        assert np.array_equal(held[: len(expected)], expected, equal_nan=True)


def test_a_monitor_changes_what_is_made_up():
    with Monitor(Synthetic(interval=0.01)) as monitor:
        assert monitor.wait_for_sample(30) is not None
        monitor.configure(events=["cycles", "r11"], cores="0,2-3", interval=0.02, per_core=True)
        sample = monitor.wait_for_sample(30)
        assert [r.event for r in sample] == ["cycles", "r11"]
        assert list(sample["cycles"].parts) == ["CPU0", "CPU2", "CPU3"]
        assert (sample.cores, sample.interval) == ("0,2-3", 0.02)
        assert (monitor.cores, monitor.interval) == ("0,2-3", 0.02)
        with pytest.raises(CoreListError, match="0 to 7"):
            monitor.configure(cores="6-8")


def test_replace_keeps_what_is_not_given():
    source = Synthetic(
        9, cores=4, counters=2, unsupported=["branches"], not_counted=0.5, samples=3, speed=2
    )
    other = source.replace(cores=[1, 0], interval=2)
    again = other.replace(events="cycles,branches")
    assert (again.cores, again.core_count, again.interval) == ("0-1", 4, 2.0)
    assert again.replace(cores=None).cores is None
    for name in ("seed", "counters", "unsupported", "not_counted", "samples", "speed"):
        assert getattr(again, name) == getattr(source, name)


def test_the_chosen_cores_count_what_they_count_among_all():
    source = Synthetic(1, cores=4, per_core=True, samples=10, speed=math.inf)
    every = anyio.run(take, source)
    some = anyio.run(take, source.replace(cores="1,3"))
    for one, other in zip(every, some, strict=True):
        for a, b in zip(one, other, strict=True):
            assert {k: a.parts[k] for k in ("CPU1", "CPU3")} == dict(b.parts)


def test_nobody_takes_it_for_real():
    source = Synthetic()
    assert source.name == "synthetic"
    assert source.label == "made-up counters"
    assert not hasattr(source, "version")
    assert repr(source).startswith("Synthetic(0, 17 events, 8 cores")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"seed": 1.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": 2**70}, "seed"),
        ({"interval": 0}, "interval"),
        ({"interval": "fast"}, "interval"),
        ({"interval": math.nan}, "interval"),
        ({"cores": 0}, "cores"),
        ({"cores": 10_000}, "cores"),
        ({"cores": "0-3"}, "cores"),
        ({"counters": 0}, "counters"),
        ({"counters": 2.5}, "counters"),
        ({"not_counted": 1.1}, "not_counted"),
        ({"not_counted": None}, "not_counted"),
        ({"samples": -1}, "samples"),
        ({"samples": "all"}, "samples"),
        ({"speed": 0}, "speed"),
    ],
)
def test_unusable_arguments_are_refused(options, match):
    with pytest.raises(ArgumentError, match=rf"(?i){match}.*Give"):
        Synthetic(**options)


def test_unusable_names_are_refused():
    for options in ({"events": []}, {"events": ["cycels"]}, {"unsupported": ["cycels"]}):
        with pytest.raises(EventNameError):
            Synthetic(**options)
