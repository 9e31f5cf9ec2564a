"""What another host's clock is ahead of ours, from questions and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Clock", "Offset"]

#: how far clocks drift apart at worst, in seconds per second
_DRIFT: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Offset:
    """What a clock is ahead of ours.

    Attributes
    ----------
    seconds
        Its time less ours.
    uncertainty
        The true value lies within so many seconds of that.
    """

    seconds: float
    uncertainty: float


class Clock:
    """The best that is known of one clock.

    An answer was given at some moment between the question and its arrival: half of that time is
    how far it may be off, and the quickest answer is the best, until it has grown old.
    """

    def __init__(self) -> None:
        self._best: Offset | None = None
        self._at = 0.0

    def answered(self, asked: float, told: float, arrived: float) -> None:
        """It told its time in an answer; all in Unix seconds, the others of our clock."""
        half = max(arrived - asked, 0.0) / 2
        new = Offset(told - (asked + arrived) / 2, half)
        best = self.offset(arrived)
        # a clock that was set is not where the old answer has it
        apart = best is not None and abs(new.seconds - best.seconds) > (
            new.uncertainty + best.uncertainty
        )
        if best is None or apart or new.uncertainty <= best.uncertainty:
            self._best, self._at = new, arrived

    def offset(self, now: float) -> Offset | None:
        """What is known now; less certain the older it is. `None` before any answer."""
        if self._best is None:
            return None
        aged = abs(now - self._at) * _DRIFT
        return Offset(self._best.seconds, self._best.uncertainty + aged)
