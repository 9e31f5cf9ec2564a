"""``perfwidgets record``: counts without a notebook, into a file."""

from __future__ import annotations

import argparse
import contextlib
import os
import threading
import time
from typing import Final

from perfwidgets.collector import Collector, State
from perfwidgets.counting_options import (
    News,
    add_counting_options,
    ended_by_signals,
    perf_version,
    say,
)
from perfwidgets.errors import (
    ArgumentError,
    NothingCountableError,
    RecordingError,
    SourceError,
)
from perfwidgets.events import DEFAULT_EVENTS
from perfwidgets.perf_command import is_local, split_command
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
    add_counting_options(parser)
    add("argv", nargs=argparse.REMAINDER, metavar="COMMAND", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Record until the end; return the exit status."""
    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    # as perf has it: a command is counted alone, unless -a or -C asks for more
    own = bool(argv) and not arguments.all_cpus and arguments.cores is None
    _check(arguments, own=own)
    source = _source(arguments, own=own)
    with ended_by_signals() as news:
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
    arguments: argparse.Namespace, source: PerfStat, command: HeldCommand | None, news: News
) -> int:
    source.version = perf_version(source)  # which the first line of the recording tells
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
    say(
        f"{recorder.samples:,} sample{plural} of counters and {recorder.memory:,} of /proc/vmstat "
        f"in {seconds:.1f} s, {recorder.size:,} bytes in {recorder.path}"
    )
    if recorder.skipped:
        say(f"{recorder.skipped:,} could not be written in time; gaps are noted in their place")
    if error is not None:
        say(str(error))
        return 1
    return command.end() if command is not None else 0


class _Listener:
    """Writes down what the collector delivers."""

    unwatched = False  # what is written down is safe

    def __init__(self, recorder: Recorder, news: News) -> None:
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
            say(f"{name}: {error}")
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
            say(f"perf refuses {event!r}: {words}")
        others = [event for event in sample.unsupported if event not in refused]
        if others:
            say(f"not supported here: {', '.join(others)}")
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
