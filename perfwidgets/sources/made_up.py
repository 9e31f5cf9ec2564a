"""Numbers such as a busy machine might count, made up from a seed.

Only `random.Random.random` and plain arithmetic are used: Python promises that the one, and IEEE
754 that the other, give the same numbers everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from perfwidgets.events import EVENTS

__all__ = ["MILLISECONDS", "Machine", "canonical"]

#: events that perf prints as milliseconds, with two decimals
MILLISECONDS = frozenset(("cpu-clock", "task-clock"))

#: event -> what it is a share of, and the least and most of that share. ``time`` is a core's
#: time in seconds, ``busy`` the part of it that the core was not idle.
_SHARES: Mapping[str, tuple[str, float, float]] = MappingProxyType(
    {
        "cpu-clock": ("time", 1000.0, 1000.0),
        "task-clock": ("busy", 1000.0, 1000.0),
        "context-switches": ("busy", 300.0, 4000.0),
        "cgroup-switches": ("context-switches", 0.1, 0.5),
        "cpu-migrations": ("context-switches", 0.002, 0.03),
        "page-faults": ("busy", 50.0, 8000.0),
        "minor-faults": ("page-faults", 0.98, 0.998),
        "major-faults": ("page-faults", 0.0, 0.002),
        "alignment-faults": ("busy", 0.0, 0.0),
        "emulation-faults": ("busy", 0.0, 0.0),
        "cycles": ("busy", 2.6e9, 3.4e9),
        "ref-cycles": ("busy", 2.8e9, 2.8e9),
        "bus-cycles": ("busy", 1.0e8, 1.0e8),
        "stalled-cycles-frontend": ("cycles", 0.05, 0.3),
        "stalled-cycles-backend": ("cycles", 0.1, 0.6),
        "instructions": ("cycles", 0.5, 2.5),
        "branches": ("instructions", 0.14, 0.22),
        "branch-misses": ("branches", 0.002, 0.06),
        "branch-loads": ("instructions", 0.14, 0.22),
        "branch-load-misses": ("branch-loads", 0.002, 0.06),
        "L1-dcache-loads": ("instructions", 0.24, 0.36),
        "L1-dcache-load-misses": ("L1-dcache-loads", 0.005, 0.12),
        "L1-dcache-stores": ("instructions", 0.1, 0.18),
        "L1-icache-loads": ("instructions", 0.2, 0.3),
        "L1-icache-load-misses": ("L1-icache-loads", 0.001, 0.03),
        "LLC-loads": ("L1-dcache-load-misses", 0.1, 0.4),
        "LLC-load-misses": ("LLC-loads", 0.05, 0.6),
        "LLC-stores": ("L1-dcache-stores", 0.005, 0.03),
        "LLC-store-misses": ("LLC-stores", 0.05, 0.5),
        "cache-references": ("instructions", 0.005, 0.04),
        "cache-misses": ("cache-references", 0.05, 0.5),
        "node-loads": ("LLC-load-misses", 0.7, 0.9),
        "node-load-misses": ("node-loads", 0.01, 0.3),
        "dTLB-loads": ("L1-dcache-loads", 0.9, 0.93),
        "dTLB-load-misses": ("dTLB-loads", 0.0003, 0.01),
        "dTLB-stores": ("L1-dcache-stores", 0.9, 0.93),
        "dTLB-store-misses": ("dTLB-stores", 0.0003, 0.01),
        "iTLB-loads": ("instructions", 0.0005, 0.004),
        "iTLB-load-misses": ("iTLB-loads", 0.02, 0.4),
    }
)
_ANY_OTHER = ("cycles", 0.001, 0.2)

_MODIFIERS = re.compile(r":[A-Za-z]+$")


def canonical(event: str) -> str:
    """The first name of an event, without modifiers."""
    plain = _MODIFIERS.sub("", event)
    return EVENTS[plain].name if plain in EVENTS else plain


class Walk:
    """A number that wanders between two others.

    Parameters
    ----------
    random
        What steps are drawn from.
    low, high
        Its bounds.
    """

    def __init__(self, random: Random, low: float, high: float) -> None:
        self._random, self._low, self._range = random.random, low, high - low
        self._at = random.random()

    def step(self) -> float:
        """Go on, by a tenth of the way at most."""
        self._at = min(1.0, max(0.0, self._at + 0.2 * (self._random() - 0.5)))
        return self._low + self._range * self._at


class Machine:
    """A machine whose cores work, at times in bursts; what an event counts depends on the work.

    The counts of an event do not depend on which others are asked for, but it must be asked for
    in every interval or in none.

    Parameters
    ----------
    seed
        What all numbers follow from.
    cores
        How many it has.
    """

    def __init__(self, seed: int, cores: int) -> None:
        self._seed = seed
        self._random = Random(f"{seed} machine")
        self._load = Walk(self._random, 0.03, 0.3)
        self._burst = 0
        self._weights = [0.5 + 0.5 * self._random.random() for _ in range(cores)]
        self._walks: dict[str, tuple[Random, Walk]] = {}
        self._amounts: dict[str, list[float] | list[int]] = {}

    def work(self, seconds: float) -> None:
        """Let so much time pass."""
        random = self._random.random
        if self._burst:
            self._burst -= 1
        elif random() < 0.02:
            self._burst = 4 + int(12 * random())
        load = self._load.step() + (0.55 if self._burst else 0.0)
        self._amounts = {
            "time": [seconds for _ in self._weights],
            "busy": [seconds * load * weight * (0.8 + 0.2 * random()) for weight in self._weights],
        }

    def counts(self, event: str) -> list[float] | list[int]:
        """What each core counted in the time that passed last."""
        name = canonical(event)
        found = self._amounts.get(name)
        if found is None:
            found = self._amounts[name] = self._count(name)
        return found

    def _count(self, name: str) -> list[float] | list[int]:
        base, low, high = _SHARES.get(name, _ANY_OTHER)
        amounts = self._amounts[base] if base in self._amounts else self.counts(base)
        if low == high:
            if name in MILLISECONDS:
                return [round(amount * low, 2) for amount in amounts]
            return [int(amount * low) for amount in amounts]
        rng, walk = self._walks.get(name) or self._walk(name, low, high)
        random, share = rng.random, walk.step()
        counts = [int(n * share * (0.95 + 0.1 * random()) + random()) for n in amounts]
        # what is a part of something is never more than that
        return list(map(min, amounts, counts)) if high <= 1 else counts

    def _walk(self, name: str, low: float, high: float) -> tuple[Random, Walk]:
        rng = Random(f"{self._seed} {name}")
        self._walks[name] = rng, Walk(rng, low, high)
        return self._walks[name]
