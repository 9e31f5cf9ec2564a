"""The events of perf that perfwidgets knows by name: families, aliases, units and help texts.

Names are perf's own (`perf list`; tools/perf/util/parse-events.c and evsel.c). Any other event
that perf accepts can be counted as well: raw ``rNNN``, ``cpu/event=0x3c/``, tracepoints, vendor
names. It then belongs to the family ``other``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

from perfwidgets.errors import EventNameError

__all__ = [
    "DEFAULT_EVENTS",
    "EVENTS",
    "FAMILIES",
    "SUGGESTED",
    "Event",
    "check_event_name",
    "check_events",
    "lookup",
    "takes_counter",
]

#: family -> its title; in the order in which they are shown
FAMILIES = MappingProxyType(
    {"cpu": "CPU", "cache": "Cache", "tlb": "TLB", "software": "Software", "other": "Other"}
)


@dataclass(frozen=True, slots=True)
class Event:
    """What is known of an event.

    Attributes
    ----------
    name
        The name under which it is asked for and printed.
    family
        A key of `FAMILIES`.
    help
        One sentence on what is counted.
    aliases
        Other names that perf takes for it.
    base
        For a miss event: the event of which it is a share.
    """

    name: str
    family: str
    help: str
    aliases: tuple[str, ...] = ()
    base: str | None = None

    @property
    def label(self) -> str:
        """Family and name, as selectors show it: ``CPU · cycles``."""
        return f"{FAMILIES[self.family]} · {self.name}"


_TABLE = (
    Event("cycles", "cpu", "Core clock cycles while not halted.", ("cpu-cycles",)),
    Event("instructions", "cpu", "Instructions retired."),
    Event("branches", "cpu", "Branch instructions retired.", ("branch-instructions",)),
    Event("branch-misses", "cpu", "Branches that were predicted wrongly.", base="branches"),
    Event("ref-cycles", "cpu", "Cycles at a constant reference frequency, while not halted."),
    Event("bus-cycles", "cpu", "Cycles of the bus clock."),
    Event(
        "stalled-cycles-frontend",
        "cpu",
        "Cycles in which no instruction was delivered.",
        ("idle-cycles-frontend",),
    ),
    Event(
        "stalled-cycles-backend",
        "cpu",
        "Cycles in which execution waited for a resource.",
        ("idle-cycles-backend",),
    ),
    Event("branch-loads", "cpu", "Branches looked up in the branch predictor."),
    Event("branch-load-misses", "cpu", "Branches the predictor did not know.", base="branch-loads"),
    Event("L1-dcache-loads", "cache", "Loads looked up in the level 1 data cache."),
    Event(
        "L1-dcache-load-misses",
        "cache",
        "Loads that the level 1 data cache did not hold.",
        base="L1-dcache-loads",
    ),
    Event("L1-dcache-stores", "cache", "Stores looked up in the level 1 data cache."),
    Event("L1-icache-loads", "cache", "Instruction fetches from the level 1 instruction cache."),
    Event(
        "L1-icache-load-misses",
        "cache",
        "Fetches that the level 1 instruction cache did not hold.",
        base="L1-icache-loads",
    ),
    Event("LLC-loads", "cache", "Loads looked up in the last level cache."),
    Event(
        "LLC-load-misses", "cache", "Loads that went past the last level cache.", base="LLC-loads"
    ),
    Event("LLC-stores", "cache", "Stores looked up in the last level cache."),
    Event(
        "LLC-store-misses", "cache", "Stores that the last level cache missed.", base="LLC-stores"
    ),
    Event(
        "cache-references",
        "cache",
        "Accesses to a cache level that depends on the CPU: the last one on Intel, L2 on AMD Zen, "
        "L1 data on Arm.",
    ),
    Event(
        "cache-misses",
        "cache",
        "Misses in the cache level of cache-references.",
        base="cache-references",
    ),
    Event("node-loads", "cache", "Loads served by memory, of any NUMA node."),
    Event("node-load-misses", "cache", "Loads served by a remote NUMA node.", base="node-loads"),
    Event("dTLB-loads", "tlb", "Loads whose address was looked up in the data TLB."),
    Event("dTLB-load-misses", "tlb", "Loads whose address the data TLB missed.", base="dTLB-loads"),
    Event("dTLB-stores", "tlb", "Stores whose address was looked up in the data TLB."),
    Event(
        "dTLB-store-misses", "tlb", "Stores whose address the data TLB missed.", base="dTLB-stores"
    ),
    Event("iTLB-loads", "tlb", "Fetches looked up in the instruction TLB."),
    Event("iTLB-load-misses", "tlb", "Fetches the instruction TLB missed.", base="iTLB-loads"),
    Event(
        "cpu-clock",
        "software",
        "Time for which CPUs were counted, busy or idle: over the whole machine, its cores times "
        "the interval. Not a measure of load.",
    ),
    Event(
        "task-clock",
        "software",
        "CPU time that the counted tasks used; over the whole machine, with its idle tasks, the "
        "same as cpu-clock. To see what a process uses, count it with pid=.",
    ),
    Event(
        "context-switches",
        "software",
        "Times a CPU switched from one task to another.",
        ("cs",),
    ),
    Event("cpu-migrations", "software", "Times a task moved to another CPU.", ("migrations",)),
    Event("page-faults", "software", "Page faults, minor and major.", ("faults",)),
    Event("minor-faults", "software", "Page faults that needed no disk."),
    Event("major-faults", "software", "Page faults that waited for a disk."),
    Event("alignment-faults", "software", "Unaligned accesses that the kernel had to mend."),
    Event("emulation-faults", "software", "Instructions that the kernel had to emulate."),
    Event("cgroup-switches", "software", "Switches to a task of another cgroup."),
)

#: name or alias -> Event
EVENTS = MappingProxyType(
    {name: event for event in _TABLE for name in (event.name, *event.aliases)}
)

#: what is counted when nothing else is asked for
DEFAULT_EVENTS = (
    "cpu-clock",
    "context-switches",
    "cpu-migrations",
    "page-faults",
    "cycles",
    "instructions",
    "branches",
    "branch-misses",
    "L1-dcache-loads",
    "L1-dcache-load-misses",
    "LLC-loads",
    "LLC-load-misses",
    "L1-icache-loads",
    "dTLB-loads",
    "dTLB-load-misses",
    "iTLB-loads",
    "iTLB-load-misses",
)

#: whose history is shown first, of those that count
SUGGESTED = ("cycles", "instructions", "context-switches", "page-faults")

_CACHES = (
    *("L1-dcache", "l1-d", "l1d", "L1-data", "L1-icache", "l1-i", "l1i", "L1-instruction"),
    *("LLC", "L2", "dTLB", "d-tlb", "Data-TLB", "iTLB", "i-tlb", "Instruction-TLB"),
    *("branch", "branches", "bpu", "btb", "bpc", "node"),
)
_OPERATIONS = (
    *("load", "loads", "read", "store", "stores", "write"),
    *("prefetch", "prefetches", "speculative-read", "speculative-load"),
)
_RESULTS = ("Reference", "refs", "ops", "access", "misses", "miss")
#: every spelling of a hardware cache event that perf's own parser takes
_CACHE_SPELLINGS = frozenset(
    "-".join(part for part in (cache, operation, result) if part)
    for cache in _CACHES
    for operation in ("", *_OPERATIONS)
    for result in ("", *_RESULTS)
)
_TOOL_EVENTS = frozenset(
    {"duration_time", "user_time", "system_time", "bpf-output", "dummy", "mem-loads", "mem-stores"}
)
#: vendors' names that differ from one of perf's own only by an underscore (Arm PMUv3)
_VENDOR_EVENTS = frozenset({"cpu_cycles", "bus_cycles"})

#: tracepoints, perf's own events, and PMUs that are not a core's
_OFF_CORE = re.compile(
    r"[a-z]\w*:\w{3,}|(duration|user|system)_time|dummy|bpf-output"
    r"|(?!(cpu|armv|apple)\w*/)[\w-]+/.*"
)
_MODIFIERS = re.compile(r":[A-Za-z]+$")
_PMU_TERM = re.compile(r"^\w+/(?P<name>[\w-]+)/\w*$")
_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9_-]*$")
_RAW = re.compile(r"^r[0-9a-fA-F]+$")


def lookup(name: str) -> Event:
    """What is known of `name`, with or without modifiers, aliases or a hybrid CPU's PMU.

    Parameters
    ----------
    name
        An event as asked for or as printed: ``cycles``, ``cycles:u``, ``cpu_core/cycles/``.

    Returns
    -------
    Event
        With `name` as its name; of family ``other`` where nothing is known.
    """
    plain = _MODIFIERS.sub("", name)
    if term := _PMU_TERM.match(plain):
        plain = term["name"]
    known = EVENTS.get(plain)
    if known is None:
        return Event(name, "other", "An event of this machine; see `perf list`.")
    return Event(name, known.family, known.help, known.aliases, known.base)


def aliases(name: str) -> frozenset[str]:
    """Return the other names that perf takes for an event; none where nothing is known of it."""
    known = EVENTS.get(name)
    return frozenset(() if known is None else (known.name, *known.aliases)) - {name}


def takes_counter(name: str) -> bool:
    """Whether an event needs one of the counters that a core has few of, as far as names tell."""
    return lookup(name).family != "software" and _OFF_CORE.fullmatch(name) is None


def check_event_name(name: object) -> str:
    """Return `name` if its form is one that perf can take.

    Parameters
    ----------
    name
        The event. Whether it exists is for perf to say; only its form is checked, and whether it
        is a near miss of a known name.

    Raises
    ------
    EventNameError
        If it is no text or empty, starts with ``-``, holds blanks, control characters, ``@@`` or
        braces, names several events at once, or is close to a name that perf knows.
    """
    if not isinstance(name, str):
        raise EventNameError(
            f"{name!r} is not an event's name but of type {type(name).__name__}",
            'Give names as text, such as "cycles".',
        )
    shown = repr(name if len(name) <= 80 else name[:77] + "...")
    if not name:
        raise EventNameError(
            "An event's name is empty", 'Give names as `perf list` has them, such as "cycles".'
        )
    if len(name) > 1000:
        raise EventNameError(
            f"The event {shown} is {len(name):,} characters long",
            "Names of up to 1,000 characters are allowed.",
        )
    if name.startswith("-"):
        raise EventNameError(
            f"The event {shown} starts with '-', which perf would take for an option",
            "Give only the event's name.",
        )
    if any(c.isspace() or not c.isprintable() for c in name):
        raise EventNameError(
            f"The event {shown} holds a blank or a control character",
            "Names have none; give several events as a list.",
        )
    if "@@" in name:
        raise EventNameError(
            f"The event {shown} holds '@@', which separates the fields of perf's output",
            "Give the event another name= term.",
        )
    if "{" in name or "}" in name:
        raise EventNameError(
            f"The event {shown} asks for a group, in which one unsupported member stops all",
            "List the events one by one, without braces.",
        )
    if len(_split(name)) > 1:
        raise EventNameError(
            f"The event {shown} names several events at once", "Give them as separate items."
        )
    _refuse_near_miss(name)
    return name


def check_events(events: object) -> tuple[str, ...]:
    """Return `events` as a tuple of names whose form was checked.

    Parameters
    ----------
    events
        An iterable of names, or one text with commas between them (commas inside ``/…/`` belong
        to the event). A name may be given twice; it is then counted twice.

    Raises
    ------
    EventNameError
        If there is none, or one is refused by `check_event_name`.
    """
    if isinstance(events, str):
        names: list[object] = list(_split(events))
    elif isinstance(events, Iterable):
        names = list(events)
    else:
        raise EventNameError(
            f"{events!r} is not a list of events", 'Give a list such as ["cycles", "page-faults"].'
        )
    if not names:
        raise EventNameError("The list of events is empty", "Name at least one event.")
    return tuple(check_event_name(name) for name in names)


def _split(text: str) -> list[str]:
    """Split at commas that stand outside of ``/…/``."""
    names, inside = [""], False
    for character in text:
        if character == "/":
            inside = not inside
        if character == "," and not inside:
            names.append("")
        else:
            names[-1] += character
    return names


def _refuse_near_miss(name: str) -> None:
    plain = _MODIFIERS.sub("", name)
    known = plain in EVENTS or plain in _CACHE_SPELLINGS or plain in _TOOL_EVENTS
    if known or plain in _VENDOR_EVENTS or not _PLAIN.match(plain) or _RAW.match(plain):
        return
    hyphenated = plain.replace("_", "-")
    if "_" in plain and hyphenated not in EVENTS:
        return  # vendors' events have underscores, perf's own have none
    lower = {candidate.lower(): candidate for candidate in EVENTS}
    near = difflib.get_close_matches(hyphenated.lower(), lower, n=1, cutoff=0.8)
    if near:
        raise EventNameError(
            f"The event {name!r} is not one that perf knows", f"Did you mean {lower[near[0]]!r}?"
        )
