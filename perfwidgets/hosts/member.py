"""A host of a Dask cluster: its workers, the one of them that counts it, and its clock."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Final

from perfwidgets.errors import SourceError
from perfwidgets.hosts.clock import Clock

__all__ = ["Member"]

#: so many samples wait for the first answer of its clock
_MOST_HELD: Final = 256
#: beyond three intervals, a worker that counts may be silent for so long (s)
_SILENCE: Final = 2.0


class Member:
    """What a notebook knows of one host.

    Attributes
    ----------
    workers
        The addresses of its workers that are known.
    problems
        Worker -> why it cannot count for this notebook.
    clock
        Its clock.
    held
        Samples that wait until its clock is known.
    told
        What the worker that counts has told last of how that goes.
    counting
        The worker that counts it; `None` where none does.
    gone
        When its last worker left, by the monotonic clock; `None` while it has one.
    """

    def __init__(self, interval: float) -> None:
        self.workers: dict[str, None] = {}
        self.problems: dict[str, SourceError] = {}
        self.clock = Clock()
        self.held: deque[list[Any]] = deque(maxlen=_MOST_HELD)
        self.told: dict[str, Any] = {}
        self.gone: float | None = None
        self.counting: str | None = None
        self._heard = 0.0
        self._patience = 3 * interval + _SILENCE

    @property
    def shown_workers(self) -> tuple[str, ...]:
        """Its workers, the one that counts first."""
        first = (self.counting,) if self.counting is not None else ()
        return (*first, *(worker for worker in self.workers if worker != self.counting))

    def joins(self, worker: str) -> None:
        """It has this worker."""
        self.workers[worker] = None
        self.gone = None

    def is_counted_by(self, worker: str) -> bool:
        """Whether what this worker tells is to be taken: one at a time counts a host."""
        now = time.monotonic()
        if worker != self.counting and self.counting is not None:
            if now - self._heard < self._patience:
                return False
            self.told = {}
        self.counting, self._heard = worker, now
        return True

    def leaves(self, worker: str) -> bool:
        """A worker has left; whether it was the one that counts."""
        self.workers.pop(worker, None)
        self.problems.pop(worker, None)
        if not self.workers:
            self.gone = time.monotonic()
        if worker != self.counting:
            return False
        self.counting, self.told = None, {}
        return True

    @property
    def problem(self) -> SourceError | None:
        """Why none of its workers can count; `None` where one may."""
        if not self.workers or any(worker not in self.problems for worker in self.workers):
            return None
        return next(iter(self.problems.values()))
