"""Budgets: conditions that a region's counts must meet, and how they were met."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from perfwidgets.errors import ArgumentError, BudgetExceededError
from perfwidgets.formula import SECONDS
from perfwidgets.metric_inputs import choose_inputs
from perfwidgets.metrics import METRICS, Metric
from perfwidgets.regions.repeats import evaluate_runs

if TYPE_CHECKING:
    from perfwidgets.regions.result import RegionResult

__all__ = ["BudgetCheck", "BudgetReport", "check"]

_CONDITION: Final = re.compile(r"\s*(?P<formula>.*?)\s*(?P<sign>[<>=!]+)\s*(?P<limit>.*?)\s*")
_HOLDS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
#: of the metric that is made of a condition's formula; with a blank, no formula can hold it
_NAME: Final = "the condition"
_FORM: Final = 'Write it like "instructions < 2e9" or "IPC > 1.2".'


@dataclass(frozen=True, slots=True)
class BudgetCheck:
    """One condition, and how it was met.

    Attributes
    ----------
    condition
        As it was written; with the type of core where these were counted apart.
    found
        The value, the mean over the runs; `None` if it could not be computed.
    limit
        What it was held against.
    unit
        Of both.
    running
        The share of time in which its weakest input was counted, 0 to 1.
    holds
        Whether the condition holds; `None` if it was skipped.
    reason
        Why there is no value.
    """

    condition: str
    found: float | None
    limit: float
    unit: str
    running: float
    holds: bool | None
    reason: str = ""

    @property
    def over(self) -> str:
        """By how much the value is off the limit, where the condition does not hold."""
        if self.found is None or self.holds is not False:
            return ""
        off = f"{self.found - self.limit:+,.6g}"
        if self.limit <= 0:
            return off
        times = self.found / self.limit
        return f"{off} ({times:,.4g} × it)" if times > 10 else f"{off} ({100 * (times - 1):+.3g}%)"


@dataclass(frozen=True, repr=False)
class BudgetReport:
    """How conditions were met; a table when printed.

    Attributes
    ----------
    checks
        One for each condition, and for each type of core where these were counted apart.
    label
        The region's.
    strict
        Whether a condition that could not be checked fails.
    """

    checks: tuple[BudgetCheck, ...]
    label: str | None = None
    strict: bool = False

    @property
    def failed(self) -> tuple[BudgetCheck, ...]:
        """The conditions that do not hold; if strict, those too that could not be checked."""
        return tuple(c for c in self.checks if c.holds is False or (self.strict and not c.holds))

    @property
    def skipped(self) -> tuple[BudgetCheck, ...]:
        """The conditions that could not be checked here."""
        return tuple(c for c in self.checks if c.holds is None)

    @property
    def passed(self) -> bool:
        """Whether none failed."""
        return not self.failed

    def __repr__(self) -> str:
        head = ("condition", "found", "limit", "off by", "counted", "")
        rows = [head, *(self._row(each) for each in self.checks)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in rows
        )
        title = f"{self.label or 'region'}: {self._verdict()}"
        return "\n".join([title, *(f"  {line}".rstrip() for line in lines)])

    def _verdict(self) -> str:
        held = sum(each.holds is True for each in self.checks)
        verdict = f"{held} of {len(self.checks)} conditions hold"
        return verdict + (f", {len(self.skipped)} not checked" if self.skipped else "")

    def _row(self, each: BudgetCheck) -> tuple[str, ...]:
        unit = f" {each.unit}" if each.unit else ""
        if each.found is None:
            word = "FAILED" if self.strict else "skipped"
            return each.condition, "-", f"{each.limit:,g}{unit}", "", "-", f"{word}: {each.reason}"
        return (
            each.condition,
            f"{each.found:,.6g}{unit}",
            f"{each.limit:,g}{unit}",
            each.over,
            f"{100 * each.running:.0f}%",
            "holds" if each.holds else "FAILED",
        )


def check(result: RegionResult, conditions: Iterable[str], *, strict: bool) -> BudgetReport:
    """Hold `result` against `conditions`, as `RegionResult.check` describes it."""
    read = [_read(condition, result) for condition in conditions]
    if not read:
        raise ArgumentError("There is no condition to check", _FORM)
    checks = tuple(each for one in read for each in _checked(*one, result))
    report = BudgetReport(checks, result.label, strict)
    if not report.passed:
        raise BudgetExceededError(str(report), report=report)
    return report


def _read(condition: object, result: RegionResult) -> tuple[str, Metric | None, str, float]:
    """The condition, its metric (`None` for the time taken), its sign and its limit."""
    if not isinstance(condition, str):
        raise ArgumentError(f"The condition {condition!r} is no text", _FORM)
    found = _CONDITION.fullmatch(condition)
    if found is None or found["sign"] not in _HOLDS:
        raise ArgumentError(
            f"The condition {condition!r} has no comparison, or one that is not among "
            f"{' '.join(_HOLDS)}",
            _FORM,
        )
    limit = _limit(condition, found["limit"])
    text = " ".join(condition.split())
    if found["formula"] == SECONDS:
        return text, None, found["sign"], limit
    metric = METRICS.get(found["formula"]) or Metric(_NAME, found["formula"])
    for need in metric.needs:
        if not choose_inputs((need,), result.events)[0].found:
            raise ArgumentError(
                f"The condition {condition!r} needs {need}, which the region did not count",
                f"Add it to the region's events=, which are {', '.join(result.events)}.",
            )
    return text, metric, found["sign"], limit


def _limit(condition: str, text: str) -> float:
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit):
        raise ArgumentError(
            f"The condition {condition!r} ends in {text!r}, which is no finite number", _FORM
        )
    return limit


def _checked(
    text: str, metric: Metric | None, sign: str, limit: float, result: RegionResult
) -> Iterable[BudgetCheck]:
    if metric is None:
        taken = result.duration
        holds = None if taken is None else _HOLDS[sign](taken, limit)
        yield BudgetCheck(text, taken, limit, "s", 1.0, holds, "the region has not ended")
        return
    for value in evaluate_runs(result.runs, [metric]):
        name = text + value.name.removeprefix(metric.name)
        holds = None if value.value is None else _HOLDS[sign](value.value, limit)
        reason = result.error.reason if result.error is not None else value.reason
        yield BudgetCheck(name, value.value, limit, value.unit, value.running, holds, reason)
