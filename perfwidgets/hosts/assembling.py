"""Several hosts' samples of one interval -> one sample whose parts are the hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from types import MappingProxyType

from perfwidgets.samples import Reading, Sample, Status, whole

__all__ = ["Assembler"]

#: more layouts than a few are those of hosts that differ each time: none is worth keeping
_MOST_LAYOUTS = 256
#: readings beyond these are given only while a host has them
_MOST_READINGS = 10_000


class Assembler:
    """Makes one sample of the hosts' own.

    Each reading has every host among its parts, in one order; the whole is the sum of those that
    were counted, and as weak as the weakest. A host without a sample has `Status.MISSING`.

    Parameters
    ----------
    cores, interval
        As asked for, of `Sample`.
    """

    def __init__(self, cores: str | None = None, interval: float | None = None) -> None:
        self.cores = cores
        self.interval = interval
        self._begun: float | None = None
        self._keys: dict[tuple[str, ...], tuple[tuple[str, int], ...]] = {}
        #: event and how many of that name came before it, in the order of all samples -> its unit
        self._order: dict[tuple[str, int], str | None] = {}
        self._absent: dict[tuple[str, str | None], Reading] = {}

    def sample(self, hosts: Iterable[str], samples: Mapping[str, Sample], end: float) -> Sample:
        """The sample of an interval that ended at `end`, in Unix seconds.

        Parameters
        ----------
        hosts
            All that are known, in the order of parts.
        samples
            Host -> its own sample, at least one.
        """
        durations = [s.duration for s in samples.values() if s.duration is not None]
        duration = fmean(durations) if durations else None
        if self._begun is None:
            self._begun = end - (duration or 0.0)
        names = tuple(hosts)
        own = {name: self._by_key(sample) for name, sample in samples.items()}
        keys = self._all_keys(own.values())
        readings = tuple([self._reading(key, names, own, duration) for key in keys])
        return Sample(end - self._begun, end, duration, readings, self.cores, self.interval)

    def _by_key(self, sample: Sample) -> dict[tuple[str, int], Reading]:
        events = tuple([reading.event for reading in sample.readings])
        keys = self._keys.get(events)
        if keys is None:
            if len(self._keys) >= _MOST_LAYOUTS:
                self._keys.clear()
            keys = self._keys[events] = _numbered(events)
            self._order |= {key: None for key in keys if key not in self._order}
        return dict(zip(keys, sample.readings, strict=True))

    def _all_keys(
        self, own: Iterable[Mapping[tuple[str, int], Reading]]
    ) -> Sequence[tuple[str, int]]:
        if len(self._order) <= _MOST_READINGS:
            return list(self._order)  # those of hosts that are away too: they come back
        each = list(own)
        present: set[tuple[str, int]] = set().union(*each)
        return [key for key in self._order if key in present]

    def _reading(
        self,
        key: tuple[str, int],
        hosts: tuple[str, ...],
        own: Mapping[str, Mapping[tuple[str, int], Reading]],
        duration: float | None,
    ) -> Reading:
        event = key[0]
        found = {host: readings[key] for host, readings in own.items() if key in readings}
        known = self._order[key]
        unit = next((r.unit for r in found.values() if r.unit is not None), known)
        if unit != known:
            self._order[key] = unit
        absent = self._nothing(event, unit)
        parts = MappingProxyType({host: found.get(host, absent) for host in hosts})
        total = whole(event, unit, parts, duration)
        if total.count is None:
            # a host that is away says nothing of what the others can count
            status = whole(event, unit, found, duration).status
            return Reading(event, None, None, unit, status, 0.0, parts)
        return total

    def _nothing(self, event: str, unit: str | None) -> Reading:
        reading = self._absent.get((event, unit))
        if reading is None:
            reading = Reading(event, None, None, unit, Status.MISSING, 0.0)
            self._absent[event, unit] = reading
        return reading


def _numbered(events: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """``a, b, a`` as ``(a, 0), (b, 0), (a, 1)``."""
    seen: dict[str, int] = {}
    keys = []
    for event in events:
        number = seen.get(event, 0)
        seen[event] = number + 1
        keys.append((event, number))
    return tuple(keys)
