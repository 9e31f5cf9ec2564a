"""A collector's thread that could not run is noticed, and a slow observer is not taken for one."""

from __future__ import annotations

import asyncio
import time

import pytest

from perfwidgets.models.monitor import Monitor
from perfwidgets.sources.synthetic import Synthetic
from perfwidgets.widgets.pulse import Pulse


@pytest.fixture
def monitor():
    return Monitor(Synthetic())


async def beat_while(pulse: Pulse, work) -> None:
    """Beat, let the loop do `work`, and wait until the next beat has come."""
    pulse.keep()
    due = pulse._handle.when()
    work()
    assert asyncio.get_running_loop().time() > due, "the work was too short to hold up a beat"
    beaten = asyncio.Event()
    asyncio.get_running_loop().call_later(0.1, beaten.set)  # after the beat, which is overdue
    await beaten.wait()
    assert pulse._handle.when() > due, "it goes on"
    pulse.end()


def test_a_hold_is_told_of_three_times_and_to_a_fresh_page(monitor):
    pulse = Pulse(monitor)
    assert (pulse.news(), pulse.all()) == ({}, {})
    pulse.beat_came(2.1)
    told = [pulse.news() for _ in range(4)]
    [[number, began, ended]] = told[0]["held"]
    assert number == 0
    assert ended - began == pytest.approx(2.1)
    assert told[0] == told[1] == told[2]
    assert told[3] == {}
    assert pulse.all() == told[0]


def test_a_beat_that_is_a_little_late_is_no_hold(monitor):
    pulse = Pulse(monitor)
    pulse.beat_came(0.3)
    assert pulse.news() == {}


def test_a_loop_that_is_held_up_is_noticed(monitor):
    pulse = Pulse(monitor)
    asyncio.run(beat_while(pulse, lambda: time.sleep(0.9)))
    [[_, began, ended]] = pulse.all()["held"]
    assert ended - began >= 0.5


def test_a_slow_observer_is_a_fault_and_no_hold(monitor):
    pulse = Pulse(monitor)

    def work() -> None:
        time.sleep(0.9)
        monitor.note_fault("observer f", "is slow")

    asyncio.run(beat_while(pulse, work))
    assert pulse.all() == {}


def test_it_keeps_no_monitor_alive_and_beats_only_while_wanted(monitor):
    async def run() -> None:
        pulse = Pulse(monitor)
        pulse.keep(False)
        assert pulse._handle is None
        pulse.keep()
        handle = pulse._handle
        pulse.keep()
        assert pulse._handle is handle, "its time has not come by half"
        pulse._due -= 0.2
        pulse.keep()
        assert handle.cancelled(), "one beat at a time"
        pulse.end()
        pulse._handle.cancel()
        pulse._beat(asyncio.get_running_loop())
        assert (pulse._handle, pulse.all()) == (None, {})

    asyncio.run(run())
    pulse = Pulse(Monitor(Synthetic()))
    pulse.keep()  # without a loop nothing can be late
    assert pulse._handle is None
