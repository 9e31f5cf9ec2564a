"""What measuring costs: the counts of a region in which nothing happens."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median

from perfwidgets.regions.counting import Counter, Plan
from perfwidgets.samples import Reading, Sample

__all__ = ["cost_of", "entered", "left"]

#: so many empty regions are measured
_EMPTY_REGIONS = 5

_costs: dict[Plan, Sample] = {}
_measuring = threading.Lock()
#: what counts now; one that was lost on its way counts no more
_open: weakref.WeakSet[Counter] = weakref.WeakSet()


def entered(counter: Counter) -> None:
    """A region is open: until it is left, nothing may be calibrated."""
    _open.add(counter)


def left(counter: Counter) -> None:
    """A region was left."""
    _open.discard(counter)


def cost_of(plan: Plan, empty_region: Callable[[], Sample]) -> Sample | None:
    """The counts and duration of an empty region: medians of five, measured once for a plan.

    Parameters
    ----------
    plan
        What is counted.
    empty_region
        Measures one.

    Returns
    -------
    Sample or None
        Without rates, which would mean nothing. `None` where it is not known, and another region
        is open, to which measuring it would add.

    Raises
    ------
    SourceError
        If `empty_region` does, since perf cannot count.
    """
    with _measuring:
        if plan not in _costs and not _open:
            _costs[plan] = _middle([empty_region() for _ in range(_EMPTY_REGIONS)])
        return _costs.get(plan)


def _middle(samples: Sequence[Sample]) -> Sample:
    seconds = median(s.duration for s in samples if s.duration is not None)
    columns = zip(*(sample.readings for sample in samples), strict=False)
    readings = tuple(_middle_reading(column) for column in columns)
    return Sample(seconds, samples[-1].timestamp, seconds, readings)


def _middle_reading(readings: Sequence[Reading]) -> Reading:
    counts = [reading.count for reading in readings if reading.count is not None]
    if not counts:
        return readings[0]
    counted = [reading for reading in readings if reading.count is not None]
    running = min(reading.running for reading in counted)
    return replace(counted[0], count=median(counts), rate=None, running=running)


def _start_anew() -> None:
    """In a forked child: no region of its own is open, and nobody holds the lock."""
    global _measuring  # noqa: PLW0603
    _measuring = threading.Lock()
    _open.clear()


os.register_at_fork(after_in_child=_start_anew)
