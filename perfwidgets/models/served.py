"""Serving what a monitor is told to Prometheus, as a monitor does it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perfwidgets.collector import Collector, State
from perfwidgets.hosts.state import HostState
from perfwidgets.models.observers import GuardedTraits
from perfwidgets.open_metrics import RunningTotals
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source

if TYPE_CHECKING:
    from perfwidgets.open_metrics_server import MetricsServer

__all__ = ["Serves"]


class Serves(GuardedTraits):
    """What a monitor needs so that Prometheus can scrape it."""

    states: dict[str, State]
    post: Any
    hosts: dict[str, HostState]
    memory_hosts: dict[str, HostState]
    _lead: str
    _memory: str | None
    _sources: dict[str, Source]
    _collector: Collector

    def __init__(self) -> None:
        super().__init__()
        self._served: list[tuple[MetricsServer, RunningTotals]] = []

    def serve(self, port: int = 0, *, address: str = "127.0.0.1") -> MetricsServer:
        """Give the counts from now on as running totals, for Prometheus and Grafana.

        A scrape reads totals that are kept anyway: it starts nothing, and counting does not wait
        for it. It ends with `stop`.

        Parameters
        ----------
        port
            Where to listen; 0 for any port that is free.
        address
            On which address: only this machine can reach the default.

        Returns
        -------
        MetricsServer
            With `port`, `url` and `close`.

        Raises
        ------
        ArgumentError
            If the port or the address is none, is in use or may not be used.
        PerfwidgetsError
            If prometheus_client is not installed.

        Warns
        -----
        PerfwidgetsWarning
            If other machines can reach the address.
        """
        from perfwidgets.open_metrics_server import (  # noqa: PLC0415  (only who serves needs it)
            MetricsServer,
        )

        totals = RunningTotals(self._sources)
        server = MetricsServer(totals, port, address)
        weakref.finalize(self, server.close)
        with self.told_from_now_on():
            self._begin_serving(server, totals)
        return server

    def _begin_serving(self, server: MetricsServer, totals: RunningTotals) -> None:
        begun = threading.Event()

        def begin() -> None:  # on the thread that tells of states, so that none is missed
            for name, state in self.states.items():
                totals.source_changed(name, state)
            self._served.append((server, totals))
            self._serve_hosts(self._lead, self.hosts)
            self._serve_hosts(self._memory, self.memory_hosts)
            begun.set()

        self.post(begin)
        if not self._collector.on_thread:
            begun.wait(1.0)

    def _stop_serving(self) -> None:
        while self._served:
            self._served.pop()[0].close()

    def _serve_state(self, name: str, state: State) -> None:
        for _, totals in self._served:
            totals.source_changed(name, state)

    def _serve_hosts(self, name: str | None, hosts: Mapping[str, HostState]) -> None:
        states = {host: each.state for host, each in hosts.items()}
        for _, totals in self._served:
            if name is not None and states:
                totals.hosts_changed(name, states)

    def _serve_sample(self, name: str, source: Source, sample: Sample) -> None:
        for server, totals in list(self._served):
            if server.closed:
                self._served.remove((server, totals))
            else:
                totals.sample_arrived(name, source, sample)
