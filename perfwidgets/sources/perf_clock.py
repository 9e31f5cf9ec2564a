"""When it was that perf counted, by this machine's clocks."""

from __future__ import annotations

import math
import time

__all__ = ["PerfClock"]

#: what comes a second late (s) for so long (s) does so since the machine that counts slept
_LATE = 1.0
_ASLEEP = 5.0
#: a wall clock that is off by so much (s) was set, or went on while the machine slept
_JUMP = 0.02


class PerfClock:
    """Tells the Unix time of moments that perf gives in seconds since it began.

    perf takes them from ``CLOCK_MONOTONIC``, as `time.monotonic` does: it neither jumps when the
    clock is set nor goes on while the machine sleeps. So perf's beginning is sought by that clock,
    and what the wall clock is ahead of it may change from one interval to the next.
    """

    def __init__(self) -> None:
        self._began: float | None = None
        self._late_since = math.inf
        self._ahead = _wall_is_ahead()
        #: the latest moment of perf's that was heard of
        self.reached = 0.0

    def heard(self, moment: float, arrival: float) -> None:
        """Take into account that perf told of `moment` at `arrival`, by `time.monotonic`.

        Of moments that were told of together it is the last that counts.
        """
        if abs(time.time() - time.monotonic() - self._ahead) > _JUMP:
            self._ahead = _wall_is_ahead()
        self.reached = moment
        # the earliest arrival is the nearest to perf's clock
        began = arrival - moment
        if self._began is None or began < self._began:
            self._began = began
        # what was held up comes late all at once; after another machine's sleep all that follows does
        if began - self._began < _LATE:
            self._late_since = math.inf
            return
        self._late_since = min(self._late_since, arrival)
        if arrival - self._late_since > _ASLEEP:
            self._began, self._late_since = began, math.inf

    def unix(self, moment: float) -> float:
        """Return the Unix time of `moment`, in seconds; something must have been heard."""
        assert self._began is not None
        return self._ahead + self._began + moment


def _wall_is_ahead() -> float:
    """Seconds from the monotonic clock to the wall's: at most too few, if one is put off between."""
    return max(time.time() - time.monotonic() for _ in range(3))
