"""Intervals of several hosts are put together by their own ends, whenever they arrive."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_source import reading, sample

from perfwidgets.hosts.assembling import Assembler
from perfwidgets.hosts.merging import Merger, joined
from perfwidgets.samples import Status

START = 1_000_000.0


def ended(end, count=1, duration=1.0):
    return sample(end - START, reading(count=count), duration=duration, timestamp=end)


def run_of(phase=0.0, pace=1.0, intervals=20, lag=0.01, jitter=0.0, seed=0, begin=0):
    """Samples of a host, as (arrival, sample); each has its number as count."""
    rng = random.Random(seed)
    last = START + phase + begin * pace
    for number in range(begin + 1, begin + intervals + 1):
        end = START + phase + number * pace + rng.uniform(-jitter, jitter)
        yield end + lag, ended(end, number, end - last)
        last = end


def played(hosts, **more):
    """What a merger delivers of these runs, and whom it found late."""
    merger = Merger(1.0, **more)
    arrivals = sorted(
        ((at, host, each) for host, run in hosts.items() for at, each in run), key=lambda a: a[0]
    )
    delivered, late = [], []
    for at, host, each in arrivals:
        while merger.deadline is not None and merger.deadline <= at:
            delivered += merger.due(merger.deadline)
        if not merger.take(host, each, at):
            late.append((host, each))
        delivered += merger.due(at)
    return delivered + merger.rest(), late


def counts(intervals, host):
    return [i.samples[host]["cycles"].count if host in i.samples else None for i in intervals]


def total(intervals, host):
    return sum(count for count in counts(intervals, host) if count is not None)


def test_intervals_that_end_together_are_one():
    intervals, late = played({"a": run_of(), "b": run_of(phase=0.2, lag=0.3)})
    assert not late
    assert counts(intervals, "a") == list(range(1, 21))
    # the first of `a` is delivered before anything is known of `b`, whose first goes to its second
    assert counts(intervals, "b") == [None, 1 + 2, *range(3, 21)]
    assert intervals[1].samples["b"].duration == pytest.approx(2.0)
    assert [i.end for i in intervals] == pytest.approx([START + n for n in range(1, 21)])


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.49, 0.5, 0.51, 0.8, 0.99])
def test_no_interval_is_left_out_or_doubled_however_they_lie(phase):
    hosts = {
        "a": run_of(intervals=300, jitter=0.1),
        "b": run_of(phase, 1.0, 300, jitter=0.1, seed=1),
    }
    intervals, late = played(hosts)
    assert not late
    of_both = [i for i in intervals if {"a", "b"} <= i.samples.keys()]
    assert len(of_both) >= 298
    found = [count for count in counts(intervals, "b") if count is not None]
    assert found in (list(range(1, 301)), [1 + 2, *range(3, 301)])
    apart = [abs(i.samples["b"].timestamp - i.end) for i in of_both]
    assert max(apart) < 1.0


@pytest.mark.parametrize("pace", [0.999, 1.001])
def test_one_that_is_quicker_or_slower_is_moved_seldom_and_nothing_is_lost(pace):
    hosts = {"a": run_of(intervals=5000), "b": run_of(0.0, pace, 5000)}
    intervals, late = played(hosts)
    assert not late
    assert total(intervals, "b") == total(intervals, "a") == sum(range(1, 5001))
    paired = [i for i in intervals if {"a", "b"} <= i.samples.keys()]
    assert len(paired) >= 4990
    apart = [abs(i.samples["b"].timestamp - i.end) for i in paired]
    assert max(apart) <= 1.3


def test_what_comes_in_any_order_is_the_same():
    base = {"a": list(run_of(0.0)), "b": list(run_of(0.1)), "c": list(run_of(0.2))}
    in_order, _ = played(base)
    shuffled = {
        host: [
            (at + random.Random(f"{host}{n}").uniform(0, 0.5), each)
            for n, (at, each) in enumerate(run)
        ]
        for host, run in base.items()
    }
    otherwise, late = played(shuffled)
    assert not late
    for host in base:
        assert counts(otherwise, host)[-18:] == counts(in_order, host)[-18:] == list(range(3, 21))
        assert total(otherwise, host) == sum(range(1, 21))


def fed(merger, host, number, lag=0.01):
    """Whether an interval that ends at a second was in time, and what is due then."""
    in_time = merger.take(host, ended(START + number), START + number + lag)
    return in_time, merger.due(START + number + lag)


def test_one_that_stalls_holds_the_others_up_once():
    merger = Merger(1.0, patience=1.0)
    for number in (1, 2):
        for host in "ab":
            _, due = fed(merger, host, number)
    assert [sorted(i.samples) for i in due] == [["a", "b"]]
    numbers = []
    for number in range(3, 10):
        _, due = fed(merger, "a", number)
        numbers.append([i.number for i in due])
        assert all(i.absent == ("b",) for i in due)
    # held up by an interval and the patience, and then no more
    assert numbers == [[], [], [], [2, 3, 4, 5], [6], [7], [8]]


def test_one_that_comes_late_is_said_to_and_is_awaited_when_it_has_caught_up():
    merger = Merger(1.0, patience=1.0)
    for number in range(1, 8):
        fed(merger, "a", number)
        if number == 1:
            fed(merger, "b", number)
    assert fed(merger, "b", 2, lag=5.5) == (False, []), "its interval was delivered"
    assert not merger.take("b", ended(START + 7), START + 7.6)
    assert merger.take("b", ended(START + 8), START + 8.0)
    _, due = fed(merger, "a", 8, 0.2)
    assert [sorted(i.samples) for i in due] == [["a", "b"]]
    assert fed(merger, "a", 9) == (True, []), "it is awaited"


def test_one_that_is_always_far_behind_does_not_hold_the_others_up():
    intervals, late = played({"a": run_of(intervals=30), "b": run_of(intervals=30, lag=6.0)})
    assert len(late) >= 20
    assert counts(intervals, "a") == list(range(1, 31))
    merger = Merger(1.0)
    for number in range(1, 9):
        fed(merger, "a", number)
    assert not merger.take("b", ended(START + 1), START + 8.5)
    assert [i.number for i in fed(merger, "a", 9)[1]] == [8]


@pytest.mark.parametrize("together", [True, False])
def test_where_all_are_held_up_none_is_late(together):
    """The notebook stood still for a minute: what waited comes at once, host by host or mixed."""
    merger = Merger(1.0)
    for host in "abc":
        fed(merger, host, 1)
    waited = [(host, number) for host in "abc" for number in range(2, 62)]
    delivered = []
    for host, number in sorted(waited, key=lambda w: w[1]) if together else waited:
        assert merger.take(host, ended(START + number), START + 62)
        delivered += merger.due(START + 62)
    assert [sorted(i.samples) for i in delivered] == [["a", "b", "c"]] * 60


def test_where_all_fall_silent_what_is_there_is_delivered():
    merger = Merger(1.0)
    for host in "ab":
        fed(merger, host, 1)
    assert fed(merger, "a", 2) == (True, [])
    deadline = merger.deadline
    assert START + 7 < deadline <= START + 10
    assert merger.due(deadline - 0.01) == []
    [interval] = merger.due(deadline)
    assert interval.absent == ("b",)
    assert merger.deadline is None


def test_one_that_leaves_is_not_waited_for():
    merger = Merger(1.0)
    for host in "ab":
        merger.take(host, ended(START + 1), START + 1)
    merger.due(START + 1)
    merger.leave("b")
    merger.take("a", ended(START + 2), START + 2)
    [interval] = merger.due(START + 2)
    assert (sorted(interval.samples), interval.absent) == (["a"], ())


def test_who_set_the_pace_may_go():
    hosts = {"a": run_of(intervals=5), "b": run_of(0.3, 1.0, 20), "c": run_of(-0.1, 1.0, 20)}
    intervals, late = played(hosts)
    assert not late
    assert total(intervals, "b") == total(intervals, "c") == sum(range(1, 21))
    ends = [i.end for i in intervals]
    assert ends == sorted(ends)
    steps = [b - a for a, b in pairwise(ends)]
    assert all(0.5 < step < 1.5 for step in steps)


def test_a_clock_that_is_set_back_begins_anew_and_loses_nothing():
    merger = Merger(1.0)
    for host in "ab":
        merger.take(host, ended(START + 1), START + 1)
    delivered = merger.due(START + 1)
    merger.take("a", ended(START + 2), START + 2)
    earlier = START - 3600
    for second in (3, 4, 5):
        for host in "ab":
            assert merger.take(host, ended(earlier + second), earlier + second)
        delivered += merger.due(earlier + second)
    assert total(delivered, "a") + total(merger.rest(), "a") == 5
    assert delivered[-1].end == earlier + 5
    assert sorted(delivered[-1].samples) == ["a", "b"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-0.4, 0.4), st.floats(0.998, 1.002)), min_size=1, max_size=5))
def test_counts_are_kept_and_times_go_up(specs):
    hosts = {
        f"node{n}": run_of(phase, pace, 60, jitter=0.05, seed=n)
        for n, (phase, pace) in enumerate(specs)
    }
    intervals, late = played(hosts)
    lost = {host: sum(s["cycles"].count for name, s in late if name == host) for host in hosts}
    for host in hosts:
        assert total(intervals, host) + lost[host] == sum(range(1, 61))
    assert len(late) <= len(hosts) - 1, "at most the first of each"
    ends = [interval.end for interval in intervals]
    assert ends == sorted(set(ends))


def test_two_intervals_of_a_host_as_one():
    both = joined(ended(START + 1, 3, 1.0), ended(START + 2, 5, 1.5))
    assert (both["cycles"].count, both.duration, both["cycles"].rate) == (8, 2.5, 3.2)
    assert both.timestamp == START + 2


# -- one sample of many


def merged(*samples, hosts=("a", "b", "c")):
    own = dict(zip(hosts, samples, strict=False))
    return Assembler().sample(hosts, {h: s for h, s in own.items() if s is not None}, START + 1)


def test_the_whole_is_the_sum_and_as_weak_as_the_weakest():
    weak = sample(1.0, reading(count=4, running=0.5), duration=2.0)
    found = merged(sample(1.0, reading(count=10)), weak)
    whole = found["cycles"]
    assert (whole.count, whole.running, found.duration, whole.rate) == (14, 0.5, 1.5, 14 / 1.5)
    assert list(whole.parts) == ["a", "b", "c"]
    assert whole.parts["a"].rate == 10
    assert whole.parts["b"].rate == 2, "by its own measured time"
    assert (whole.parts["c"].status, whole.parts["c"].count) == (Status.MISSING, None)
    assert (found.timestamp, found.time) == (START + 1, 1.5)


def test_hosts_cores_are_parts_of_parts():
    cores = {"CPU0": reading(count=1), "CPU3": reading(count=2)}
    found = merged(sample(1.0, reading(count=3, parts=cores)))
    assert found["cycles"].parts["a"].parts["CPU3"].count == 2


def test_what_no_host_can_count_is_not_supported_though_one_is_away():
    none = reading(status=Status.NOT_SUPPORTED)
    found = merged(sample(1.0, none), sample(1.0, none), None)
    assert found["cycles"].status is Status.NOT_SUPPORTED
    assert found.unsupported == ("cycles",)
    assert found["cycles"].parts["c"].status is Status.MISSING


def test_one_host_counts_what_another_cannot():
    found = merged(sample(1.0, reading(count=7)), sample(1.0, reading(status=Status.NOT_SUPPORTED)))
    assert found["cycles"].count == 7
    assert found["cycles"].parts["b"].status is Status.NOT_SUPPORTED


def test_events_are_those_of_all_hosts_and_repeats_stay_apart():
    first = sample(1.0, reading("x", 1), reading("y", 2), reading("x", 3))
    second = sample(1.0, reading("x", 10), reading("z", 20), reading("x", 30))
    found = merged(first, second, hosts=("a", "b"))
    assert [(r.event, r.count) for r in found] == [("x", 11), ("y", 2), ("x", 33), ("z", 20)]
    assert found["y"].parts["b"].status is Status.MISSING


def test_units_are_kept():
    clock = replace(reading("cpu-clock", 1.25), unit="msec")
    found = merged(sample(1.0, clock), None)
    assert (found["cpu-clock"].unit, found["cpu-clock"].parts["b"].unit) == ("msec", "msec")


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("names", ["ab", "abcdefg"])
def test_however_hosts_stand_still_times_stay_true_and_nothing_is_lost(names, seed):
    """Hosts that stop and go, together and alone, change who sets the pace again and again."""
    chance, merger, now = random.Random(seed), Merger(1.0), START
    due = {name: now + chance.random() for name in names}
    ends = {name: at - 1.0 for name, at in due.items()}
    found, taken = [], 0
    for _ in range(500):
        name = min(due, key=due.__getitem__)
        now = max(now, due[name])
        taken += merger.take(name, ended(now, duration=now - ends[name]), now)
        ends[name], due[name] = now, now + chance.uniform(1.0, 1.5)
        found += merger.due(now)
        if chance.random() < 0.03:
            held_up = chance.uniform(0, 30)
            due = {each: at + held_up for each, at in due.items()}
        if chance.random() < 0.03:
            due[name] += chance.uniform(0, 30)
    found += merger.rest()
    for interval in found:
        assert min(abs(interval.end - s.timestamp) for s in interval.samples.values()) < 2.0
    assert all(one.end < other.end for one, other in pairwise(found))
    assert sum(s["cycles"].count for one in found for s in one.samples.values()) == taken
