"""What counts say when put into relation: instructions per cycle, misses per 1,000 instructions.

Formulas are data. They are evaluated here for one sample, and in the browser, from the same
programs, for each row of its history. What cannot be computed is `None` with the reason, and
never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from perfwidgets.formula import SECONDS, Expression
from perfwidgets.metric_inputs import CLOCKS, Inputs, choose_inputs
from perfwidgets.metric_registry import METRICS, Metric, add_metric, parse
from perfwidgets.samples import Reading, Status

__all__ = [
    "METRICS",
    "BoundMetric",
    "Metric",
    "MetricValue",
    "add_metric",
    "bind",
    "evaluate",
    "parse",
]

_NOT_ASKED = "not among the events counted"
_NO_COUNT = "not counted this time"
#: what is said of an input without a count; of any other status it is `_NO_COUNT`
_WHY = {Status.NOT_SUPPORTED: "not supported here"}
_CLOCKS_RUN = (
    "over a whole machine the clocks of perf run while CPUs idle too: count a process with pid="
)


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A metric in one interval, or of one region of code.

    Attributes
    ----------
    name
        The metric's, with the flavour of its events where several were counted: ``IPC cpu_core``.
    value
        `None` where it cannot be computed; `reason` says why.
    unit
        Of the value.
    running
        The share of time in which its weakest input was counted, 0 to 1; 0 without a value.
    reason
        Why there is no value; empty where there is one.
    metric
        What it is.
    note
        What a reader of the value must know, such as "user mode only".
    events
        The events it was computed from, as perf printed them.
    """

    name: str
    value: float | None
    unit: str
    running: float
    reason: str
    metric: Metric
    note: str = ""
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundMetric:
    """A metric, and the printed events it is computed from.

    Attributes
    ----------
    name, note, metric
        As in `MetricValue`.
    events
        Event in the formula -> event as printed, without those that are not counted at all.
    reason
        Why there is no value, whatever is counted; empty if that depends on the counts.
    """

    name: str
    note: str
    metric: Metric
    events: Mapping[str, str]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the browser, which evaluates the same program."""
        return {
            "name": self.name,
            "unit": self.metric.unit,
            "help": self.metric.help,
            "formula": self.metric.expression,
            "source": self.metric.source,
            "note": self.note,
            "events": list(dict.fromkeys(self.events.values())),
            "lacking": [need for need in self.metric.needs if need not in self.events],
            "program": list(self.metric.parsed.renamed(self.events)),
            "reason": self.reason,
        }


def evaluate(
    readings: Iterable[Reading],
    seconds: float | None,
    *,
    process: bool = False,
    metrics: Iterable[Metric] | None = None,
) -> list[MetricValue]:
    """Compute metrics from one sample, or from what a region of code counted.

    Parameters
    ----------
    readings
        What was counted. Of two readings of one event the first is used.
    seconds
        The measured time; `None` if it is not known.
    process
        Whether a process was counted (or a cgroup), and not a whole machine.
    metrics
        Which; `None` for all of `METRICS`.

    Returns
    -------
    list of MetricValue
        One for each metric, and for each type of core where these were counted apart.
    """
    first: dict[str, Reading] = {}
    for reading in readings:
        first.setdefault(reading.event, reading)
    return [
        _value(bound, first, seconds) for bound in bind(first, process=process, metrics=metrics)
    ]


def bind(
    names: Iterable[str], *, process: bool = False, metrics: Iterable[Metric] | None = None
) -> list[BoundMetric]:
    """Find out what each metric is computed from.

    Parameters
    ----------
    names
        The events that are counted, as printed.
    process, metrics
        As for `evaluate`.
    """
    printed = tuple(names)
    chosen = list(METRICS.values()) if metrics is None else list(metrics)
    return [bound for metric in chosen for bound in _bind(metric, printed, process)]


def _bind(metric: Metric, printed: Sequence[str], process: bool) -> Iterator[BoundMetric]:
    choices = choose_inputs(metric.needs, printed)
    for inputs in choices:
        rivals = {other.modifiers for other in choices if other.pmu == inputs.pmu}
        name = metric.name
        if len(rivals) > 1 and inputs.modifiers:
            name += f":{inputs.modifiers}"
        if inputs.pmu:
            name += f" {inputs.pmu}"
        events = {need: found.name for need, found in inputs.found.items()}
        reason = _never(metric, inputs, printed, process)
        note = _note(inputs, process) if len(events) == len(metric.needs) else ""
        yield BoundMetric(name, note, metric, events, reason)


def _note(inputs: Inputs, process: bool) -> str:
    flavours = {each.modifiers for each in inputs.found.values()} - {""}
    known = {"u": "user mode only", "k": "kernel only"}
    notes = [known.get(flavour, f"with :{flavour}") for flavour in sorted(flavours)]
    if not process and any(each.plain in CLOCKS for each in inputs.found.values()):
        notes.append("idle included")  # over a whole machine clocks run while CPUs idle
    return ", ".join(notes)


def _never(metric: Metric, inputs: Inputs, printed: Sequence[str], process: bool) -> str:
    """Why there can be no value of these events, whatever is counted."""
    lacking = [need for need in metric.needs if need not in inputs.found]
    if lacking:
        return _apart(metric, printed) or _needs({_NOT_ASKED: lacking})
    if metric.process_only and not process:
        return f"not available: {_CLOCKS_RUN}"
    for each in inputs.found.values():
        if each.always_zero:
            return f"not available: {each.name} does not count what happens in the kernel"
    clockwork = [each.name for each in inputs.found.values() if each.flavourless]
    if inputs.pmu and clockwork:
        return f"not available: {clockwork[0]} is counted on all cores, not on {inputs.pmu} alone"
    return ""


def _apart(metric: Metric, printed: Sequence[str]) -> str:
    """That all events are there, but none of the flavours has all."""
    alone = [choose_inputs((need,), printed)[0].found.get(need) for need in metric.needs]
    if any(found is None for found in alone):
        return ""
    names = " and ".join(found.name for found in alone if found is not None)
    return f"not available: {names} are not counted alike"


def _needs(lacking: Mapping[str, Sequence[str]]) -> str:
    words = [f"{', '.join(events)} ({why})" for why, events in lacking.items() if events]
    return f"not available: needs {' and '.join(words)}"


def _value(
    bound: BoundMetric, readings: Mapping[str, Reading], seconds: float | None
) -> MetricValue:
    used = [readings[event] for event in dict.fromkeys(bound.events.values())]
    value, reason = None, bound.reason or _lacking(used)
    if not reason:
        values = {need: readings[event].count or 0 for need, event in bound.events.items()}
        value, reason = _computed(bound.metric.parsed, values, seconds)
    return MetricValue(
        bound.name,
        value,
        bound.metric.unit,
        0.0 if value is None else min(reading.running for reading in used),
        reason,
        bound.metric,
        bound.note,
        tuple(reading.event for reading in used),
    )


def _lacking(used: Sequence[Reading]) -> str:
    lacking: dict[str, list[str]] = {}
    for reading in used:
        if reading.count is None:
            lacking.setdefault(_WHY.get(reading.status, _NO_COUNT), []).append(reading.event)
    return _needs(lacking) if lacking else ""


def _computed(
    parsed: Expression, values: Mapping[str, float], seconds: float | None
) -> tuple[float | None, str]:
    if SECONDS in parsed.inputs and seconds is None:
        return None, "not available: the measured time is not known"
    try:
        return parsed.value({SECONDS: seconds or 0.0, **values}), ""
    except ZeroDivisionError as error:
        return None, f"not available: {error}"
    except OverflowError as error:
        return None, f"not available: {error}"
