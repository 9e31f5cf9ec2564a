"""Conditions that are watched while counting: ``page-faults > 50k/s for 3 s``, read from text."""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from perfwidgets.errors import ArgumentError, PerfwidgetsError
from perfwidgets.event_notes import about
from perfwidgets.formula import SECONDS
from perfwidgets.metrics import METRICS, Metric, MetricValue, evaluate, parse
from perfwidgets.samples import Reading, Status

__all__ = ["Threshold", "parse_threshold"]

_LONGEST = 1000
_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_FORM: Final = (
    'Write it like "page-faults > 50k/s for 3 s", "branch miss rate > 5 %" or "IPC < 0.5 for 10 s".'
)
_CONDITION: Final = re.compile(
    r"\s*(?P<what>.*?)\s*(?P<sign>[<>]=?|[=!]=)\s*(?P<limit>.*?)\s*(?:\bfor\b\s*(?P<hold>.*?)\s*)?",
    re.DOTALL,
)
_NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_LIMIT: Final = re.compile(
    rf"(?P<number>{_NUMBER})\s*(?P<prefix>[kMGT](?![A-Za-z]))?\s*"
    r"(?P<unit>%|[A-Za-z]*)\s*(?P<each>/\s*s)?",
    re.ASCII,
)
_HOLD: Final = re.compile(rf"(?P<number>{_NUMBER})\s*(?P<unit>ms|s|min)?", re.ASCII)
_PREFIXES: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_SECONDS_IN: Final = {"": 1.0, "ms": 0.001, "s": 1.0, "min": 60.0}
#: an alert after so long could only be seen in a history that holds as much
_LONGEST_HOLD: Final = 86_400.0
#: of a metric made of a condition's own formula; with a blank, no formula can hold it
_NAME: Final = "the condition"


@dataclass(frozen=True)
class Threshold:
    """A condition on what is counted.

    Attributes
    ----------
    condition
        As it was written, blanks made single.
    what
        The event, metric or formula it is about.
    sign
        ``>``, ``>=``, ``<`` or ``<=``.
    limit
        What the value is held against, in `unit`.
    unit
        Of both: ``/s`` for the rate of an event, ``%``, …; empty for a count of an interval and
        for a plain number.
    hold
        For how many seconds it must hold without a break.
    metric
        How the value is computed; it is named `what` where it is a metric that is shown.
    """

    condition: str
    what: str
    sign: str
    limit: float
    unit: str
    hold: float
    metric: Metric = field(repr=False)

    @property
    def is_metric(self) -> bool:
        """Whether it is about a metric, and not about an event or a formula."""
        return self.metric.name != _NAME

    @property
    def event(self) -> str | None:
        """The event it is about, if it is about one alone."""
        return self.what if self.metric.needs == (self.what,) else None

    def crossed(self, value: float) -> bool:
        """Whether the condition holds for a value."""
        return _SIGNS[self.sign](value, self.limit)

    def worse(self, one: float, other: float) -> float:
        """The one of two values that lies further beyond the limit."""
        return max(one, other) if self.sign.startswith(">") else min(one, other)

    def values(
        self,
        readings: Sequence[Reading],
        seconds: float | None,
        *,
        process: bool = False,
        several_hosts: bool = False,
    ) -> list[MetricValue]:
        """Its value in one interval: one for each type of core where these are counted apart.

        Parameters
        ----------
        readings
            What was counted.
        seconds
            The measured time.
        process
            Whether a process was counted, and not a whole machine.
        several_hosts
            Whether these are the readings' parts: what relates events that were counted on
            different ones has no value.
        """
        found = evaluate(readings, seconds, process=process, metrics=[self.metric])
        if self.is_metric and self.metric.name != self.what:  # of one type of core alone
            found = [value for value in found if value.name == self.what]
        return [_comparable(value, readings) for value in found] if several_hosts else found


def _comparable(value: MetricValue, readings: Iterable[Reading]) -> MetricValue:
    """Without a value where its events were counted on different hosts: sums of other things."""
    on: dict[str, frozenset[str]] = {}
    for reading in readings:
        if reading.event in value.events and reading.event not in on:
            parts = reading.parts.items()
            on[reading.event] = frozenset(h for h, part in parts if part.status is Status.COUNTED)
    if len(set(on.values())) < 2:
        return value
    words = " and ".join(on)
    return replace(
        value, value=None, reason=f"not available: {words} were counted on different hosts"
    )


def parse_threshold(text: object) -> Threshold:
    """Read a condition.

    Parameters
    ----------
    text
        ``WHAT SIGN LIMIT [for TIME]``. WHAT is an event, a metric's name or a formula; SIGN is
        one of ``>  >=  <  <=``; LIMIT a number with ``k``, ``M``, ``G`` or ``T`` and a unit: ``/s``
        holds an event's rate per second against it, without it the count of each interval. TIME
        is in ``s``, ``ms`` or ``min``.

    Raises
    ------
    ArgumentError
        If it cannot be read; it says what is wrong.
    """
    if not isinstance(text, str) or not text.strip():
        raise ArgumentError(f"{text!r} is no condition to watch", _FORM)
    if len(text) > _LONGEST:
        raise ArgumentError(
            f"The condition is {len(text):,} characters long", f"{_LONGEST:,} are allowed."
        )
    found = _CONDITION.fullmatch(text)
    if found is None or found["sign"] not in _SIGNS or not found["what"]:
        raise ArgumentError(
            f"The condition {text!r} has no comparison, or one that is not among "
            f"{' '.join(_SIGNS)}",
            _FORM,
        )
    if not found["what"].isprintable():
        raise ArgumentError(f"The condition {text!r} holds control characters", _FORM)
    limit, unit = _limit(text, found["limit"])
    metric, unit = _metric(text, " ".join(found["what"].split()), unit)
    return Threshold(
        condition=" ".join(text.split()),
        what=" ".join(found["what"].split()),
        sign=found["sign"],
        limit=limit,
        unit=unit,
        hold=_hold(text, found["hold"]),
        metric=metric,
    )


def _limit(text: str, limit: str) -> tuple[float, str]:
    found = _LIMIT.fullmatch(limit)
    number = float(found["number"]) * _PREFIXES[found["prefix"] or ""] if found else math.nan
    if found is None or not math.isfinite(number):
        raise ArgumentError(
            f"The condition {text!r} has the limit {limit!r}, which is no finite number with a "
            "unit",
            _FORM,
        )
    return number, found["unit"] + ("/s" if found["each"] else "")


def _hold(text: str, hold: str | None) -> float:
    if hold is None:
        return 0.0
    found = _HOLD.fullmatch(hold)
    seconds = float(found["number"]) * _SECONDS_IN[found["unit"] or ""] if found else math.nan
    if not 0 <= seconds <= _LONGEST_HOLD:
        raise ArgumentError(
            f"The condition {text!r} is to hold for {hold!r}, which is no usable time",
            "Give it in s, ms or min, up to a day, such as `for 3 s`.",
        )
    return seconds


def _metric(text: str, what: str, unit: str) -> tuple[Metric, str]:
    """What the value is computed by, and its unit."""
    named = METRICS.get(what) or _of_one_core_type(what)
    if named is not None:
        if unit not in {"", named.unit}:
            raise ArgumentError(
                f"The condition {text!r} has the unit {unit!r}, and {what} is "
                + (f"in {named.unit!r}" if named.unit else "a plain number"),
                f"Write the limit {'in that unit' if named.unit else 'without one'}.",
            )
        return named, named.unit
    try:
        program = parse(what).program
    except PerfwidgetsError as error:
        raise _unreadable(text, what, error) from None
    if len(program) > 1:
        if unit not in {"", "%"}:
            raise ArgumentError(
                f"The condition {text!r} has the unit {unit!r}, which a formula has not",
                f"Write `/ {SECONDS}` into the formula for a rate, and the limit as a number.",
            )
        return Metric(_NAME, what, unit), unit
    return _event_metric(text, what, unit)


def _event_metric(text: str, event: str, unit: str) -> tuple[Metric, str]:
    is_rate = unit.endswith("/s")
    own = about(event).unit
    if unit.removesuffix("/s") not in {"", own} or unit.removesuffix("/s") == "count":
        raise ArgumentError(
            f"The condition {text!r} has the unit {unit!r}, and {event} is counted "
            + (f"in {own}" if own != "count" else "without one"),
            "Write `/s` for its rate per second, nothing for the count of each interval; for a "
            "share in % name a metric, such as `branch miss rate`.",
        )
    formula = f"({event}) / {SECONDS}" if is_rate else event
    return Metric(_NAME, formula, unit), unit


def _of_one_core_type(what: str) -> Metric | None:
    """The metric of ``IPC cpu_core`` or ``IPC:u``, as the panel names it."""
    name, _, kind = what.replace(":", " ").rpartition(" ")
    name = name.partition(" ")[0] if name not in METRICS else name
    return METRICS.get(name) if re.fullmatch(r"\w+", kind) else None


def _unreadable(text: str, what: str, error: PerfwidgetsError) -> ArgumentError:
    """What is wrong, with the metrics that may have been meant."""
    bare = what.strip("% ").lower()
    lower = {name.lower(): name for name in METRICS}
    near = [lower[n] for n in difflib.get_close_matches(bare, lower, n=3, cutoff=0.55)]
    likely = f"Did you mean {' or '.join(map(repr, near))}?" if near else error.remedy
    if error.remedy.startswith("Did you mean"):
        likely = error.remedy
    return ArgumentError(
        f"The condition {text!r} is about {what!r}, which is no metric, event or formula "
        f"({error.reason.rstrip('.')})",
        f"{likely} {_FORM}",
    )
