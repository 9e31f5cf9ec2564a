"""Which processes there are, and waiting for what must come soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def wait_until(true: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether `true` came true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def command_lines() -> dict[int, list[str]]:
    """Process id -> its words, of all that can be read."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")[:-1]
        except OSError:
            continue
        found[int(entry.parent.name)] = words
    return found


def perfs(interval_ms: int) -> list[int]:
    """The process ids of each ``perf stat -I interval_ms`` itself, not of what called it."""
    wanted = ["stat", "-I", str(interval_ms)]
    return [
        pid
        for pid, words in command_lines().items()
        if words and Path(words[0]).name.startswith("perf") and words[1:4] == wanted
    ]
