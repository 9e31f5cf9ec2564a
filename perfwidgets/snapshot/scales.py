"""Where an axis ends and has its ticks; static/offline_axes.js does the same."""

from __future__ import annotations

import math

from perfwidgets.snapshot.words import seconds

__all__ = ["round_up", "time_ticks", "value_ticks"]

_FACTORS = (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10)
#: seconds between ticks that read well
_STEPS = (
    *(1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 14_400, 21_600, 43_200, 86_400),
)
_ABOUT = 1e-9


def round_up(value: float) -> float:
    """A round number at or a little above `value`; 1 where that is no positive number."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((f * power for f in _FACTORS if value <= f * power * (1 + _ABOUT)), 10 * power)


def value_ticks(bottom: float, top: float) -> list[float]:
    """Five places between the ends of an axis; 0 is one of them."""
    if bottom < 0:
        return [bottom, bottom / 2, 0.0, top / 2, top]
    return [top * part for part in (0, 0.25, 0.5, 0.75, 1)]


def time_ticks(start: float, end: float, most: int = 6) -> list[tuple[float, str]]:
    """Places between two moments, a round time before the end each, and their words."""
    step = _step((end - start) / most)
    steps = range(math.floor((end - start) / step + _ABOUT), -1, -1)
    return [(end - n * step, f"−{seconds(n * step)}" if n else "end") for n in steps]


def _step(least: float) -> float:
    if 1 <= least <= _STEPS[-1]:
        return next(step for step in _STEPS if step >= least * (1 - _ABOUT))
    unit = 1.0 if least < 1 else float(_STEPS[-1])
    power = 10.0 ** math.floor(math.log10(max(least / unit, _ABOUT)))
    sizes = (factor * power * unit for factor in (1, 2, 5, 10))
    return next((size for size in sizes if size >= least * (1 - _ABOUT)), 10 * power * unit)
