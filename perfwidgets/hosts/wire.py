"""What a worker tells of its host, in few bytes: samples and states as msgpack.

Both ends have the same version of perfwidgets and know the events asked for, so that these are
named only where others were printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from perfwidgets import errors
from perfwidgets.errors import SourceError
from perfwidgets.samples import ColumnParts, PartColumns, Reading, Sample, Status

__all__ = ["error_of", "pack_error", "pack_sample", "unpack_sample"]

_LETTERS: Final = {Status.NOT_COUNTED: "n", Status.NOT_SUPPORTED: "s", Status.MISSING: "m"}
_STATUSES: Final = {letter: status for status, letter in _LETTERS.items()}
#: what msgpack has room for
_MOST: Final = 2**64
_LEAST: Final = -(2**63)

#: a number alone (counted all the time, no unit), or a list: count, share, unit, parts
_Cell = Any


def pack_sample(sample: Sample, events: Sequence[str]) -> list[Any]:
    """A sample as plain values; `events` are those asked for."""
    readings = sample.readings
    names = tuple([reading.event for reading in readings])
    is_rated = any(reading.rate is not None for reading in readings)
    labels: list[tuple[str, ...]] = []
    cells = [_cell(reading, None, labels) for reading in readings]
    known = None if names == tuple(events) else list(names)
    return [sample.time, sample.timestamp, sample.duration, is_rated, known, labels, cells]


def unpack_sample(
    packed: Sequence[Any],
    events: Sequence[str],
    cores: str | None,
    interval: float | None,
    ahead: float = 0.0,
) -> Sample:
    """The sample again, by our clock; `ahead` is what the host's is ahead of it, in seconds.

    Raises
    ------
    ValueError, TypeError, LookupError
        If these are not the values of one.
    """
    time, timestamp, duration, is_rated, names, labels, cells = packed
    seconds = duration if is_rated and duration else None
    timestamp = None if timestamp is None else timestamp - ahead
    known = events if names is None else names
    every = [tuple(each) for each in labels]
    readings = tuple(
        [_reading(e, c, None, seconds, every) for e, c in zip(known, cells, strict=True)]
    )
    return Sample(time, timestamp, duration, readings, cores, interval)


def _count(reading: Reading) -> int | float | str:
    count = reading.count
    if count is None:
        return _LETTERS.get(reading.status, "n")
    if isinstance(count, int) and not _LEAST <= count < _MOST:
        return str(count)
    return count


def _cell(reading: Reading, unit: str | None, labels: list[tuple[str, ...]]) -> _Cell:
    """A reading; `unit` is that of what it is a part of."""
    count = _count(reading)
    usual = 1.0 if reading.status is Status.COUNTED else 0.0
    if not reading.parts and reading.running == usual and reading.unit == unit:
        return count
    own = reading.unit
    if isinstance(reading.parts, ColumnParts):
        parts: Any = _columns(reading.parts, labels)
    else:
        parts = {label: _cell(part, own, labels) for label, part in reading.parts.items()}
    return [count, reading.running, own, parts]


def _columns(parts: ColumnParts, labels: list[tuple[str, ...]]) -> list[Any]:
    """Parts in columns, whose labels are named once for all events."""
    own = tuple(parts)
    if own not in labels:
        labels.append(own)
    columns = (parts.counts, parts.decimal, parts.shares)
    return [labels.index(own), *(column.tobytes() for column in columns)]


def _reading(
    event: str,
    cell: _Cell,
    unit: str | None,
    seconds: float | None,
    labels: list[tuple[str, ...]],
) -> Reading:
    if not isinstance(cell, list):
        return _plain(event, cell, None, unit, seconds)
    count, share, own, parts = cell
    inner: Mapping[str, Reading] = MappingProxyType({})
    if isinstance(parts, list):
        inner = _column_parts(event, own, parts, seconds, labels)
    elif parts:
        inner = MappingProxyType(
            {label: _reading(event, each, own, seconds, labels) for label, each in parts.items()}
        )
    whole = _plain(event, count, share, own, seconds)
    return Reading(event, whole.count, whole.rate, own, whole.status, whole.running, inner)


def _plain(
    event: str, count: Any, share: float | None, unit: str | None, seconds: float | None
) -> Reading:
    if isinstance(count, str):
        if count in _STATUSES:
            return Reading(event, None, None, unit, _STATUSES[count], share or 0.0)
        count = int(count)
    rate = count / seconds if seconds else None
    running = 1.0 if share is None else share
    return Reading(event, count, rate, unit, Status.COUNTED, running)


def _column_parts(
    event: str,
    unit: str | None,
    parts: Sequence[Any],
    seconds: float | None,
    labels: Sequence[tuple[str, ...]],
) -> ColumnParts:
    import numpy as np  # noqa: PLC0415  (only where many cores are counted apart)

    which, counts, decimal, shares = parts
    columns = PartColumns(
        np.frombuffer(counts, np.float64),
        np.frombuffer(decimal, np.bool_),
        np.frombuffer(shares, np.float64),
        seconds,
    )
    places = {label: place for place, label in enumerate(labels[which])}
    return ColumnParts(columns, event, unit, places, 0)


def pack_error(error: SourceError | None) -> list[Any] | None:
    """An error as plain values."""
    if error is None:
        return None
    return [type(error).__name__, error.reason, error.remedy, error.permanent]


def error_of(packed: Sequence[Any] | None) -> SourceError | None:
    """The error again; one that we do not know is a `SourceError`."""
    if packed is None:
        return None
    name, reason, remedy, permanent = packed
    kind = getattr(errors, str(name), SourceError)
    if not (isinstance(kind, type) and issubclass(kind, SourceError)):
        kind = SourceError
    error: SourceError = kind(str(reason), str(remedy))
    error.permanent = bool(permanent)
    return error
