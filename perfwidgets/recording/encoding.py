"""Samples and the rest -> lines of a recording."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from perfwidgets.samples import ColumnParts, Reading, Sample, Status

__all__ = ["MAX_LINE", "MOST_IDS", "MOST_NODES", "MOST_NODES_HELD", "Encoder", "to_line"]

#: bounds of the format: bytes of a line, layouts in use, readings and parts of one and of all
MAX_LINE: Final = 8 << 20
MOST_IDS: Final = 8
MOST_NODES: Final = 400_000
MOST_NODES_HELD: Final = 1_000_000

#: a reading's event, its unit, and the shapes of its parts; of a part with a label before that.
#: A part like its whole is but the label.
_Shape = tuple[Any, ...]
_Key = tuple[str | None, float | None, _Shape]


class Encoder:
    """Makes lines of samples, each behind the layout that it needs."""

    def __init__(self) -> None:
        self._ids: dict[_Key, int] = {}
        self._sizes: dict[int, int] = {}
        self._next = 0

    def begin_member(self) -> None:
        """Name all layouts again, so that what follows can be read alone."""
        self._ids.clear()
        self._sizes.clear()
        self._next = 0

    def sample(self, kind: str, sample: Sample) -> list[bytes]:
        """The lines of a sample: its own, behind its layout where that is new.

        Raises
        ------
        ValueError
            If one is longer than the format allows; nothing must be written then.
        """
        readings = sample.readings
        key = (sample.cores, sample.interval, tuple([_shape(reading) for reading in readings]))
        lines = []
        number = self._ids.get(key)
        if number is None:
            number, line = self._new_layout(key)
            lines.append(line)
        record: dict[str, Any] = {"kind": kind, "layout": number, "time": sample.time}
        if sample.timestamp is not None:
            record["timestamp"] = sample.timestamp
        if sample.duration is not None:
            record["duration"] = sample.duration
        record |= _rates_of(sample)
        record["counts"] = [_counts(reading) for reading in readings]
        if not _has_plain_shares(readings):
            record["shares"] = [_shares(reading) for reading in readings]
        lines.append(to_line(record))
        if max(map(len, lines)) > MAX_LINE:
            self.begin_member()  # whether the reader knows the layout is uncertain now
            raise ValueError(f"a sample of {len(readings):,} readings makes too long a line")
        return lines

    def _new_layout(self, key: _Key) -> tuple[int, bytes]:
        cores, interval, shapes = key
        size = sum(_size(shape) for shape in shapes)
        number = self._next % MOST_IDS
        self._next += 1
        self._forget(number)
        if size + sum(self._sizes.values()) > MOST_NODES_HELD:
            self._ids.clear()
            self._sizes.clear()
        self._ids[key], self._sizes[number] = number, size
        record: dict[str, Any] = {"kind": "layout", "id": number}
        if cores is not None:
            record["cores"] = cores
        if interval is not None:
            record["interval"] = interval
        record["readings"] = [_described(shape) for shape in shapes]
        return number, to_line(record)

    def _forget(self, number: int) -> None:
        self._sizes.pop(number, None)
        self._ids = {key: other for key, other in self._ids.items() if other != number}


def to_line(record: Mapping[str, Any]) -> bytes:
    """A record as a line of JSON; what JSON lacks becomes a text."""
    try:
        text = _ENCODE(record)
    except ValueError:  # of numbers that are none
        text = _ENCODE(_finite(record))
    # a name may hold half a surrogate, which UTF-8 lacks
    return text.encode("utf-8", "replace") + b"\n"


def _plain(value: object) -> object:
    """What stands for a value that JSON does not know: numpy's scalars as numbers, else text."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


_ENCODE: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
).encode


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return value


def _shape(reading: Reading) -> _Shape:
    parts = reading.parts
    return (reading.event, reading.unit, _part_shapes(reading) if parts else ())


def _part_shapes(whole: Reading) -> _Shape:
    if isinstance(whole.parts, ColumnParts):  # parts in columns are all like their whole
        return tuple(whole.parts)
    return tuple(
        [
            (label, *_shape(part))
            if part.parts or part.event != whole.event or part.unit != whole.unit
            else label
            for label, part in whole.parts.items()
        ]
    )


def _size(shape: Any) -> int:
    if isinstance(shape, str):
        return 1
    parts = shape[-1]
    return 1 + sum(1 if isinstance(part, str) else _size(part) for part in parts)


def _described(shape: _Shape) -> dict[str, Any]:
    """A reading of a layout as JSON has it."""
    event, unit, parts = shape
    described: dict[str, Any] = {"event": event}
    if unit is not None:
        described["unit"] = unit
    if parts:
        described["parts"] = [_part_described(part) for part in parts]
    return described


def _part_described(shape: Any) -> Any:
    if isinstance(shape, str):
        return shape
    label, *rest = shape
    return {"label": label, **_described(tuple(rest)), "unit": rest[1]}


def _count(reading: Reading) -> int | float | str | None:
    if reading.status is Status.COUNTED:
        return reading.count
    return str(reading.status.value)


def _counts(reading: Reading) -> Any:
    parts = reading.parts
    if not parts:
        return _count(reading)
    if isinstance(parts, ColumnParts) and not (parts.shares < 0).any():
        numbers = parts.counts.tolist()
        decimal = parts.decimal.tolist()
        if not any(decimal):
            return [_count(reading), list(map(int, numbers))]
        pairs = zip(numbers, decimal, strict=True)
        return [_count(reading), [n if is_decimal else int(n) for n, is_decimal in pairs]]
    return [_count(reading), [_counts(part) for part in parts.values()]]


def _has_plain_shares(readings: Iterable[Reading]) -> bool:
    """Whether every share is 1, or 0 without a count."""
    for reading in readings:
        if reading.running != (1.0 if reading.status is Status.COUNTED else 0.0):
            return False
        parts = reading.parts
        if isinstance(parts, ColumnParts):
            shares = parts.shares
            if ((shares >= 0) & (shares != 1)).any():
                return False
        elif parts and not _has_plain_shares(parts.values()):
            return False
    return True


def _shares(reading: Reading) -> Any:
    parts = reading.parts
    if not parts:
        return reading.running
    if isinstance(parts, ColumnParts):
        return [reading.running, parts.shares.clip(0.0).tolist()]
    return [reading.running, [_shares(part) for part in parts.values()]]


def _rates_of(sample: Sample) -> dict[str, Any]:
    """What must be said of rates: nothing where they are the counts divided by the duration."""
    try:
        if _are_rates(sample.readings, sample.duration):
            return {}
        if _are_rates(sample.readings, None):
            return {"rated": False}
        if (seconds := _seconds_of_parts(sample)) is not None:
            return {"seconds": seconds}
    except OverflowError:  # a count beyond all floats
        pass
    return {"rates": [_rates(reading) for reading in sample.readings]}


def _seconds_of_parts(sample: Sample) -> dict[str, float | None] | None:
    """What the rates of each part are divided by, as of hosts that measure time of their own.

    `None` where that does not give all rates exactly.
    """
    if not sample.labels or not _are_own_rates(sample.readings, sample.duration):
        return None
    found: dict[str, float | None] = {}
    for label in sample.labels:
        parts = [r.parts[label] for r in sample.readings if label in r.parts]
        exact = next((s for s in _candidates(parts) if _is_time(s) and _are_rates(parts, s)), ...)
        if exact is ...:
            return None
        found[label] = exact
    return found


def _candidates(parts: Iterable[Reading]) -> Iterator[float | None]:
    """What the rates may be divided by: a quotient of rounded numbers, and its neighbours."""
    for part in parts:
        if isinstance(part.parts, ColumnParts) and part.parts.seconds:
            yield part.parts.seconds
            return
        if part.count and part.rate:
            near = part.count / part.rate
            yield near
            for towards in (0.0, math.inf):
                close = math.nextafter(near, towards)
                yield close
                yield math.nextafter(close, towards)
            return
    yield None


def _is_time(seconds: float | None) -> bool:
    return seconds is None or 0 < seconds < math.inf


def _are_own_rates(readings: Iterable[Reading], seconds: float | None) -> bool:
    return all(
        r.rate == (r.count / seconds if seconds and r.count is not None else None) for r in readings
    )


def _are_rates(readings: Iterable[Reading], seconds: float | None) -> bool:
    own = list(readings)
    if not _are_own_rates(own, seconds):
        return False
    for reading in own:
        parts = reading.parts
        if isinstance(parts, ColumnParts):
            if (parts.seconds or None) != (seconds or None):
                return False
        elif parts and not _are_rates(parts.values(), seconds):
            return False
    return True


def _rates(reading: Reading) -> Any:
    if not reading.parts:
        return reading.rate
    return [reading.rate, [_rates(part) for part in reading.parts.values()]]
