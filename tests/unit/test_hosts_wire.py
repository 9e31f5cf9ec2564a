"""Names of hosts, their clocks, and samples on their way."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from types import MappingProxyType

import anyio
import numpy as np
import pytest
from scripted_source import reading, sample

from perfwidgets import PerfStat, Synthetic, VmStat
from perfwidgets.errors import PerfNotPermittedError, SourceError
from perfwidgets.hosts.clock import Clock
from perfwidgets.hosts.failure import of_all
from perfwidgets.hosts.merged import in_turn
from perfwidgets.hosts.names import host_of, unique
from perfwidgets.hosts.wire import error_of, pack_error, pack_sample, unpack_sample
from perfwidgets.perf_csv import read_perf_csv
from perfwidgets.samples import ColumnParts, PartColumns, Reading, Sample, Status

msgpack = pytest.importorskip("msgpack")


# -- names


@pytest.mark.parametrize(
    ("command", "host"),
    [
        (["ssh", "node7", "perf"], "node7"),
        (["ssh", "me@node7", "sudo", "perf"], "node7"),
        (["/usr/bin/ssh", "-p", "22", "-4", "-i", "key", "node7", "perf"], "node7"),
        (["ssh", "-p22", "-oBatchMode=yes", "-o", "Port 22", "node7", "perf"], "node7"),
        (["ssh", "-4p", "22", "node7", "perf"], "node7"),
        (["ssh", "-tt", "-v", "node7", "perf"], "node7"),
        (["ssh", "ssh://me@node7:2222", "perf"], "node7"),
        (["ssh", "::1", "perf"], "::1"),
        (["sshpass", "-e", "ssh", "node7", "perf"], "node7"),
        (["docker", "exec", "-i", "web", "perf"], "web"),
        (["docker", "exec", "-u", "root", "-i", "web", "perf"], "web"),
        (["kubectl", "exec", "-n", "lab", "-i", "pod1", "--", "perf"], "pod1"),
        (["podman", "exec", "--env=A=1", "-i", "web", "perf"], "web"),
    ],
)
def test_a_host_is_named_by_where_its_command_leads(command, host):
    assert host_of(command) == host


@pytest.mark.parametrize("command", [[], ["perf"], ["sudo", "perf"], ["ssh"], ["ssh", "-p", "22"]])
def test_what_leads_nowhere_else_is_this_host(command, monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "here")
    assert host_of(command) == "here"


def test_names_are_told_apart_and_sorted_as_people_do():
    assert unique(["a", "b", "a", "a"]) == ["a", "b", "a #2", "a #3"]
    assert sorted(["n10", "n9", "7", "m"], key=in_turn) == ["7", "m", "n9", "n10"]


# -- clocks


def test_the_quickest_answer_tells_most():
    clock = Clock()
    assert clock.offset(0.0) is None
    clock.answered(100.0, 107.5, 101.0)
    assert clock.offset(101.0).seconds == pytest.approx(7.0)
    assert clock.offset(101.0).uncertainty == pytest.approx(0.5)
    clock.answered(102.0, 109.05, 102.1)
    clock.answered(103.0, 116.0, 110.0)
    best = clock.offset(110.0)
    assert best.seconds == pytest.approx(7.0)
    assert best.uncertainty == pytest.approx(0.05 + 8e-4, abs=2e-4)


def test_the_truth_is_within_what_it_may_be_off():
    clock = Clock()
    for asked, there, back in [(0.0, 0.3, 0.01), (5.0, 0.01, 0.2), (10.0, 0.05, 0.06)]:
        clock.answered(asked, asked + there - 3.25, asked + there + back)
        offset = clock.offset(asked + 1)
        assert abs(offset.seconds + 3.25) <= offset.uncertainty


def test_an_old_answer_gives_way_and_so_does_one_of_a_clock_that_was_set():
    clock = Clock()
    clock.answered(0.0, 0.0, 0.001)
    clock.answered(1000.0, 1000.02, 1000.02)
    assert clock.offset(1000.02).uncertainty == pytest.approx(0.01)
    clock.answered(1001.0, 4601.5, 1002.0)
    assert clock.offset(1002.0).seconds == pytest.approx(3600.0)


# -- samples


def there_and_back(given, events, ahead=0.0):
    packed = msgpack.unpackb(msgpack.packb(pack_sample(given, events)), strict_map_key=False)
    return unpack_sample(packed, events, given.cores, given.interval, ahead)


def equal(a, b):
    assert (a.time, a.timestamp, a.duration, a.cores) == (b.time, b.timestamp, b.duration, b.cores)
    assert len(a.readings) == len(b.readings)
    for one, other in zip(a, b, strict=True):
        same_reading(one, other)


def same_reading(one, other):
    assert one == replace(other, parts=one.parts)
    assert type(one.count) is type(other.count)
    assert list(one.parts) == list(other.parts)
    for label in one.parts:
        same_reading(one.parts[label], other.parts[label])


async def made_up(**more):
    async with Synthetic(samples=3, speed=math.inf, **more) as source:
        return source.events, [each async for each in source]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"per_core": True, "cores": 4},
        {"counters": 4, "unsupported": "cycles", "not_counted": 0.3},
        {"counters": 4, "not_counted": 0.5, "per_core": True},
    ],
)
def test_a_sample_comes_as_it_was(more):
    events, samples = anyio.run(lambda: made_up(**more))
    for each in samples:
        equal(there_and_back(each, events), each)


def test_perf_s_own_text_comes_as_it_was():
    text = "1.0,5.25,msec,cpu-clock,5250000,100.00,5.25,CPUs utilized\n1.0,7,,cycles,100,50.00,,\n"
    [given] = read_perf_csv(text.splitlines())
    equal(there_and_back(given, ("cpu-clock", "cycles")), given)
    equal(there_and_back(given, ("others",)), given)


def test_a_sample_is_set_by_our_clock():
    given = sample(1.0, reading(count=2**70), reading("b", -3), timestamp=1000.0)
    found = there_and_back(given, ("cycles", "b"), ahead=7.5)
    assert found.timestamp == 992.5
    assert [r.count for r in found] == [2**70, -3]


def test_one_without_rates_has_none():
    given = sample(1.0, reading(count=5), duration=0.0)
    assert there_and_back(given, ("cycles",))["cycles"].rate is None


def test_parts_in_columns_stay_columns():
    columns = PartColumns(
        np.array([1.0, 2.5, math.nan]),
        np.array([False, True, False]),
        np.array([1.0, 0.5, -2.0]),
        0.5,
    )
    places = {"CPU0": 0, "CPU1": 1, "CPU2": 2}
    parts = ColumnParts(columns, "cycles", None, places, 0)
    whole = Reading("cycles", 3.5, 7.0, None, Status.COUNTED, 0.5, MappingProxyType(parts))
    given = Sample(1.0, 2.0, 0.5, (replace(whole, parts=parts),), None, 0.5)
    found = there_and_back(given, ("cycles",))
    assert isinstance(found["cycles"].parts, ColumnParts)
    equal(found, given)


def test_errors_come_as_they_were():
    given = PerfNotPermittedError("perf may not count", "Ask root.")
    found = error_of(msgpack.unpackb(msgpack.packb(pack_error(given))))
    assert (type(found), str(found), found.permanent) == (type(given), str(given), True)
    assert error_of(pack_error(None)) is None
    assert type(error_of(["DEFAULT", "it fell", "", False])) is SourceError


def test_one_error_stands_for_all():
    none = PerfNotPermittedError("perf may not count", "Ask root.")
    other = SourceError("it fell")
    assert str(of_all({"a": none})) == "No host can be counted: on a: perf may not count. Ask root."
    assert of_all({"a": none}).permanent
    both = of_all({"a": none, "b": other, "c": none, "d": none, "e": none})
    assert "on a, c, d and 1 others: perf may not count; on b: it fell" in str(both)
    assert not both.permanent


# -- sources as they are sent


@pytest.mark.parametrize(
    "source",
    [
        PerfStat("cycles,page-faults", interval=0.5, per_core=True, command=["ssh", "a", "perf"]),
        VmStat(interval=0.25, path="/proc/other"),
        Synthetic(7, cores=4, interval=0.5, counters=3).replace(cores="0-1"),
    ],
    ids=repr,
)
def test_a_source_is_sent_by_its_arguments(source):
    copy = pickle.loads(pickle.dumps(source))
    assert type(copy) is type(source)
    assert copy.__reduce__() == source.__reduce__()
    assert (copy.events, copy.interval) == (source.events, source.interval)
    assert copy.replace(interval=1.0).__reduce__() == source.replace(interval=1.0).__reduce__()
