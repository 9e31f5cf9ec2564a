"""``perfwidgets serve``: counts as running totals, for Prometheus to scrape."""

from __future__ import annotations

import argparse
import threading
import warnings
from typing import Final

from perfwidgets.collector import Collector
from perfwidgets.counting_options import News, add_counting_options, ended_by_signals, say
from perfwidgets.errors import (
    ArgumentError,
    NothingCountableError,
    PerfwidgetsWarning,
    SourceError,
)
from perfwidgets.events import DEFAULT_EVENTS
from perfwidgets.hosts.hosts import Hosts
from perfwidgets.hosts.names import host_of, unique
from perfwidgets.hosts.state import HostState
from perfwidgets.open_metrics import RunningTotals
from perfwidgets.open_metrics_server import LOOPBACK, MetricsServer
from perfwidgets.perf_command import is_local
from perfwidgets.samples import Sample, Status
from perfwidgets.sources.base import Source
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.sources.vmstat import VmStat

__all__ = ["add_command", "run"]

#: what the letters of "perf" dial
_PORT: Final = 7373
_DESCRIPTION = f"""\
Count events and read /proc/vmstat until Ctrl-C or SIGTERM, and give the counts as running
totals to Prometheus, whose configuration names the page:

  scrape_configs:
    - job_name: perf
      static_configs: [{{targets: ["{LOOPBACK}:{_PORT}"]}}]

A scrape reads what was counted by then; it starts nothing. The letters and units are those of
perf stat."""
_EPILOG = """\
exit status: 0 when ended; 1 if counting ended by itself; 2 if it never began, since an argument
is unusable or nothing can be counted."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of ``perfwidgets serve``."""
    parser = commands.add_parser(
        "serve",
        help="give running totals to Prometheus",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_counting_options(parser)
    parser.add_argument(
        "--host",
        action="append",
        dest="hosts",
        metavar="HOST",
        help="count there instead, through ssh; may be repeated",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=_PORT,
        help=f"where to listen, 0 for any that is free (default: {_PORT})",
    )
    parser.add_argument(
        "--address",
        default=LOOPBACK,
        help=f"on which address (default: {LOOPBACK}, which only this machine can reach)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until the end; return the exit status."""
    _check(arguments)
    sources = _sources(arguments)
    with ended_by_signals() as news:
        return _serve(arguments, sources, news)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.pid is not None and (arguments.all_cpus or arguments.hosts):
        other = "-a" if arguments.all_cpus else "--host"
        raise ArgumentError(
            f"-p {arguments.pid} and {other} were both given",
            "Give a process of this machine, or count whole machines.",
        )
    for host in arguments.hosts or ():
        if not host or host.startswith("-"):
            raise ArgumentError(
                f"{host!r} is no host", "Give a name that ssh knows, such as user@node7."
            )


def _sources(arguments: argparse.Namespace) -> dict[str, Source]:
    perf = PerfStat(
        ",".join(arguments.events) if arguments.events else DEFAULT_EVENTS,
        cores=arguments.cores,
        interval=arguments.interval,
        per_core=arguments.per_core,
        pid=arguments.pid,
        command=arguments.perf_command,
    )
    if arguments.hosts:
        # whoever has to type a password there is not asked for it here
        ssh = [["ssh", "-o", "BatchMode=yes", host, *perf.command] for host in arguments.hosts]
        names = unique(map(host_of, ssh))
        there = zip(names, (perf.replace(command=words) for words in ssh), strict=True)
        return {Hosts.name: Hosts(dict(there))}
    # memory activity of this machine says nothing of another
    if is_local(perf.command):
        return {perf.name: perf, VmStat.name: VmStat(interval=perf.interval)}
    return {perf.name: perf}


def _serve(arguments: argparse.Namespace, sources: dict[str, Source], news: News) -> int:
    listener = _Listener(sources, news)
    collector = Collector(sources, listener)
    with _listen(listener, arguments.port, arguments.address) as server:
        try:
            collector.start()
            say(f"serving {server.url}")
            news.get()
        finally:
            collector.stop()
    if listener.error is None:
        return 0
    if not listener.any_sample:
        raise listener.error
    say(str(listener.error))
    return 1


def _listen(totals: RunningTotals, port: int, address: str) -> MetricsServer:
    with warnings.catch_warnings(record=True, action="always", category=PerfwidgetsWarning) as told:
        server = MetricsServer(totals, port, address)
    for warning in told:
        say(str(warning.message))
    return server


class _Listener(RunningTotals):
    """Adds up what the collector delivers, and says what is wrong with it."""

    def __init__(self, sources: dict[str, Source], news: News) -> None:
        super().__init__(sources)
        self._sources = sources
        self.error: SourceError | None = None
        self.any_sample = False
        self._told: dict[str, str] = {}
        self._news = news
        self._over = threading.Event()

    def source_changed(self, name: str, state: str, error: SourceError | None = None) -> None:
        super().source_changed(name, state, error)
        if error is not None and state != "failed":
            say(f"{name}: {error}")
        if name != VmStat.name and state in ("failed", "stopped"):
            self._end(error)

    def sample_arrived(self, name: str, source: Source | None, sample: Sample) -> None:
        super().sample_arrived(name, source, sample)
        if name != VmStat.name and not self.any_sample and not self._over.is_set():
            self._tell_uncountable(source, sample)

    def tick(self) -> None:
        for name, source in self._sources.items():
            hosts: dict[str, HostState] = getattr(source, "hosts", {})
            self.hosts_changed(name, {host: each.state for host, each in hosts.items()})
            for host, each in hosts.items():
                if each.error is not None and self._told.get(host) != str(each.error):
                    self._told[host] = str(each.error)
                    say(f"not available on {host}: {each.error}")

    def _tell_uncountable(self, source: Source | None, sample: Sample) -> None:
        """With the first sample: what cannot be counted here; the end, where that is all."""
        refused: dict[str, str] = getattr(source, "refused", {})
        for event, words in refused.items():
            say(f"perf refuses {event!r}: {words}")
        others = [event for event in sample.unsupported if event not in refused]
        if others:
            say(f"not supported here: {', '.join(others)}")
        self.any_sample = any(r.status is not Status.NOT_SUPPORTED for r in sample)
        if not self.any_sample:
            self._end(
                NothingCountableError(
                    "None of these events can be counted here",
                    "`perfwidgets check` tells which can, and why not the others.",
                )
            )

    def _end(self, error: SourceError | None) -> None:
        self.error = self.error or error
        self._over.set()
        self._news.put("ended")
