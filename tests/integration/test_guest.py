"""A monitor of a real PMU: `PerfStat` through ``guest-perf`` into the arm64 guests."""

from __future__ import annotations

import os
import shlex
import signal
from decimal import Decimal

import pytest
from processes import wait_until

from perfwidgets import Monitor, PerfStat, Status

pytestmark = pytest.mark.guest

PERFS = ("perf", "perf-6.12")
#: more than the six counters of its PMU and the one for cycles alone
TOO_MANY = ("r11", "r08") * 8
START = 30.0


def source(guest, perf="perf", events=("cycles", "instructions"), **options):
    return PerfStat(events, command=guest.command(perf), **{"interval": 0.2, **options})


def first_whole_sample(monitor):
    """The second sample: the first interval holds perf's own start."""
    for _ in range(2):
        assert monitor.wait_for_sample(START) is not None, (monitor.state, monitor.error)
    return monitor.sample


def rate_over(monitor, samples=6):
    """Cycles per second of the next samples together: each alone is as exact as a guest is awake."""
    found = [monitor.wait_for_sample(START) for _ in range(samples)]
    return sum(s["cycles"].count for s in found) / sum(s.duration for s in found)


def perfs_in(guest):
    return [line for line in guest.run("ps").splitlines() if "perf" in line.split()[2:3]]


@pytest.mark.parametrize("perf", PERFS)
def test_cycles_and_instructions_are_counted(guest, perf):
    with Monitor(source(guest.ic, perf, ["cycles", "instructions", "branches"])) as monitor:
        sample = first_whole_sample(monitor)
        assert monitor.perf_version.startswith("6.12" if perf == "perf-6.12" else "6.1.")
    assert sample.counted == ("cycles", "instructions")
    assert sample.unsupported == ("branches",)
    assert sample["cycles"].count > 1_000_000
    assert sample["instructions"].count > 1_000
    assert sample["cycles"].running == 1.0
    # the guest's clock is 1 GHz, and counts idle time as well: two CPUs give 2e9 a second
    assert sample["cycles"].rate == pytest.approx(2e9, rel=0.2)


@pytest.mark.parametrize("perf", PERFS)
def test_more_events_than_counters_share_them(guest, perf):
    with Monitor(source(guest.ic, perf, TOO_MANY)) as monitor:
        sample = first_whole_sample(monitor)
    assert len(sample) == len(TOO_MANY)
    assert {reading.status for reading in sample} == {Status.COUNTED}
    assert all(0 < reading.running < 0.9 and reading.scaled for reading in sample)


@pytest.mark.parametrize("perf", PERFS)
def test_each_core_is_counted_apart(guest, perf):
    with Monitor(source(guest.four, perf, per_core=True)) as monitor:
        cycles = first_whole_sample(monitor)["cycles"]
        unsupported = monitor.sample["instructions"]
    assert list(cycles.parts) == ["CPU0", "CPU1", "CPU2", "CPU3"]
    assert cycles.count == sum(part.count for part in cycles.parts.values())
    assert all(part.count > 1_000_000 for part in cycles.parts.values())
    assert unsupported.status is Status.NOT_SUPPORTED


@pytest.mark.parametrize("perf", PERFS)
def test_a_list_of_cores(guest, perf):
    with Monitor(source(guest.four, perf, ["cycles"], cores="0,2", per_core=True)) as monitor:
        apart = first_whole_sample(monitor)
        rate_apart = rate_over(monitor)
        monitor.configure(per_core=False)
        whole = first_whole_sample(monitor)
        rate = rate_over(monitor)
    assert list(apart["cycles"].parts) == ["CPU0", "CPU2"]
    assert not whole["cycles"].parts
    assert apart.cores == whole.cores == "0,2"
    assert rate_apart == pytest.approx(2e9, rel=0.5)
    assert rate == pytest.approx(2e9, rel=0.5)


def test_a_core_that_the_guest_lacks_is_a_reason(guest):
    with Monitor(source(guest.ic, "perf-6.12", ["cycles"], cores="7")) as monitor:
        assert wait_until(lambda: monitor.error or monitor.sample, START)
        assert monitor.error is not None or not monitor.sample.counted


def test_configure_restarts_and_stop_leaves_nothing(guest):
    with Monitor(source(guest.ic, events=["cycles"])) as monitor:
        assert list(first_whole_sample(monitor).counted) == ["cycles"]
        monitor.configure(events=["instructions", "page-faults"], interval=0.3)
        assert list(first_whole_sample(monitor).counted) == ["instructions", "page-faults"]
        assert monitor.sample.interval == 0.3
        assert monitor.history.events == ("cycles", "instructions", "page-faults")
        assert len(perfs_in(guest.ic)) == 1
        monitor.pause()
        assert wait_until(lambda: not perfs_in(guest.ic))
        monitor.resume()
        first_whole_sample(monitor)
        assert len(perfs_in(guest.ic)) == 1
    assert monitor.state == "stopped"
    assert wait_until(lambda: not perfs_in(guest.ic))


def test_a_child_that_is_killed_is_replaced_and_its_perf_ends(guest):
    child = source(guest.ic, events=["cycles"])
    with Monitor(child) as monitor:
        first_whole_sample(monitor)
        os.kill(child.process_id, signal.SIGKILL)
        assert wait_until(lambda: monitor.error is not None)
        assert "SIGKILL" in monitor.error.reason
        assert monitor.wait_for_sample(START) is not None
        assert wait_until(lambda: len(perfs_in(guest.ic)) == 1)
    assert wait_until(lambda: not perfs_in(guest.ic))


@pytest.mark.parametrize("perf", PERFS)
def test_the_models_hold_what_perf_printed_digit_for_digit(guest, perf, tmp_path):
    printed = tmp_path / "printed"
    script = f'{shlex.join(guest.ic.command(perf))} "$@" | tee {shlex.quote(str(printed))}'
    events = ["cycles", "instructions", "cpu-clock", "branches", "context-switches", *TOO_MANY[2:]]
    child = PerfStat(events, interval=0.1, command=["sh", "-c", script, "perf"])
    samples = []
    with Monitor(child) as monitor:
        monitor.observe(lambda change: samples.append(change.new), "sample")
        for _ in range(8):
            assert monitor.wait_for_sample(START) is not None
        guest.ic.run("load", "2", "1")
    rows = [line.split("@@") for line in printed.read_text().splitlines()]
    held = [(sample.time, reading) for sample in samples for reading in sample]
    assert len(rows) >= 8 * len(events)
    assert [row[3] for row in rows] == [reading.event for _, reading in held]
    for (time, value, unit, _, _, share, *_), (sample_time, reading) in zip(
        rows, held, strict=True
    ):
        assert Decimal(time) == Decimal(repr(sample_time))
        assert (reading.unit or "") == unit
        if reading.count is None:
            assert value == f"<{reading.status.value}>"
        else:
            assert Decimal(value) == Decimal(repr(reading.count))
            assert Decimal(share) == round(Decimal(repr(reading.running)) * 100, 2)
    history = monitor.history.counts("cycles")
    assert [count for count in history if count == count] == [s["cycles"].count for s in samples]
