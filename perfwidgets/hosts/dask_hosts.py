"""Every host of a Dask cluster, as one source."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from perfwidgets.errors import ArgumentError
from perfwidgets.hosts.parcel import check_client, check_source
from perfwidgets.hosts.watching import Watching
from perfwidgets.sources.base import Source

if TYPE_CHECKING:
    from distributed import Client, Worker

__all__ = ["DaskHosts", "DaskMemory"]


class DaskMemory(Watching):
    """Memory activity of a cluster's hosts; `DaskHosts` makes it."""

    name = "memory of dask hosts"
    kind: Literal["memory"] = "memory"

    def replace(self, **changes: Any) -> DaskMemory:
        """Return a source like this one with other arguments, which are checked."""
        return DaskMemory(self._client, self._replaced(changes), self._host_of, self._keep)


class DaskHosts(Watching):
    """Every host of a Dask cluster at once, each counted by one of its workers, as one source.

    ::

        client = Client(cluster)
        hosts = DaskHosts(client, PerfStat(interval=1.0), VmStat(interval=1.0))
        with Monitor(hosts) as monitor:
            monitor.wait_for_sample()["cycles"].parts["node7"].count

    One worker of each host counts the whole host, on its own event loop, and tells what it counts
    by Dask's own events: there is no port and no process but perf's. Another of the host's workers
    takes over when it leaves. Hosts that join are counted, those that leave are a gap. Notebooks
    that count the same things watch the same perf; it ends with the last of them.

    Samples are as those of `Hosts`. Their timestamps are the hosts' own, less what each clock is
    ahead of this one, which is measured again and again: `HostState.offset`, and how far it may be
    off, `HostState.uncertainty`.

    Parameters
    ----------
    client
        A `distributed.Client`.
    counters
        What counts on each host, such as a `PerfStat`; it runs there.
    memory
        What tells each host's memory activity, such as a `VmStat`. A monitor takes it over.
    host_of
        Called on a worker with the worker, returns its host's name; its host name by default.
    keep
        Seconds after which the hosts count no more when they do not hear of this notebook, 3 to
        86,400.

    Attributes
    ----------
    hosts : dict of str to HostState
        How each host fares.
    memory : source or None
        The hosts' memory activity, as one source.

    Raises
    ------
    ArgumentError
        If Dask is not installed, `client` is no client of it, or a source cannot be sent.

    Notes
    -----
    Prefer a scheduler in a process of its own: where it runs in the notebook's, as with a
    `LocalCluster`, samples come later while a cell of pure Python runs, by up to a second. None is
    lost, and each stands where its own timestamp has it.

    Cores are checked against this machine's when a `PerfStat` is made, unless its command leads
    elsewhere: with ``command="env perf"`` each host checks its own.

    Each worker is asked every third of `keep` whether it is there, how it fares and what time it
    has; its log has a line for that.
    """

    name = "dask hosts"
    kind: Literal["counters"] = "counters"

    def __init__(
        self,
        client: Client,
        counters: Source,
        memory: Source | None = None,
        *,
        host_of: Callable[[Worker], str] | None = None,
        keep: float = 60.0,
    ) -> None:
        if isinstance(keep, bool) or not isinstance(keep, (int, float)) or not 3 <= keep <= 86_400:
            raise ArgumentError(f"keep={keep!r} is no usable time", "Give 3 to 86,400 seconds.")
        if host_of is not None and not callable(host_of):
            raise ArgumentError(
                f"host_of={host_of!r} cannot be called", "Give a function of a worker."
            )
        check_client(client)
        super().__init__(client, check_source(counters, "counters"), host_of, keep)
        self.memory: DaskMemory | None = None
        if memory is not None:
            self.memory = DaskMemory(client, check_source(memory, "memory"), host_of, keep)

    def replace(self, **changes: Any) -> DaskHosts:
        """Return a source like this one with other arguments, which are checked.

        Parameters
        ----------
        **changes
            As for `PerfStat`. Memory activity is another source, which has its own.
        """
        source = self._replaced(changes)
        other = DaskHosts(self._client, source, host_of=self._host_of, keep=self._keep)
        other.memory = self.memory
        return other
