"""What every source has in common."""

from __future__ import annotations

import math
import warnings
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Literal, Protocol, Self

from perfwidgets.errors import IntervalError, PerfwidgetsWarning
from perfwidgets.samples import Sample

__all__ = ["Source", "check_interval"]


class Source(Protocol):
    """An async context manager and iterator of `Sample`; it may be entered again after its end.

    To spare the collector wake-ups, a source may also have ``hand_to(taker)``: samples that come
    where no task runs are then given to `taker` at once, and iteration yields only the others; and
    ``beat()``, called when another source of the same interval has delivered; and
    ``rest(seconds)``: nobody looks, and samples may come together, so many seconds late at most; it
    returns whether they will. With 0 they come at once again, and those that were held back before
    it returns, but for one whose rows are still being printed.
    """

    @property
    def name(self) -> str:
        """What the source is called in states and errors."""

    @property
    def kind(self) -> Literal["counters", "memory"]:
        """What its samples are: perf's counters, or memory activity."""

    @property
    def interval(self) -> float | None:
        """Seconds asked for between samples; `None` if the source sets its own pace."""

    @property
    def events(self) -> tuple[str, ...]:
        """The events asked for."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def __aiter__(self) -> AsyncIterator[Sample]: ...

    async def __anext__(self) -> Sample: ...

    def finish(self) -> None:
        """Ask for the end: what was counted by now is still delivered, then iteration ends."""


def check_interval(interval: object) -> float:
    """Return `interval` in seconds, to the millisecond, as perf takes it.

    Raises
    ------
    IntervalError
        If it is no number, or below 0.01 s or above a day.

    Warns
    -----
    PerfwidgetsWarning
        Below 0.1 s, where counting itself costs a visible share of a core.
    """
    allowed = "Give seconds, from 0.01 to 86400; 0.1 and more costs little."
    if isinstance(interval, (bool, str, bytes)):
        raise IntervalError(f"The interval {interval!r} is not a number of seconds", allowed)
    try:
        seconds = float(interval)  # type: ignore[arg-type]
    except OverflowError:
        seconds = math.inf
    except (TypeError, ValueError):
        raise IntervalError(
            f"The interval {interval!r} is not a number of seconds", allowed
        ) from None
    if not math.isfinite(seconds) or seconds > 86_400:
        raise IntervalError(f"The interval of {seconds:g} s is too long", allowed)
    if seconds < 0.01:
        raise IntervalError(f"The interval of {interval!r} s is too short", allowed)
    if seconds < 0.1:
        warnings.warn(
            f"An interval of {seconds:g} s is below 0.1 s: perf itself then costs some percent of "
            "a core, and each count is small. Take 0.1 s or more unless you need it.",
            PerfwidgetsWarning,
            stacklevel=3,
        )
    return round(seconds, 3)
