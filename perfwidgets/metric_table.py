"""The metrics that come with perfwidgets, as data: `perfwidgets.metrics` reads them."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["BUILT_IN", "Row"]


class Row(NamedTuple):
    """What `Metric` is made of."""

    name: str
    expression: str
    unit: str
    help: str
    source: str
    process_only: bool = False


_PERF: Final = "perf stat (tools/perf/util/stat-shadow.c)"
_PERF_7: Final = "perf stat (tools/perf/pmu-events/arch/common/common/metrics.json)"
_BOOK: Final = "Hennessy and Patterson, Computer Architecture: A Quantitative Approach"
_MPKI: Final = f"{_BOOK}, appendix B: misses per instruction"


def _rate(name: str, misses: str, loads: str, help: str, source: str) -> Row:  # noqa: A002
    return Row(name, f"100 * {misses} / {loads}", "%", help, f"{_PERF}: {source}")


def _mpki(name: str, misses: str, help: str) -> Row:  # noqa: A002
    return Row(name, f"1000 * {misses} / instructions", "MPKI", help, _MPKI)


def _each_second(name: str, event: str, help: str, source: str) -> Row:  # noqa: A002
    return Row(name, f"{event} / seconds", "/s", help, f"{_PERF_7}: {source}")


BUILT_IN: Final = (
    Row(
        "IPC",
        "instructions / cycles",
        "",
        "Instructions retired per clock cycle. Today's cores reach 4 and more; below 1 they mostly "
        "wait, often for memory.",
        f"{_PERF}: insn per cycle",
    ),
    Row(
        "GHz",
        "cycles / (task-clock * 1000000)",
        "GHz",
        "Clock cycles per nanosecond of CPU time. Of a process it is the clock of its cores; over "
        "a whole machine CPU time runs while cores idle and their cycles do not, so it is less.",
        f"{_PERF}: GHz",
    ),
    Row(
        "relative clock",
        "100 * cycles / ref-cycles",
        "%",
        "The clock of busy cores as a share of the reference clock; above 100 % they run faster "
        "than it.",
        "Intel SDM, volume 3B: unhalted core and reference cycles",
    ),
    Row(
        "CPUs used",
        "task-clock / 1000 / seconds",
        "CPUs",
        "CPU time per second: how many cores were busy with this process on average.",
        f"{_PERF}: CPUs utilized",
        process_only=True,
    ),
    _rate(
        "branch miss rate",
        "branch-misses",
        "branches",
        "Branches that were predicted wrongly, of all branches.",
        "of all branches",
    ),
    _mpki("branch MPKI", "branch-misses", "Wrongly predicted branches per 1,000 instructions."),
    _rate(
        "L1d miss rate",
        "L1-dcache-load-misses",
        "L1-dcache-loads",
        "Loads that the level 1 data cache did not hold, of all its loads.",
        "of all L1-dcache accesses",
    ),
    _mpki(
        "L1d MPKI",
        "L1-dcache-load-misses",
        "Loads that the level 1 data cache missed per 1,000 instructions.",
    ),
    _rate(
        "L1i miss rate",
        "L1-icache-load-misses",
        "L1-icache-loads",
        "Fetches that the level 1 instruction cache did not hold, of all its fetches.",
        "of all L1-icache accesses",
    ),
    _mpki(
        "L1i MPKI",
        "L1-icache-load-misses",
        "Fetches that the level 1 instruction cache missed per 1,000 instructions.",
    ),
    _rate(
        "LLC miss rate",
        "LLC-load-misses",
        "LLC-loads",
        "Loads that went past the last level cache, of those that came to it.",
        "of all LL-cache accesses",
    ),
    _mpki(
        "LLC MPKI",
        "LLC-load-misses",
        "Loads that went past the last level cache, to memory, per 1,000 instructions.",
    ),
    _rate(
        "cache miss rate",
        "cache-misses",
        "cache-references",
        "Misses of all accesses to a cache level that depends on the CPU: the last one on Intel, "
        "L2 on AMD Zen, L1 data on Arm.",
        "of all cache refs",
    ),
    _mpki(
        "cache MPKI",
        "cache-misses",
        "Misses per 1,000 instructions, in a cache level that depends on the CPU: see cache miss rate.",
    ),
    _rate(
        "dTLB miss rate",
        "dTLB-load-misses",
        "dTLB-loads",
        "Loads whose address the data TLB missed, of those looked up in it.",
        "of all dTLB cache accesses",
    ),
    _mpki(
        "dTLB MPKI",
        "dTLB-load-misses",
        "Loads whose address the data TLB missed per 1,000 instructions.",
    ),
    _rate(
        "iTLB miss rate",
        "iTLB-load-misses",
        "iTLB-loads",
        "Fetches that the instruction TLB missed, of its loads. On Intel iTLB-loads are only hits "
        "of its second level, no true base, so this may be more than 100 %: rather look at iTLB "
        "MPKI.",
        "of all iTLB cache accesses",
    ),
    _mpki(
        "iTLB MPKI",
        "iTLB-load-misses",
        "Fetches that the instruction TLB missed per 1,000 instructions.",
    ),
    Row(
        "frontend stalls",
        "100 * stalled-cycles-frontend / cycles",
        "%",
        "Cycles in which no instruction was delivered, of all cycles.",
        f"{_PERF}: frontend cycles idle",
    ),
    Row(
        "backend stalls",
        "100 * stalled-cycles-backend / cycles",
        "%",
        "Cycles in which execution waited for a resource, of all cycles.",
        f"{_PERF}: backend cycles idle",
    ),
    _each_second(
        "page fault rate",
        "page-faults",
        "Page faults, minor and major, per second.",
        "page_faults_per_second",
    ),
    _each_second(
        "context switch rate",
        "context-switches",
        "Times a CPU switched from one task to another, per second.",
        "cs_per_second",
    ),
)
