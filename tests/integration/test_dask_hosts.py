"""The hosts of a real Dask cluster: a scheduler and workers that pose as hosts, each a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from dask_cluster import DaskCluster, host_of, other_perfwidgets, tools_without_perf
from processes import perfs, until

pytest.importorskip("distributed")

from distributed import Client

import perfwidgets
from perfwidgets import DaskHosts, Monitor, PerfStat, Replay, VmStat
from perfwidgets.errors import ArgumentError
from perfwidgets.samples import Status

HERE = Path(__file__).parent
#: intervals that nobody else uses, by which our perfs are told (ms)
INTERVAL = 230


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    folder = tmp_path_factory.mktemp("dask")
    found = DaskCluster(folder)
    # so that workers find the function that names their hosts
    here = {"PYTHONPATH": str(HERE)}
    bare = tools_without_perf(folder / "tools")
    old = other_perfwidgets(folder / "old", '__version__ = "0.0.1"')
    lacking = other_perfwidgets(folder / "lacking", 'raise ImportError("there is none")')
    try:
        found.start_scheduler()
        found.start_worker("node1-a", **here)
        found.start_worker("node1-b", **here)
        found.start_worker("node2", **here)
        found.start_worker("bare", PATH=bare, **here)
        found.start_worker("old", PYTHONPATH=os.pathsep.join([old, str(HERE)]))
        found.start_worker("lacking", PYTHONPATH=os.pathsep.join([lacking, str(HERE)]))
        yield found
    finally:
        found.stop()
    until(lambda: not perfs(INTERVAL), why="perf outlives the workers")
    assert "perfwidgets/" not in Path("/proc/net/unix").read_text()


@pytest.fixture
def client(cluster: DaskCluster) -> Iterator[Client]:
    with Client(cluster.address, set_as_default=False) as client:
        yield client


def source(
    client: Client, interval: int = INTERVAL, *, memory: bool = False, **more: float
) -> DaskHosts:
    counters = PerfStat("cpu-clock,page-faults,cycles", interval=interval / 1000)
    vmstat = VmStat(interval=interval / 1000) if memory else None
    return DaskHosts(client, counters, vmstat, host_of=host_of, **more)


def counted(monitor: Monitor) -> set[str]:
    """The hosts that the latest sample has a count of."""
    parts = monitor.sample["cpu-clock"].parts if monitor.sample is not None else {}
    return {name for name, part in parts.items() if part.count is not None}


def states(monitor: Monitor) -> dict[str, str]:
    return {name: host.state for name, host in monitor.hosts.items()}


def test_each_host_is_counted_once_and_says_why_where_it_cannot_be(
    client: Client, cluster: DaskCluster, tmp_path: Path
) -> None:
    client.wait_for_workers(6, timeout=60)
    with Monitor(source(client, memory=True)) as monitor:
        until(lambda: counted(monitor) == {"node1", "node2"}, 30)
        until(lambda: {"bare", "old", "lacking"} <= monitor.hosts.keys())
        assert len(perfs(INTERVAL)) == 2, "one for each host, whatever the number of its workers"
        whole = monitor.sample["cpu-clock"]
        assert list(whole.parts) == ["bare", "lacking", "node1", "node2", "old"]
        assert whole.count == pytest.approx(sum(p.count or 0 for p in whole.parts.values()))
        assert whole.parts["bare"].status is Status.MISSING
        assert (monitor.state, monitor.error) == ("running", None)

        until(lambda: {states(monitor)[n] for n in ("bare", "old", "lacking")} == {"failed"})
        errors = {name: str(host.error) for name, host in monitor.hosts.items()}
        assert "perf was not found" in errors["bare"]
        assert "Install" in errors["bare"]
        assert (
            f"have perfwidgets 0.0.1, and this notebook {perfwidgets.__version__}" in errors["old"]
        )
        assert f"pip install perfwidgets=={perfwidgets.__version__}" in errors["old"]
        assert "cannot import perfwidgets (there is none)" in errors["lacking"]

        node1 = monitor.hosts["node1"]
        until(lambda: len(monitor.hosts["node1"].workers) == 2)
        # all run on this machine: their clocks are ours
        assert node1.uncertainty is not None
        assert abs(node1.offset) <= node1.uncertainty
        assert {"cpu-clock", "page-faults"} <= set(node1.counted)
        assert node1.version

        until(lambda: monitor.memory is not None and len(monitor.memory["pgfault"].parts) >= 3)
        until(lambda: monitor.memory["pgfault"].parts["bare"].count is not None)

        monitor.record(tmp_path / "cluster.perf.gz")
        before = monitor.sample_count
        until(lambda: monitor.sample_count >= before + 4)
    until(lambda: not perfs(INTERVAL))
    with Monitor(Replay(tmp_path / "cluster.perf.gz", speed=float("inf"))) as played:
        assert played.sample["cpu-clock"].parts["node2"].count is not None
        assert played.memory_hosts.keys() | played.hosts.keys() >= {"bare", "node1", "node2"}


def test_two_notebooks_share_what_counts_and_the_last_ends_it(
    client: Client, cluster: DaskCluster
) -> None:
    with Client(cluster.address, set_as_default=False) as other:
        first, second = Monitor(source(client)), Monitor(source(other))
        third = Monitor(source(other))  # of the same client as well
        with first:
            until(lambda: counted(first) == {"node1", "node2"}, 30)
            running = set(perfs(INTERVAL))
            assert len(running) == 2
            with second, third:
                until(lambda: counted(second) == counted(third) == {"node1", "node2"}, 30)
                assert set(perfs(INTERVAL)) == running, "no other was started"
            before = first.sample_count
            until(lambda: first.sample_count >= before + 3)
            assert set(perfs(INTERVAL)) == running, "one still watches"
        until(lambda: not perfs(INTERVAL))


def test_another_worker_takes_over_where_one_is_killed(
    client: Client, cluster: DaskCluster
) -> None:
    with Monitor(source(client)) as monitor:
        until(lambda: counted(monitor) == {"node1", "node2"}, 30)
        until(lambda: len(monitor.hosts["node1"].workers) == 2)
        names = {info["address"]: name for name, info in workers(client).items()}
        counting = names[monitor.hosts["node1"].workers[0]]
        seen: list[set[str]] = []
        monitor.observe(lambda _: seen.append(counted(monitor)), "sample")
        cluster.kill(counting)
        until(lambda: {"node2"} in seen, 30, "the killed one is no gap")
        until(lambda: counted(monitor) == {"node1", "node2"}, 30, "no other took over")
        until(lambda: len(monitor.hosts["node1"].workers) == 1)
        until(lambda: len(perfs(INTERVAL)) == 2)
        assert states(monitor)["node1"] == "running"
    cluster.start_worker(counting, PYTHONPATH=str(HERE))


def workers(client: Client) -> dict[str, dict[str, str]]:
    addresses = client.run(lambda dask_worker: str(dask_worker.name))
    return {name: {"address": address} for address, name in addresses.items()}


def test_hosts_join_and_leave(client: Client, cluster: DaskCluster) -> None:
    with Monitor(source(client)) as monitor:
        until(lambda: counted(monitor) == {"node1", "node2"}, 30)
        cluster.start_worker("node3", PYTHONPATH=str(HERE))
        until(lambda: counted(monitor) == {"node1", "node2", "node3"}, 60)
        assert monitor.hosts["node3"].uncertainty is not None
        cluster.kill("node3")
        until(lambda: states(monitor)["node3"] == "gone", 30)
        until(lambda: counted(monitor) == {"node1", "node2"})
        assert monitor.sample["cpu-clock"].parts["node3"].status is Status.MISSING
        assert "has left the cluster" in str(monitor.hosts["node3"].error)
        until(lambda: len(perfs(INTERVAL)) == 2)


def test_it_is_configured_while_it_runs(client: Client) -> None:
    with Monitor(source(client)) as monitor:
        until(lambda: counted(monitor) == {"node1", "node2"}, 30)
        monitor.configure(events="page-faults", interval=0.24)
        until(lambda: monitor.sample is not None and len(monitor.sample) == 1, 30)
        until(lambda: len(perfs(240)) == 2)
        until(lambda: not perfs(INTERVAL))
    until(lambda: not perfs(240))


DEAD_NOTEBOOK = """
import sys, time
from dask_cluster import host_of
from distributed import Client
from perfwidgets import DaskHosts, Monitor, PerfStat

monitor = Monitor(
    DaskHosts(Client(sys.argv[1]), PerfStat("page-faults", interval=0.25), host_of=host_of, keep=3)
)
monitor.start()
while monitor.wait_for_sample(1) is None:
    pass
print("counted", flush=True)
time.sleep(1000)
"""


def test_a_notebook_that_dies_does_not_keep_perf_up(cluster: DaskCluster) -> None:
    notebook = subprocess.Popen(
        [sys.executable, "-c", DEAD_NOTEBOOK, cluster.address],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    assert notebook.stdout is not None
    with closing(notebook.stdout):
        assert notebook.stdout.readline() == b"counted\n"
        until(lambda: len(perfs(250)) == 2)
        notebook.send_signal(signal.SIGKILL)
        notebook.wait()
    until(lambda: not perfs(250), 30)


def test_where_nothing_can_be_counted_the_monitor_says_so(client: Client) -> None:
    nowhere = PerfStat(interval=0.5, command="nosuchperf")
    with Monitor(DaskHosts(client, nowhere, host_of=host_of)) as monitor:
        until(lambda: monitor.state == "failed", 30)
        assert "No host can be counted" in monitor.error.reason
        assert set(states(monitor).values()) == {"failed"}


def test_the_scheduler_restarts_and_a_client_that_is_closed_is_named(cluster: DaskCluster) -> None:
    client = Client(cluster.address, set_as_default=False)
    with Monitor(source(client)) as monitor:
        until(lambda: counted(monitor) == {"node1", "node2"}, 30)
        for name in ("node1-a", "node1-b", "bare", "old", "lacking", "scheduler", "node2"):
            cluster.kill(name)
        until(lambda: not perfs(INTERVAL))
        until(lambda: monitor.state == "starting" and monitor.error is not None, 30)
        assert "Dask" in str(monitor.error)
        cluster.start_scheduler()
        cluster.start_worker("node2", PYTHONPATH=str(HERE))
        until(lambda: monitor.state == "running" and counted(monitor) == {"node2"}, 60)
        client.close()
        until(lambda: monitor.state == "failed", 30)
        assert "The Dask client is closed" in str(monitor.error)


def test_workers_in_this_very_process_are_one_host() -> None:
    from distributed import LocalCluster

    quiet = {"dashboard_address": ":0", "processes": False, "threads_per_worker": 1}
    with (
        LocalCluster(n_workers=2, **quiet) as own,
        Client(own, set_as_default=False) as client,
        Monitor(DaskHosts(client, PerfStat("page-faults", interval=0.26))) as monitor,
    ):
        until(lambda: monitor.sample is not None)
        until(lambda: [len(host.workers) for host in monitor.hosts.values()] == [2])
        assert list(monitor.hosts) == [socket.gethostname()]
        assert len(perfs(260)) == 1
    until(lambda: not perfs(260))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda client: DaskHosts(5, PerfStat()), "5 is no Dask client"),
        (lambda client: DaskHosts(client, VmStat()), "is no source of counters"),
        (lambda client: DaskHosts(client, PerfStat(), PerfStat()), "is no source of memory"),
        (lambda client: DaskHosts(client, PerfStat(), keep=0), "keep=0 is no usable time"),
        (lambda client: DaskHosts(client, PerfStat(), host_of="name"), "cannot be called"),
    ],
)
def test_what_cannot_be_watched(
    make: Callable[[Client], object], words: str, cluster: DaskCluster
) -> None:
    with Client(cluster.address, set_as_default=False) as client:
        with pytest.raises(ArgumentError, match=words) as caught:
            make(client)
        assert caught.value.remedy


def test_the_extra_is_named_where_dask_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ArgumentError, match=r"perfwidgets\[dask\]"):
        DaskHosts(object(), PerfStat())  # type: ignore[arg-type]
