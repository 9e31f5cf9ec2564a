"""Which processes there are, and waiting for what must come soon."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

MARKER = "PERFWIDGETS_TEST_MARKER"
_T = TypeVar("_T")


def marked(value: str) -> dict[int, str]:
    """Pid -> command line of the processes that inherited this marker, but for our own."""
    found = {}
    wanted = f"{MARKER}={value}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) != os.getpid() and wanted in (entry / "environ").read_bytes():
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if line:  # a zombie has none
                    found[int(entry.name)] = line.strip()
        except (OSError, ValueError):
            continue
    return found


def perfs(interval_ms: int) -> list[int]:
    """The process ids of each ``perf stat -I interval_ms`` itself, not of what called it."""
    wanted = ["stat", "-I", str(interval_ms)]
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")[:-1]
        except OSError:
            continue
        if words and Path(words[0]).name.startswith("perf") and words[1:4] == wanted:
            found.append(int(entry.parent.name))
    return found


def wait_until(true: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether `true` came true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def until(condition: Callable[[], _T], seconds: float = 20.0, why: str = "waited in vain") -> _T:
    """Poll until `condition()` is true, and return what it gave; else the test fails."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, why
        time.sleep(0.005)
    return value
