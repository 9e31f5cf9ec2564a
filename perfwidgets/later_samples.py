"""Samples whose readings are made when somebody asks for them.

A history and the views want numbers; at ten samples a second objects that nobody looks at would
cost more than all the rest.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property

from .samples import Reading, Sample

__all__ = ["LaterSample"]


class LaterSample(Sample):
    """A sample of plain readings, none of which has parts; made by `of`."""

    _make: Callable[[], tuple[Reading, ...]]

    @classmethod
    def of(
        cls,
        make: Callable[[], tuple[Reading, ...]],
        keys: tuple[tuple[str, str | None], ...],
        numbers: tuple[list[float], list[float]],
        *,
        time: float,
        timestamp: float | None,
        duration: float,
        has_rates: bool,
        cores: str | None,
        interval: float | None,
    ) -> LaterSample:
        """A sample with the readings that `make` makes.

        Parameters
        ----------
        make
            Called once, when readings are asked for.
        keys, numbers, has_rates
            As these attributes of `Sample`; `keys` the same object for samples of the same events.
        time, timestamp, duration, cores, interval
            As in `Sample`.
        """
        sample = object.__new__(cls)
        # a frozen class sets its fields one by one, at a multiple of the cost
        vars(sample).update(
            _make=make,
            keys=keys,
            numbers=numbers,
            has_rates=has_rates,
            labels=(),
            time=time,
            timestamp=timestamp,
            duration=duration,
            cores=cores,
            interval=interval,
        )
        return sample

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """One for each row that was printed."""
        return self._make()

    def __reduce__(self) -> tuple[object, ...]:
        own = (self.time, self.timestamp, self.duration, self.readings, self.cores, self.interval)
        return Sample, own

    def __repr__(self) -> str:
        return repr(copy.copy(self))
