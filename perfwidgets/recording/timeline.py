"""Places samples on one axis: seconds from the beginning of a recording."""

from __future__ import annotations

from typing import Final

__all__ = ["Axis", "Moments"]

#: a time that steps back by more is a clock that was set, or a source that began anew (s)
_SLACK: Final = 5.0


class Moments:
    """Where the axis begins, for clock times and for seconds of the source's own.

    Attributes
    ----------
    unix, own
        What is 0 on the axis: in Unix seconds, and in seconds of samples without a timestamp;
        `None` where there are none of the kind.
    """

    def __init__(self) -> None:
        self.unix: float | None = None
        self.own: float | None = None

    def see(self, time: float, timestamp: float | None, duration: float | None) -> None:
        """Learn of a sample, in the order of the file."""
        if timestamp is not None:
            if self.unix is None:
                self.unix = timestamp - (duration or 0.0)
        elif self.own is None:
            self.own = time - (duration or 0.0)

    def of(self, time: float) -> float:
        """Where a mark's time stands on the axis."""
        origin = self.unix if self.unix is not None else self.own
        return time - (origin or 0.0)


class Axis:
    """Places the samples of one kind, in the order of the file.

    Samples with a timestamp stand where the clock says, so that pauses last as long as they did;
    a clock that was set back is passed over. Of samples without one, each run, whose time begins
    anew, follows the one before.

    Parameters
    ----------
    moments
        Where the axis begins; it learns of the samples that are placed.

    Attributes
    ----------
    shift
        How much later samples without a timestamp stand, since their time began anew.
    """

    def __init__(self, moments: Moments) -> None:
        self._moments = moments
        self._clock_shift = self.shift = 0.0
        self._last: float | None = None
        self._last_time: float | None = None

    def place(self, time: float, timestamp: float | None, duration: float | None) -> float:
        """The moment at which the interval of a sample ended."""
        moments = self._moments
        moments.see(time, timestamp, duration)
        if timestamp is not None:
            moment = timestamp - (moments.unix or 0.0) + self._clock_shift
            if self._last is not None and moment < self._last - _SLACK:
                self._clock_shift += self._last + (duration or 0.0) - moment
                moment = self._last + (duration or 0.0)
        else:
            if self._last_time is not None and time < self._last_time and self._last is not None:
                self.shift = self._last + (moments.own or 0.0)
            self._last_time = time
            moment = time - (moments.own or 0.0) + self.shift
        self._last = moment
        return moment
