"""A cell that is run again replaces what its last run made."""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Protocol

__all__ = ["made_for_another", "made_here"]


class _Closable(Protocol):
    def close(self) -> None: ...


#: cell id -> (the execution that made them, what it made)
_made: dict[str, tuple[str, list[weakref.ref[_Closable]]]] = {}
_now = threading.local()


def made_here(thing: _Closable) -> None:
    """Close `thing` when the cell that is running now is run again.

    Outside of a notebook, or where the front end gives cells no id, nothing happens.
    """
    cell, execution = _running_cell()
    if not cell or getattr(_now, "for_another", False):
        return
    last, things = _made.get(cell, (execution, []))
    if last != execution:
        for reference in list(reversed(things)):
            old = reference()
            if old is not None:
                old.close()
        things = []
    # what is gone leaves the list: a cell may make a great many things in a loop
    things.append(weakref.ref(thing, things.remove))
    _made[cell] = (execution, things)


@contextlib.contextmanager
def made_for_another() -> Iterator[None]:
    """What this thread makes meanwhile is closed by what it is made for, whatever cell runs now."""
    _now.for_another = True
    try:
        yield
    finally:
        _now.for_another = False


def _running_cell() -> tuple[str, str]:
    """Return the id of the running cell and of its execution, or two empty texts."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return "", ""
    parent = kernel.get_parent() or {}
    cell = parent.get("metadata", {}).get("cellId", "")
    return str(cell or ""), str(parent.get("header", {}).get("msg_id", ""))
