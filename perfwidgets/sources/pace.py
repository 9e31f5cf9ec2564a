"""How fast time passes in sources that have no clock of their own."""

from __future__ import annotations

import math

import anyio
from anyio.lowlevel import checkpoint

from perfwidgets.errors import ArgumentError

__all__ = ["Pace"]


class Pace:
    """Lets time pass `speed` times as fast as the clock, until `finish`.

    Parameters
    ----------
    speed
        A positive number; `math.inf` for no waiting at all.

    Raises
    ------
    ArgumentError
        If `speed` is none.
    """

    def __init__(self, speed: float) -> None:
        self.speed = _check_speed(speed)
        self._start = 0.0
        self._finish: anyio.Event | None = None

    @property
    def started(self) -> bool:
        """Whether time passes: between `begin` and `end`."""
        return self._finish is not None

    @property
    def finished(self) -> bool:
        """Whether the end was asked for since `begin`."""
        return self._finish is not None and self._finish.is_set()

    def begin(self) -> None:
        """Let time begin at 0."""
        self._start, self._finish = anyio.current_time(), anyio.Event()

    def end(self) -> None:
        """Let time stand still; until `begin` nothing can be waited for."""
        self._finish = None

    def finish(self) -> None:
        """Wake up whoever waits, and let nobody wait from now on."""
        if self._finish is not None:
            self._finish.set()

    async def reach(self, moment: float) -> bool:
        """Wait until `moment` seconds have passed, or not at all if they have.

        Waited for again after it was cancelled, a moment is the same.

        Returns
        -------
        bool
            False if the end was asked for.
        """
        await checkpoint()
        if self._finish is None:
            return False
        if not math.isinf(self.speed):
            with anyio.CancelScope(deadline=self._start + moment / self.speed):
                await self._finish.wait()
        return not self._finish.is_set()


def _check_speed(speed: object) -> float:
    allowed = "Give a positive number: 1 is as it was, 10 ten times as fast, math.inf at once."
    if isinstance(speed, (bool, str, bytes)):
        raise ArgumentError(f"The speed {speed!r} is not a number", allowed)
    try:
        number = float(speed)  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise ArgumentError(f"The speed {speed!r} is not a number", allowed) from None
    if not number > 0:
        raise ArgumentError(f"The speed {number:g} is not above 0", allowed)
    return number
