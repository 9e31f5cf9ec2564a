"""What events are counted in, and where they are known to mislead: data, with its sources.

Which note holds depends on the CPU, so that each names the vendor whose CPUs it is true of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from perfwidgets.events import EVENTS, aliases, lookup

__all__ = ["NOTES", "About", "EventNote", "about", "vendor_of_model", "vendor_told_by"]

_INTEL, _AMD, _ARM = "GenuineIntel", "AuthenticAMD", "Arm"
#: vendor as /proc/cpuinfo has it -> as people call it
_CALLED: Final = {_INTEL: "Intel", _AMD: "AMD", _ARM: "Arm"}
_INTEL_TABLES: Final = "Linux 6.12, arch/x86/events/intel/core.c"
_AMD_TABLES: Final = "Linux 6.12, arch/x86/events/amd/core.c"
_ARM_TABLES: Final = "Linux 6.12, drivers/perf/arm_pmuv3.c"
_POWER_TABLES: Final = "Linux 6.12, arch/powerpc/perf/power10-pmu.c"
_MANUAL: Final = "perf_event_open(2)"


@dataclass(frozen=True, slots=True)
class EventNote:
    """Where an event does not count what its name says.

    Attributes
    ----------
    events
        A pattern of the names it is about, without modifiers, in perf's first spelling.
    vendor
        As /proc/cpuinfo has it; empty for any CPU.
    text
        What is so.
    source
        Where that is known from.
    """

    events: str
    vendor: str
    text: str
    source: str

    @property
    def where(self) -> str:
        """The vendor as people call it; empty for any CPU."""
        return _CALLED.get(self.vendor, self.vendor)


NOTES: Final = (
    EventNote(
        "iTLB-loads",
        _INTEL,
        "counts only what the second level of the TLB answers, so that iTLB-load-misses can be "
        "far more than 100 % of it",
        f"{_INTEL_TABLES}: ITLB_MISSES.STLB_HIT",
    ),
    EventNote(
        "iTLB-loads",
        _AMD,
        "counts fetches that missed the first level of the TLB and hit the second",
        _AMD_TABLES,
    ),
    EventNote(
        "dTLB-loads", _AMD, "counts accesses to the second level of the TLB only", _AMD_TABLES
    ),
    EventNote(
        "cache-(references|misses)", _AMD, "is of the L2 cache on Zen, not of the last", _AMD_TABLES
    ),
    EventNote(
        "cache-(references|misses)",
        _ARM,
        "is of the level 1 data cache, not of the last",
        _ARM_TABLES,
    ),
    EventNote(
        "cache-(references|misses)", "POWER", "is of level 1 loads, not of the last", _POWER_TABLES
    ),
    EventNote(
        "branches",
        _ARM,
        "counts the branches retired, or where the core lacks that event the changes of the "
        "program counter",
        f"{_ARM_TABLES}: BR_RETIRED, PC_WRITE_RETIRED",
    ),
    EventNote(
        "cycles",
        "",
        "follows the clock's frequency and stands still while a CPU idles: it is no measure of "
        "time",
        _MANUAL,
    ),
    EventNote(
        "instructions", "", "varies a little between runs, with hardware interrupts", _MANUAL
    ),
    EventNote(
        "context-switches|cpu-migrations|cgroup-switches",
        "",
        "happens in the kernel: where only user mode is counted (:u) it stays 0",
        "perf stat run by a user without rights",
    ),
    EventNote(
        "alignment-faults|emulation-faults",
        "",
        "stays 0 on most x86 CPUs, which handle them in hardware",
        _MANUAL,
    ),
    EventNote(
        "user_time|system_time",
        "",
        "perf 6.1 prints no count of it in intervals",
        "perf stat -I of perf 6.1 and 6.12",
    ),
    EventNote("bpf-output|dummy", "", "is always 0 in perf stat", "perf stat -e dummy"),
    EventNote(
        "power/.*",
        "",
        "is of whole packages, in Joules; it is counted system-wide only, not for a process",
        "perf list: power/energy-pkg/",
    ),
    EventNote(
        r"uncore_imc\w*/.*",
        "",
        "is of the memory controllers, whoever used them; it is counted system-wide only",
        "tools/perf/Documentation/perf-stat.txt",
    ),
)

_UNITS: Final = (
    (r"cpu-clock|task-clock", "msec"),
    (r"(duration|user|system)_time", "ns"),
    (r"pgpg(in|out)", "KB"),
    (r"pswp(in|out)", "pages"),
    (r"power/energy.*", "Joules"),
    (r"uncore_imc\w*/(cas_count|data)_(read|write)s?/|uncore_imc\w*/data_total/", "MiB"),
)
#: of names that are not perf's own
_HELP: Final = (
    (r"r[0-9a-fA-F]+", "A raw event: what its code counts is in the CPU vendor's manual."),
    (r"power/energy-(\S+)/", "Energy that this part of the package has used."),
    (r"uncore_imc\w*/cas_count_read/", "Memory that the memory controllers have read."),
    (r"uncore_imc\w*/cas_count_write/", "Memory that the memory controllers have written."),
    (r"[\w-]+/\S*(event|config)\S*=\S*/", "A raw event of a PMU: its terms say what is counted."),
    (r"[a-z]\w+:\w{3,}", "A tracepoint of the kernel: how often it was passed."),
    (r"duration_time", "The time that perf has measured."),
    (r"msr/tsc/", "Ticks of the time stamp counter."),
)
_MODIFIERS = re.compile(r":[A-Za-z]{1,2}$|(?<=/)[A-Za-z]+$")
_MODELS: Final = (
    (r"\bintel\b", _INTEL),
    (r"\bamd\b|\bepyc\b|\bryzen\b", _AMD),
    (r"\bapple\b", "Apple"),
    (r"\bpower\d", "POWER"),
    (r"\barm|\bneoverse|\bcortex|\bgraviton", _ARM),
)
_PMUS: Final = (
    (r"cpu_(core|atom|lowpower)/.*", _INTEL),
    (r"amd_\w+/.*", _AMD),
    (r"apple_\w+/.*", "Apple"),
    (r"armv\d\w*/.*", _ARM),
)


@dataclass(frozen=True, slots=True)
class About:
    """What a person may want to know of an event before believing its number.

    Attributes
    ----------
    help
        One sentence on what is counted.
    unit
        What one count is: ``msec``, ``MiB``; ``count`` where it is plainly how often.
    aliases
        Other names that perf takes for it.
    notes
        Where it is known to mislead; of other vendors' CPUs only if the vendor is not known.
    """

    help: str
    unit: str
    aliases: tuple[str, ...]
    notes: tuple[EventNote, ...]


def about(event: str, vendor: str | None = None) -> About:
    """Return what is known of `event`.

    Parameters
    ----------
    event
        As asked for or as printed.
    vendor
        Whose CPU counts it, as /proc/cpuinfo has it; `None` if that is not known.
    """
    known = lookup(event)
    plain = _MODIFIERS.sub("", event)
    bare = plain if plain in EVENTS else plain.strip("/").rpartition("/")[2]
    found = EVENTS.get(bare)
    usual = found.name if found is not None else plain
    return About(
        known.help if found is not None else _first(_HELP, plain) or known.help,
        _first(_UNITS, usual) or "count",
        tuple(sorted(aliases(bare))),
        tuple(
            note
            for note in NOTES
            if (not note.vendor or vendor is None or note.vendor == vendor)
            and re.fullmatch(note.events, usual)
        ),
    )


def vendor_of_model(model: str | None) -> str | None:
    """Whose CPU a model's name is; `None` if it does not say."""
    return _first(_MODELS, model or "", search=True) or None


def vendor_told_by(events: Iterable[str]) -> str | None:
    """Whose CPU printed these names, by the names of their PMUs; `None` if they do not say."""
    told = (_first(_PMUS, event) for event in events)
    return next((vendor for vendor in told if vendor), None)


def _first(table: Iterable[tuple[str, str]], text: str, *, search: bool = False) -> str:
    match = re.search if search else re.fullmatch
    return next((value for pattern, value in table if match(pattern, text, re.IGNORECASE)), "")
