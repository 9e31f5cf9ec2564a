"""Whoever wants to hear of the regions that are left, such as a recording."""

from __future__ import annotations

import inspect
import os
import threading
import warnings
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from perfwidgets.errors import PerfwidgetsWarning, RecordingError
from perfwidgets.recording.kept import wanted_recorder

__all__ = ["listen", "running_cell", "set_cell_finder", "tell", "unlisten"]

#: label and the result of one run, as plain values
Listener = Callable[[str | None, Mapping[str, Any]], None]

_lock = threading.Lock()
#: what gives each listener; `None` once it is gone, since methods are held weakly
_listeners: list[Callable[[], Listener | None]] = []


def listen(listener: Listener) -> None:
    """Call `listener` with the label and the result of each region that is left from now on.

    A method is held weakly: nobody lives longer for having listened.
    """
    unlisten(listener)
    with _lock:
        if inspect.ismethod(listener):
            _listeners.append(weakref.WeakMethod(listener))
        else:
            _listeners.append(lambda: listener)


def unlisten(listener: Listener) -> None:
    """Call it no more."""
    with _lock:
        _listeners[:] = [each for each in _listeners if each() not in (listener, None)]


def tell(label: str | None, result: Callable[[], Mapping[str, Any]]) -> None:
    """A region was left; `result` is asked for only if somebody listens."""
    with _lock:
        listeners = [found for each in _listeners if (found := each()) is not None]
    try:
        recorder = wanted_recorder()
    except RecordingError as error:  # the region and what it raised must not suffer for it
        warnings.warn(str(error), PerfwidgetsWarning, stacklevel=4)
        recorder = None
    if not listeners and recorder is None:
        return
    values = result()
    for listener in listeners:
        listener(label, values)
    if recorder is not None:
        recorder.write_region(label, running_cell(), values)


def _start_anew() -> None:
    """In a forked child nobody holds the lock."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_start_anew)

_find_cell: Callable[[], int | None] = lambda: None  # noqa: E731


def set_cell_finder(find: Callable[[], int | None]) -> None:
    """Have `running_cell` ask `find`: which cell runs is known to models, which stand below us."""
    global _find_cell  # noqa: PLW0603
    _find_cell = find


def running_cell() -> int | None:
    """The execution count of the notebook's cell that runs, if that is known."""
    return _find_cell()
