"""Finding the processes that a test has started, whoever is their parent now."""

from __future__ import annotations

import os
import time
from pathlib import Path

MARKER = "PERFWIDGETS_TEST_MARKER"


def marked(value):
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


def until(condition, seconds=20.0, why="waited in vain"):
    """Poll until `condition()`; the test fails when it never comes true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, why
        time.sleep(0.005)
    return value
