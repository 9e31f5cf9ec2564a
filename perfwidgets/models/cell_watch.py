"""Tells models of the cells that IPython executes."""

from __future__ import annotations

import sys
import threading
import weakref
from dataclasses import dataclass
from typing import Any

from perfwidgets.models.cells import Cells
from perfwidgets.regions.told import set_cell_finder

__all__ = ["running_cell", "unwatch", "watch"]


def watch(cells: Cells) -> None:
    """Tell `cells` of each cell that begins from now on; outside of IPython nothing happens.

    Held weakly: what nobody else holds is told no more.
    """
    shell = _shell()
    if shell is not None:
        _watcher_of(shell).add(cells)


def unwatch(cells: Cells) -> None:
    """Tell `cells` of no further cell; those that run are still ended."""
    for watcher in list(_watchers.values()):
        watcher.remove(cells)


def running_cell() -> int | None:
    """The execution count of the cell that began last, if it runs."""
    shell = _shell()
    return None if shell is None else _watcher_of(shell).running_cell()


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


@dataclass(frozen=True, eq=False)
class _Execution:
    """A cell that runs: what IPython knows it by, its count, and its number in each model."""

    info: Any
    count: int | None
    numbers: list[tuple[weakref.ref[Cells], int]]


class _Watcher:
    """One shell's events, for all models that are to be told."""

    def __init__(self, shell: Any) -> None:
        self._shell = weakref.ref(shell)
        self._lock = threading.Lock()
        self._told: weakref.WeakSet[Cells] = weakref.WeakSet()
        #: the count of the last cell that has ended, and by how much a shell's count is ahead of
        #: the cell's that begins: 1 since IPython 9, 0 before
        self._last: int | None = None
        self._ahead = 1
        self._running: list[_Execution] = []
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def add(self, cells: Cells) -> None:
        self._told.add(cells)

    def remove(self, cells: Cells) -> None:
        self._told.discard(cells)

    def running_cell(self) -> int | None:
        with self._lock:
            return self._running[-1].count if self._running else self._count()

    def _begin(self, info: Any) -> None:
        if info.silent or not info.store_history:
            return  # the front end's own questions, and code that runs within a cell
        count = self._count()
        numbers = [
            (weakref.ref(cells), cells.begin(count, info.raw_cell)) for cells in list(self._told)
        ]
        with self._lock:
            self._running.append(_Execution(info, count, numbers))

    def _count(self) -> int | None:
        """The execution count of the cell that begins."""
        count = getattr(self._shell(), "execution_count", None)
        if count is None:
            return None
        if self._last is not None and not self._running and 1 <= count - self._last <= 2:
            self._ahead = count - self._last - 1
        return int(count) - self._ahead

    def _end(self, result: Any) -> None:
        """Several may run at once: IPython hands us the same `info` at both ends of one."""
        info = getattr(result, "info", None)
        self._last = getattr(result, "execution_count", None) or self._last
        with self._lock:
            # a cell of awaits that was interrupted has no result: it is the one begun last
            known = [each for each in self._running if each.info is info or result is None]
            if not known:
                return
            self._running.remove(known[-1])
        error = "interrupted" if result is None else _error_of(result)
        for reference, number in known[-1].numbers:
            cells = reference()
            if cells is not None:
                count = getattr(result, "execution_count", None)
                cells.end(number, error=error, execution_count=count)


def _watcher_of(shell: Any) -> _Watcher:
    if shell not in _watchers:
        _watchers[shell] = _Watcher(shell)
    return _watchers[shell]


def _error_of(result: Any) -> str:
    error = result.error_before_exec or result.error_in_exec
    return type(error).__name__ if error is not None else ""


_watchers: weakref.WeakKeyDictionary[Any, _Watcher] = weakref.WeakKeyDictionary()
set_cell_finder(running_cell)
