"""``perfwidgets serve`` and ``monitor.serve``, scraped by the real Prometheus."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from processes import MARKER, marked, perfs, until
from ssh_server import _free_port as free_port

from perfwidgets import Monitor, PerfStat, Sample, VmStat
from perfwidgets.open_metrics import RunningTotals
from perfwidgets.open_metrics_server import MetricsServer
from perfwidgets.samples import Reading, Status

SERVE = [sys.executable, "-m", "perfwidgets", "serve"]
EVENTS = "context-switches,page-faults,cpu-clock"
_CONFIGURATION = """\
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
  - job_name: perf
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
# each test's perfs are told from others by their interval
_intervals = itertools.count(171)


@pytest.fixture
def interval():
    number = next(_intervals)
    yield number
    until(lambda: not perfs(number), why="perf is left behind")


@pytest.fixture
def prometheus(need, tmp_path):
    """Run a Prometheus that scrapes a port; ``ask(query)`` gives its answers."""
    need(shutil.which("prometheus"), "no prometheus (Debian's package prometheus)")

    @contextmanager
    def prometheus(port):
        (tmp_path / "prometheus.yml").write_text(_CONFIGURATION.format(port=port))
        own = free_port()
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={tmp_path / 'prometheus.yml'}",
                    f"--storage.tsdb.path={tmp_path / 'data'}",
                    f"--web.listen-address=127.0.0.1:{own}",
                ],
                stdout=log,
                stderr=log,
            )
        ask = Asked(f"http://127.0.0.1:{own}/api/v1/")
        try:
            until(ask.is_ready, 60, why=f"no answer: {(tmp_path / 'log').read_text()[-2000:]}")
            yield ask
        finally:
            process.terminate()
            process.wait(30)

    return prometheus


class Asked:
    """What a Prometheus answers."""

    def __init__(self, base):
        self._base = base

    def _get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self._base}{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def is_ready(self):
        """Whether it has scraped once, well or badly."""
        try:
            return self.target()["health"] != "unknown"
        except (OSError, ValueError):  # it is starting, or has no target yet
            return False

    def target(self):
        [target] = self._get("targets")["activeTargets"]
        return target

    def __call__(self, query):
        """The labels and the value of each result."""
        return [
            (r["metric"], float(r["value"][1])) for r in self._get("query", query=query)["result"]
        ]

    def value(self, query):
        """The value of the one result; `None` while there is none."""
        results = self(query)
        assert len(results) <= 1, results
        return results[0][1] if results else None


@pytest.fixture
def serve(request, interval):
    """Start ``perfwidgets serve``; return the process and its port. None of its own may be left."""
    value = f"{os.getpid()}-{request.node.name}"
    processes = []

    def serve(*words):
        process = subprocess.Popen(
            [*SERVE, "--port", "0", "-I", str(interval), *words],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, MARKER: value},
        )
        processes.append(process)
        said = ""
        while not (match := re.search(r"serving http://[^:]+:(\d+)/metrics", said)):
            line = process.stderr.readline()
            assert line, said
            said += line
        return process, int(match[1]), said

    yield serve
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)
    until(lambda: not marked(value), why=f"left behind: {marked(value)}")


def page(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return answer.read().decode()


def listening(port):
    """The addresses at which somebody listens on this port, as the kernel writes them."""
    rows = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return re.findall(rf" ([0-9A-F]{{8,32}}):{port:04X} [0-9A-F]+:0000 0A", rows)


def test_prometheus_scrapes_the_command(serve, prometheus, interval):
    process, port, _ = serve("-e", f"{EVENTS},cycles", "--per-core")
    with prometheus(port) as ask:
        until(lambda: len(ask("perf_context_switches_total")) >= 1)
        labels, count = ask("perf_context_switches_total")[0]
        assert labels["cpu"] == "0"
        assert (labels["event"], labels["source"]) == ("context-switches", "perf stat")
        assert count > 0
        assert ask.value('perfwidgets_up{source="perf stat"}') == 1
        until(lambda: (ask.value("sum(vmstat_pgfault_total)") or 0) > 0)
        # what one would put on a dashboard: about as many CPU seconds a second as there are CPUs
        cpus = len(ask("perf_cpu_clock_seconds_total"))
        rate = "sum(rate(perf_cpu_clock_seconds_total[4s]))"
        until(lambda: 0.7 < (ask.value(rate) or 0) / cpus < 1.3)
        supported = ask.value('perfwidgets_event_supported{event="cycles"}')
        assert (ask("perf_cycles_total") != []) == bool(supported)

        totals = ask.value("sum(perf_page_faults_total)")
        [perf] = perfs(interval)
        os.kill(perf, signal.SIGKILL)
        until(lambda: ask.value('perfwidgets_gaps_total{source="perf stat"}') == 1)
        until(lambda: ask.value('perfwidgets_up{source="perf stat"}') == 1)
        until(lambda: ask.value("sum(perf_page_faults_total)") > totals)
        for name in ("perf_page_faults_total", "perf_cpu_clock_seconds_total"):
            assert {value for _, value in ask(f"resets({name}[1m])")} == {0}
        assert ask.target()["lastError"] == ""
    process.terminate()
    assert process.wait(20) == 0


def test_promtool_finds_nothing_to_complain_of(serve, need):
    need(shutil.which("promtool"), "no promtool (Debian's package prometheus)")
    _, port, _ = serve("-e", f"{EVENTS},dTLB-loads,L1-dcache-load-misses,duration_time")
    until(lambda: "perf_page_faults_total{" in page(port))
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=page(port),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_prometheus_reads_hostile_names(prometheus, monkeypatch):
    hostile = ['we"ird\\x\n', "nul\0x", "cr\rx", "sur\udc80", 'a{b="c"} 1\n# EOF\nfoo 1', "\x1b[0m"]
    readings = [Reading(event, 7, 7.0, None, Status.COUNTED, 1.0) for event in hostile]
    monkeypatch.setattr("socket.gethostname", lambda: 'h"o\\s\nt')
    totals = RunningTotals({"perf stat": PerfStat()})
    with MetricsServer(totals) as server, prometheus(server.port) as ask:
        totals.sample_arrived("perf stat", None, Sample(1.0, 1e9, 1.0, tuple(readings)))
        until(lambda: len(ask('{__name__=~"perf_.*_total"}')) == len(hostile))
        events = {labels["event"] for labels, _ in ask('{__name__=~"perf_.*_total"}')}
        assert events == {e.replace("\udc80", "\\udc80") for e in hostile}
        assert ask('{__name__="foo"}') == []
        assert (ask.target()["health"], ask.target()["lastError"]) == ("up", "")


def test_a_thousand_scrapes_of_a_monitor(interval):
    seconds = interval / 1000
    monitor = Monitor(PerfStat(EVENTS, interval=seconds), VmStat(interval=seconds))
    with monitor.serve() as server, monitor:
        assert monitor.wait_for_sample()
        before, counting = perfs(interval), monitor.sample_count
        for _ in range(1000):
            page(server.port)
        assert perfs(interval) == before
        assert len(before) == 1
        assert monitor.sample_count > counting
        assert monitor.faults == ()
        monitor.pause()
        until(lambda: monitor.state == "paused")
        told = re.search(
            r'perfwidgets_intervals_total{.*source="perf stat"} (\S+)', page(server.port)
        )
        assert float(told[1]) == monitor.sample_count
        assert 'perfwidgets_gaps_total{host="' in page(server.port)


def test_only_this_machine_can_reach_it(serve):
    _, port, said = serve("-e", EVENTS)
    assert listening(port) == ["0100007F"]
    assert "password" not in said


def test_it_says_so_where_others_can(serve):
    _, port, said = serve("-e", EVENTS, "--address", "0.0.0.0")
    assert listening(port) == ["00000000"]
    assert "neither a password nor encryption" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_on_a_signal(serve, interval, number):
    process, port, _ = serve("-e", EVENTS)
    until(lambda: "perf_page_faults_total{" in page(port))
    process.send_signal(number)
    assert process.wait(20) == 0
    assert listening(port) == []
    until(lambda: not perfs(interval))


def test_a_port_in_use(serve):
    _, port, _ = serve("-e", EVENTS)
    again = subprocess.run(
        [*SERVE, "--port", str(port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert again.returncode == 2
    assert f"Port {port} of 127.0.0.1 is in use" in again.stderr


def test_it_ends_with_what_it_counts(serve):
    target = subprocess.Popen(["sleep", "60"])
    process, port, _ = serve("-e", "task-clock", "-p", str(target.pid))
    until(lambda: 'perfwidgets_event_supported{event="task-clock"' in page(port))
    target.kill()
    target.wait()
    assert process.wait(30) == 0
