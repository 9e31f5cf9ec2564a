"""Conditions that are watched: how they are read, and when they are said to hold."""

from __future__ import annotations

import pytest
import scripted_source as scripted
from scripted_source import Scripted

from perfwidgets.errors import ArgumentError
from perfwidgets.hosts.assembling import Assembler
from perfwidgets.hosts.hosts import Hosts
from perfwidgets.models.alerts import Alert
from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.sources.replay import Replay
from perfwidgets.sources.synthetic import Synthetic
from perfwidgets.sources.vmstat import MEMORY_EVENTS
from perfwidgets.thresholds import parse_threshold
from perfwidgets.widgets.alert_news import alert_news

EVENTS = ("cycles", "instructions", "page-faults")


class Counters:
    """A source that is never run: tests hand samples to the monitor themselves."""

    name, kind, interval, events = "scripted", "counters", 1.0, EVENTS
    cores = None

    async def __anext__(self): ...


class Memory:
    name, kind, interval, events = "memory", "memory", 1.0, MEMORY_EVENTS

    async def __anext__(self): ...


@pytest.fixture
def monitor():
    return Monitor(Counters(), Memory(), window=60)


def deliver(monitor, number, *, faults=0, ipc=1.0, duration=1.0, rated=True):
    """The sample of second `number`; what is `None` was not counted."""

    def reading(event, count):
        if count is None:
            return Reading(event, None, None, None, Status.NOT_COUNTED, 0.0)
        rate = count / duration if rated else None
        return Reading(event, count, rate, None, Status.COUNTED, 1.0)

    counts = [reading("cycles", 1000), reading("page-faults", faults)]
    counts.append(reading("instructions", None if ipc is None else 1000 * ipc))
    sample = Sample(number, 1000.0 + number, duration, tuple(counts), interval=1.0)
    monitor.sample_arrived("scripted", monitor._sources["scripted"], sample)


def spans(monitor):
    return [(a.began - 1000, None if a.ended is None else a.ended - 1000) for a in monitor.alerts]


@pytest.mark.parametrize(
    ("text", "what", "sign", "limit", "unit", "hold"),
    [
        ("page-faults > 50k/s for 3 s", "page-faults", ">", 50_000, "/s", 3),
        ("page-faults>=50k", "page-faults", ">=", 50_000, "", 0),
        ("  branch miss   rate > 5 % for 3s", "branch miss rate", ">", 5, "%", 3),
        ("branch miss rate > 5", "branch miss rate", ">", 5, "%", 0),
        ("IPC < 0.5 for 500 ms", "IPC", "<", 0.5, "", 0.5),
        ("IPC <= .5 for 2 min", "IPC", "<=", 0.5, "", 120),
        ("IPC cpu_core < 1 for 2", "IPC cpu_core", "<", 1, "", 2),
        ("GHz < 2 GHz", "GHz", "<", 2, "GHz", 0),
        ("page fault rate > 1k/s", "page fault rate", ">", 1000, "/s", 0),
        ("cycles > 2e9 / s", "cycles", ">", 2e9, "/s", 0),
        ("cpu-clock > 900 msec", "cpu-clock", ">", 900, "msec", 0),
        ("cpu/event=0x3c,umask=0x0/ > 1M/s", "cpu/event=0x3c,umask=0x0/", ">", 1e6, "/s", 0),
        (
            "uncore_imc/cas_count_read/ > 2k MiB/s",
            "uncore_imc/cas_count_read/",
            ">",
            2000,
            "MiB/s",
            0,
        ),
        ("100 * branch-misses / branches > 5 %", "100 * branch-misses / branches", ">", 5, "%", 0),
        ("page-faults > -1", "page-faults", ">", -1, "", 0),
        ("pgpgin > 5M KB/s", "pgpgin", ">", 5e6, "KB/s", 0),
    ],
)
def test_conditions_are_read(text, what, sign, limit, unit, hold):
    found = parse_threshold(text)
    assert (found.what, found.sign, found.limit, found.unit, found.hold) == (
        what,
        sign,
        limit,
        unit,
        hold,
    )
    assert found.condition == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no condition"),
        (None, "no condition"),
        (5, "no condition"),
        ("page-faults", "no comparison"),
        ("page-faults == 5", "no comparison"),
        ("page-faults != 5", "no comparison"),
        ("> 5", "no comparison"),
        ("page-faults > ", "no finite number"),
        ("page-faults > many", "no finite number"),
        ("page-faults > nan", "no finite number"),
        ("page-faults > 1e999", "no finite number"),
        ("1 < page-faults < 5", "no finite number"),
        ("page-faults > 5 for", "no usable time"),
        ("page-faults > 5 for ever", "no usable time"),
        ("page-faults > 5 for -1 s", "no usable time"),
        ("page-faults > 5 for 2 days", "no usable time"),
        ("page-faults > 5 for 100000 min", "no usable time"),
        ("page-faults > 5 %", "is counted without one"),
        ("page-faults > 5 count", "is counted without one"),
        ("IPC > 5 %", "IPC is a plain number"),
        ("branch miss rate > 5 GHz", "branch miss rate is in '%'"),
        ("instructions / cycles > 5 /s", "which a formula has not"),
        ("page-fault > 5", "Did you mean 'page-faults'"),
        ("branch-miss % > 5 for 3 s", "Did you mean 'branch miss rate'"),
        ("__import__('os').system('id') > 1", "means nothing here"),
        ("a\nb > 1", "no metric|control"),
        ("x" * 2000 + " > 1", "characters long"),
        ("1 + 1 > 1", "names no event"),
    ],
)
def test_what_cannot_be_read_says_why(text, message):
    with pytest.raises(ArgumentError, match=message):
        parse_threshold(text)


def test_hostile_text_reads_in_no_time_or_is_refused():
    for text in ("(" * 400 + "cycles > 1", "for " * 200 + "> 1", "<" * 900, "1" * 900 + ">"):
        with pytest.raises(ArgumentError):
            parse_threshold(text)


def test_it_must_hold_for_the_time_asked_for(monitor):
    monitor.watch("page-faults > 10/s for 3 s")
    for number, faults in enumerate([5, 20, 20, 5, 20, 20], 1):
        deliver(monitor, number, faults=faults)
    assert monitor.alerts == ()
    deliver(monitor, 7, faults=90)
    assert spans(monitor) == [(4, None)]
    deliver(monitor, 8, faults=200)
    deliver(monitor, 9, faults=10)
    assert spans(monitor) == [(4, 8)]
    [alert] = monitor.alerts
    assert (alert.worst, alert.unit, alert.names) == (200, "/s", ("page-faults",))


def test_without_a_time_one_interval_is_enough_and_below_is_below(monitor):
    monitor.watch("IPC < 0.5")
    for number, ipc in enumerate([1, 0.4, 0.2, 0.5, 0.1], 1):
        deliver(monitor, number, ipc=ipc)
    assert spans(monitor) == [(1, 3), (4, None)]
    assert [alert.worst for alert in monitor.alerts] == [0.2, 0.1]


def test_what_was_not_counted_is_not_below_and_begins_anew(monitor):
    monitor.watch("page-faults < 10/s for 2 s")
    deliver(monitor, 1, faults=5)
    deliver(monitor, 2, faults=None)
    deliver(monitor, 3, faults=5)
    assert monitor.alerts == ()
    assert monitor.watch_states == {"page-faults < 10/s for 2 s": "within"}
    deliver(monitor, 4, faults=5)
    assert monitor.watch_states == {"page-faults < 10/s for 2 s": "crossed"}
    deliver(monitor, 5, faults=None)
    assert spans(monitor) == [(2, 4)]
    assert monitor.watch_states == {"page-faults < 10/s for 2 s": "not counted"}


def test_a_gap_begins_anew(monitor):
    monitor.watch("page-faults > 10 for 2 s")
    deliver(monitor, 1, faults=20)
    deliver(monitor, 5, faults=20)  # nothing is known of the seconds between
    assert monitor.alerts == ()
    deliver(monitor, 6, faults=20)
    deliver(monitor, 9, faults=20)
    assert spans(monitor) == [(4, 6)]


def test_intervals_that_overlap_since_the_clock_is_adjusted_follow_one_another(monitor):
    monitor.watch("page-faults > 10 for 2 s")
    deliver(monitor, 11, faults=20)
    deliver(monitor, 11.3, faults=20)
    assert spans(monitor) == [(10, None)]
    deliver(monitor, 11.4, faults=20)
    assert spans(monitor) == [(10, None)]
    deliver(monitor, 5, faults=20)  # the clock was set, or another recording begins
    assert spans(monitor) == [(10, pytest.approx(11.4))]


def test_a_state_that_ends_counting_ends_the_alert(monitor):
    monitor.watch("page-faults > 10")
    deliver(monitor, 1, faults=20)
    monitor.source_changed("memory", "stopped", None)
    assert spans(monitor) == [(0, None)], "paging is another source"
    monitor.source_changed("scripted", "paused", None)
    assert spans(monitor) == [(0, 1)]


def test_an_interval_too_short_for_rates_says_nothing(monitor):
    monitor.watch("page-faults < 10 for 2 s")
    deliver(monitor, 1, faults=1)
    deliver(monitor, 1.001, faults=0, duration=0.001, rated=False)
    deliver(monitor, 2.001, faults=1)
    assert spans(monitor) == [(0, None)]


def test_the_time_is_that_of_samples_however_long_they_are(monitor):
    monitor.watch("page-faults > 10/s for 1 s")
    for number in range(1, 10):
        deliver(monitor, number / 10, faults=20, duration=0.1)
    assert monitor.alerts == ()
    deliver(monitor, 1.0, faults=20, duration=0.1)
    assert len(monitor.alerts) == 1


def test_the_callback_is_called_once_for_each_time_and_may_fail(monitor):
    seen: list[Alert] = []

    def failing(alert):
        seen.append(alert)
        raise RuntimeError("no pager")

    monitor.watch("page-faults > 10", failing)
    for number, faults in enumerate([20, 20, 5, 20], 1):
        deliver(monitor, number, faults=faults)
    assert [alert.began - 1000 for alert in seen] == [0, 3]
    [fault] = monitor.faults
    assert fault.where == "watch 'page-faults > 10'"
    assert "no pager" in fault.message
    assert fault.times == 2
    assert monitor.sample_count == 4


def test_observers_are_told_of_alerts_and_when_they_get_worse(monitor):
    seen, called = [], []
    monitor.observe(lambda change: seen.append([alert.worst for alert in change.new]), "alerts")
    monitor.watch("page-faults > 10", called.append)
    for number, faults in enumerate([20, 20, 15, 30, 25], 1):
        deliver(monitor, number, faults=faults)
    assert seen == [[20], [30]]
    assert len(called) == 1


def test_watching_again_replaces_the_callback_and_unwatching_ends(monitor):
    calls = []
    first = monitor.watch("page-faults > 10", lambda _: calls.append("old"))
    assert monitor.watch("page-faults  > 10", lambda _: calls.append("new")) == first
    assert monitor.watches == (first,)
    deliver(monitor, 1, faults=20)
    assert calls == ["new"]
    monitor.unwatch("page-faults > 10")
    assert spans(monitor) == [(0, 1)]
    deliver(monitor, 2, faults=20)
    assert len(monitor.alerts) == 1
    with pytest.raises(ArgumentError, match="is not watched"):
        monitor.unwatch(first)
    monitor.watch("IPC < 1")
    monitor.unwatch()
    assert monitor.watches == ()
    monitor.unwatch()


def test_what_is_not_counted_here_is_refused_at_once(monitor):
    with pytest.raises(
        ArgumentError, match="needs branch-misses, which this monitor does not count"
    ):
        monitor.watch("branch miss rate > 5 %")
    with pytest.raises(ArgumentError, match="needs LLC-loads"):
        monitor.watch("LLC-loads > 5")
    with pytest.raises(ArgumentError, match="cannot be called"):
        monitor.watch("IPC < 1", "print")
    assert monitor.watches == ()


def test_memory_activity_can_be_watched(monitor):
    monitor.watch("pgpgin > 1k KB/s for 2 s")
    for number in (1, 2):
        reading = Reading("pgpgin", 5000, 5000.0, None, Status.COUNTED, 1.0)
        sample = Sample(number, 1000.0 + number, 1.0, (reading,), interval=1.0)
        monitor.sample_arrived("memory", monitor._sources["memory"], sample)
        deliver(monitor, number)
    assert spans(monitor) == [(0, None)]
    assert monitor.alerts[0].names == ("pgpgin",)


def test_types_of_core_are_watched_each(monitor):
    monitor.watch("IPC < 0.5 for 2 s")
    for number, atom in ((1, 0.4), (2, 0.3)):
        readings = tuple(
            Reading(f"cpu_{kind}/{event}/", count, count, None, Status.COUNTED, 1.0)
            for kind, ipc in (("core", 2.0), ("atom", atom))
            for event, count in (("cycles", 1000), ("instructions", 1000 * ipc))
        )
        sample = Sample(number, 1000.0 + number, 1.0, readings, interval=1.0)
        monitor.sample_arrived("scripted", monitor._sources["scripted"], sample)
    [alert] = monitor.alerts
    assert alert.names == ("IPC cpu_atom",)
    assert alert.worst == 0.3
    monitor.watch("IPC cpu_core < 0.5")
    assert monitor.watch_states["IPC cpu_core < 0.5"] == "not counted"


def test_events_of_different_hosts_are_not_put_into_relation():
    counted = ("cycles", "instructions")
    sources = {host: Scripted(interval=1.0, events=counted) for host in ("node6", "node7")}
    monitor = Monitor(Hosts(sources), window=60)
    conditions = ("IPC < 0.8", "instructions / cycles < 0.8", "cycles > 0")
    for condition in conditions:
        monitor.watch(condition)

    def deliver(number, *, on_node7):
        everywhere = {"cycles": 1000, "instructions": 1000}
        counts = {"node6": everywhere, "node7": {**everywhere, "instructions": on_node7}}
        own = {
            host: scripted.sample(
                number,
                *(
                    scripted.reading(
                        event, count, status=Status.COUNTED if count else Status.NOT_SUPPORTED
                    )
                    for event, count in each.items()
                ),
                timestamp=1000.0 + number,
            )
            for host, each in counts.items()
        }
        sample = Assembler(None, 1.0).sample(sources, own, 1000.0 + number)
        monitor.sample_arrived("hosts", monitor._sources["hosts"], sample)

    deliver(1, on_node7=None)  # 1000 instructions of one host and 2000 cycles of both
    assert list(monitor.watch_states.values()) == ["not counted", "not counted", "crossed"]
    deliver(2, on_node7=1000)
    assert list(monitor.watch_states.values()) == ["within", "within", "crossed"]
    deliver(3, on_node7=100)
    assert list(monitor.watch_states.values()) == ["crossed"] * 3


def test_a_page_is_told_of_all_that_is_watched(monitor):
    assert alert_news(monitor) == {}
    monitor.watch("page-faults > 10")
    deliver(monitor, 1, faults=20)
    told = alert_news(monitor)
    assert told["watches"] == [
        {"condition": "page-faults > 10", "sign": ">", "hold": 0.0, "state": "crossed"}
    ]
    [alert] = told["alerts"]
    assert (alert["began"], alert["ended"], alert["names"]) == (1000, None, ["page-faults"])


def test_what_is_played_gives_the_same_alerts_each_time(tmp_path):
    """Thresholds as a check of a recording: no perf, no waiting."""
    counts = [5, 50, 60, "<not counted>", 70, 80, 90, 5]
    lines = [
        f"{time}.000000000,{count},,page-faults,1000000000,100.00,,"
        for time, count in enumerate(counts, 1)
    ]
    path = tmp_path / "played.csv"
    path.write_text("\n".join(lines) + "\n")
    found = []
    for _ in range(2):
        monitor = Monitor(Replay(path, speed=float("inf")))
        monitor.watch("page-faults > 10 for 2 s")
        with monitor:
            found.append([(a.began, a.ended, a.worst) for a in monitor.alerts])
    assert found == [[(1, 3, 60), (4, 7, 90)]] * 2


def test_a_running_monitor_calls_back_on_the_collector_s_thread():
    with Monitor(Synthetic(1, interval=0.05)) as monitor:
        threads = []
        monitor.watch("page-faults > 0/s", lambda _: threads.append(monitor._collector.on_thread))
        while not threads:
            assert monitor.wait_for_sample(10) is not None
    assert threads == [True]
    assert monitor.alerts[-1].ended is not None
