"""What a line of a recording says, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "NO_NUMBERS",
    "NUMBERS",
    "DamagedError",
    "number_of",
    "optional_int",
    "optional_number",
    "optional_text",
    "parse",
    "text_of",
]

NUMBERS: Final = frozenset((int, float))
#: later is no clock's time, and in no calendar; seconds beyond are none of ours either
_LAST_TIME: Final = 2.5e11
#: how numbers are written that JSON lacks
NO_NUMBERS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": -float("inf")}


class DamagedError(Exception):
    """A line is not what the format has; its text says why."""


def parse(line: bytes) -> dict[str, Any]:
    """The object of a line."""
    try:
        record = json.loads(line, parse_constant=_refuse_constant)
        if b"\\ud" in line or b"\\uD" in line:
            json.dumps(record, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise DamagedError("no JSON") from error
    if type(record) is not dict:
        raise DamagedError("no object")
    return record


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def number_of(record: Mapping[str, Any], key: str) -> float:
    """A time in seconds."""
    value = record.get(key)
    if type(value) not in NUMBERS:
        value = NO_NUMBERS.get(value) if type(value) is str else None
    if value is None or not -_LAST_TIME <= value <= _LAST_TIME:
        raise DamagedError(f"{key} is no number of seconds")
    return float(value)


def optional_number(record: Mapping[str, Any], key: str) -> float | None:
    """A time in seconds, if there is one."""
    return None if record.get(key) is None else number_of(record, key)


def text_of(record: Mapping[str, Any], key: str) -> str:
    """A text; empty if there is none."""
    value = record.get(key, "")
    if type(value) is not str:
        raise DamagedError(f"{key} is no text")
    return value


def optional_text(record: Mapping[str, Any], key: str) -> str | None:
    """A text, if there is one."""
    return None if record.get(key) is None else text_of(record, key)


def optional_int(record: Mapping[str, Any], key: str) -> int | None:
    """A whole number, if there is one."""
    value = record.get(key)
    if value is not None and type(value) is not int:
        raise DamagedError(f"{key} is no whole number")
    return value
