"""Count events for one interval, and see how each fared."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from perfwidgets.availability.causes import INSTALL
from perfwidgets.availability.explain import cause_of, diagnose, explain_spawn_error
from perfwidgets.availability.failure import Cause, Failure
from perfwidgets.availability.hints import is_hardware
from perfwidgets.availability.host import UNKNOWN_HOST, Host
from perfwidgets.availability.refused import refused_event
from perfwidgets.availability.running import Output, run
from perfwidgets.errors import PerfFailedError, SourceError
from perfwidgets.events import takes_counter
from perfwidgets.perf_command import perf_argv
from perfwidgets.perf_rows import Row, RowParser
from perfwidgets.samples import Status

__all__ = ["Outcome", "Perf", "Refusal", "Trial", "trial_interval", "try_all", "user_mode_added"]

#: a trial is no shorter (s) …
_LEAST_TRIAL = 0.1
#: … and lasts as long (s) for each hardware event: where they share counters, the kernel of most
#: machines moves on by one event every 4 ms, and each is to have several turns
_PER_EVENT = 4 * 0.004
_SEPARATOR = "@@"
_HYBRID = re.compile(r"^\w+/([^/,=]+?)(:\w+)?/(\w*)$")

Refusal = tuple[Cause, SourceError]


@dataclass(frozen=True)
class Trial:
    """One run of perf: rows, or why there are none and the event at fault if that is known."""

    rows: tuple[Row, ...] = ()
    refusal: Refusal | None = None
    culprit: str | None = None
    #: whether other events would fare no better
    fatal: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one event got: rows (one for each core PMU of a hybrid CPU), or a refusal."""

    rows: tuple[Row, ...] = ()
    refusal: Refusal | None = None
    #: counted for processes of this user, after system-wide counting was refused
    own: tuple[Row, ...] = ()
    #: counted only when asked for with fewer others; holds how it fared with all
    crowded: Status | None = None

    @property
    def statuses(self) -> frozenset[Status]:
        """How it fared, on each core PMU."""
        return frozenset(row.status for row in self.rows)

    @property
    def counted(self) -> bool:
        """Whether there is a count."""
        return Status.COUNTED in self.statuses


@dataclass
class Perf:
    """A command that runs perf, and until when it may take to answer."""

    command: tuple[str, ...]
    host: Host
    deadline: float
    timeout: float
    #: what was odd about runs that did count
    oddity: SourceError | None = None

    @property
    def local(self) -> bool:
        """Whether it runs on this very machine."""
        return self.host is not UNKNOWN_HOST

    def count(self, events: Sequence[str], *, system_wide: bool = True) -> Trial:
        """Count `events` for one interval."""
        return self.count_with(_arguments(events, system_wide=system_wide), events)

    def count_with(self, arguments: Sequence[str], events: Sequence[str]) -> Trial:
        """Count `events` for one interval, called with these arguments of ``perf stat -I``."""
        argv = perf_argv(self.command, arguments)

        def complete(text: str) -> bool:
            rows = _rows(text)
            return len(rows) >= len(events) or (bool(rows) and rows[-1].time != rows[0].time)

        try:
            output = run(argv, self.deadline, complete)
        except OSError as error:
            return Trial(refusal=_not_started(error, self.command), fatal=True)
        return self._judge(output, argv, events)

    def version(self) -> str | None:
        """Return what ``perf --version`` tells."""
        try:
            output = run(perf_argv(self.command, ["--version"]), self.deadline, lambda _: True)
        except OSError:
            return None
        found = re.search(r"^perf version (\S+)", output.stdout, re.MULTILINE)
        return found[1] if found else None

    def _judge(self, output: Output, argv: Sequence[str], events: Sequence[str]) -> Trial:
        if output.timed_out:
            return Trial(refusal=(Cause.PERF_FAILED, self._no_answer()), fatal=True)
        rows = _first_interval(_rows(output.stdout))
        if output.returncode == 0 and not rows:
            return Trial(refusal=(Cause.NO_PERF, self._silence()), fatal=True)
        found = diagnose(
            Failure(
                output.returncode, output.stderr, tuple(argv), tuple(events), self.local, self.host
            )
        )
        if output.returncode == 0:
            if float(rows[0].time or 0) < _LEAST_TRIAL / 2:  # its `cat` ended by itself
                self.oddity = found[1]
            return Trial(rows)
        if found[0] is Cause.NOT_SUPPORTED and "No supported events found" in output.stderr:
            return Trial()
        return Trial(refusal=found, culprit=refused_event(output.stderr, events))

    def _no_answer(self) -> SourceError:
        shown = " ".join(self.command)
        return PerfFailedError(
            f"`{shown}` did not answer within {self.timeout:g} s",
            f"Check that `{shown} --version` works in a terminal without asking for anything",
        )

    def _silence(self) -> SourceError:
        return PerfFailedError(
            f"`{' '.join(self.command)}` printed no counts: is it perf?", INSTALL
        )


def trial_interval(events: Iterable[str]) -> float:
    """How long to count so that shares of counters are told, in seconds.

    Parameters
    ----------
    events
        All that will be counted together.
    """
    hardware = sum(map(takes_counter, events))
    return max(_LEAST_TRIAL, round(_PER_EVENT * hardware, 3))


def _arguments(events: Sequence[str], *, system_wide: bool) -> list[str]:
    interval = str(round(1000 * trial_interval(events)))
    words = ["stat", "-I", interval, "-x", _SEPARATOR, "--no-big-num", "--log-fd", "1"]
    words += ["-a"] if system_wide else []
    for event in events:
        words += ["-e", event]
    return [*words, "--", "cat"]


def _not_started(error: OSError, command: Sequence[str]) -> Refusal:
    explained = explain_spawn_error(error, command)
    full = error.errno in {errno.EMFILE, errno.ENFILE}
    return Cause.TOO_MANY_FILES if full else cause_of(explained), explained


def _rows(text: str) -> list[Row]:
    parser = RowParser(_SEPARATOR)
    whole = text[: text.rfind("\n") + 1]
    return [row for line in whole.splitlines() if isinstance(row := parser.parse(line), Row)]


def _first_interval(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.time == rows[0].time)


def try_all(perf: Perf, names: Sequence[str]) -> dict[str, Outcome]:
    """Try all events; the outcomes may hold `cycles` beside those asked for."""
    asked = list(names)
    if perf.host.pmu is None and any(map(is_hardware, names)) and "cycles" not in names:
        asked.append("cycles")  # tells a missing PMU from a missing event
    outcomes = _probe(perf, asked)
    outcomes |= _try_again(perf, outcomes)
    refused = [n for n, o in outcomes.items() if o.refusal and o.refusal[0] is Cause.NOT_PERMITTED]
    if refused and not any(o.rows for o in outcomes.values()):
        own = _probe(perf, refused, system_wide=False)
        outcomes |= {name: replace(outcomes[name], own=own[name].rows) for name in refused}
    return outcomes


def _probe(perf: Perf, names: Sequence[str], *, system_wide: bool = True) -> dict[str, Outcome]:
    """Count `names` together; where one of them spoils it, without that one, or by halves."""
    trial = perf.count(names, system_wide=system_wide)
    if trial.refusal is None:
        return {name: Outcome(_rows_of(name, trial.rows)) for name in names}
    refused = Outcome(refusal=trial.refusal)
    if trial.fatal or len(names) == 1:
        return dict.fromkeys(names, refused)
    if trial.culprit in names:
        rest = [name for name in names if name != trial.culprit]
        return {str(trial.culprit): refused} | _probe(perf, rest, system_wide=system_wide)
    if not _worth_halving(trial.refusal[0], perf):
        return dict.fromkeys(names, refused)
    if trial.refusal[0] is Cause.TOO_MANY_FILES:
        perf.oddity = trial.refusal[1]
    middle = len(names) // 2
    first = _probe(perf, names[:middle], system_wide=system_wide)
    return first | _probe(perf, names[middle:], system_wide=system_wide)


def _worth_halving(cause: Cause, perf: Perf) -> bool:
    """Whether fewer events may do better; of another machine each try costs a connection."""
    if cause in {Cause.UNKNOWN_NAME, Cause.TOO_MANY_FILES}:
        return True
    return cause is Cause.PERF_FAILED and perf.local


def _try_again(perf: Perf, outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Ask again, without the others, for those that may only have lacked room."""
    better: dict[str, Outcome] = {}
    doubtful = [name for name, outcome in outcomes.items() if _is_doubtful(name, outcome, perf)]
    while doubtful and len(doubtful) < len(outcomes):
        again = _probe(perf, doubtful)
        counted = [name for name in doubtful if again[name].counted]
        if not counted:
            break
        for name in counted:
            crowded = next(iter(outcomes[name].statuses), Status.NOT_COUNTED)
            better[name] = replace(again[name], crowded=crowded)
        doubtful = [name for name in doubtful if name not in counted]
    return better


def _is_doubtful(name: str, outcome: Outcome, perf: Perf) -> bool:
    if outcome.counted or outcome.refusal:
        return False
    no_pmu_there = is_hardware(name) and perf.host.pmu == ()
    return not no_pmu_there


def _rows_of(name: str, rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if _printed_for(row.event, name))


def _printed_for(printed: str, name: str) -> bool:
    """Whether perf prints `printed` where `name` was asked for: with ``:u``, a PMU, or as it is."""
    if printed == name or printed in {f"{name}:u", f"{name}u"}:
        return True
    if "/" in name or not (found := _HYBRID.match(printed)):
        return False
    modifiers = (found[2] or "").lstrip(":") or found[3]
    bare, _, asked = name.partition(":")
    return bare == found[1] and modifiers in {asked, f"{asked}u"}


def user_mode_added(printed: str, name: str) -> bool:
    """Whether perf printed an event with ``:u`` that was asked for without."""
    return printed != name and re.search(r"[:/]\w*u\w*/?$", printed) is not None
