"""Sets of events under a name: the families that come with perfwidgets, and a person's own.

One's own stand in ``perfwidgets/event-sets.json`` below ``$XDG_CONFIG_HOME`` (``~/.config``), a
JSON object of names and lists, made to be read and changed by hand.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from perfwidgets.errors import ArgumentError, EventNameError, PerfwidgetsError
from perfwidgets.events import DEFAULT_EVENTS, FAMILIES, check_events, lookup

__all__ = ["BUILT_IN_SETS", "delete_event_set", "event_sets", "save_event_set"]

_LONGEST_NAME, _MOST_SETS, _MOST_EVENTS = 40, 200, 200
_MOST_BYTES = 4_000_000
_REPAIR: Final = "Mend it by hand, or move it away; it is left as it is."

#: sets that are always there: what is counted by default, and each family of it
BUILT_IN_SETS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"default": DEFAULT_EVENTS}
    | {
        family: tuple(event for event in DEFAULT_EVENTS if lookup(event).family == family)
        for family in FAMILIES
        if family != "other"
    }
)


def event_sets() -> dict[str, tuple[str, ...]]:
    """Return all sets of events by name: those that come with perfwidgets, then one's own.

    ::

        PerfStat(perfwidgets.event_sets()["tlb"])

    Raises
    ------
    PerfwidgetsError
        If the file of one's own cannot be read.
    """
    return {**BUILT_IN_SETS, **_read(_file())}


def save_event_set(name: str, events: Iterable[str] | str, *, overwrite: bool = False) -> None:
    """Keep a set of events under a name, also for kernels to come.

    Parameters
    ----------
    name
        Up to 40 characters; no event's name, and none of a set that comes with perfwidgets.
    events
        As for `PerfStat`.
    overwrite
        Whether it may take the place of one's own set of this name.

    Raises
    ------
    ArgumentError
        If the name or an event cannot be used, or there is such a set.
    PerfwidgetsError
        If the file cannot be read or written; it is left as it was.
    """
    _check_name(name)
    names = check_events(events)
    if len(names) > _MOST_EVENTS:
        raise ArgumentError(
            f"The set {name!r} has {len(names):,} events", f"{_MOST_EVENTS} are allowed."
        )
    with _changing() as sets:
        if not overwrite and sets.get(name, names) != names:
            raise ArgumentError(
                f"There is a set {name!r} of other events",
                "Give overwrite=True, delete it first, or choose another name.",
            )
        if len(sets) >= _MOST_SETS and name not in sets:
            raise ArgumentError(f"There are {_MOST_SETS} sets already", "Delete one first.")
        sets[name] = names


def delete_event_set(name: str) -> None:
    """Forget a set of one's own.

    Parameters
    ----------
    name
        As it was saved.

    Raises
    ------
    ArgumentError
        If there is none of this name.
    PerfwidgetsError
        If the file cannot be read or written; it is left as it was.
    """
    with _changing() as sets:
        if name not in sets:
            own = ", ".join(map(repr, sets)) or "none"
            always = " It comes with perfwidgets and stays." if name in BUILT_IN_SETS else ""
            raise ArgumentError(
                f"There is no set of one's own called {name!r}", f"There are: {own}.{always}"
            )
        del sets[name]


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or name != name.strip():
        raise ArgumentError(f"{name!r} is no name of a set", 'Give one such as "my tlb".')
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise ArgumentError(
            f"The set's name {name[:_LONGEST_NAME]!r} is too long or holds control characters",
            f"Up to {_LONGEST_NAME} characters are allowed.",
        )
    if name in BUILT_IN_SETS:
        raise ArgumentError(f"The set {name!r} comes with perfwidgets", "Give yours another name.")
    if lookup(name).family != "other":
        raise ArgumentError(f"{name!r} is what perf calls an event", "Give the set another name.")
    return name


def _file() -> Path:
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    # a relative one is to be ignored: XDG Base Directory Specification
    base = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return base / "perfwidgets" / "event-sets.json"


def _read(path: Path) -> dict[str, tuple[str, ...]]:
    """The sets in a file; none where there is no file."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PerfwidgetsError(
            f"The sets of events in {str(path)!r} cannot be read ({error.strerror})",
            "Make the file readable.",
        ) from error
    if len(text) > _MOST_BYTES:
        raise PerfwidgetsError(f"{str(path)!r} is larger than any sets of events", _REPAIR)
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PerfwidgetsError(f"{str(path)!r} is no JSON ({error})", _REPAIR) from error
    if not isinstance(found, dict):
        raise PerfwidgetsError(
            f"{str(path)!r} holds no object of names and lists of events", _REPAIR
        )
    return {name: _checked(path, name, events) for name, events in found.items()}


def _checked(path: Path, name: str, events: object) -> tuple[str, ...]:
    try:
        _check_name(name)
        if not isinstance(events, list):
            raise EventNameError(f"{events!r:.80} is not a list of events")
        return check_events(events)
    except ArgumentError as error:
        raise PerfwidgetsError(
            f"In {str(path)!r} the set {name!r:.60} cannot be used: {error.reason}", _REPAIR
        ) from error


@contextlib.contextmanager
def _changing() -> Iterator[dict[str, tuple[str, ...]]]:
    """The sets of the file, written back at the end; no other kernel changes them meanwhile."""
    path = _file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        sets = _read(path)
        yield sets
        try:
            _write(path, sets)
        except OSError as error:
            raise _not_written(path, error) from error
    finally:
        os.close(folder)


def _write(path: Path, sets: Mapping[str, tuple[str, ...]]) -> None:
    """Write all of it beside the file, then put it in its place."""
    text = json.dumps({name: list(events) for name, events in sets.items()}, indent=2)
    target = path.resolve()  # a link into a folder of settings stays one
    descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _not_written(path: Path, error: OSError) -> PerfwidgetsError:
    return PerfwidgetsError(
        f"The sets of events cannot be written to {str(path)!r} ({error.strerror})",
        "Make the folder writable, or set XDG_CONFIG_HOME to one that is.",
    )
