"""The dropdown that chooses which event's or metric's history is drawn."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from perfwidgets.events import FAMILIES, SUGGESTED, lookup
from perfwidgets.metrics import METRICS, BoundMetric
from perfwidgets.models.history import unique_names
from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import Status
from perfwidgets.widgets.event_adder import EventAdder
from perfwidgets.widgets.metric_layout import counted_on, metrics_of
from perfwidgets.widgets.view import Composite, Scripted, check_monitor

__all__ = ["EventSelector"]

_NOT_SUPPORTED = " (not supported)"
_NOT_AVAILABLE = " (not available)"
_MARKS = (_NOT_SUPPORTED, _NOT_AVAILABLE)


class _SelectorDriver(Scripted, script_name="event_selector"):
    shares_layout = True
    dropdown = traitlets.Unicode(help="Id of the dropdown.").tag(sync=True)
    labels = traitlets.Dict(help="Label of an option -> its event or metric.").tag(sync=True)
    choice = traitlets.Unicode(help="What a person has chosen, if anybody has.").tag(sync=True)


class _EventAbout(Scripted, script_name="event_about"):
    shares_layout = True
    summary = "what the chosen event counts"


class EventSelector(Composite, ipywidgets.HBox):  # type: ignore[misc]
    """A dropdown of the monitor's events and metrics, what is not counted here marked as such.

    Its choice is drawn in the browser at once; `value` follows when the kernel hears of it.

    Parameters
    ----------
    monitor
        Whose events, and the metrics that they give, to offer.

    Attributes
    ----------
    dropdown : ipywidgets.Dropdown
    adder : EventAdder
        Searches perf's list for other events, tries them, and has them counted.
    value : str or None
        The event chosen, or the name of the metric.
    """

    summary = "which event's history is drawn"
    value: str | None = traitlets.Unicode(
        None, allow_none=True, help="The event or metric chosen, as far as the kernel has heard."
    )  # type: ignore[assignment]

    def __init__(self, monitor: Monitor, **traits: Any) -> None:
        self._offered: list[tuple[str, str]] = []
        check_monitor(monitor)
        options = _options(monitor)
        self._offered = options
        self.dropdown = ipywidgets.Dropdown(
            options=options,
            description="History",  # a label, for the eye and for a screen reader
            style={"description_width": "auto"},
            layout=ipywidgets.Layout(
                width="auto", min_width="0", flex="1 1 16em", max_width="30em"
            ),
        )
        self._driver = _SelectorDriver(
            monitor, dropdown=self.dropdown.model_id, labels=_all_labels(monitor)
        )
        self.adder = EventAdder(monitor)
        self._about = _EventAbout(monitor)
        super().__init__(
            monitor,
            parts=[self._driver, self.dropdown, self.adder, self._about],
            children=[self.dropdown, self.adder, self._about],
            **traits,
        )
        self.value = self.dropdown.value
        self._reordering = False
        self._found: Any = None
        self._shares: list[float] = []
        self._uncounted: list[float] = []
        self.dropdown.observe(self._chosen, "value")
        self.observe(self._set, "value")
        self.add_class("perfwidgets")
        self.add_class("pw-selector")
        monitor.on_tick(self._tick)

    def close(self) -> None:
        """Take the selector away."""
        if self._closed:
            return
        self.monitor.off_tick(self._tick)
        super().close()

    def _chosen(self, change: Any) -> None:
        if not self._reordering:
            self.value = change.new

    def _set(self, change: Any) -> None:
        """Choose in Python; what the browser chose is known to it already."""
        if change.new != self.dropdown.value:
            self.dropdown.value = change.new  # which refuses what it does not offer
            self._driver.choice = change.new

    def _tick(self) -> None:
        """Offer other options where other events count now; on the collector's thread."""
        sample = self.monitor.sample
        keys, shares = ((), []) if sample is None else (sample.keys, sample.numbers[1])
        if shares is not self._shares:  # as a rule samples share them
            self._shares = shares
            self._uncounted = [share if share < 0 else 0.0 for share in shares]
        found = (keys, self._uncounted, tuple(METRICS.values()), counted_on(self.monitor))
        if found == self._found:
            return
        self._found = found
        options = _options(self.monitor)
        if options == self._offered:
            return
        self._offered = options
        events = [event for _, event in options]
        wanted = [self._driver.choice, *(() if self._driver.choice else SUGGESTED)]
        marked = [event for label, event in options if label.endswith(_MARKS)]
        usable = [event for event in events if event not in marked] or events
        kept = next((event for event in wanted if event in usable), self.value)
        self._reordering = True
        try:
            with self.dropdown.hold_sync():
                self._driver.labels = _all_labels(self.monitor)
                self.dropdown.options = options
                if kept in events:
                    self.dropdown.value = kept
        finally:
            self._reordering = False
        self.value = self.dropdown.value


def _events(monitor: Monitor) -> list[str]:
    sample = monitor.sample
    names = [r.event for r in sample.readings] if sample is not None else list(monitor.events)
    return unique_names(names)


def _label(event: str) -> str:
    known = lookup(event)
    return f"{FAMILIES[known.family]} · {event}"


def _options(monitor: Monitor) -> list[tuple[str, str]]:
    """Labels and keys: events by family, then metrics; what cannot be counted here last."""
    sample = monitor.sample
    families = list(FAMILIES)
    unsupported = {
        reading.event
        for reading in (sample.readings if sample is not None else ())
        if reading.status is Status.NOT_SUPPORTED
    }
    events = sorted(
        _events(monitor), key=lambda e: (e in unsupported, families.index(lookup(e).family))
    )
    marks = {metric.name: _mark(metric, unsupported) for metric in _metrics(monitor)}
    metrics = sorted(marks, key=lambda name: bool(marks[name]))
    return [
        *((_label(e) + (_NOT_SUPPORTED if e in unsupported else ""), e) for e in events),
        *((_metric_label(name) + marks[name], name) for name in metrics),
    ]


def _metrics(monitor: Monitor) -> list[BoundMetric]:
    events = _events(monitor)
    return [metric for metric in metrics_of(monitor, events) if metric.name not in events]


def _metric_label(name: str) -> str:
    return f"Metric · {name}"


def _mark(metric: BoundMetric, unsupported: set[str]) -> str:
    if metric.reason:
        return _NOT_AVAILABLE
    return _NOT_SUPPORTED if unsupported & set(metric.events.values()) else ""


def _all_labels(monitor: Monitor) -> dict[str, str]:
    """Each label that an event or a metric may have -> its key."""
    labels = {_label(event): event for event in _events(monitor)}
    labels |= {_metric_label(metric.name): metric.name for metric in _metrics(monitor)}
    return {label + mark: key for label, key in labels.items() for mark in ("", *_MARKS)}
