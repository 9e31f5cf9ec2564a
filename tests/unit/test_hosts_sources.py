"""Several hosts as one source, and as a monitor shows them; without perf."""

from __future__ import annotations

import time

import pytest
from scripted_source import Scripted, transient

from perfwidgets import Backoff, Hosts, HostState, Monitor, PerfStat, Replay, Synthetic
from perfwidgets.errors import ArgumentError, PerfNotFoundError
from perfwidgets.hosts.hosts import HostsMemory
from perfwidgets.samples import Status

QUICK = Backoff(first=0.01, factor=1.0, longest=0.01, tries=2)


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


@pytest.fixture
def monitored():
    made = []

    def monitored(*sources, **more):
        monitor = Monitor(*sources, backoff=QUICK, **more)
        made.append(monitor)
        return monitor

    yield monitored
    for monitor in made:
        monitor.stop()


def hosts(*, memory=None, **sources):
    return Hosts(sources, memory, backoff=QUICK)


def counted_by(monitor, *names):
    """Whether the latest sample has a count of just these hosts."""
    parts = monitor.sample["cycles"].parts if monitor.sample else {}
    return {n for n, part in parts.items() if part.count is not None} == set(names)


# -- what it is made of


@pytest.mark.parametrize(
    ("counters", "words"),
    [
        ({}, "is no mapping of hosts"),
        ([PerfStat()], "is no mapping of hosts"),
        ({"": PerfStat()}, "host's name '' is none"),
        ({7: PerfStat()}, "host's name '7' is none"),
        ({"a\nb": PerfStat()}, "is none"),
        ({"\ud800": PerfStat()}, "is none"),
        (dict.fromkeys("ab", PerfStat()), "the very same source"),
        ({"a": 5}, "5 of a is no source of counters"),
        ({"a": Scripted(kind="memory")}, "of a is no source of counters"),
        ({"a": Synthetic(speed=float("inf"))}, "has no clock time of its own"),
        ({"a": PerfStat(interval=0.5), "b": PerfStat()}, "different intervals: 0.5 s, 1 s"),
    ],
)
def test_hosts_that_are_none(counters, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        Hosts(counters)
    assert caught.value.remedy


def test_a_recording_is_no_host(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("1.0,7,,cycles,100,100.00,,\n")
    with pytest.raises(ArgumentError, match="Only live sources"):
        Hosts({"a": Replay(file)})


def test_what_hosts_have_in_common():
    a = PerfStat("cycles,x", cores="0", interval=0.5, command="ssh a perf")
    b = PerfStat("cycles,y", cores="0", interval=0.5, per_core=True, command="ssh b perf")
    both = Hosts({"a": a, "b": b})
    assert both.events == ("cycles", "x", "y")
    assert (both.cores, both.interval, both.per_core) == ("0", 0.5, True)
    assert both.hosts == {"a": HostState("a"), "b": HostState("b")}
    assert Hosts({"a": a, "b": b.replace(cores="1")}).cores is None
    other = both.replace(events="instructions", interval=1.0)
    assert (other.events, other.interval) == (("instructions",), 1.0)


def test_several_counters_are_several_hosts():
    monitor = Monitor(
        PerfStat(command=["ssh", "me@node7", "perf"]),
        PerfStat(command="ssh node8 perf"),
        PerfStat(command="ssh node8 perf"),
        PerfStat(),
    )
    names = list(monitor.hosts)
    assert names[:3] == ["node7", "node8", "node8 #2"]
    assert len(names) == 4
    assert {state.state for state in monitor.hosts.values()} == {"idle"}
    assert isinstance(monitor.source, Hosts)


def test_what_would_be_counted_twice_is_refused():
    with pytest.raises(ArgumentError, match="Two sources of counters were given that count this"):
        Monitor(PerfStat(), PerfStat(interval=0.5))
    with pytest.raises(ArgumentError, match="one of them of several hosts"):
        Monitor(hosts(a=Scripted()), Scripted())


def test_one_machine_has_no_hosts():
    assert Monitor(Scripted()).hosts == {}


def test_a_state_as_plain_values():
    error = PerfNotFoundError("perf was not found", "Install it.")
    plain = HostState("a", state="failed", error=error, counted=("x",)).to_dict()
    assert (plain["error"], plain["remedy"]) == ("perf was not found", "Install it.")
    assert (plain["state"], plain["counted"]) == ("failed", ["x"])


# -- as it runs


def test_hosts_are_parts_of_one_sample(monitored):
    monitor = monitored(hosts(a=Scripted(), b=Scripted()))
    monitor.start()
    until(lambda: counted_by(monitor, "a", "b"))
    whole = monitor.sample["cycles"]
    assert whole.count == sum(part.count for part in whole.parts.values())
    until(lambda: {h.state for h in monitor.hosts.values()} == {"running"})
    assert monitor.hosts["a"].counted == ("cycles",)
    assert monitor.state == "running"
    monitor.stop()
    assert {h.state for h in monitor.hosts.values()} == {"stopped"}


def test_every_count_is_delivered_once(monitored):
    sources = {name: Scripted(interval=0.02) for name in "abc"}
    monitor = monitored(hosts(**sources))
    seen = []
    monitor.observe(lambda change: seen.append(change.new), "sample")
    monitor.start()
    until(lambda: len(seen) > 30)
    monitor.stop()
    for name, source in sources.items():
        counts = [s["cycles"].parts[name].count or 0 for s in seen if name in s["cycles"].parts]
        late = monitor.hosts[name].late
        if not late:
            assert sum(counts) == sum(range(1, source.delivered + 1))


def test_one_that_fails_does_not_hinder_the_others(monitored):
    none = PerfNotFoundError("perf was not found", "Install it.")
    broken = Scripted(failures=[none])
    monitor = monitored(hosts(a=Scripted(), b=broken))
    monitor.start()
    until(lambda: counted_by(monitor, "a"))
    until(lambda: monitor.hosts["b"].state == "failed")
    assert monitor.hosts["b"].error is none
    assert (monitor.state, monitor.error) == ("running", None)
    assert monitor.sample["cycles"].parts["b"].status is Status.MISSING
    monitor.start()  # tries again what has failed
    until(lambda: counted_by(monitor, "a", "b"))
    assert monitor.hosts["b"].error is None
    assert broken.entered == 2


def test_one_that_ends_is_started_again_as_often_as_it_takes(monitored):
    flaky = Scripted(failures=[transient() for _ in range(7)])
    monitor = monitored(hosts(a=Scripted(), b=flaky))
    monitor.start()
    until(lambda: monitor.sample is not None and counted_by(monitor, "a", "b"))
    assert flaky.entered == 8, "more often than one source alone is tried"


def test_where_none_can_be_counted_the_monitor_says_so(monitored):
    def broken():
        return Scripted(failures=[PerfNotFoundError("perf was not found", "Install it.")])

    monitor = monitored(hosts(a=broken(), b=broken()))
    monitor.start()
    until(lambda: monitor.state == "failed")
    assert monitor.error.reason == "No host can be counted: on a, b: perf was not found"
    assert monitor.error.remedy == "Install it."
    assert {h.state for h in monitor.hosts.values()} == {"failed"}
    monitor.start()
    until(lambda: counted_by(monitor, "a", "b"))


def test_where_all_have_gone_for_now_it_starts_again(monitored):
    monitor = monitored(hosts(a=Scripted(failures=[transient(), transient()])))
    seen = []
    monitor.observe(lambda change: seen.append(change.new), "error")
    monitor.start()
    until(lambda: counted_by(monitor, "a"))
    assert "on a: it ended" in seen[0].reason


class Stalling(Scripted):
    """Delivers two samples, and no more until it is let go."""

    async def __anext__(self):
        if self.delivered >= 2 and not self.released:
            self.interval = 0.05
            sample = None
            while not self.released and sample is None:
                import anyio

                await anyio.sleep(0.005)
        return await super().__anext__()

    released = False


def test_one_that_is_behind_is_late_and_then_again_in_time(monitored):
    stalling = Stalling()
    monitor = monitored(hosts(a=Scripted(), b=stalling))
    monitor.start()
    until(lambda: monitor.hosts["b"].state == "late")
    until(lambda: counted_by(monitor, "a"))
    assert monitor.hosts["b"].missed > 0
    stalling.released = True
    until(lambda: monitor.hosts["b"].state == "running")
    until(lambda: counted_by(monitor, "a", "b"))


def test_memory_comes_along(monitored):
    own = {
        "a": Scripted(name="vm", kind="memory", events=("pgfault",)),
        "b": Scripted(name="vm", kind="memory", events=("pgfault",)),
    }
    source = hosts(a=Scripted(), b=Scripted(), memory=own)
    assert isinstance(source.memory, HostsMemory)
    monitor = monitored(source)
    monitor.start()
    until(lambda: monitor.memory is not None and monitor.sample is not None)
    until(lambda: all(part.count for part in monitor.memory["pgfault"].parts.values()))
    assert list(monitor.memory_hosts) == list(monitor.hosts) == ["a", "b"]
    assert set(monitor.states) == {"hosts", "memory of hosts"}


def test_it_can_be_configured_while_it_runs(monitored):
    sources = {"a": Scripted(), "b": Scripted()}
    monitor = monitored(Hosts(sources, backoff=QUICK))
    monitor.start()
    until(lambda: counted_by(monitor, "a", "b"))
    monitor.configure(events=("instructions",))
    until(lambda: monitor.sample is not None and "instructions" in monitor.sample)
    assert monitor.events == ("instructions",)
    assert all(source.exited == 1 for source in sources.values())


def test_hosts_are_another_dict_only_when_something_has_changed(monitored):
    monitor = monitored(hosts(a=Scripted(interval=0.02), b=Scripted(interval=0.02)))
    monitor.start()
    until(lambda: {h.state for h in monitor.hosts.values()} == {"running"})
    known, count = monitor.hosts, monitor.sample_count
    until(lambda: monitor.sample_count > count + 10 and monitor.hosts is monitor.source.hosts)
    changed = [name for name in known if monitor.hosts[name] is not known[name]]
    facts = [{**known[n].to_dict(), "lag": 0, "late": 0, "missed": 0, "state": ""} for n in changed]
    now = [
        {**monitor.hosts[n].to_dict(), "lag": 0, "late": 0, "missed": 0, "state": ""}
        for n in changed
    ]
    assert facts == now


def test_a_recording_holds_the_hosts(monitored, tmp_path):
    monitor = monitored(hosts(a=Scripted(), b=Scripted()))
    monitor.start()
    until(lambda: counted_by(monitor, "a", "b"))
    monitor.record(tmp_path / "hosts.perf.gz")
    before = monitor.sample_count
    until(lambda: monitor.sample_count > before + 10)
    monitor.stop()
    played = monitored(Replay(tmp_path / "hosts.perf.gz", speed=float("inf")))
    played.start()
    assert list(played.sample["cycles"].parts) == ["a", "b"]
    assert {name: h.state for name, h in played.hosts.items()} == {"a": "recorded", "b": "recorded"}
