"""perf's moments by the wall clock: late rows, clocks that are set, machines that sleep."""

import itertools
import time

import pytest

from perfwidgets.models.cells import Cells
from perfwidgets.samples import Sample
from perfwidgets.sources.perf_clock import PerfClock
from perfwidgets.sources.perf_stat import PerfStat


@pytest.fixture
def wall(monkeypatch):
    """Sets the wall clock, as a person or a suspend does; the monotonic one goes on."""
    real, moved = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + moved[0])

    def move(seconds):
        moved[0] += seconds

    return move


def test_the_earliest_arrival_is_the_nearest():
    clock, now = PerfClock(), time.monotonic()
    began = time.time() - now
    for moment, late in ((1.0, 0.5), (2.0, 0.1), (3.0, 0.7)):
        clock.heard(moment, now + moment + late)
    assert clock.unix(3.0) == pytest.approx(began + now + 3.1, abs=0.01)
    assert clock.reached == 3.0


@pytest.mark.parametrize("seconds", [60.0, 0.3, -0.8, -3600.0])
def test_a_clock_that_was_set_is_followed_at_once(wall, seconds):
    clock, now = PerfClock(), time.monotonic()
    clock.heard(1.0, now)
    before = clock.unix(1.0)
    wall(seconds)
    clock.heard(2.0, now + 1.0)
    assert clock.unix(2.0) - before == pytest.approx(1.0 + seconds, abs=0.01)


def test_another_machine_that_slept_is_believed_after_a_while():
    clock, now = PerfClock(), time.monotonic()
    clock.heard(1.0, now)
    before = clock.unix(1.0)
    for moment in range(2, 7):
        clock.heard(float(moment), now + moment + 59)
        assert clock.unix(moment) == pytest.approx(before + moment - 1, abs=0.01), "held up"
    for moment in range(7, 9):
        clock.heard(float(moment), now + moment + 59)
    assert clock.unix(8.0) == pytest.approx(before + 67, abs=0.01)


def test_what_comes_together_is_dated_by_the_last_of_it():
    source, now = PerfStat("page-faults", interval=0.25), time.monotonic()
    late = [Sample(time=n / 4, timestamp=None, duration=0.25, readings=()) for n in range(1, 9)]
    dated = source._stamped(late, now)
    steps = [b.timestamp - a.timestamp for a, b in itertools.pairwise(dated)]
    assert steps == pytest.approx([0.25] * 7)
    assert dated[-1].timestamp == pytest.approx(time.time(), abs=1.0)


def test_a_cell_that_runs_while_the_clock_is_set_back_loses_no_interval():
    cells = Cells()
    cells.begin(1, "work()", began=100.0)
    for end in (101.0, 101.25, 101.5, 100.75, 101.0, 101.25):
        cells.charge(Sample(time=0.0, timestamp=end, duration=0.25, readings=()))
    assert cells[0].intervals == 6
