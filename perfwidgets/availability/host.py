"""What a machine tells of itself in /proc and /sys."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["NO_PMU_REMEDY", "UNKNOWN_HOST", "Host", "hardware_absent_reason"]

NO_PMU_REMEDY = (
    "Count software events, /proc/vmstat, or replay a recording; hardware events need a machine "
    "(or a virtual machine type) that exposes a PMU"
)
_DEVICES = "sys/bus/event_source/devices"
_CORE_PMU = re.compile(r"cpu(_\w+)?|cpum_cf|armv\d+_\w+|apple_\w+_pmu")


@dataclass(frozen=True)
class Host:
    """The facts that decide which explanation fits; `None` where a fact is not known.

    Attributes
    ----------
    pmu
        Names of the core PMUs in sysfs; empty on most virtual machines.
    paranoid
        /proc/sys/kernel/perf_event_paranoid.
    root
        Whether perf runs with user id 0.
    vendor
        ``vendor_id`` of /proc/cpuinfo (``GenuineIntel``, ``AuthenticAMD`` …), else ``Apple``,
        ``Arm`` or ``POWER``.
    watchdog
        Whether the NMI watchdog holds a counter.
    """

    pmu: tuple[str, ...] | None = None
    paranoid: int | None = None
    root: bool | None = None
    vendor: str | None = None
    watchdog: bool | None = None

    @classmethod
    def local(cls, root: Path = Path("/")) -> Host:
        """Read the facts of this machine; `root` is where /proc and /sys are found."""
        watchdog = _number(root / "proc/sys/kernel/nmi_watchdog")
        return cls(
            pmu=_core_pmus(root / _DEVICES),
            paranoid=_number(root / "proc/sys/kernel/perf_event_paranoid"),
            root=os.geteuid() == 0,
            vendor=_vendor(root / "proc/cpuinfo"),
            watchdog=None if watchdog is None else watchdog > 0,
        )


#: a machine behind ssh or in a container, of which nothing is known
UNKNOWN_HOST = Host()


def hardware_absent_reason(root: Path = Path("/")) -> str:
    """Say why this machine counts no hardware event at all, by a look into sysfs.

    Parameters
    ----------
    root
        Where /sys is found.

    Returns
    -------
    str
        A sentence; empty where there is a PMU, or where that is not known.
    """
    if _core_pmus(root / _DEVICES) != ():
        return ""
    return (
        "This machine shows no PMU (a virtual machine, most likely): hardware counters cannot be "
        "had here."
    )


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _core_pmus(devices: Path) -> tuple[str, ...] | None:
    try:
        names = sorted(os.listdir(devices))
    except OSError:
        return None
    return tuple(name for name in names if _CORE_PMU.fullmatch(name))


def _vendor(cpuinfo: Path) -> str | None:
    try:
        text = cpuinfo.read_text(errors="replace")
    except OSError:
        return None
    if found := re.search(r"^vendor_id\s*:\s*(\S+)", text, re.MULTILINE):
        return found[1]
    if found := re.search(r"^CPU implementer\s*:\s*(\S+)", text, re.MULTILINE):
        return "Apple" if found[1] == "0x61" else "Arm"
    return "POWER" if re.search(r"^cpu\s*:\s*POWER", text, re.MULTILINE) else None
