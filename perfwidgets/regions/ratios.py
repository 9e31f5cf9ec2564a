"""Ratios of counts, and how far they can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from perfwidgets.regions import doubts
from perfwidgets.regions.result import RegionResult
from perfwidgets.samples import Reading

__all__ = ["SECONDS", "Ratio", "ratios_of"]

SECONDS: Final = "seconds"
#: counts extrapolated from less of the time than this support no verdict
_LEAST_RUNNING: Final = 0.5
#: an interval that holds 1 and is wider than this factor is noise, not equality
_WIDEST: Final = 1.25


@dataclass(frozen=True, slots=True)
class Ratio:
    """How one event's count in a variant relates to that in the first variant.

    Attributes
    ----------
    event
        The event, or ``seconds`` for the time taken.
    ratio
        The median over the rounds of this variant's count by the first one's in the same round;
        `None` if there is none.
    low, high
        The interval that holds the true median with the confidence asked for, whatever the
        distribution: two of the sorted ratios, by the binomial distribution.
    verdict
        ``"more"``, ``"fewer"``, ``"no difference"`` (the interval holds 1 and is narrow), or
        ``""``: refused, for the reason in `reason`.
    reason
        Why there is no verdict: noise, coverage, too few rounds, nothing counted.
    """

    event: str
    ratio: float | None
    low: float | None
    high: float | None
    verdict: str
    reason: str = ""


def ratios_of(base: RegionResult, other: RegionResult, confidence: float) -> dict[str, Ratio]:
    """Return the ratio of each event's counts in `other` by those in `base`, and of the times."""
    taken = list(zip(base.durations, other.durations, strict=True))
    found = {SECONDS: _judged(SECONDS, taken, confidence)}
    near = {*doubts.near_cost(base)} & {*doubts.near_cost(other)}
    for event in dict.fromkeys(reading.event for reading in base.readings):
        pairs = [
            (ours.count, theirs.count)
            for ours, theirs in _readings(base, other, event)
            if ours.count is not None and theirs.count is not None
        ]
        running = min(
            (r.running for pair in _readings(base, other, event) for r in pair), default=0.0
        )
        if not pairs:
            found[event] = Ratio(event, None, None, None, "", "not counted")
        elif event in near:
            found[event] = _refused(event, pairs, "not well above the cost of measuring")
        elif running < _LEAST_RUNNING:
            why = f"counted only {running:.0%} of the time"
            found[event] = _refused(event, pairs, why)
        else:
            found[event] = _judged(event, pairs, confidence)
    return found


def _readings(base: RegionResult, other: RegionResult, event: str) -> list[tuple[Reading, Reading]]:
    runs = zip(base.runs, other.runs, strict=True)
    return [(a[event], b[event]) for a, b in runs if event in a and event in b]


def _refused(event: str, pairs: Sequence[tuple[float, float]], why: str) -> Ratio:
    ratios = [b / a for a, b in pairs if a > 0]
    return Ratio(event, median(ratios) if ratios else None, None, None, "", why)


def _judged(event: str, pairs: Sequence[tuple[float, float]], confidence: float) -> Ratio:
    if any(a <= 0 for a, _ in pairs):
        return _refused(event, pairs, "some rounds counted 0")
    ratios = sorted(b / a for a, b in pairs)
    place = _place(len(ratios), confidence)
    if place is None:
        return _refused(event, pairs, f"{len(ratios)} rounds are too few for {confidence:.0%}")
    middle, low, high = median(ratios), ratios[place], ratios[-1 - place]
    if low > 1 or high < 1:
        return Ratio(event, middle, low, high, "more" if low > 1 else "fewer")
    if low <= 0 or high / low > _WIDEST:
        return Ratio(event, middle, low, high, "", "noise: the interval is wide")
    return Ratio(event, middle, low, high, "no difference")


def _place(number_of_rounds: int, confidence: float) -> int | None:
    """Which of the sorted ratios, from either end, bound the median with this confidence.

    The median lies outside of the k-th from either end with the probability that fewer than k of n
    tosses of a coin fall on one side, twice.
    """
    place, outside = None, 0.0
    for k in range(number_of_rounds // 2):
        outside += 2 * math.comb(number_of_rounds, k) * 0.5**number_of_rounds
        if outside > 1 - confidence + 1e-12:
            break
        place = k
    return place
