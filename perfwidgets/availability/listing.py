"""What `perf list` tells: every event that perf knows where a command runs it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from perfwidgets.availability.explain import explain_failure, explain_spawn_error
from perfwidgets.availability.running import run
from perfwidgets.errors import EventNameError, PerfFailedError, SourceError
from perfwidgets.events import check_event_name
from perfwidgets.perf_command import is_local, perf_argv, split_command

__all__ = ["Listed", "Listing", "list_events", "read_listing"]

#: no machine has more; what a command that is not perf may print is bounded too
_MOST_EVENTS: Final = 20_000
_MOST_OUTPUT: Final = 16_000_000
_MOST_WORDS: Final = 200
_TIMEOUT: Final = 20.0

_ENTRY = re.compile(r" {1,4}\S.*")
_KIND = re.compile(r"[^][]+ event\]")
_TOPIC = re.compile(r"(?P<topic>[A-Za-z][\w -]*):\s*(?:\[.*)?")
_DESCRIPTION = re.compile(r"\s{3,}\[(?P<words>.*)")
_METRICS = re.compile(r"Metric( Group)?s:?\b|List of metrics")
#: forms and not names: ``rNNN``, ``cpu/t1=v1[,t2=v2,t3 ...]/modifier``, ``mem:<addr>[/len]``
_FORM = re.compile(r"rNNN|.*[<\[].*|.*=v1.*")


@dataclass(frozen=True, slots=True)
class Listed:
    """One event of `perf list`.

    Attributes
    ----------
    name
        By which it is asked for.
    aliases
        Other names of it.
    kind
        perf's own word for it (``Tracepoint event``), or the topic under which it stands.
    description
        perf's own, cut short; empty where it has none.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """All of `perf list`, or why there is none.

    Attributes
    ----------
    events
        In perf's order.
    error
        Why there are none.
    left_out
        How many more there were than are held.
    """

    events: tuple[Listed, ...] = ()
    error: SourceError | None = None
    left_out: int = 0


class _TooMuchError(Exception):
    """More was printed than any list is long."""


def list_events(command: str | Sequence[str] = "perf", *, timeout: float = _TIMEOUT) -> Listing:
    """Ask perf which events it knows; takes up to some seconds.

    Parameters
    ----------
    command
        How perf is called, as for `PerfStat`.
    timeout
        Seconds after which a command that does not answer is given up.

    Raises
    ------
    ArgumentError
        If the command is none. That it cannot run is told by the listing's `error`.
    """
    words = tuple(split_command(command))
    argv = perf_argv(words, ["list"])

    def too_much(text: str) -> bool:
        if len(text) > _MOST_OUTPUT:
            raise _TooMuchError
        return False

    try:
        output = run(argv, time.monotonic() + timeout, too_much)
    except OSError as error:
        return Listing(error=explain_spawn_error(error, words))
    except _TooMuchError:
        return Listing(error=_no_list(argv, f"printed more than {_MOST_OUTPUT:,} characters"))
    if output.timed_out:
        return Listing(error=_no_list(argv, f"did not answer within {timeout:g} s"))
    if output.returncode:
        explained = explain_failure(
            output.returncode, output.stderr, command=argv, events=(), local=is_local(words)
        )
        return Listing(error=explained)
    found = list(read_listing(output.stdout.splitlines()))
    if not found:
        return Listing(error=_no_list(argv, "printed no events"))
    return Listing(tuple(found[:_MOST_EVENTS]), left_out=max(0, len(found) - _MOST_EVENTS))


def read_listing(lines: Iterable[str]) -> Iterator[Listed]:
    """Read what `perf list` prints; what is no event's name is passed over.

    Parameters
    ----------
    lines
        Of its output.

    Yields
    ------
    Listed
        Each name once.
    """
    seen: set[str] = set()
    topic = ""
    pending: Listed | None = None
    words: list[str] = []

    def complete(entry: Listed) -> Listed:
        said = " ".join(" ".join(words).split()).strip("[] ")
        return Listed(entry.name, entry.aliases, entry.kind, _cut(said))

    for line in lines:
        if _METRICS.match(line):
            break  # they are no events: perf takes them with -M alone
        if pending is not None and (words or _DESCRIPTION.match(line)) and line.startswith("   "):
            words.append(line)
            continue
        if found := _TOPIC.fullmatch(line):
            topic = found["topic"]
        entry = _entry(line, topic)
        if entry is None or entry.name in seen:
            continue
        if pending is not None:
            yield complete(pending)
        seen.add(entry.name)
        pending, words = entry, []
    if pending is not None:
        yield complete(pending)


def _entry(line: str, topic: str) -> Listed | None:
    if not _ENTRY.fullmatch(line):
        return None
    said, _, kind = line.strip().rpartition(" [")
    if not said or not _KIND.fullmatch(kind):
        said, kind = line, ""
    names = [name.strip() for name in said.split(" OR ")]
    names = [name for name in names if _is_name(name)]
    if not names:
        return None
    return Listed(names[0], tuple(names[1:]), kind.removesuffix("]") or topic)


def _is_name(name: str) -> bool:
    if _FORM.fullmatch(name):
        return False
    try:
        check_event_name(name)
    except EventNameError:
        return False
    return True


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_WORDS else f"{text[: _MOST_WORDS - 2]} …"


def _no_list(argv: Sequence[str], what: str) -> PerfFailedError:
    return PerfFailedError(
        f"`{' '.join(argv)}` {what}", "Type an event's name in full, or try it in a terminal"
    )
