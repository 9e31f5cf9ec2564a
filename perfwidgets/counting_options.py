"""What the commands that count have in common: perf's options, its version, their end by signals."""

from __future__ import annotations

import argparse
import contextlib
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Final

from perfwidgets.perf_command import perf_argv
from perfwidgets.sources.perf_stat import PerfStat

__all__ = ["News", "add_counting_options", "ended_by_signals", "perf_version", "say"]

#: why counting ends: a signal, the end of the command or of what is counted, a failure
News = queue.SimpleQueue[str]
#: how long perf may take to tell its version (s)
_ANSWER: Final = 10.0


def add_counting_options(parser: argparse.ArgumentParser) -> None:
    """Add what is counted and how, in perf's letters and units."""
    add = parser.add_argument
    add(
        *("-e", "--event"),
        action="append",
        metavar="EVENTS",
        dest="events",
        help="an event, or several with commas between; may be repeated (default: the usual 17)",
    )
    add("-C", "--cpu", metavar="CORES", dest="cores", help="cores, such as 0-3,8 (default: all)")
    add(
        *("-I", "--interval-print"),
        type=_milliseconds,
        default=1.0,
        metavar="MS",
        dest="interval",
        help="milliseconds between samples, at least 10 (default: 1000)",
    )
    add(
        *("-A", "--no-aggr", "--per-core"),
        action="store_true",
        dest="per_core",
        help="count each core apart",
    )
    add("-p", "--pid", type=int, metavar="PID", help="count this process and its children only")
    add("-a", "--all-cpus", action="store_true", help="count the whole machine (the default)")
    add(
        "--command",
        default="perf",
        metavar="PERF",
        dest="perf_command",
        help="how perf is called, such as 'ssh HOST perf' (default: perf)",
    )


def _milliseconds(text: str) -> float:
    try:
        return int(text) / 1000
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of milliseconds") from None


def perf_version(source: PerfStat) -> str | None:
    """perf's version, asked for ahead; the source itself asks no more then."""
    argv = perf_argv(source.command, ["--version"])
    try:
        said = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_ANSWER, check=True
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return None  # the source itself will say what is wrong
    words = said.split()
    return words[2] if words[:2] == ["perf", "version"] and len(words) > 2 else None


def say(text: str) -> None:
    """Tell the terminal, if there is one still."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"perfwidgets: {text}\n")
        sys.stderr.flush()


@contextlib.contextmanager
def ended_by_signals() -> Iterator[News]:
    """Hear of what ends counting; a signal that is ignored, as by nohup, stays so."""
    news: News = queue.SimpleQueue()

    def hear(number: int, frame: FrameType | None) -> None:
        news.put(signal.Signals(number).name)

    before = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, hear)
    try:
        yield news
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
