"""What is sent to Dask's workers. It travels by value: a worker may lack perfwidgets, or have another.

Nothing of perfwidgets is imported here but inside functions.
"""

from __future__ import annotations

import pickle
import socket
import time
from typing import TYPE_CHECKING, Any

from distributed import WorkerPlugin

if TYPE_CHECKING:
    from distributed import Worker

    from perfwidgets.hosts.counting import Counting

__all__ = ["Visit", "ask", "leave"]


class Visit(WorkerPlugin):
    """Lets one worker of each host count it, if its perfwidgets is the notebook's.

    Parameters
    ----------
    name
        Of the plugin, and of the topic that it tells on.
    version
        The notebook's perfwidgets.
    source
        What counts, pickled.
    host_of
        What names the host of a worker, pickled; `None` for its host name.
    keep
        Seconds after which nothing is counted any more when no notebook is heard of.
    """

    idempotent = True

    def __init__(
        self, name: str, version: str, source: bytes, host_of: bytes | None, keep: float
    ) -> None:
        self.name = name
        self.version = version
        self.source = source
        self.host_of = host_of
        self.keep = keep
        self.host = ""
        self.problem: list[Any] | None = None
        self.counting: Counting | None = None

    async def setup(self, worker: Worker) -> None:
        """Begin; a worker is never kept from its own work by what goes wrong here."""
        self.host = socket.gethostname()
        try:
            if self.host_of is not None:
                self.host = _name(pickle.loads(self.host_of)(worker))  # noqa: S301  (as every task)
            self.problem = self._mismatch()
            if self.problem is None:
                from perfwidgets.hosts.counting import Counting  # noqa: PLC0415

                source = pickle.loads(self.source)  # noqa: S301  (as every task)
                self.counting = Counting(worker, source, self.host, self.name, self.keep)
                self.counting.start()
        except Exception as error:
            reason = getattr(error, "reason", f"{type(error).__name__}: {error}")
            self.problem = [reason, getattr(error, "remedy", "")]

    def _mismatch(self) -> list[Any] | None:
        """Why this worker's perfwidgets cannot count for the notebook; `None` if it can."""
        remedy = f"Install the notebook's on the workers: pip install perfwidgets=={self.version}"
        try:
            from perfwidgets import __version__  # noqa: PLC0415
        except ImportError as error:
            return [f"the workers there cannot import perfwidgets ({error})", remedy]
        if __version__ != self.version:
            reason = f"the workers there have perfwidgets {__version__}"
            return [f"{reason}, and this notebook {self.version}", remedy]
        return None

    async def teardown(self, worker: Worker) -> None:
        """End: the worker closes, or nobody watches any more."""
        if self.counting is not None:
            await self.counting.stop()


def _name(found: object) -> str:
    name = str(found)
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise ValueError(f"host_of names it {name[:50]!r}, which is no host's name")
    return name


def ask(name: str, watcher: str, keep: float, again: bool, dask_worker: Worker) -> dict[str, Any]:
    """Tell how the host of this worker fares, to a notebook that goes on watching.

    `again`: what has failed shall be tried again.
    """
    plugin: Any = dask_worker.plugins.get(name)
    answer: dict[str, Any] = {"time": time.time(), "known": plugin is not None}
    if plugin is not None and plugin.host:  # else it is being set up
        answer |= {"host": plugin.host, "problem": plugin.problem}
        if plugin.counting is not None:
            answer["counting"] = plugin.counting.watched(watcher, keep, again=again)
    return answer


def leave(name: str, watcher: str, dask_worker: Worker) -> int:
    """Hear that a notebook watches no more; return how many others do."""
    plugin: Any = dask_worker.plugins.get(name)
    if plugin is None or plugin.counting is None:
        return 0
    left: int = plugin.counting.left(watcher)
    return left
