"""Running totals for Prometheus: what they are called, that they only grow, and their page."""

from __future__ import annotations

import gc
import math
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import numpy as np
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from scripted_source import Scripted, reading, sample, transient

from perfwidgets import Backoff, Hosts, Monitor, Reading, Status, VmStat
from perfwidgets.__main__ import build_parser, main
from perfwidgets.errors import ArgumentError, PerfNotFoundError, PerfwidgetsWarning
from perfwidgets.open_metrics import RunningTotals, host_of
from perfwidgets.open_metrics_names import cpu_label, family_of, label_value
from perfwidgets.open_metrics_server import MetricsServer
from perfwidgets.samples import ColumnParts, PartColumns
from perfwidgets.sources.perf_stat import PerfStat

QUICK = Backoff(first=0.01, factor=1.0, longest=0.01, tries=3)
HOSTILE = (
    *('we"ird\\x\n', "nul\0x", "cr\rx", "sur\udc80", "été", "///", "x_total", "foo_bucket"),
    *("x", "x_total_total", "x_created", "foo", "total", "created_total"),
    *('a{b="c"} 1\n# EOF\nfoo 1', "perfwidgets_up", "x" * 900, "\u2028line\u0085", "\x7f\x1b[0m"),
)


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def read(url, accept="application/openmetrics-text; version=1.0.0"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def scraped(page):
    """Name of a sample and its labels -> its value; each only once."""
    found = {}
    for family in openmetrics.text_string_to_metric_families(page):
        assert family.documentation
        for one in family.samples:
            key = (one.name, *(f"{k}={v}" for k, v in sorted(one.labels.items())))
            assert key not in found, "twice"
            found[key] = one.value
    return found


def scrape(server):
    return scraped(read(server.url))


@pytest.fixture
def totals(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "here")
    totals = RunningTotals({"perf stat": PerfStat(), "/proc/vmstat": VmStat()})
    totals.source_changed("perf stat", "running")
    return totals


@pytest.fixture
def served(totals):
    """Add readings of an interval; return what a scrape finds."""
    with MetricsServer(totals) as server:

        def served(*readings, name="perf stat"):
            if readings:
                totals.sample_arrived(name, None, sample(1.0, *readings, timestamp=1e9))
            return scrape(server)

        yield served


def value(found, name, *labels):
    keys = [key for key in found if key[0] == name and set(labels) <= set(key)]
    assert len(keys) == 1, (name, labels, sorted(found))
    return found[keys[0]]


def names(found):
    return {key[0] for key in found}


# -- names


@pytest.mark.parametrize(
    ("event", "unit", "name", "scale"),
    [
        ("cycles", None, "perf_cycles", 1),
        ("cycles:u", None, "perf_cycles_u", 1),
        ("L1-dcache-load-misses", "", "perf_l1_dcache_load_misses", 1),
        ("cpu-clock", "msec", "perf_cpu_clock_seconds", 1e-3),
        ("duration_time", "ns", "perf_duration_time_seconds", 1e-9),
        ("power/energy-pkg/", "Joules", "perf_power_energy_pkg_joules", 1),
        ("uncore_imc/data_reads/", "MiB", "perf_uncore_imc_data_reads_bytes", 2**20),
        ("cpu_core/cycles/", None, "perf_cpu_core_cycles", 1),
        ("read_bytes", "bytes", "perf_read_bytes", 1),
        ("x", "odd unit/", "perf_x_odd_unit", 1),
        ("x_total", None, "perf_x", 1),
        ("///", None, "perf_event", 1),
        ("3com:stall", None, "perf_3com_stall", 1),
    ],
)
def test_what_an_event_is_called(event, unit, name, scale):
    family = family_of(event, unit)
    assert (family.name, family.scale) == (name, scale)
    assert family.name.endswith(family.unit)


def test_a_help_text_is_the_events_own_and_says_what_is_in_the_total():
    words = family_of("cycles", None).help
    assert words.startswith("Core clock cycles while not halted.")
    assert "extrapolated" in words
    assert "perfwidgets_gaps_total" in words
    assert "paging, not memory bandwidth" in family_of("pgpgin", "KB", of_memory=True).help


def test_what_is_read_off_and_not_counted_has_no_total(served):
    assert family_of("temp", "C") is None
    found = served(Reading("temp", 50.0, None, "C", Status.COUNTED, 1.0))
    assert not any("temp" in name for name in names(found))


def test_labels():
    assert [cpu_label(part) for part in ("CPU3", "S0-D0-C1", "N0")] == ["3", "S0-D0-C1", "N0"]
    assert label_value("a\udc80") == "a\\udc80"
    assert host_of(PerfStat()) == socket.gethostname()
    assert host_of(PerfStat(command=["ssh", "elsewhere", "perf"])) == "elsewhere"


# -- totals


def test_totals_add_up_the_intervals(served):
    served(reading("cycles", 40))
    found = served(reading("cycles", 2))
    labels = ("event=cycles", "host=here", "source=perf stat", "cpu=")
    assert value(found, "perf_cycles_total", *labels) == 42
    assert value(found, "perfwidgets_intervals_total", "source=perf stat") == 2
    assert value(found, "perfwidgets_counted_seconds_total", "source=perf stat") == 2
    assert value(found, "perfwidgets_last_interval_timestamp_seconds") == 1e9
    assert value(found, "perfwidgets_up", "source=perf stat") == 1
    assert value(found, "perfwidgets_up", "source=/proc/vmstat") == 0


def test_totals_are_exact_in_python(totals):
    for _ in range(3):
        totals.sample_arrived("perf stat", None, sample(1.0, reading("cycles", 2**60 + 1)))
    _, [event] = totals.copy()
    assert event.totals == {"": 3 * (2**60 + 1)}


def test_base_units(served):
    found = served(Reading("cpu-clock", 1500.5, None, "msec", Status.COUNTED, 1.0))
    assert value(found, "perf_cpu_clock_seconds_total") == 1.5005
    found = served(Reading("pgpgin", 3, None, "KB", Status.COUNTED, 1.0), name="/proc/vmstat")
    assert value(found, "vmstat_pgpgin_bytes_total", "source=/proc/vmstat") == 3072
    assert not [k for k in found if k[0].endswith("running_ratio") and "event=pgpgin" in k]


def test_what_is_not_counted_is_absent_and_not_zero(served):
    found = served(
        reading("cycles", status=Status.NOT_SUPPORTED),
        reading("branches", status=Status.NOT_COUNTED),
        reading("cs", status=Status.MISSING),
    )
    assert not [name for name in names(found) if name.startswith("perf_")]
    supported = "perfwidgets_event_supported"
    assert value(found, supported, "event=cycles") == 0
    assert value(found, supported, "event=branches") == 1
    assert not [key for key in found if key[0] == supported and "event=cs" in key]
    ratio = "perfwidgets_event_running_ratio"
    assert value(found, ratio, "event=branches") == 0
    assert not [key for key in found if key[0] == ratio and "event=cycles" in key]


def test_a_total_stays_while_its_event_is_not_counted(served):
    served(reading("cycles", 40, running=0.5))
    assert value(served(), "perfwidgets_event_running_ratio") == 0.5
    found = served(reading("cycles", status=Status.NOT_COUNTED))
    assert value(found, "perf_cycles_total") == 40
    assert value(found, "perfwidgets_event_running_ratio") == 0
    assert value(served(reading("cycles", 2)), "perf_cycles_total") == 42


@pytest.mark.parametrize("count", [-1, -0.5, math.nan, math.inf])
def test_nothing_makes_a_total_go_back(served, count):
    served(reading("cycles", 40))
    assert value(served(reading("cycles", count)), "perf_cycles_total") == 40


def test_cores_apart_add_up_to_the_whole(served):
    parts = {"CPU0": reading("cs", 3), "CPU1": reading("cs", 4)}
    parts["CPU2"] = reading("cs", status=Status.NOT_COUNTED)
    found = served(reading("cs", 7, parts=parts))
    totals = {key[1]: count for key, count in found.items() if key[0] == "perf_cs_total"}
    assert totals == {"cpu=0": 3, "cpu=1": 4}


def test_cores_in_columns(served):
    columns = PartColumns(
        np.array([3.0, np.nan, 2.5]), np.array([False, False, True]), np.array([1, -1, 1]), 1.0
    )
    parts = ColumnParts(columns, "cs", None, {"CPU0": 0, "CPU1": 1, "CPU9": 2}, 0)
    for _ in range(2):
        found = served(reading("cs", 5.5, parts=parts))
    totals = {key[1]: count for key, count in found.items() if key[0] == "perf_cs_total"}
    assert totals == {"cpu=0": 6, "cpu=9": 5}


def test_an_event_asked_for_twice_is_told_once(served):
    found = served(reading("cycles", 40), reading("cycles", 41))
    assert value(found, "perf_cycles_total") == 40


def test_another_unit_begins_anew_under_another_name(served):
    served(reading("x", 5))
    found = served(Reading("x", 7.0, None, "Joules", Status.COUNTED, 1.0))
    assert value(found, "perf_x_joules_total") == 7
    assert "perf_x_total" not in names(found)


def test_gaps_are_told(totals, served):
    served(reading("cycles", 40))
    for state in ("starting", "starting", "running"):
        totals.source_changed("perf stat", state)
    served(reading("cycles", 2))
    for state in ("paused", "starting", "running"):
        totals.source_changed("perf stat", state)
    found = served(reading("cycles", 2))
    assert value(found, "perf_cycles_total") == 44
    assert value(found, "perfwidgets_gaps_total", "source=perf stat") == 2
    state = "perfwidgets_source_state"
    assert value(found, state, f"{state}=running", "source=perf stat") == 1
    assert value(found, state, f"{state}=starting", "source=perf stat") == 0


def test_no_names_without_end(totals):
    for first in range(0, 40_000, 1000):
        events = [reading(f"e{number}") for number in range(first, first + 1000)]
        totals.sample_arrived("perf stat", None, sample(1.0, *events))
    assert len(totals.copy()[1]) == 20_000


# -- of several hosts


@pytest.fixture
def of_hosts():
    totals = RunningTotals({"hosts": Hosts({"node6": PerfStat(), "node7": PerfStat()})})
    totals.hosts_changed("hosts", {"node6": "running", "node7": "failed"})
    return totals


def test_hosts_have_totals_of_their_own(of_hosts):
    cores = {"CPU0": reading("cs", 3), "CPU1": reading("cs", 4)}
    away = reading("cs", status=Status.MISSING)
    first = {"node6": reading("cs", 7, parts=cores), "node7": away}
    of_hosts.sample_arrived("hosts", None, sample(1.0, reading("cs", 7, parts=first)))
    second = {"node6": away, "node7": reading("cs", 5)}
    of_hosts.hosts_changed("hosts", {"node6": "late", "node7": "running"})
    of_hosts.sample_arrived("hosts", None, sample(2.0, reading("cs", 5, parts=second)))
    with MetricsServer(of_hosts) as server:
        found = scrape(server)
    assert {key[1:4]: count for key, count in found.items() if key[0] == "perf_cs_total"} == {
        ("cpu=0", "event=cs", "host=node6"): 3,
        ("cpu=1", "event=cs", "host=node6"): 4,
        ("cpu=", "event=cs", "host=node7"): 5,
    }
    for host, gaps in (("node6", 1), ("node7", 0)):
        assert value(found, "perfwidgets_up", f"host={host}") == 1
        assert value(found, "perfwidgets_gaps_total", f"host={host}") == gaps
        assert value(found, "perfwidgets_intervals_total", f"host={host}") == 1


def test_a_host_that_is_away(of_hosts):
    with MetricsServer(of_hosts) as server:
        found = scrape(server)
    assert value(found, "perfwidgets_up", "host=node7") == 0
    state = "perfwidgets_source_state"
    assert value(found, state, f"{state}=failed", "host=node7") == 1


def test_a_host_that_has_left_for_good_leaves_room_for_others(monkeypatch):
    monkeypatch.setattr("perfwidgets.open_metrics._MOST_EVENTS", 2)
    totals = RunningTotals({"hosts": Hosts({"node6": PerfStat()}), "/proc/vmstat": VmStat()})
    for number in range(5):
        names = [f"pod {number}", f"pod {number + 1}"]
        totals.hosts_changed("hosts", dict.fromkeys(names, "running"))
        parts = {name: reading("cs", 1) for name in names}
        totals.sample_arrived("hosts", None, sample(1.0, reading("cs", 2, parts=parts)))
    sources, events = totals.copy()
    assert {source.source for source in sources} == {"hosts", "/proc/vmstat"}
    assert {event.host: event.totals for event in events} == {"pod 4": {"": 2}, "pod 5": {"": 1}}


# -- the page


def test_hostile_names_make_no_lines_of_their_own(served):
    parts = {label: reading("cs", 1) for label in ("CPU3", "3", *HOSTILE)}
    found = served(*(reading(event, 7) for event in HOSTILE), reading("cs", 9, parts=parts))
    assert "foo" not in names(found)
    assert value(found, "perfwidgets_up", "source=perf stat") == 1
    events = {word for key in found if key[0].startswith("perf_") for word in key[1:]}
    assert {f"event={label_value(event)}" for event in HOSTILE} <= events
    assert value(found, "perf_cs_total", "cpu=3") == 2  # two parts with one label


def test_both_formats(totals, served):
    served(reading("cycles", 40))
    with MetricsServer(totals) as server:
        old = read(server.url, accept="text/plain")
        new = read(server.url)
    assert new.endswith("# EOF\n")
    assert "# TYPE perf_cycles counter" in new
    assert "# TYPE perf_cycles_total counter" in old
    values = [s.value for f in text_string_to_metric_families(old) for s in f.samples]
    assert 40 in values


# -- the server


def test_it_listens_on_loopback_only(totals):
    with MetricsServer(totals) as server:
        assert server.address == "127.0.0.1"
        assert server.url == f"http://127.0.0.1:{server.port}/metrics"
        assert str(server.port) in repr(server)
    assert "closed" in repr(server)


def test_it_warns_of_others(monitored):
    with pytest.warns(PerfwidgetsWarning, match="neither a password nor encryption") as told:
        server = monitored(Scripted()).serve(address="0.0.0.0")
    with server:
        assert server.url == f"http://{socket.gethostname()}:{server.port}/metrics"
        assert told[0].filename == __file__


@pytest.mark.parametrize("port", [-1, 65536, "80", None, True, 1.5])
def test_ports_that_are_none(totals, port):
    with pytest.raises(ArgumentError, match="is no port"):
        MetricsServer(totals, port)


@pytest.mark.parametrize("address", ["", None, 7, "no such name", "192.0.2.1", "x" * 300, "a\0b"])
def test_addresses_that_are_none(totals, address):
    with pytest.raises(ArgumentError, match="is no address") as caught:
        MetricsServer(totals, 0, address)
    assert "127.0.0.1" in caught.value.remedy


def test_a_port_in_use(totals):
    with MetricsServer(totals) as first, pytest.raises(ArgumentError) as caught:
        MetricsServer(totals, first.port)
    assert caught.value.reason == f"Port {first.port} of 127.0.0.1 is in use"
    with MetricsServer(totals, first.port) as again:  # it is free at once
        assert again.port == first.port


def test_the_other_family(totals):
    try:
        server = MetricsServer(totals, address="::1")
    except ArgumentError:
        pytest.skip("no IPv6 loopback")
    with server:
        assert server.url.startswith("http://[::1]:")
        assert scrape(server)


def ask_as(server, host):
    """The status line of the answer to who asks for `host`; `None` leaves it out."""
    head = "" if host is None else f"Host: {host}\r\n"
    with socket.create_connection((server.address, server.port), 10) as connection:
        connection.sendall(f"GET /metrics HTTP/1.1\r\n{head}\r\n".encode())
        return connection.makefile().readline().split(" ", 1)[1].strip()


def test_a_web_page_whose_name_leads_here_reads_nothing(totals):
    with MetricsServer(totals) as server:
        for host in ("localhost", "LOCALHOST.:80", "127.0.0.1", "127.9.9.9:7373", "[::1]:1", None):
            assert ask_as(server, host) == "200 OK", host
        others = ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example")
        forged = ("", "0.0.0.0", "192.0.2.1", "localhost@evil", "[::1", "localhost\r\nHost: evil")
        for host in (*others, *forged):
            assert ask_as(server, host) == "403 Forbidden", host
    with MetricsServer(totals, address="localhost") as server:
        assert ask_as(server, "localhost") == "200 OK"


def test_whoever_other_machines_may_reach_answers_to_any_name(totals):
    with pytest.warns(PerfwidgetsWarning), MetricsServer(totals, address="0.0.0.0") as server:
        assert ask_as(server, "node7.example") == "200 OK"


def test_connections_that_say_nothing_are_few_and_leave_room_again(totals, monkeypatch):
    monkeypatch.setattr("perfwidgets.open_metrics_server._MOST_AT_ONCE", 2)
    with MetricsServer(totals) as server:
        place = (server.address, server.port)
        silent = [socket.create_connection(place, 10) for _ in range(3)]
        assert silent[2].recv(1) == b""  # hung up on
        for connection in silent:
            connection.close()
        until(lambda: server._server._room._value == 2)
        assert scrape(server)


def test_its_thread_ends_with_it(totals):
    before = threading.active_count()
    server = MetricsServer(totals)
    assert threading.active_count() == before + 1
    server.close()
    server.close()
    assert threading.active_count() == before


def test_a_forked_child_lets_go_of_the_port(totals):
    with MetricsServer(totals) as server:
        hear, say = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(say)
            os.read(hear, 1)  # until the parent has closed
            os._exit(0)
        scrape(server)
        server.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), 5)
        os.close(say)
        os.close(hear)
        assert os.waitpid(child, 0)[1] == 0


def test_without_prometheus_client(totals, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Exception, match=r"pip install 'perfwidgets\[prometheus\]'"):
        MetricsServer(totals)


# -- of a monitor


@pytest.fixture
def monitored():
    made = []

    def monitored(*sources):
        made.append(Monitor(*sources, backoff=QUICK))
        return made[-1]

    yield monitored
    for monitor in made:
        monitor.stop()


def test_a_monitor_is_served_until_it_stops(monitored):
    monitor = monitored(Scripted(), Scripted(name="memory", kind="memory", events=("pgfault",)))
    server = monitor.serve()
    assert value(scrape(server), "perfwidgets_up", "source=scripted") == 0
    with monitor:
        until(lambda: "vmstat_pgfault_total" in names(scrape(server)))
        found = scrape(server)
        assert value(found, "perf_cycles_total", "source=scripted") > 0
        assert value(found, "perfwidgets_up", "source=scripted") == 1
    assert server.closed
    with pytest.raises(OSError, match="refused"):
        read(server.url)


def test_totals_grow_over_restarts_of_the_source(monitored):
    source = Scripted(failures=[])
    monitor = monitored(source)
    server = monitor.serve()
    with monitor:
        until(lambda: "perf_cycles_total" in names(scrape(server)))
        last = value(scrape(server), "perf_cycles_total")
        source.failures = [transient()]
        until(lambda: source.entered == 2)
        for _ in range(50):
            now = value(scrape(server), "perf_cycles_total")
            assert now >= last
            last = now
        assert value(scrape(server), "perfwidgets_gaps_total") == 1
        until(lambda: value(scrape(server), "perf_cycles_total") > last)


def test_scrapes_leave_counting_alone(monitored):
    source = Scripted()
    monitor = monitored(source)
    silent = socket.socket()
    with monitor.serve() as server, monitor:
        silent.connect(("127.0.0.1", server.port))  # and never asks
        threads = {thread for thread in threading.enumerate() if "collector" in thread.name}
        for _ in range(1000):
            scrape(server)
        assert source.entered == 1
        assert {t for t in threading.enumerate() if "collector" in t.name} == threads
        monitor.pause()
        until(lambda: monitor.state == "paused")
        found = scrape(server)
        # each sample once, whoever has asked how often
        assert value(found, "perfwidgets_intervals_total") == source.delivered > 1
        assert value(found, "perf_cycles_total") == sum(range(source.delivered + 1))
        assert monitor.faults == ()
    silent.close()


def test_a_monitor_that_nobody_holds_is_not_served_on():
    server = Monitor(Scripted()).serve()
    gc.collect()
    assert server.closed


def test_serving_a_monitor_that_runs_takes_its_state(monitored):
    with monitored(Scripted()) as monitor:
        monitor.wait_for_sample()
        with monitor.serve() as server, monitor.serve() as other:
            assert value(scrape(server), "perfwidgets_up") == 1
            assert other.port != server.port
            other.close()
            monitor.wait_for_sample()
        monitor.wait_for_sample()
        assert monitor._served == []
        assert monitor.faults == ()


# -- the command


def test_the_commands_arguments():
    found = build_parser().parse_args(["serve", "-e", "cs", "-I", "250", "--per-core", "-C", "0"])
    assert (found.events, found.interval, found.per_core, found.cores) == (["cs"], 0.25, True, "0")
    assert (found.port, found.address) == (7373, "127.0.0.1")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["--port", "70000"], "is no port"),
        (["--address", "nowhere.invalid"], "is no address"),
        (["-p", "1", "-a"], "-p 1 and -a"),
        (["-p", "1", "--host", "node7"], "-p 1 and --host"),
        (["--host=-oProxyCommand=x"], "is no host"),
        (["--host", ""], "is no host"),
        (["-I", "1"], "too short"),
        (["-e", "cycle"], "Did you mean"),
    ],
)
def test_arguments_that_are_refused(words, match, capsys):
    assert main(["serve", *words]) == 2
    assert match in capsys.readouterr().err


def test_where_perf_is_not(capsys):
    assert main(["serve", "--port", "0", "--command", "/no/such/perf"]) == 2
    said = capsys.readouterr().err
    assert PerfNotFoundError.__name__ not in said
    assert "/no/such/perf" in said


def test_a_monitor_loads_no_server_before_it_serves():
    program = (
        "import sys; from perfwidgets import Monitor, VmStat; Monitor(VmStat())\n"
        "assert not {'prometheus_client', 'wsgiref', 'perfwidgets.open_metrics_server'} "
        "& set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
