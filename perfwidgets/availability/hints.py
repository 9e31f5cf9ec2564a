"""What is known of events beforehand: which are hardware's, and which a vendor's CPUs lack."""

from __future__ import annotations

import re
from typing import NamedTuple

from perfwidgets.events import EVENTS, lookup

__all__ = ["HINTS", "NEEDS_KERNEL", "NEVER_ZERO", "Hint", "hint", "is_hardware", "usual_name"]

#: these cannot stay at zero while this very process runs
NEVER_ZERO = frozenset(
    {"cycles", "instructions", "branches", "ref-cycles", "bus-cycles", "L1-dcache-loads"}
)
#: these happen in the kernel, so that they stay at zero when user mode alone is counted
NEEDS_KERNEL = frozenset({"context-switches", "cpu-migrations", "cgroup-switches"})

_HARDWARE = re.compile(
    r"r[0-9a-fA-F]+|(cpu|armv|apple)\w*/.*|(L1|LLC|L2|[di]-?TLB|l1|bpu|btb|bpc|branch|node)\b.*",
    re.IGNORECASE,
)


class Hint(NamedTuple):
    """Why CPUs of a vendor are likely to lack an event.

    Attributes
    ----------
    vendor
        As `Host.vendor`. Nothing else is looked at: which CPU it is, the hint does not know.
    events
        A pattern of their usual names.
    why
        What is so on such CPUs.
    remedy
        What to count instead; may be empty.
    """

    vendor: str
    events: str
    why: str
    remedy: str = ""


#: from the kernel's tables of events; the first that fits is shown
HINTS = (
    Hint(
        "AuthenticAMD",
        r"LLC-.*",
        "AMD Zen CPUs count their last level cache in a PMU of its own",
        "Count cache-references and cache-misses, which are the L2 cache's there",
    ),
    Hint(
        "AuthenticAMD",
        r"node-.*|(L1-dcache|dTLB)-store.*|bus-cycles",
        "AMD Zen CPUs have no such event",
    ),
    Hint("AuthenticAMD", r"stalled-cycles-backend", "AMD CPUs since Zen 2 have no such event"),
    Hint("AuthenticAMD", r"ref-cycles", "AMD CPUs before Zen 4 have no such event", "Count cycles"),
    Hint(
        "GenuineIntel",
        r"L1-icache-loads",
        "Intel CPUs since Skylake have no such event",
        "Count L1-icache-load-misses for each thousand instructions",
    ),
    Hint(
        "GenuineIntel",
        r"iTLB-loads",
        "Intel CPUs since Golden Cove (Alder Lake, Sapphire Rapids) have no such event",
        "Count iTLB-load-misses for each thousand instructions",
    ),
    Hint(
        "GenuineIntel",
        r"L1-dcache-store-misses|.*-prefetch.*|stalled-cycles-.*",
        "Intel CPUs since Skylake have no such event",
    ),
    Hint("Apple", r".*", "the PMU of Apple's cores counts cycles and instructions only"),
    Hint(
        "Arm",
        r"branches|branch-instructions",
        "this Arm core reports neither BR_RETIRED nor PC_WRITE_RETIRED",
    ),
    Hint("Arm", r"LLC-.*", "this Arm core does not implement LL_CACHE_RD", "Count cache-misses"),
    Hint(
        "Arm",
        r"(L1-dcache|dTLB)-stores|node-.*|ref-cycles|.*-prefetch.*",
        "Arm's PMUv3 has no such event",
    ),
    Hint("POWER", r"stalled-.*|ref-cycles|bus-cycles", "POWER10 has no such event"),
)


def hint(vendor: str | None, event: str) -> Hint | None:
    """Return what is known of `event` on CPUs of `vendor`."""
    name = usual_name(event)
    fitting = (h for h in HINTS if h.vendor == vendor and re.fullmatch(h.events, name))
    return next(fitting, None)


def is_hardware(event: str) -> bool:
    """Whether a core's PMU is needed to count `event`."""
    family = lookup(event).family
    return family in {"cpu", "cache", "tlb"} or bool(_HARDWARE.fullmatch(event))


def usual_name(event: str) -> str:
    """Return its name without modifiers or alias."""
    bare = event.partition(":")[0]
    return EVENTS[bare].name if bare in EVENTS else bare
