"""Tells models of the cells that IPython executes."""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any

from perfwidgets.models.cells import Cells

__all__ = ["unwatch", "watch"]


def watch(cells: Cells) -> None:
    """Tell `cells` of each cell that begins from now on; outside of IPython nothing happens.

    Held weakly: what nobody else holds is told no more.
    """
    shell = _shell()
    if shell is not None:
        _watchers.setdefault(shell, _Watcher(shell)).add(cells)


def unwatch(cells: Cells) -> None:
    """Tell `cells` of no further cell; those that run are still ended."""
    for watcher in list(_watchers.values()):
        watcher.remove(cells)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


class _Watcher:
    """One shell's events, for all models that are to be told."""

    def __init__(self, shell: Any) -> None:
        self._shell = weakref.ref(shell)
        self._lock = threading.Lock()
        self._told: weakref.WeakSet[Cells] = weakref.WeakSet()
        #: executions that run: what IPython knows them by, and their numbers in each model
        self._running: list[tuple[Any, list[tuple[weakref.ref[Cells], int]]]] = []
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def add(self, cells: Cells) -> None:
        self._told.add(cells)

    def remove(self, cells: Cells) -> None:
        self._told.discard(cells)

    def _begin(self, info: Any) -> None:
        if info.silent or not info.store_history:
            return  # the front end's own questions, and code that runs within a cell
        count = getattr(self._shell(), "execution_count", None)
        numbers = [
            (weakref.ref(cells), cells.begin(count, info.raw_cell)) for cells in list(self._told)
        ]
        with self._lock:
            self._running.append((info, numbers))

    def _end(self, result: Any) -> None:
        """Several may run at once: IPython hands us the same `info` at both ends of one."""
        info = getattr(result, "info", None)
        with self._lock:
            # a cell of awaits that was interrupted has no result: it is the one begun last
            known = [entry for entry in self._running if entry[0] is info or result is None]
            if not known:
                return
            self._running.remove(known[-1])
        error = "interrupted" if result is None else _error_of(result)
        for reference, number in known[-1][1]:
            cells = reference()
            if cells is not None:
                count = getattr(result, "execution_count", None)
                cells.end(number, error=error, execution_count=count)


def _error_of(result: Any) -> str:
    error = result.error_before_exec or result.error_in_exec
    return type(error).__name__ if error is not None else ""


_watchers: weakref.WeakKeyDictionary[Any, _Watcher] = weakref.WeakKeyDictionary()
