"""Whoever wants to hear of the regions that are left, such as a recording."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from perfwidgets.recording.kept import wanted_recorder

__all__ = ["listen", "running_cell", "set_cell_finder", "tell", "unlisten"]

#: label and the result of one run, as plain values
Listener = Callable[[str | None, Mapping[str, Any]], None]

_lock = threading.Lock()
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener` with the label and the result of each region that is left from now on."""
    with _lock:
        _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Call it no more."""
    with _lock:
        if listener in _listeners:
            _listeners.remove(listener)


def tell(label: str | None, result: Callable[[], Mapping[str, Any]]) -> None:
    """A region was left; `result` is asked for only if somebody listens."""
    with _lock:
        listeners = list(_listeners)
    recorder = wanted_recorder()
    if not listeners and recorder is None:
        return
    values = result()
    for listener in listeners:
        listener(label, values)
    if recorder is not None:
        recorder.write_region(label, running_cell(), values)


_find_cell: Callable[[], int | None] = lambda: None  # noqa: E731


def set_cell_finder(find: Callable[[], int | None]) -> None:
    """Have `running_cell` ask `find`: which cell runs is known to models, which stand below us."""
    global _find_cell  # noqa: PLW0603
    _find_cell = find


def running_cell() -> int | None:
    """The execution count of the notebook's cell that runs, if that is known."""
    return _find_cell()
