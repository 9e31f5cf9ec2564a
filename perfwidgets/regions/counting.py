"""One perf over one region: started, enabled, disabled, read."""

from __future__ import annotations

import os
import shlex
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from perfwidgets.availability import explain_failure, explain_spawn_error
from perfwidgets.availability.refused import refusal_words, refused_event
from perfwidgets.errors import PerfFailedError, SourceError
from perfwidgets.perf_command import perf_argv
from perfwidgets.perf_csv import read_perf_csv
from perfwidgets.perf_intervals import unanswered
from perfwidgets.regions.program import ACKNOWLEDGE, CONTROL, LOG, Output, Program
from perfwidgets.samples import Reading, Sample, Status

__all__ = ["Counter", "Plan", "Threads"]

Threads = Literal["all", "this"]

_SEPARATOR: Final = "@@"
#: perf's status for an argument that it cannot read, an event's name for one
_USAGE: Final = 129
#: perf fails when a thread ends while it is being opened; so often another perf is started
_TRIES: Final = 8
_THREAD_ENDED: Final = "syscall returned with 3 (No such process)"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be counted, and how perf is called; regions of one plan cost the same.

    Attributes
    ----------
    command
        The words that call perf.
    events
        Names, as asked for.
    threads
        All threads of this process and what they start, or the calling one alone.
    """

    command: tuple[str, ...]
    events: tuple[str, ...]
    threads: Threads

    def arguments(self, events: Sequence[str]) -> list[str]:
        """Return perf's arguments for counting `events` in this process, as yet disabled."""
        words = ["stat", "-D", "-1", "--control", f"fd:{CONTROL},{ACKNOWLEDGE}"]
        words += ["-x", _SEPARATOR, "--no-big-num", "--log-fd", str(LOG)]
        if self.threads == "this":
            words += ["-t", str(threading.get_native_id()), "--no-inherit"]
        else:
            words += ["-p", str(os.getpid())]
        for event in events:
            words += ["-e", event]
        return words

    @property
    def refused(self) -> Mapping[str, str]:
        """Events whose name perf has refused so far, with its words."""
        return _refused.get((self.command, self.events), {})

    @property
    def accepted(self) -> list[str]:
        """The other events."""
        return [event for event in self.events if event not in self.refused]


#: command and events -> the names among them that perf refuses; found once
_refused: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, str]] = {}


class Counter:
    """A perf that is attached to this process, and counts from `enable` to `disable`.

    Parameters
    ----------
    plan
        What is to be counted.

    Raises
    ------
    SourceError
        If perf cannot be started; so does `enable` if it cannot count.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._argv: list[str] = []
        self._program = self._start()

    @property
    def is_foreign(self) -> bool:
        """Whether it counts the process that this one was forked from."""
        return self._program.is_foreign

    def enable(self) -> None:
        """Begin to count; return when perf says that it does."""
        for attempt in range(_TRIES):
            try:
                self._program.ask(b"enable")
            except TimeoutError:
                output = self._program.finish()
                raise self._unanswered(output) from None
            except EOFError:
                output = self._program.finish(interrupt=False)
            else:
                return
            said = output.complaints.decode(errors="replace")
            if output.status == _USAGE and "event syntax error" in said:
                self._leave_out_refused(said)
            elif _THREAD_ENDED not in said or attempt == _TRIES - 1:
                break
            self._program = self._start()
        raise self._explained(output)

    def disable(self) -> None:
        """Count no more; return when perf says so."""
        try:
            self._program.ask(b"disable")
        except TimeoutError:
            raise self._unanswered(self._program.finish()) from None
        except EOFError:
            raise self._explained(self._program.finish(interrupt=False)) from None

    def read(self, seconds: float) -> Sample:
        """End perf, and return what it counted.

        Parameters
        ----------
        seconds
            How long the region took, for rates.
        """
        output = self._program.finish()
        rows = output.log.decode(errors="replace").splitlines()
        found = next(read_perf_csv(rows, separator=_SEPARATOR), None) if rows else None
        if found is None:
            raise self._explained(output)
        accepted = self._plan.accepted
        printed = _last_print(found.readings, len(accepted))
        asked = {event: accepted.count(event) for event in accepted}
        readings = [_with_rate(reading, seconds) for reading in printed]
        readings += unanswered(asked, readings)
        readings += [
            Reading(event, None, None, None, Status.NOT_SUPPORTED, 0.0)
            for event in self._plan.refused
        ]
        return Sample(seconds, time.time(), seconds, tuple(readings))

    def close(self) -> None:
        """End perf, if that was not done."""
        self._program.close()

    def _start(self) -> Program:
        self._argv = perf_argv(self._plan.command, self._plan.arguments(self._plan.accepted))
        try:
            return Program(self._argv)
        except OSError as error:
            raise explain_spawn_error(error, self._plan.command) from error

    def _leave_out_refused(self, complaints: str) -> None:
        """One name that perf refuses fails all of them: count the others."""
        accepted = self._plan.accepted
        event = refused_event(complaints, accepted)
        refused = {event: refusal_words(complaints)} if event in accepted else self._probed()
        known = {**self._plan.refused, **refused}
        if not refused:
            raise self._failure(_USAGE, complaints)
        if set(known) >= set(self._plan.events):
            raise PerfFailedError(
                f"perf knows none of the events {', '.join(self._plan.events)}",
                "Choose names that `perf list` prints",
            )
        _refused[self._plan.command, self._plan.events] = known

    def _probed(self) -> dict[str, str]:
        """Ask for each event alone, where perf's words do not tell which one it refuses."""
        refused: dict[str, str] = {}
        for event in self._plan.accepted:
            words = ["stat", "-x", _SEPARATOR, "--log-fd", str(LOG), "-e", event, "--", "true"]
            output = Program(perf_argv(self._plan.command, words)).finish(interrupt=False)
            if output.status == _USAGE:
                refused[event] = refusal_words(output.complaints.decode(errors="replace"))
        return refused

    def _unanswered(self, output: Output) -> SourceError:
        said = output.complaints.decode(errors="replace").strip()
        return PerfFailedError(
            f"{shlex.join(self._plan.command)} did not answer within 10 s"
            + (f" ({said.splitlines()[-1]})" if said else ""),
            "It must be perf of this machine, version 5.10 or newer, and be passed the "
            "descriptors 3 to 5",
        )

    def _explained(self, output: Output) -> SourceError:
        return self._failure(output.status, output.complaints.decode(errors="replace"))

    def _failure(self, status: int | None, complaints: str) -> SourceError:
        return explain_failure(
            status, complaints, command=self._argv, events=self._plan.events, local=True
        )


def _with_rate(reading: Reading, seconds: float) -> Reading:
    if reading.count is None or seconds <= 0:
        return reading
    return replace(reading, rate=reading.count / seconds)


def _last_print(readings: Sequence[Reading], asked: int) -> Sequence[Reading]:
    """What perf printed at its end: perf 5.10 prints all rows at enabling and disabling as well."""
    third, rest = divmod(len(readings), 3)
    names = [reading.event for reading in readings]
    if rest or third < asked or not names[:third] == names[third : 2 * third] == names[2 * third :]:
        return readings
    return readings[2 * third :]
