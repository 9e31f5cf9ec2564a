"""Which intervals of several hosts belong together. Pure: no source, no clock of its own."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from perfwidgets.samples import Reading, Sample, Status

__all__ = ["Interval", "Merger", "joined"]

#: how far (in intervals) a host's run of intervals may drift from the others' before it is moved
_SLIP: Final = 1.25
#: a step back by more than clocks are adjusted by (s): the clock was set
_STEP_BACK: Final = 1.0
#: how much of each new lag is taken over into the lag that is expected
_SMOOTH: Final = 0.25
#: so much of an interval two ends lie apart at least, whoever sets the pace
_LEAST_STEP: Final = 0.01
#: how long an interval waits for the others (s, and two intervals) where all of them are silent
_SILENCE: Final = 5.0
#: no more intervals than this wait to be delivered, whatever clocks say
_MOST_OPEN: Final = 1000


@dataclass(slots=True)
class Interval:
    """What the hosts counted in one interval.

    Attributes
    ----------
    number
        Counts up; one that nobody counted is left out.
    end
        Its end in Unix seconds of our clock, as the host has it that sets the pace.
    samples
        Host -> its own sample.
    absent
        The hosts that should have counted and whose sample has not come in time.
    """

    number: int
    end: float
    samples: dict[str, Sample] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    #: when its first sample arrived, by our clock
    opened: float = 0.0


@dataclass(slots=True)
class _Run:
    """A host's intervals."""

    number: int
    end: float
    #: how long after their ends its samples arrive, and how far others are ahead of them then (s)
    lag: float
    behind: float = 0.0
    #: whether intervals wait for it
    awaited: bool = True


class Merger:
    """Puts each host's intervals with those of the others that ended nearest to them.

    One host sets the pace: the ends of its intervals are those of all. Another's interval goes to
    the one that ended nearest; from then on its intervals follow one another there, so that none is
    left out or doubled when two ends lie half an interval apart. Only when it has drifted away by
    more than an interval is it moved, which leaves one out or joins two: rare, and nothing lost.

    An interval is delivered when all hosts that are awaited have come to it, or when most of them
    are beyond it by more than `patience`. That is told by what they have delivered and by no clock
    of ours: where all samples are held up, as while the notebook itself stands still, none is late.
    A host that has fallen behind is awaited again when it has caught up.

    Parameters
    ----------
    interval
        Seconds asked for between samples.
    patience
        Seconds beyond an interval, and beyond what it is usually behind the others, for which a
        host is waited for. While all are in time nothing waits so long.
    """

    def __init__(self, interval: float, patience: float = 1.0) -> None:
        self.interval = interval
        self.patience = patience
        self._open: deque[Interval] = deque()
        self._runs: dict[str, _Run] = {}
        self._delivered = -1
        #: the end of what was delivered last
        self._delivered_end = -math.inf
        #: what was open when a clock was set
        self._left: list[Interval] = []
        #: the newest interval of all, from which the ends of others are reckoned
        self._newest: Interval | None = None
        self._pacer: str | None = None
        #: when the last sample arrived, and the first after all were held up, by our clock
        self._heard = self._resumed = -math.inf
        #: by how much the pacer's intervals end later than those of all
        self._phase = 0.0

    def take(self, host: str, sample: Sample, now: float) -> bool:
        """Take a host's sample, whose timestamp is in our clock's Unix seconds.

        Returns
        -------
        bool
            False if it came too late: its interval has been delivered.
        """
        if now > self._heard + self.interval + self.patience:
            self._resumed = now
        self._heard = now
        end = now if sample.timestamp is None else sample.timestamp
        run = self._runs.get(host)
        if run is not None and end < run.end - _STEP_BACK:
            self._begin_anew()
            run = None
        number, slot = self._place(run, end, sample.duration)
        lag = now - end
        if run is None:
            run = self._runs[host] = _Run(number, end, lag)
        run.number, run.end = max(run.number, number), end
        behind = max(self._reached - end, 0.0)
        run.lag += _SMOOTH * (lag - run.lag)
        run.behind += _SMOOTH * (behind - run.behind)
        # one that is further behind than is ever waited for shall not delay the others
        in_reach = behind <= self.interval + 2 * self.patience
        run.awaited = in_reach or now < self._resumed + self.patience
        if slot <= self._delivered:
            return False
        self._put(host, slot, end, sample, now)
        return True

    def leave(self, host: str) -> None:
        """The host counts no more, for now: nothing waits for it."""
        self._runs.pop(host, None)
        if self._pacer == host:
            self._pacer = None

    def lag(self, host: str) -> float | None:
        """How long after their ends the host's samples come, in seconds; `None` without any."""
        run = self._runs.get(host)
        return None if run is None else run.lag

    @property
    def next_number(self) -> int:
        """The number of the interval that is delivered next; −1 without any."""
        return self._open[0].number if self._open else -1

    @property
    def deadline(self) -> float | None:
        """When the next interval is delivered though all are silent; `None` without any."""
        if not self._open:
            return None
        return self._heard + 2 * self.interval + _SILENCE

    @property
    def _reached(self) -> float:
        """What at least half of the hosts that are awaited have come to."""
        ends = sorted([run.end for run in self._runs.values() if run.awaited])
        return ends[len(ends) // 2] if ends else -math.inf

    def due(self, now: float) -> list[Interval]:
        """The intervals that are to be delivered now, in their order."""
        found, self._left = self._left, []
        while self._open and self._is_due(self._open[0], now):
            found.append(self._deliver())
        return found

    def _is_due(self, interval: Interval, now: float) -> bool:
        awaited = [run for run in self._runs.values() if run.awaited]
        if all(run.number >= interval.number for run in awaited):
            return True
        long = 2 * self.interval + _SILENCE
        if now >= self._heard + long or len(self._open) > _MOST_OPEN:
            return True  # all are silent
        if now < max(interval.opened, self._resumed) + self.patience:
            return False  # what was held up comes all at once, of one host after another
        usual = min(max([run.behind for run in awaited]), self.patience)
        until = interval.end + _SLIP * self.interval + usual + self.patience
        furthest = max([run.end for run in awaited])
        return self._reached >= until or furthest >= interval.end + long

    def rest(self) -> list[Interval]:
        """All that waits, since nothing more will come."""
        return self._left + [self._deliver() for _ in range(len(self._open))]

    def _deliver(self) -> Interval:
        interval = self._open.popleft()
        self._delivered = interval.number
        behind = [name for name, run in self._runs.items() if run.number < interval.number]
        for name in behind:
            self._runs[name].awaited = False
        interval.absent = tuple(behind)
        if self._pacer not in interval.samples:
            self._choose_pacer(interval)
        interval.end = max(interval.end, self._delivered_end + _LEAST_STEP * self.interval)
        self._delivered_end = interval.end
        return interval

    def _choose_pacer(self, interval: Interval) -> None:
        """Let another set the pace, with ends that are nearest; the ends of all go on evenly."""
        ends = {
            host: self._runs[host].end - self._end_of(self._runs[host].number)
            for host in interval.samples
            if host in self._runs
        }
        self._pacer = min(ends, key=lambda host: abs(ends[host]), default=None)
        phase = ends[self._pacer] if self._pacer is not None else 0.0
        # what is further off was numbered wrongly while hosts stood still: carried on, it would
        # grow with each change of pace
        half = self.interval / 2
        self._phase = max(-half, min(half, phase))

    def _place(self, run: _Run | None, end: float, duration: float | None) -> tuple[int, int]:
        """The number of the interval that one ending at `end` is, and the one that it goes to.

        These differ where it is one that was delivered, though the host is not behind: it is
        joined to the host's next one then.
        """
        if self._newest is None:
            return self._delivered + 1, self._delivered + 1
        nearest = self._newest.number + round((end - self._newest.end) / self.interval)
        if run is None:  # what was delivered could not wait for a host that was not known
            return nearest, nearest + (nearest == self._delivered)
        following = run.number + 1
        follows = end - (duration or self.interval) < run.end + self.interval / 2
        if follows and abs(end - self._end_of(following)) <= _SLIP * self.interval:
            return following, following
        if nearest <= run.number:  # it is quicker than the others
            return run.number, run.number + (run.number <= self._delivered)
        return nearest, nearest

    def _end_of(self, number: int) -> float:
        for interval in reversed(self._open):
            if interval.number == number:
                return interval.end
        assert self._newest is not None
        return self._newest.end + (number - self._newest.number) * self.interval

    def _put(self, host: str, number: int, end: float, sample: Sample, now: float) -> None:
        interval = self._opened(number, end, now)
        if self._pacer is None:
            self._pacer, self._phase = host, end - interval.end
        if host in interval.samples:
            sample = joined(interval.samples[host], sample)
        interval.samples[host] = sample
        if host == self._pacer:
            interval.end = end - self._phase

    def _opened(self, number: int, end: float, now: float) -> Interval:
        """The open interval of this number; a new one stands at its place among them."""
        for interval in reversed(self._open):
            if interval.number == number:
                return interval
            if interval.number < number:
                break
        end = end if self._newest is None else self._end_of(number)
        new = Interval(number, end, opened=now)
        place = sum(interval.number < number for interval in self._open)
        self._open.insert(place, new)
        if self._newest is None or number > self._newest.number:
            self._newest = new
        return new

    def _begin_anew(self) -> None:
        """A clock was set: what is reckoned from now on starts from the next sample."""
        self._left = self.rest()
        self._delivered_end = -math.inf
        self._runs.clear()
        self._pacer, self._newest = None, None


def joined(first: Sample, second: Sample) -> Sample:
    """Two intervals of a host as one: counts and durations together, shares as the weaker."""
    duration = (first.duration or 0.0) + (second.duration or 0.0) or None
    names = [reading.event for reading in first.readings]
    if names != [reading.event for reading in second.readings]:
        return second
    readings = [_sum(a, b, duration) for a, b in zip(first, second, strict=True)]
    return replace(second, duration=duration, readings=tuple(readings))


def _sum(a: Reading, b: Reading, duration: float | None) -> Reading:
    if a.count is None or b.count is None:
        return b if a.count is None else a
    count = a.count + b.count
    parts = {
        label: _sum(a.parts[label], part, duration) if label in a.parts else part
        for label, part in b.parts.items()
    }
    rate = count / duration if duration else None
    running = min(a.running, b.running)
    return Reading(b.event, count, rate, b.unit, Status.COUNTED, running, parts)
