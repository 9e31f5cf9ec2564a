"""Which printed events a formula takes its numbers from.

perf prints names in several flavours: ``cycles:u`` (it adds the ``:u`` itself where it may not
count the kernel), ``cpu_core/cycles/`` and ``cpu_atom/cycles/`` (one for each type of core),
``cycles [cpu]``. Counts of different flavours are never mixed in one value.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from perfwidgets.events import EVENTS

__all__ = ["CLOCKS", "Inputs", "Printed", "choose_inputs", "read_name"]

#: software events of CPU time, of which one may stand in for the other; both in msec
CLOCKS = ("task-clock", "cpu-clock")
#: what perf counts in the kernel: always 0 when only user mode is counted
_KERNEL_SIDE = frozenset({"context-switches", "cpu-migrations", "cgroup-switches"})
_TOOL_EVENTS = frozenset({"duration_time", "user_time", "system_time"})

_BRACKETS = re.compile(r" \[(?P<pmu>[^]]*)\]$")
_PMU_TERM = re.compile(r"^(?P<pmu>[\w.-]+)/(?P<term>[^/]*)/(?P<modifiers>[A-Za-z]*)$")
_MODIFIERS = re.compile(r":(?P<modifiers>[ukhpPGHSDIWebR]+)$")
#: PMUs whose name says nothing that matters here
_PLAIN_PMUS = frozenset({"", "cpu", "software", "tracepoint", "tool"})


@dataclass(frozen=True, slots=True)
class Printed:
    """An event's name, taken apart.

    Attributes
    ----------
    name
        As printed, or as written in a formula.
    plain
        perf's first name for it, without the rest.
    pmu
        The type of core, or another PMU; empty where the name does not tell, or it is the only.
    modifiers
        Letters after the colon, in order; ``u`` is user mode only.
    flavourless
        Whether it is counted by the kernel or perf itself, the same for all types of core.
    """

    name: str
    plain: str
    pmu: str
    modifiers: str
    flavourless: bool

    @property
    def flavour(self) -> tuple[str, str]:
        """What must be equal for counts to be put into relation."""
        return self.pmu, self.modifiers

    @property
    def always_zero(self) -> bool:
        """Whether it happens in the kernel, and only user mode is counted."""
        user_only = "u" in self.modifiers and "k" not in self.modifiers
        return user_only and self.plain in _KERNEL_SIDE


@functools.lru_cache(maxsize=4096)  # a view binds all metrics to the same few names
def read_name(name: str) -> Printed:
    """Take a name apart."""
    pmu, modifiers, plain = "", "", name
    if found := _BRACKETS.search(plain):
        pmu, plain = found["pmu"], plain[: found.start()]
    if found := _PMU_TERM.match(plain):
        pmu, plain, modifiers = found["pmu"], found["term"], found["modifiers"]
    if found := _MODIFIERS.search(plain):
        plain, modifiers = plain[: found.start()], modifiers + found["modifiers"]
    known = EVENTS.get(plain)
    of_software = known is not None and known.family == "software"
    return Printed(
        name,
        known.name if known is not None else plain,
        "" if pmu in _PLAIN_PMUS else pmu,
        "".join(sorted(modifiers)),
        of_software or plain in _TOOL_EVENTS or ":" in plain,  # a tracepoint has a colon
    )


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one value of a formula is computed from.

    Attributes
    ----------
    pmu, modifiers
        The flavour of its hardware events.
    found
        Event in the formula -> event as printed; without those that are not there.
    """

    pmu: str
    modifiers: str
    found: Mapping[str, Printed]


def choose_inputs(needs: Sequence[str], names: Iterable[str]) -> list[Inputs]:
    """Find the events of a formula among those that were printed.

    Parameters
    ----------
    needs
        The events in the formula. Where one is written with its PMU or modifiers, all are taken
        exactly as they are written.
    names
        The events as printed; of several with one meaning the first is taken.

    Returns
    -------
    list of Inputs
        One for each flavour in which all are there; if there is none, the most complete.
    """
    wanted = [read_name(need) for need in needs]
    printed = _without_lone_pmu([read_name(name) for name in names])
    if any(each.pmu or each.modifiers for each in wanted):
        return [_exact(wanted, printed)]
    of_hardware = {each.plain for each in wanted if not each.flavourless}
    flavours = dict.fromkeys(each.flavour for each in printed if each.plain in of_hardware)
    choices = [_of_flavour(wanted, printed, flavour) for flavour in flavours or [("", "")]]
    most = max(len(choice.found) for choice in choices)
    best = [choice for choice in choices if len(choice.found) == most]
    return best if most == len(wanted) else best[:1]


def _exact(wanted: Sequence[Printed], printed: Sequence[Printed]) -> Inputs:
    found = {}
    for want in wanted:
        same = (e for e in printed if (e.plain, e.flavour) == (want.plain, want.flavour))
        match = next(same, None)
        if match is None and want.flavourless and not want.modifiers:
            match = _flavourless(want.plain, printed, "")
        if match is not None:
            found[want.name] = match
    return Inputs("", "", found)


def _of_flavour(
    wanted: Sequence[Printed], printed: Sequence[Printed], flavour: tuple[str, str]
) -> Inputs:
    found = {}
    for want in wanted:
        if want.flavourless:
            match = _flavourless(want.plain, printed, flavour[1])
        else:
            same = (e for e in printed if e.plain == want.plain and e.flavour == flavour)
            match = next(same, None)
        if match is not None:
            found[want.name] = match
    return Inputs(*flavour, found)


def _flavourless(plain: str, printed: Sequence[Printed], modifiers: str) -> Printed | None:
    """The event `plain`, or a clock in another's place; rather with the same modifiers, or none."""
    stand_ins = [clock for clock in CLOCKS if clock != plain] if plain in CLOCKS else []
    for name in (plain, *stand_ins):
        same = [each for each in printed if each.plain == name]
        for liked in (modifiers, ""):
            for each in same:
                if each.modifiers == liked:
                    return each
        if same:
            return same[0]
    return None


def _without_lone_pmu(printed: list[Printed]) -> list[Printed]:
    """perf 6.12 writes ``cycles [armv8_pmuv3_0]`` also where all cores are of one type."""
    bracketed = [each for each in printed if each.pmu and each.name.endswith("]")]
    pmus = {each.pmu for each in printed if each.pmu and not each.flavourless}
    if len(pmus) != 1 or not bracketed:
        return printed
    return [
        Printed(e.name, e.plain, "", e.modifiers, e.flavourless) if e in bracketed else e
        for e in printed
    ]
