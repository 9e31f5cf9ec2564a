"""Several hosts on their way to the browser, and in recordings that are played."""

from __future__ import annotations

import math
from dataclasses import replace

import comm
import numpy as np
import pytest
from comm.base_comm import BaseComm
from scripted_source import Scripted, reading, sample

from perfwidgets import Dashboard, Hosts, Monitor, PerfStat, Recorder, Replay, Status
from perfwidgets.errors import PerfNotPermittedError
from perfwidgets.hosts.assembling import Assembler
from perfwidgets.hosts.state import HostState
from perfwidgets.recording.header import Header
from perfwidgets.samples import ColumnParts, PartColumns
from perfwidgets.snapshot import Snapshot
from perfwidgets.widgets.feed import Feed
from perfwidgets.widgets.host_news import HostNews, packed_hosts

AWAY = reading("cs", status=Status.MISSING)
HOSTS = {
    "node6": HostState("node6", "running", counted=("cs",), lag=0.1),
    "node7": HostState("node7", "failed", PerfNotPermittedError("it may not", "Become root")),
}


class Wire(BaseComm):
    """A comm that keeps what is sent."""

    sent: list[tuple[dict, list]] = []  # noqa: RUF012

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if msg_type == "comm_msg" and data.get("method") == "custom":
            self.sent.append((data["content"], buffers))


@pytest.fixture
def wire(monkeypatch):
    Wire.sent = []
    monkeypatch.setattr(comm, "create_comm", Wire)
    return Wire


@pytest.fixture
def monitor():
    source = Scripted(events=("cs",))
    source.hosts = HOSTS
    return Monitor(source)


def cores(*counts):
    labels = {f"CPU{number}": number for number in range(len(counts))}
    columns = PartColumns(
        np.array(counts, float), np.zeros(len(counts), bool), np.ones(len(counts)), 0.5
    )
    return ColumnParts(columns, "cs", None, labels, 0)


def of_hosts(number=1, *, node7=AWAY):
    node6 = reading("cs", 7, rate=14.0, parts=cores(3, 4))
    whole = reading("cs", 7, parts={"node6": node6, "node7": node7})
    return sample(float(number), whole, duration=0.5, timestamp=1e9 + number)


def deliver(monitor, each):
    monitor.sample_arrived("scripted", monitor._sources["scripted"], each)


def test_what_hosts_measured_is_packed():
    late = reading("cs", 5, rate=5.0, parts={"CPU9": reading("cs", status=Status.NOT_COUNTED)})
    inner = {"node6": ["CPU0", "CPU1"], "node7": ["CPU8", "CPU9"]}
    times, buffer = packed_hosts(of_hosts(node7=late), ("node6", "node7", "node8"), inner)
    durations = np.frombuffer(times, "<f8")
    assert durations[:2].tolist() == [0.5, 1.0]  # each its own
    assert math.isnan(durations[2])
    counts, shares = np.frombuffer(buffer[:32], "<f8"), np.frombuffer(buffer[32:], "<f4")
    assert counts[:2].tolist() == [3, 4]
    assert np.isnan(counts[2:]).all()
    assert shares.tolist() == [1, 1, -3, -1]


def test_a_tick_brings_hosts_and_their_cores(monitor, wire):
    feed = Feed.of(monitor)
    deliver(monitor, of_hosts())
    monitor.tick()  # brings the layout
    layout = feed.row_layout
    assert layout["parts"] == ["node6", "node7"]
    assert layout["part_kind"] == "host"
    assert layout["inner"] == {"node6": ["CPU0", "CPU1"]}
    deliver(monitor, of_hosts(2))
    monitor.tick()
    head, buffers = wire.sent[-1]
    assert head["layout"] == layout["id"], "the same hosts are the same layout"
    assert head["hosts"]
    assert np.frombuffer(buffers[1][:16], "<f8").tolist()[0] == 7
    assert np.frombuffer(buffers[3][:16], "<f8").tolist() == [3, 4]
    feed.release()


def test_events_of_a_host_that_is_away_keep_their_rows():
    assembler = Assembler()
    clock = replace(reading("cpu-clock", 500.5), unit="msec")
    both = {"node6": sample(1.0, clock, reading("cs")), "node7": sample(1.0, reading("cs"))}
    first = assembler.sample(("node6", "node7"), both, 1e9)
    del both["node6"]
    second = assembler.sample(("node6", "node7"), both, 1e9 + 1)
    assert second.keys == first.keys == (("cpu-clock", "msec"), ("cs", None))
    assert second["cpu-clock"].status is Status.MISSING
    assert [part.status for part in second["cpu-clock"].parts.values()] == [Status.MISSING] * 2
    assert second["cs"].count == 1


def test_how_hosts_fare_is_told_when_it_changes(monitor, wire):
    feed = Feed.of(monitor)
    assert [host["name"] for host in feed.hosts] == ["node6", "node7"]
    assert feed.hosts[0]["error"] is None
    assert feed.hosts[1]["error"] == {"reason": "it may not", "remedy": "Become root"}
    before = feed.hosts
    deliver(monitor, of_hosts())
    monitor.tick()
    assert feed.hosts is before
    monitor._sources["scripted"].hosts = {**HOSTS, "node8": HostState("node8", "gone")}
    monitor.tick()
    assert [host["state"] for host in feed.hosts] == ["running", "failed", "gone"]
    feed.release()


def test_metrics_of_events_that_other_hosts_count_have_no_value(wire):
    every = ("cycles", "instructions", "task-clock")
    source = Scripted(events=every)
    source.hosts = {
        "node6": HostState("node6", "running", counted=every),
        "node7": HostState("node7", "running", counted=("task-clock",)),
    }
    monitor = Monitor(source)
    feed = Feed.of(monitor)

    def reasons():
        deliver(monitor, sample(1.0, *(reading(event, 5) for event in every), timestamp=1e9))
        monitor.tick()
        return {metric["name"]: metric["reason"] for metric in feed.row_layout["metrics"]}

    found = reasons()
    assert found["IPC"] == ""
    assert "cycles and task-clock are counted on different hosts" in found["GHz"]
    source.hosts = {**source.hosts, "node7": HostState("node7", "running", counted=every)}
    assert "different hosts" not in str(reasons())
    feed.release()


def test_a_picture_tells_of_hosts(monitor):
    deliver(monitor, of_hosts())
    text = str(Snapshot.of(monitor))
    assert "2 hosts · 1 not available" in text
    assert "Not available on node7: it may not. Become root." in text


def test_memory_that_a_host_cannot_tell_is_told_with_it(monitor):
    monitor.memory_hosts = {"node6": HostState("node6", "failed", PerfNotPermittedError("no", ""))}
    told = HostNews(monitor).all()
    assert told[0]["memory_error"] == {"reason": "no", "remedy": ""}
    assert "memory_error" not in told[1]


def test_one_machine_has_no_hosts(wire):
    monitor = Monitor(Scripted(events=("cs",)))
    feed = Feed.of(monitor)
    deliver(monitor, sample(1.0, reading("cs", 7, parts=cores(3, 4)), timestamp=1e9))
    monitor.tick()
    assert feed.hosts == []
    assert "part_kind" not in feed.row_layout
    assert feed.row_layout["parts"] == ["CPU0", "CPU1"]
    feed.release()


def test_a_dashboard_of_hosts_reads_no_memory_activity_of_this_machine(wire, monkeypatch):
    monkeypatch.setattr(Monitor, "start", lambda self: self)
    dashboard = Dashboard(Hosts({"node6": PerfStat(), "node7": PerfStat()}))
    assert dashboard.monitor.memory_state is None
    dashboard.close()


# -- recorded


def test_a_header_of_hosts_tells_nothing_of_this_machine():
    header = Header.of(Hosts({"node6": PerfStat(), "node7": PerfStat()}))
    assert header.hosts == ("node6", "node7")
    assert (header.kernel, header.cpu) == (None, None)
    assert Header.from_dict(header.to_dict(), "it").hosts == header.hosts
    assert "hosts" not in Header.of(PerfStat()).to_dict()


@pytest.mark.parametrize("hosts", ["node6", 5, {"a": 1}, [5, None]])
def test_a_hostile_header(hosts):
    line = {**Header().to_dict(), "hosts": hosts}
    assert Header.from_dict(line, "it").hosts == ()


def test_a_recording_of_hosts_is_played_as_such(tmp_path):
    path = tmp_path / "recording"
    recorder = Recorder(path, Header(("cs",), 0.5, hosts=("node6", "node7")))
    recorder.write_sample(of_hosts())
    recorder.write_sample(of_hosts(2, node7=reading("cs", 5)))
    joined = reading("cs", 5, parts={"node6": AWAY, "node7": AWAY, "node8": reading("cs", 5)})
    recorder.write_sample(sample(3.0, joined, duration=0.5, timestamp=1e9 + 3))
    recorder.close()
    told = []
    monitor = Monitor(Replay(path, speed=math.inf))
    assert list(monitor.hosts) == ["node6", "node7"]
    monitor.observe(lambda change: told.append(change.new), "hosts")
    with monitor:
        assert list(monitor.hosts) == ["node6", "node7", "node8"]
        assert monitor.hosts["node8"].state == "recorded"
        assert monitor.hosts["node8"].counted == ("cs",)
        assert monitor.hosts["node6"].counted == ()
        assert told[-1] is monitor.hosts
        assert monitor.faults == ()
