"""Lists of cores: what is asked for, and what this machine has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from perfwidgets.errors import CoreListError

__all__ = ["check_cores", "core_list", "expand", "online_cores"]

_ONLINE = Path("/sys/devices/system/cpu/online")
_RANGE = re.compile(r"^([0-9]+)(?:-([0-9]+))?$")
_EXAMPLE = 'Give a list such as "0-3,8", [0, 1, 2], or None for all.'
#: beyond any machine (the kernel's NR_CPUS is at most 8192), so that no list fills the memory
_HIGHEST = 65_535


def core_list(cores: object) -> str | None:
    """Return `cores` in perf's form (``"0-3,8"``), sorted and without repeats.

    Parameters
    ----------
    cores
        `None` for all cores, a text such as ``"0-3,8"``, one number, or an iterable of numbers.

    Raises
    ------
    CoreListError
        If it cannot be read.
    """
    if cores is None:
        return None
    if isinstance(cores, str):
        return _compact(expand(cores))
    items = [cores] if isinstance(cores, int) else cores
    if not isinstance(items, Iterable) or isinstance(items, (bytes, bytearray)):
        raise CoreListError(f"{cores!r} is not a list of cores", _EXAMPLE)
    numbers = []
    for item in items:
        number = _number(item)
        if number is None:
            raise CoreListError(f"{item!r} is not a core's number", _EXAMPLE)
        numbers.append(number)
    if not numbers:
        raise CoreListError("The list of cores is empty", _EXAMPLE)
    return _compact(sorted(set(numbers)))


def expand(text: str) -> list[int]:
    """Return the numbers that a list such as ``"0-3,8"`` names, sorted.

    Raises
    ------
    CoreListError
        If the text is no such list.
    """
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    numbers: set[int] = set()
    for part in text.strip().split(","):
        match = _RANGE.match(part.strip()) if len(part) < 20 else None
        if not match:
            raise CoreListError(f"{shown} is not a list of cores", _EXAMPLE)
        first = int(match[1])
        last = int(match[2]) if match[2] is not None else first
        if last < first:
            raise CoreListError(
                f"The range {part.strip()!r} of cores runs backwards", f'Write "{last}-{first}".'
            )
        if last > _HIGHEST:
            raise CoreListError(f"Core {last} is beyond any machine", _EXAMPLE)
        numbers.update(range(first, last + 1))
    return sorted(numbers)


def online_cores() -> list[int] | None:
    """Return the cores of this machine that are online, or `None` where Linux does not tell."""
    try:
        return expand(_ONLINE.read_text())
    except (OSError, CoreListError):
        return None


def check_cores(cores: str | None) -> None:
    """Refuse cores that this machine lacks.

    Some versions of perf answer such a list with every event unsupported and exit status 0.

    Raises
    ------
    CoreListError
        Naming those that are absent, and those that are there.
    """
    online = online_cores()
    if cores is None or online is None:
        return
    absent = sorted(set(expand(cores)) - set(online))
    if absent:
        which = f"Core {absent[0]} is" if len(absent) == 1 else f"Cores {_compact(absent)} are"
        raise CoreListError(
            f"{which} absent or offline on this machine",
            f"It has the cores {_compact(online)}.",
        )


def _number(item: object) -> int | None:
    if isinstance(item, (bool, float, str)):
        return None
    try:
        number = int(item.__index__())  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        return None
    return number if 0 <= number <= _HIGHEST else None


def _compact(numbers: list[int]) -> str:
    """``[0, 1, 2, 3, 8]`` as ``"0-3,8"``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
