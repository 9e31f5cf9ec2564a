"""Names that want to be more than text."""

from __future__ import annotations

import threading
import time

SCRIPT = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>"
HOSTILE = {
    "html": SCRIPT,
    "attribute": "\"'><b onmouseover=window.pwned=1>x</b>",
    "template": "${window.pwned=1}{{window.pwned=1}}",
    "url": "javascript:window.pwned=1",
    "selector": "a\"]b'] \\ #x .y",
    "ansi": "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "nul": "nul\x00inside",
    "right to left": "abc\u202efed\u2066\u2069",
    "marks": "z\u0335\u0321\u0322" * 30,
    "formula": '=cmd|"/C calc"!A0',
    "plus": "+1+1",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "math": "$$\\href{javascript:window.pwned=1}{x}$$",
    "long": "L" * 4000,
    "prototype": "__proto__",
    "constructor": "constructor",
}
#: a folder's name may hold all but a slash
FOLDER = "<img src=x onerror=window.pwned=1>\"'\n$(touch pwned)`touch pwned`;\x1b[31m\u202e{{7*7}}"
#: a thread's has 15 bytes at most
THREADS = ["<b onload=p()>", "\"'><i>x</i>", "a@@5@@b", "=1+1", "$(id)`id`;", "-C 0", "\u202egro"]
#: perf as it is called, but each thread apart
PER_THREAD = """#!/bin/sh
[ "$1" = --version ] && exec perf --version
shift
exec perf stat --per-thread "$@"
"""


def name_this_thread(name: str) -> None:
    """Name it, and switch now and then for ever."""
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as file:
        file.write(name)
    while True:
        time.sleep(0.01)
