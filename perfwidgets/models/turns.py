"""Counting a few events at a time, each all of the time, where they do not fit together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from perfwidgets.events import takes_counter
from perfwidgets.samples import Sample, Status

__all__ = ["Turns", "counters_shared", "hardware_events"]

#: a share above it is all of the time: perf's own arithmetic loses as much
_ALL = 0.995


@dataclass(frozen=True, slots=True)
class Rate:
    """What one event was counted at in its turn.

    Attributes
    ----------
    rate
        Per second of its turn; `None` if it was not counted.
    running
        The share of the turn in which it was on a counter; 1 if the turn had room for all.
    seconds
        How long the turn was.
    """

    rate: float | None
    running: float
    seconds: float


@dataclass(slots=True)
class Turns:
    """A pass over events, a few at a time.

    Parameters
    ----------
    groups
        The events of each turn. Where some of a turn's shared counters all the same, as some
        counters count certain events only, it and those to come are split anew.
    samples
        Samples that a turn lasts.
    count
        Called with the events to be counted from now on.

    Attributes
    ----------
    done
        Turns that are over.
    results
        Event -> what its turn found.
    """

    groups: Sequence[tuple[str, ...]]
    samples: int
    count: Callable[[tuple[str, ...]], None]
    done: int = 0
    results: dict[str, Rate] = field(default_factory=dict)
    _seen: list[Sample] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether each event has had its turn."""
        return self.done >= len(self.groups)

    def begin(self) -> None:
        """Ask for the events of the first turn."""
        self.count(self.groups[0])

    def take(self, sample: Sample) -> None:
        """Take a sample of the current turn; ask for the next turn's events when it is over."""
        if sample.duration is None or any(r.count is not None and r.rate is None for r in sample):
            return
        self._seen.append(sample)
        if len(self._seen) < self.samples:
            return
        results = {event: _mean(event, self._seen) for event in self.groups[self.done]}
        self._seen.clear()
        if fitting := _fitting(results.values()):
            left = [event for group in self.groups[self.done :] for event in group]
            self.groups = [*self.groups[: self.done], *groups_of(left, fitting)]
        else:
            self.results.update(results)
            self.done += 1
        if not self.over:
            self.count(self.groups[self.done])


def groups_of(events: Sequence[str], counters: int) -> list[tuple[str, ...]]:
    """Split `events` into groups that fit on so many counters."""
    return [tuple(events[i : i + counters]) for i in range(0, len(events), counters)]


def hardware_events(sample: Sample) -> tuple[str, ...]:
    """Events of a sample that took a counter of the CPU."""
    return tuple(
        dict.fromkeys(
            reading.event
            for reading in sample
            if reading.status is Status.COUNTED and takes_counter(reading.event)
        )
    )


def counters_shared(sample: Sample) -> int | None:
    """How many counters the hardware events share, found out by counting.

    Each is on a counter for a share of the time, and the shares add up to the counters. `None`
    where all were counted all of the time, so that there may be more.
    """
    shares = [
        reading.running
        for reading in sample
        if reading.status is Status.COUNTED and takes_counter(reading.event)
    ]
    if not shares or min(shares) >= _ALL:
        return None
    return max(1, round(sum(shares)))


def _fitting(results: Collection[Rate]) -> int:
    """How many events of a turn would fit, told by the shares of those that did not; 0 if all did."""
    shares = [found.running for found in results if found.rate is not None]
    if len(results) == 1 or min(shares, default=1.0) >= _ALL:
        return 0
    return max(1, min(round(sum(shares)), len(results) - 1))


def _mean(event: str, samples: Sequence[Sample]) -> Rate:
    readings = [sample[event] for sample in samples if event in sample]
    seconds = sum(sample.duration or 0.0 for sample in samples)
    counts = [reading.count for reading in readings if reading.count is not None]
    if not counts or not seconds:
        return Rate(None, 0.0, seconds)
    return Rate(sum(counts) / seconds, min(reading.running for reading in readings), seconds)
