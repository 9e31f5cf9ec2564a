"""Lines of a recording -> samples and the rest; what is none of ours is never taken for one."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from perfwidgets.recording.encoding import MOST_NODES
from perfwidgets.recording.fields import (
    NO_NUMBERS,
    NUMBERS,
    DamagedError,
    number_of,
    optional_int,
    optional_number,
    parse,
    text_of,
)
from perfwidgets.recording.layouts import Layout, Layouts, Node
from perfwidgets.recording.records import (
    Gap,
    RecordedCell,
    RecordedMark,
    RecordedRegion,
    SourceState,
)
from perfwidgets.samples import Reading, Sample, Status

__all__ = ["Decoder", "RawSample", "Record", "kind_of"]

_WORDS: Final[Mapping[str | None, Status]] = {
    None: Status.COUNTED,
    Status.NOT_COUNTED.value: Status.NOT_COUNTED,
    Status.NOT_SUPPORTED.value: Status.NOT_SUPPORTED,
    Status.MISSING.value: Status.MISSING,
}
#: a whole number that was counted has 64 bits, signed or not; the sum of its parts may have more
_LEAST_COUNT, _COUNT_END = -(2**63), 2**64
_NO_SECONDS: Final[Mapping[str, float | None]] = MappingProxyType({})
_NO_PARTS: Final[Mapping[str, Reading]] = MappingProxyType({})


class RawSample(NamedTuple):
    """A sample whose line has been read and checked; `sample` makes the readings.

    The counts, shares and rates are as in the line, and have the form of the layout.
    """

    kind: str
    layout: Layout
    time: float
    timestamp: float | None
    duration: float | None
    counts: list[Any]
    shares: list[Any] | None
    rates: list[Any] | None
    is_rated: bool
    #: what the rates of these parts are divided by, and of all below them
    seconds: Mapping[str, float | None] | None = None

    def sample(self) -> Sample:
        """The sample."""
        layout = self.layout
        seconds = self.duration if self.is_rated and self.duration else None
        if self.rates is not None:
            seconds = None  # there is nothing to divide
        apart = self.seconds or _NO_SECONDS
        if layout.is_flat and self.shares is None and self.rates is None:
            readings = _flat_readings(layout.nodes, self.counts, seconds)
        else:
            nothing = [None] * len(layout.nodes)
            shares, rates = self.shares or nothing, self.rates or nothing
            readings = tuple(
                [
                    _reading(*each, seconds, apart=apart)
                    for each in zip(layout.nodes, self.counts, shares, rates, strict=True)
                ]
            )
        return Sample(
            self.time, self.timestamp, self.duration, readings, layout.cores, layout.interval
        )


#: checks a value of so many parts at most
_Check = Callable[[Any, int], Any]
Record = RawSample | RecordedMark | RecordedCell | RecordedRegion | Gap | SourceState


class Decoder:
    """Reads lines one after another; remembers the layouts."""

    def __init__(self) -> None:
        self._layouts = Layouts()

    def decode(self, line: bytes) -> Record | None:
        """What a line holds; `None` if it is of a kind that is not known, or serves the others.

        Raises
        ------
        DamagedError
            If it is no line of a recording.
        """
        if kind_of(line) not in _KINDS:
            return None  # of a newer minor version
        record = parse(line)
        kind = record.get("kind")
        if kind in ("sample", "memory"):
            return self._sample(kind, record)
        if kind == "layout":
            self._layouts.add(record)
        reader = _READERS.get(kind) if isinstance(kind, str) else None
        return reader(record) if reader is not None else None

    def _sample(self, kind: str, record: dict[str, Any]) -> RawSample:
        layout = self._layouts.get(record.get("layout"))
        if layout is None:
            raise DamagedError("a sample without its layout")
        counts, shares = record.get("counts"), record.get("shares")
        rates = record.get("rates")
        nodes = layout.nodes
        if type(counts) is not list or len(counts) != len(nodes):
            raise DamagedError("a sample that does not fit its layout")
        if not (layout.is_flat and _are_plain(counts)):
            counts = _tree(counts, nodes, _checked_count)
        if shares is not None:
            shares = _tree(shares, nodes, _checked_share)
        if rates is not None:
            rates = _tree(rates, nodes, _checked_rate)
        duration = optional_number(record, "duration")
        if duration is not None and duration < 0:
            raise DamagedError("a duration below 0")
        timestamp = optional_number(record, "timestamp")
        if timestamp is not None and timestamp < 0:
            raise DamagedError("a timestamp below 0")
        return RawSample(
            kind,
            layout,
            number_of(record, "time"),
            timestamp,
            duration,
            counts,
            shares,
            rates,
            record.get("rated") is not False,
            _checked_seconds(record.get("seconds")),
        )


def kind_of(line: bytes) -> str | None:
    """The kind of a line that our writer wrote, by its first characters; `None` if unknown."""
    if line.startswith(b'{"kind":"'):
        end = line.find(b'"', 9, 40)
        if end > 0:
            return line[9:end].decode("ascii", "replace")
    return None


def _are_plain(counts: Sequence[Any]) -> bool:
    """Whether all are numbers that need no closer look."""
    if not NUMBERS.issuperset(map(type, counts)):
        return False
    return not counts or (min(counts) >= _LEAST_COUNT and max(counts) < _COUNT_END)


def _tree(values: Any, nodes: Sequence[Node], check: _Check) -> list[Any]:
    if type(values) is not list or len(values) != len(nodes):
        raise DamagedError("a sample that does not fit its layout")
    return [_branch(value, node, check) for value, node in zip(values, nodes, strict=True)]


def _branch(value: Any, node: Node, check: _Check) -> Any:
    if not node.parts:
        return check(value, 1)
    if type(value) is not list or len(value) != 2:
        raise DamagedError("a sample that does not fit its layout")
    return [check(value[0], MOST_NODES), _tree(value[1], node.parts, check)]


def _checked_count(value: Any, most_parts: int) -> Any:
    kind = type(value)
    if value is None or (kind is float and math.isfinite(value)):
        return value
    if kind is int and _LEAST_COUNT * most_parts <= value < _COUNT_END * most_parts:
        return value
    if kind is str:
        if value in _WORDS:
            return value
        if value in NO_NUMBERS:
            return NO_NUMBERS[value]
    raise DamagedError("a count that is none")


def _checked_share(value: Any, _most_parts: int) -> float:
    if type(value) in NUMBERS and 0 <= value <= 1:
        return float(value)
    raise DamagedError("a share that is none")


def _checked_rate(value: Any, _most_parts: int) -> Any:
    if value is None or (type(value) in NUMBERS and abs(value) <= sys.float_info.max):
        return value
    if type(value) is str and value in NO_NUMBERS:
        return NO_NUMBERS[value]
    raise DamagedError("a rate that is none")


def _checked_seconds(value: Any) -> dict[str, float | None] | None:
    if value is None:
        return None
    if type(value) is not dict:
        raise DamagedError("seconds that are none")
    for seconds in value.values():
        is_number = type(seconds) in NUMBERS and 0 < seconds <= sys.float_info.max
        if seconds is not None and not is_number:
            raise DamagedError("seconds that are none")
    return value


def _flat_readings(
    nodes: Sequence[Node], counts: Sequence[Any], seconds: float | None
) -> tuple[Reading, ...]:
    counted = Status.COUNTED
    readings = []
    for (_, event, unit, _), count in zip(nodes, counts, strict=True):
        if type(count) in NUMBERS:
            rate = _rate(count, seconds) if seconds else None
            readings.append(Reading(event, count, rate, unit, counted, 1.0))
        else:
            status = _WORDS[count]
            share = 1.0 if status is counted else 0.0
            readings.append(Reading(event, None, None, unit, status, share))
    return tuple(readings)


def _rate(count: float, seconds: float) -> float | None:
    try:
        rate = count / seconds
    except OverflowError:
        return None
    # what was divided by next to nothing may be beyond all floats
    return None if math.isinf(rate) and not math.isinf(count) else rate


def _reading(
    node: Node,
    value: Any,
    share: Any,
    rate: Any,
    seconds: float | None,
    *,
    apart: Mapping[str, float | None] = _NO_SECONDS,
) -> Reading:
    """A reading, with all its parts.

    `seconds` is what to divide by if there is no `rate`; `apart` the same of parts.
    """
    parts = _NO_PARTS
    if node.parts:
        nothing = (None, [None] * len(node.parts))
        value, counts = value
        share, shares = share or nothing
        rate, rates = rate or nothing
        branches = zip(node.parts, counts, shares, rates, strict=True)
        parts = MappingProxyType(
            {each[0].label: _reading(*each, apart.get(each[0].label, seconds)) for each in branches}
        )
    status = Status.COUNTED if type(value) in NUMBERS else _WORDS[value]
    if share is None:
        share = 1.0 if status is Status.COUNTED else 0.0
    if type(value) not in NUMBERS:
        return Reading(node.event, None, rate, node.unit, status, share, parts)
    if seconds:
        rate = _rate(value, seconds)
    return Reading(node.event, value, rate, node.unit, status, share, parts)


def _mark(record: Mapping[str, Any]) -> RecordedMark:
    return RecordedMark(text_of(record, "label"), number_of(record, "time"))


def _cell(record: Mapping[str, Any]) -> RecordedCell:
    return RecordedCell(
        optional_int(record, "execution_count"),
        text_of(record, "code"),
        number_of(record, "began"),
        optional_number(record, "ended"),
        record.get("failed") is True,
        text_of(record, "error"),
    )


def _region(record: Mapping[str, Any]) -> RecordedRegion:
    result = record.get("result")
    if type(result) is not dict:
        raise DamagedError("a region without a result")
    return RecordedRegion(
        text_of(record, "label"),
        optional_int(record, "cell"),
        optional_number(record, "time"),
        MappingProxyType(result),
    )


def _gap(record: Mapping[str, Any]) -> Gap:
    return Gap(number_of(record, "time"), text_of(record, "reason"))


def _state(record: Mapping[str, Any]) -> SourceState:
    texts = (text_of(record, key) for key in ("source", "state", "error", "remedy"))
    return SourceState(number_of(record, "time"), *texts)


_READERS: Final[Mapping[str, Any]] = {
    "mark": _mark,
    "cell": _cell,
    "region": _region,
    "gap": _gap,
    "state": _state,
}
#: those that are looked into, and what may be one of them, as another writer wrote it
_KINDS: Final = frozenset((None, "header", "layout", "sample", "memory", *_READERS))
