"""Conditions that a monitor watches, and when they held."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import traitlets

from perfwidgets.errors import ArgumentError
from perfwidgets.hosts.state import HostState
from perfwidgets.metric_inputs import choose_inputs
from perfwidgets.metrics import MetricValue
from perfwidgets.models.observers import GuardedTraits
from perfwidgets.samples import Sample
from perfwidgets.sources.vmstat import MEMORY_EVENTS
from perfwidgets.thresholds import Threshold, parse_threshold

__all__ = ["Alert", "Alerts"]

_MOST_ALERTS = 1000
#: intervals that lie so far apart are not next to each other (s), as in histories
_SLACK = 0.05
#: how far a clock that is adjusted may go back (s), as in histories
_STEP_BACK = 1.0
#: what a sum of intervals may lack of the time that was asked for (share)
_ROUNDING = 1e-3
#: a callback that takes longer (s) holds up the next sample, and is named
_SLOW = 0.1


@dataclass(frozen=True, slots=True)
class Alert:
    """A time in which a watched condition held.

    Attributes
    ----------
    condition
        As it was written.
    began
        When it began to hold, in Unix seconds (in seconds from the beginning where a recording
        has no clock).
    ended
        When it was last known to hold; `None` while it does.
    worst
        The value that was furthest beyond the limit, so far.
    unit
        Of `worst`.
    names
        What crossed the limit, as the grid or the metric panel call it.
    """

    number: int = field(repr=False)
    condition: str
    began: float
    ended: float | None
    worst: float
    unit: str
    names: tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Watch:
    """A condition, and since when it holds."""

    threshold: Threshold
    callback: Callable[[Alert], object] | None
    of_memory: bool
    #: when it began to hold, and how long it has held; `None` while it does not
    since: float | None = None
    held: float = 0.0
    last: float | None = None  # the end of the interval that was judged last
    worst: float = 0.0
    names: tuple[str, ...] = ()
    known: bool = False
    alert: Alert | None = None

    def take(self, values: Iterable[MetricValue], end: float, duration: float) -> None:
        """Take the values of an interval."""
        found = list(values)
        crossing = [v for v in found if v.value is not None and self.threshold.crossed(v.value)]
        self.known = bool(found) and all(value.value is not None for value in found)
        # where clocks are adjusted intervals overlap: nothing is missing between those
        follows = self.last is not None and (
            -_STEP_BACK <= end - duration - self.last <= 0.5 * duration + _SLACK
        )
        self.last = end
        if not crossing or not follows:
            self.since = None
        if not crossing:
            return
        worst = self._worst_of(crossing)
        if self.since is None:
            self.since, self.held, self.worst = end - duration, 0.0, worst
        self.held += duration
        self.worst = self.threshold.worse(self.worst, worst)
        self.names = tuple(self._shown_as(value) for value in crossing)

    def forget(self) -> None:
        """What comes next does not follow what came last."""
        self.since, self.last, self.known = None, None, False

    @property
    def state(self) -> str:
        """What views say of it."""
        if self.alert is not None:
            return "crossed"
        return "within" if self.known else "not counted"

    @property
    def is_due(self) -> bool:
        """Whether it has held for as long as was asked for."""
        return self.since is not None and self.held >= self.threshold.hold * (1 - _ROUNDING)

    def _worst_of(self, values: list[MetricValue]) -> float:
        worst = values[0].value or 0.0
        for value in values[1:]:
            worst = self.threshold.worse(worst, value.value or 0.0)
        return worst

    def _shown_as(self, value: MetricValue) -> str:
        if self.threshold.is_metric:
            return value.name
        return value.events[0] if self.threshold.event else self.threshold.what


class Alerts(GuardedTraits):
    """What a monitor needs to watch conditions and to tell when they hold."""

    alerts: tuple[Alert, ...] = traitlets.Tuple(
        help="When watched conditions held, oldest first; at most the last 1,000."
    )  # type: ignore[assignment]
    events: tuple[str, ...]
    sample: Sample | None
    hosts: dict[str, HostState]
    memory_hosts: dict[str, HostState]
    source: Any
    post: Any
    _memory: str | None

    def __init__(self) -> None:
        super().__init__()
        self._watching = threading.Lock()
        self._watches: tuple[_Watch, ...] = ()
        self._next_alert = 0

    @property
    def watches(self) -> tuple[Threshold, ...]:
        """The conditions that are watched."""
        return tuple(watch.threshold for watch in self._watches)

    @property
    def watch_states(self) -> dict[str, str]:
        """Condition -> ``crossed``, ``within`` its limit, or ``not counted``."""
        return {watch.threshold.condition: watch.state for watch in self._watches}

    def watch(self, condition: str, callback: Callable[[Alert], object] | None = None) -> Threshold:
        """Watch a condition: say so in the views, and call back, when it holds.

        ::

            monitor.watch("branch miss rate > 5 % for 3 s")
            monitor.watch("page-faults > 50k/s", lambda alert: print(alert.worst))

        Parameters
        ----------
        condition
            ``WHAT SIGN LIMIT [for TIME]``. WHAT is an event, a metric or a formula over events;
            SIGN one of ``>  >=  <  <=``; LIMIT a number, with ``k``, ``M``, ``G`` or ``T`` and a
            unit. An event's limit is held against the count of each interval, with ``/s`` against
            its rate per second. TIME, in s, ms or min, is the time counted without a break: where
            nothing was counted for an interval it begins anew.
        callback
            Called with the `Alert` when it has held for TIME, on the collector's thread. What it
            raises is kept in `faults`.

        Returns
        -------
        Threshold
            What `unwatch` takes. A condition that is watched already takes the new callback.

        Raises
        ------
        ArgumentError
            If it cannot be read, or is about what this monitor does not count.
        """
        threshold = parse_threshold(condition)
        if callback is not None and not callable(callback):
            raise ArgumentError(
                f"{callback!r} cannot be called", "Give a function that takes the alert."
            )
        needs = threshold.metric.needs
        of_memory = self._memory is not None and all(need in MEMORY_EVENTS for need in needs)
        if not of_memory:
            self._check_counted(threshold)
        with self.told_from_now_on(), self._watching:
            same = [w for w in self._watches if w.threshold == threshold]
            for watch in same:
                watch.callback = callback
            if not same:
                self._watches += (_Watch(threshold, callback, of_memory),)
        return threshold

    def unwatch(self, condition: Threshold | str | None = None) -> None:
        """Watch a condition no longer; an alert that is on ends now. What has been stays.

        Parameters
        ----------
        condition
            As given to `watch`, or what it returned; `None` for all.

        Raises
        ------
        ArgumentError
            If it is not watched.
        """
        text = condition.condition if isinstance(condition, Threshold) else condition
        wanted = None if text is None else " ".join(str(text).split())
        with self._watching:
            gone = [w for w in self._watches if wanted in {None, w.threshold.condition}]
            if not gone and wanted is not None:
                watched = ", ".join(repr(w.threshold.condition) for w in self._watches)
                raise ArgumentError(
                    f"{condition!r} is not watched",
                    f"Watched are {watched}." if watched else "Nothing is.",
                )
            self._watches = tuple(w for w in self._watches if w not in gone)
        self.post(lambda: self._end_alerts(gone))

    def _check_counted(self, threshold: Threshold) -> None:
        sample = self.sample
        names = [*self.events, *((r.event for r in sample.readings) if sample is not None else ())]
        for need in threshold.metric.needs if names else ():
            if not choose_inputs((need,), names)[0].found:
                raise ArgumentError(
                    f"The condition {threshold.condition!r} needs {need}, which this monitor does "
                    "not count",
                    f"It counts {', '.join(self.events[:20])}; add it with configure(events=…).",
                )

    # what follows is called on the collector's thread

    def _judge(self, sample: Sample, *, of_memory: bool) -> None:
        """Hold a sample against what is watched."""
        watches = [watch for watch in self._watches if watch.of_memory == of_memory]
        if not watches or sample.duration is None or _is_short(sample):
            return
        end = sample.timestamp if sample.timestamp is not None else sample.time
        scopes = (getattr(self.source, scope, None) for scope in ("pid", "cgroup"))
        process = any(scope is not None for scope in scopes)
        several = bool(self.memory_hosts if of_memory else self.hosts)
        for watch in watches:
            values = watch.threshold.values(
                sample.readings, sample.duration, process=process, several_hosts=several
            )
            since, last, worst = watch.since, watch.last, watch.worst
            watch.take(values, end, sample.duration)
            if watch.alert is not None and watch.since != since:
                self._end(watch, last, worst)
            if watch.alert is None and watch.is_due:
                self._begin(watch)
            elif watch.alert is not None and watch.alert.worst != watch.worst:
                watch.alert = replace(watch.alert, worst=watch.worst, names=watch.names)
                self._show(watch.alert)

    def _break_off(self, *, of_memory: bool) -> None:
        """A gap: what held is not known to hold any longer."""
        self._end_alerts([watch for watch in self._watches if watch.of_memory == of_memory])

    def _end_alerts(self, watches: Iterable[_Watch]) -> None:
        for watch in watches:
            last = watch.last
            watch.forget()
            if watch.alert is not None:
                self._end(watch, last, watch.worst)

    def _begin(self, watch: _Watch) -> None:
        assert watch.since is not None
        threshold = watch.threshold
        alert = Alert(
            *(self._next_alert, threshold.condition, watch.since, None),
            *(watch.worst, threshold.unit, watch.names),
        )
        self._next_alert += 1
        watch.alert = alert
        self.alerts = (*self.alerts[-(_MOST_ALERTS - 1) :], alert)
        if watch.callback is not None:
            self._call(watch.callback, alert)

    def _end(self, watch: _Watch, last: float | None, worst: float) -> None:
        alert, watch.alert = watch.alert, None
        assert alert is not None
        self._show(replace(alert, ended=alert.began if last is None else last, worst=worst))

    def _show(self, alert: Alert) -> None:
        """Put it in the place of what it was before."""
        self.alerts = tuple(alert if a.number == alert.number else a for a in self.alerts)

    def _call(self, callback: Callable[[Alert], object], alert: Alert) -> None:
        where = f"watch {alert.condition!r}"
        began = time.perf_counter()
        try:
            callback(alert)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # as of an observer
            message = f"{type(error).__name__}: {error}"
            self.note_fault(where, message, traceback.format_exc())
            return
        if time.perf_counter() - began > _SLOW:
            self.note_fault(where, "its callback is slow: it holds up the next sample")


def _is_short(sample: Sample) -> bool:
    """Whether its interval was too short for rates."""
    return any(r.count is not None and r.rate is None for r in sample.readings)
