"""``perfwidgets record``: counts without a notebook, into a file."""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

from perfwidgets.collector import Collector, State
from perfwidgets.errors import (
    ArgumentError,
    NothingCountableError,
    RecordingError,
    SourceError,
)
from perfwidgets.events import DEFAULT_EVENTS
from perfwidgets.perf_command import is_local, perf_argv, split_command
from perfwidgets.recording.header import Header
from perfwidgets.recording.recorder import Recorder
from perfwidgets.samples import Sample, Status
from perfwidgets.sources.base import Source
from perfwidgets.sources.held_command import HeldCommand, counts
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.sources.vmstat import VmStat

__all__ = ["add_command", "run"]

_DESCRIPTION = """\
Count events and read /proc/vmstat until Ctrl-C, SIGTERM, or the end of a command,
and write it all to a file that perfwidgets.read_recording and perfwidgets.Replay read.

The letters and units are those of perf stat. With a command, that alone is counted,
with all it starts (with -a the whole machine is, for as long as it runs)."""
_EPILOG = """\
exit status: the command's if there is one, else 0; 1 if recording ended early;
2 if nothing was recorded, since an argument is unusable or nothing can be counted."""

#: how long perf may take to tell its version (s)
_ANSWER: Final = 10.0
_PERF: Final = "perf stat"
_VMSTAT: Final = "/proc/vmstat"


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of ``perfwidgets record``."""
    parser = commands.add_parser(
        "record",
        help="count without a notebook, into a file",
        usage="perfwidgets record -o FILE [options] [-- COMMAND ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("-o", "--output", required=True, metavar="FILE", help="the file that is written")
    add("--overwrite", action="store_true", help="write it even if it is there already")
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
    add("-A", "--no-aggr", action="store_true", dest="per_core", help="count each core apart")
    add("-p", "--pid", type=int, metavar="PID", help="count this process and its children only")
    add("-a", "--all-cpus", action="store_true", help="count the whole machine (the default)")
    add(
        "--command",
        default="perf",
        metavar="PERF",
        dest="perf_command",
        help="how perf is called, such as 'ssh HOST perf' (default: perf)",
    )
    add("argv", nargs=argparse.REMAINDER, metavar="COMMAND", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def _milliseconds(text: str) -> float:
    try:
        return int(text) / 1000
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of milliseconds") from None


def run(arguments: argparse.Namespace) -> int:
    """Record until the end; return the exit status."""
    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    # as perf has it: a command is counted alone, unless -a or -C asks for more
    own = bool(argv) and not arguments.all_cpus and arguments.cores is None
    _check(arguments, own=own)
    source = _source(arguments, own=own)
    with _ended_by_signals() as news:
        command = HeldCommand(argv, lambda: news.put("command")) if argv else None
        try:
            if own and command is not None:
                source = source.replace(pid=command.pid)
            return _record(arguments, source, command, news)
        finally:
            if command is not None:
                command.end()


def _source(arguments: argparse.Namespace, *, own: bool) -> PerfStat:
    events = ",".join(arguments.events) if arguments.events else DEFAULT_EVENTS
    return PerfStat(
        events,
        cores=arguments.cores,
        interval=arguments.interval,
        per_core=arguments.per_core,
        # in place of a command that has not been started yet, so that all is checked before
        pid=os.getpid() if own else arguments.pid,
        command=arguments.perf_command,
    )


def _check(arguments: argparse.Namespace, *, own: bool) -> None:
    """Refuse what perf itself would refuse, or what would mean two things."""
    if arguments.pid is not None and (own or arguments.all_cpus):
        other = "a command" if own else "-a"
        raise ArgumentError(
            f"-p {arguments.pid} and {other} were both given",
            "Give one of them: a process, a command, or -a for the whole machine.",
        )
    if own and arguments.per_core:
        raise ArgumentError(
            "-A and a command were both given, which perf refuses: a command is counted wherever "
            "it runs",
            "Add -a to count each core of the whole machine for as long as the command runs.",
        )
    if own and not is_local(split_command(arguments.perf_command)):
        raise ArgumentError(
            f"The command would run here, and {arguments.perf_command!r} counts elsewhere",
            "Add -a to count all of that machine for as long as the command runs here.",
        )


def _record(
    arguments: argparse.Namespace, source: PerfStat, command: HeldCommand | None, news: _News
) -> int:
    source.version = _version(source)
    recorder = Recorder(
        arguments.output,
        Header.of(source),
        overwrite=arguments.overwrite,
        on_error=lambda _: news.put("failed"),
    )
    # memory activity of this machine says nothing of another
    sources: dict[str, Source] = {_PERF: source}
    if is_local(source.command):
        sources[_VMSTAT] = VmStat(interval=source.interval)
    listener = _Listener(recorder, news)
    collector = Collector(sources, listener)
    began = time.monotonic()
    try:
        collector.start()
        if command is not None:
            command.let_go(lambda: listener.has_news or counts(source.process_id))
        news.get()
    finally:
        collector.stop()
        recorder.close()
    return _outcome(recorder, listener, command, time.monotonic() - began)


def _version(source: PerfStat) -> str | None:
    """perf's version, which the first line of the recording tells; the source asks no more then."""
    argv = perf_argv(source.command, ["--version"])
    try:
        said = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_ANSWER, check=True
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return None  # the source itself will say what is wrong
    words = said.split()
    return words[2] if words[:2] == ["perf", "version"] and len(words) > 2 else None


def _outcome(
    recorder: Recorder, listener: _Listener, command: HeldCommand | None, seconds: float
) -> int:
    """Say what was written; return the exit status."""
    error = recorder.error or listener.error
    if not recorder.samples and recorder.error is None:
        with contextlib.suppress(OSError):
            os.unlink(recorder.path)  # it holds nothing, and would only be in the way
        raise error or RecordingError(
            f"Nothing was recorded in {seconds:.1f} s: no interval came to its end",
            "Record longer, or with a shorter interval (-I).",
        )
    plural = "" if recorder.samples == 1 else "s"
    _say(
        f"{recorder.samples:,} sample{plural} of counters and {recorder.memory:,} of /proc/vmstat "
        f"in {seconds:.1f} s, {recorder.size:,} bytes in {recorder.path}"
    )
    if recorder.skipped:
        _say(f"{recorder.skipped:,} could not be written in time; gaps are noted in their place")
    if error is not None:
        _say(str(error))
        return 1
    return command.end() if command is not None else 0


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        sys.stderr.write(f"perfwidgets: {text}\n")
        sys.stderr.flush()


#: why recording ends: a signal, the end of the command or of what is counted, a failure
_News = queue.SimpleQueue[str]


class _Listener:
    """Writes down what the collector delivers."""

    def __init__(self, recorder: Recorder, news: _News) -> None:
        self.error: SourceError | None = None
        self._recorder = recorder
        self._news = news
        self._any_sample = False
        self._over = threading.Event()

    @property
    def has_news(self) -> bool:
        """Whether the counters have begun to come, or will not."""
        return self._any_sample or self._over.is_set()

    def source_changed(self, name: str, state: State, error: SourceError | None) -> None:
        self._recorder.write_state(name, state, error)
        if error is not None:
            _say(f"{name}: {error}")
        if name == _PERF and state == "failed":
            self._end(error)
        elif name == _PERF and state == "stopped":
            self._end(None)

    def sample_arrived(self, name: str, source: Source, sample: Sample) -> None:
        if name != _PERF:
            self._recorder.write_memory(sample)
            return
        if not self._any_sample and not self._begins(source, sample):
            return
        self._recorder.write_sample(sample)

    def tick(self) -> None:
        """There is nobody to show it to."""

    def _begins(self, source: Source, sample: Sample) -> bool:
        """Tell what cannot be counted, with the first sample; whether anything can."""
        if self._over.is_set():
            return False
        refused: dict[str, str] = getattr(source, "refused", {})
        for event, words in refused.items():
            _say(f"perf refuses {event!r}: {words}")
        others = [event for event in sample.unsupported if event not in refused]
        if others:
            _say(f"not supported here: {', '.join(others)}")
        if all(reading.status is Status.NOT_SUPPORTED for reading in sample):
            self._end(
                NothingCountableError(
                    "None of these events can be counted here",
                    "`perfwidgets check` tells which can, and why not the others.",
                )
            )
            return False
        self._any_sample = True
        return True

    def _end(self, error: SourceError | None) -> None:
        self.error = self.error or error
        self._over.set()
        self._news.put("ended")


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[_News]:
    """Hear of what ends recording; a signal that is ignored, as by nohup, stays so."""
    news: _News = queue.SimpleQueue()

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
