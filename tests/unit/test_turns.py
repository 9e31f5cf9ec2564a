"""Counting in turn, and how many counters events share."""

from __future__ import annotations

import pytest

from perfwidgets.errors import ArgumentError
from perfwidgets.models.monitor import Monitor
from perfwidgets.models.turns import Turns, counters_shared, groups_of, hardware_events
from perfwidgets.samples import Reading, Sample, Status


def sample(counts: dict[str, tuple[float | None, float]], duration: float = 0.5) -> Sample:
    readings = tuple(
        Reading(
            event,
            count,
            None if count is None else count / duration,
            None,
            Status.COUNTED if count is not None else Status.NOT_COUNTED,
            share,
        )
        for event, (count, share) in counts.items()
    )
    return Sample(duration, None, duration, readings)


def test_shares_add_up_to_the_counters():
    names = [f"r{number:02x}" for number in range(9)]
    shared = sample(dict.fromkeys(names, (10, 4 / 9)) | {"page-faults": (1, 1.0)})
    assert counters_shared(shared) == 4
    assert hardware_events(shared) == tuple(names)


@pytest.mark.parametrize(
    "counts",
    [
        {"page-faults": (1, 1.0)},
        {"cycles": (1, 1.0), "page-faults": (1, 1.0)},
        {"cycles": (None, 0.0)},
    ],
)
def test_nothing_is_said_of_counters_where_none_was_shared(counts):
    assert counters_shared(sample(counts)) is None


def test_groups_hold_each_event_once():
    groups = groups_of(["a", "b", "c", "d", "e"], 2)
    assert groups == [("a", "b"), ("c", "d"), ("e",)]


def test_each_turn_is_counted_and_its_rate_is_over_the_measured_time():
    asked: list[tuple[str, ...]] = []
    turns = Turns(groups_of(["a", "b", "c"], 2), 2, asked.append)
    turns.begin()
    turns.take(sample({"a": (10, 1.0), "b": (1, 1.0)}, 0.5))
    turns.take(sample({"a": (20, 1.0), "b": (1, 1.0)}, 1.0))
    turns.take(sample({"c": (None, 0.0)}))
    assert asked == [("a", "b"), ("c",)]
    assert not turns.over
    turns.take(sample({"c": (None, 0.0)}))
    assert turns.over
    assert turns.results["a"].rate == pytest.approx(20)
    assert turns.results["b"].running == 1.0
    assert turns.results["c"].rate is None


def test_a_turn_that_shares_counters_is_split_and_so_are_those_to_come():
    """One of seven counters counts cycles only: the second seven do not fit."""
    asked: list[tuple[str, ...]] = []
    turns = Turns(groups_of("abcdefghijk", 4), 1, asked.append)
    turns.begin()
    turns.take(sample(dict.fromkeys("abcd", (10, 1.0))))
    turns.take(sample(dict.fromkeys("efgh", (10, 0.74))))
    assert (turns.done, len(turns.groups)) == (1, 4)
    assert list(turns.results) == list("abcd")
    turns.take(sample(dict.fromkeys("efg", (9, 1.0))))
    turns.take(sample(dict.fromkeys("hij", (9, 1.0))))
    turns.take(sample({"k": (9, 0.5)}))  # alone, it cannot be split: another perf is at work
    assert turns.over
    assert asked == [tuple("abcd"), tuple("efgh"), tuple("efg"), tuple("hij"), ("k",)]
    assert [found.running for found in turns.results.values()] == [1.0] * 10 + [0.5]
    assert turns.results["e"].rate == pytest.approx(18)


def test_turns_that_never_fit_end_one_by_one():
    asked: list[tuple[str, ...]] = []
    turns = Turns([tuple("abc")], 1, asked.append)
    turns.begin()
    while not turns.over:
        turns.take(sample(dict.fromkeys(asked[-1], (10, 0.99))))
    assert asked == [tuple("abc"), tuple("ab"), ("a",), ("b",), ("c",)]
    assert {found.running for found in turns.results.values()} == {0.99}


def test_a_last_short_interval_is_no_part_of_a_turn():
    turns = Turns([("a",)], 1, lambda group: None)
    short = Sample(0.001, None, 0.001, (Reading("a", 5, None, None, Status.COUNTED, 1.0),))
    turns.take(short)
    assert not turns.over


class Shared:
    """A source whose two hardware events share one counter; tests hand samples over."""

    name, kind, interval, cores = "shared", "counters", 0.5, None

    def __init__(self, events=("cycles", "instructions", "page-faults")):
        self.events = tuple(events)

    def replace(self, *, events=None, interval=None):
        if interval == 0:
            raise ArgumentError("The interval is 0", "Give seconds.")
        return Shared(events or self.events)

    async def __anext__(self): ...


def monitor_in_turn() -> Monitor:
    monitor = Monitor(Shared())
    monitor.state = "running"
    deliver(monitor)
    monitor.count_in_turn(samples=1)
    return monitor


def deliver(monitor: Monitor) -> None:
    share = 0.5 if {"cycles", "instructions"} <= set(monitor.source.events) else 1.0
    counts = {e: (10, 1.0 if e == "page-faults" else share) for e in monitor.source.events}
    monitor.sample_arrived("shared", monitor.source, sample(counts))


def test_a_monitor_counts_in_turn_and_goes_on_as_before():
    monitor = monitor_in_turn()
    assert monitor.events == ("cycles", "page-faults")
    deliver(monitor)
    assert monitor.events == ("instructions", "page-faults")
    assert monitor.turns["running"]
    deliver(monitor)
    assert monitor.events == ("cycles", "instructions", "page-faults")
    assert not monitor.turns["running"]
    assert {event: found.running for event, found in monitor.turns["results"].items()} == {
        "cycles": 1.0,
        "instructions": 1.0,
    }


def test_configure_ends_a_pass_and_loses_no_event():
    monitor = monitor_in_turn()
    monitor.configure(interval=1.0)
    assert monitor.events == ("cycles", "instructions", "page-faults")
    assert not monitor.turns["running"]
    deliver(monitor)
    assert monitor.events == ("cycles", "instructions", "page-faults")


def test_a_refused_configure_ends_no_pass():
    monitor = monitor_in_turn()
    with pytest.raises(ArgumentError, match="is 0"):
        monitor.configure(interval=0)
    assert monitor.turns["running"]
    for _ in range(2):
        deliver(monitor)
    assert monitor.events == ("cycles", "instructions", "page-faults")


@pytest.mark.parametrize("events", [["cycles", "no such event"], "cycles,bad\n", []])
def test_names_are_checked_before_a_pass_begins(events):
    monitor = Monitor(Shared())
    monitor.state = "running"
    deliver(monitor)
    with pytest.raises(ArgumentError):
        monitor.count_in_turn(events, counters=1)
    assert monitor.events == ("cycles", "instructions", "page-faults")
    monitor.count_in_turn("cycles,instructions", counters=1)
    assert monitor.turns["of"] == 2


def test_one_pass_at_a_time():
    monitor = monitor_in_turn()
    with pytest.raises(ArgumentError, match="already"):
        monitor.count_in_turn(["cycles"], counters=1)
    assert monitor.events == ("cycles", "page-faults")
