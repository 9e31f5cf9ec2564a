"""What real perf cannot be made to do: run as ``python fake_perf.py HOW [perf's arguments]``."""

from __future__ import annotations

import os
import signal
import sys
import time

ROW = b"@@5@@@@page-faults@@100000000@@100.00@@@@\n"


def row(number: int) -> None:
    """One interval as ``perf stat -I 100 -x @@ -e page-faults`` prints it."""
    os.write(1, f"{number / 10:.9f}".encode() + ROW)


def forever(descriptor: int, text: bytes, pause: float = 0.0) -> None:
    """Write the same again and again, until nobody reads it."""
    while os.write(descriptor, text):
        time.sleep(pause)


def close_output() -> None:
    """One interval, then no output, and no end."""
    row(1)
    time.sleep(0.1)
    os.close(1)
    signal.pause()


def end() -> None:
    """One interval, then an end that nobody asked for."""
    row(1)
    sys.exit(3)


def not_end() -> None:
    """Count, and hear neither of a closed input nor of an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    number = 0
    while True:
        number += 1
        row(number)
        time.sleep(0.1)


HOW = {
    "never prints": signal.pause,
    "prints garbage": lambda: forever(1, b"\x1b[31m<b>garbage</b>\xff\0 1,2;3@@4\n", 0.01),
    "floods with lines": lambda: forever(1, b"no@@row@@of@@perf\n" * 4000),
    "floods without a line's end": lambda: forever(1, b"9" * 65536),
    "floods with rows": lambda: forever(1, (b"0.1" + ROW) * 1000),  # of one interval
    "floods with complaints": lambda: forever(2, b"Warning: " + b"x" * 65536),
    "closes its output": close_output,
    "ends by itself": end,
    "does not end": not_end,
}

if __name__ == "__main__":
    if "--version" in sys.argv:
        os.write(1, b"perf version 6.1.0\n")
    else:
        HOW[sys.argv[1]]()
