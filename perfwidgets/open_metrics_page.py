"""The running totals as a page in OpenMetrics, or in Prometheus' older text for who asks for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, get_args

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
)
from prometheus_client.registry import Collector

from perfwidgets import __version__
from perfwidgets.open_metrics import EventTotals, RunningTotals, SourceTotals
from perfwidgets.open_metrics_names import Family, cpu_label
from perfwidgets.supervisor import State

__all__ = ["page"]

_EVENT: Final = ("event", "host", "source")
_PLACE: Final = ("event", "host", "cpu", "source")
_SOURCE: Final = ("host", "source")
_STATES: Final = (*get_args(State), "late", "gone", "recorded")
_COUNTING: Final = ("running", "late", "recorded")


def page(totals: RunningTotals) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application that answers with what `totals` holds by then."""
    registry = CollectorRegistry()
    registry.register(_Totals(totals))
    application: Callable[..., Iterable[bytes]] = make_wsgi_app(registry)
    return application


class _Totals(Collector):
    """The totals, for prometheus_client."""

    def __init__(self, totals: RunningTotals) -> None:
        self._totals = totals

    def describe(self) -> Iterator[Metric]:
        """Names are not known before something was counted."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families, from one copy of the totals."""
        sources, events = self._totals.copy()
        yield InfoMetricFamily(
            "perfwidgets", "The version of perfwidgets.", {"version": __version__}
        )
        yield from _of_sources(sources)
        yield from _of_events(events)
        yield from _counts(events)


def _of_sources(sources: Sequence[SourceTotals]) -> Iterator[Metric]:
    up = GaugeMetricFamily("perfwidgets_up", "Whether a source counts now.", labels=_SOURCE)
    state = StateSetMetricFamily("perfwidgets_source_state", "What a source does.", labels=_SOURCE)
    intervals = CounterMetricFamily(
        "perfwidgets_intervals", "Intervals that were counted.", labels=_SOURCE
    )
    seconds = CounterMetricFamily(
        "perfwidgets_counted_seconds",
        "Measured length of all intervals: what is missing to the time of day was not counted.",
        labels=_SOURCE,
        unit="seconds",
    )
    gaps = CounterMetricFamily(
        "perfwidgets_gaps",
        "Times that counting was interrupted. What happened meanwhile is in no total.",
        labels=_SOURCE,
    )
    last = GaugeMetricFamily(
        "perfwidgets_last_interval_timestamp_seconds",
        "When the last interval ended.",
        labels=_SOURCE,
        unit="seconds",
    )
    for one in sources:
        labels = (one.host, one.source)
        up.add_metric(labels, one.state in _COUNTING)
        state.add_metric(labels, {name: name == one.state for name in _STATES})
        intervals.add_metric(labels, one.intervals)
        seconds.add_metric(labels, one.seconds)
        gaps.add_metric(labels, one.gaps)
        if one.last is not None:
            last.add_metric(labels, one.last)
    yield from (up, state, intervals, seconds, gaps, last)


def _of_events(events: Sequence[EventTotals]) -> Iterator[Metric]:
    supported = GaugeMetricFamily(
        "perfwidgets_event_supported",
        "Whether an event can be counted there. One that cannot has no total, which is not zero.",
        labels=_EVENT,
    )
    running = GaugeMetricFamily(
        "perfwidgets_event_running_ratio",
        "Share of the last interval in which an event was on a counter. Below 1 its count is "
        "perf's extrapolation.",
        labels=_EVENT,
        unit="ratio",
    )
    for one in events:
        labels = (one.event, one.host, one.source)
        if one.supported is not None:
            supported.add_metric(labels, one.supported)
        if one.running is not None:
            running.add_metric(labels, one.running)
    yield from (supported, running)


def _counts(events: Sequence[EventTotals]) -> Iterator[Metric]:
    families: dict[str, CounterMetricFamily] = {}
    for one in events:
        if one.family is None or not one.totals:
            continue
        family = families.setdefault(one.family.name, _counter(one.family))
        for cpu, total in _by_cpu(one.totals).items():
            # Prometheus has floats only
            family.add_metric((one.event, one.host, cpu, one.source), total * one.family.scale)
    yield from families.values()


def _counter(family: Family) -> CounterMetricFamily:
    return CounterMetricFamily(family.name, family.help, labels=_PLACE, unit=family.unit)


def _by_cpu(totals: Mapping[str, int | float]) -> dict[str, int | float]:
    """The totals by label; a label that two parts share must not come twice."""
    by_cpu: dict[str, int | float] = {}
    for part, total in totals.items():
        label = cpu_label(part)
        by_cpu[label] = by_cpu.get(label, 0) + total
    return by_cpu
