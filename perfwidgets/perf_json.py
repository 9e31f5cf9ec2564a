"""The text of ``perf stat -j`` -> `Sample`: one JSON object a line, or what perf takes for one.

perf does not escape strings and prints numbers as the locale writes them, so a line may be no
JSON. As its keys stand in a fixed order, such a line can be read all the same, or is a note.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from typing import Any, Final

from .perf_intervals import SampleReader, open_lines
from .perf_rows import Cells, Row, is_furniture, make_row

__all__ = ["PerfJsonReader", "read_perf_json"]

_LABELS: Final = ("cpu", "core", "cache", "cluster", "die", "socket", "node", "thread")
_METRIC_KEYS: Final = frozenset(("metric-value", "metric-unit", "metricgroup"))

_TIME = re.compile(r"[0-9]{1,12}\.[0-9]{1,12}").fullmatch
_COUNTED = re.compile(r"(-?[0-9]{1,30})(?:[.,]([0-9]{1,20}))?").fullmatch
_PCT = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,6})?").fullmatch

# A thread's name may hold anything, so it ends at the last place that leaves a whole row.
_BROKEN = re.compile(
    r"""
    \s*\{\s*
    (?:"interval"\s*:\s*(?P<interval>[0-9]+\.[0-9]+),\s*)?
    (?:"(?P<key>cpu|core|cache|cluster|die|socket|node|thread)"\s*:\s*"(?P<label>.*)",\s*)?
    (?:"(?:aggregate-number|counters)"\s*:\s*[0-9]+,\s*)?
    "counter-value"\s*:\s*"(?P<value>-?[0-9]+(?:[.,][0-9]+)?|<not\ counted>|<not\ supported>)",\s*
    "unit"\s*:\s*"(?P<unit>[^"]*)",\s*
    "event"\s*:\s*"(?P<event>[^"]*)",\s*
    (?:"cgroup"\s*:\s*"(?P<cgroup>[^"]*)",\s*)?
    (?:"variance"\s*:\s*-?[0-9a-z.,]+,\s*)?
    "event-runtime"\s*:\s*[0-9]+,\s*
    "pcnt-running"\s*:\s*(?P<pct>[0-9]{1,3}[.,][0-9]{2})
    (?:,\s|\}).*
    """,
    re.VERBOSE | re.DOTALL,
).fullmatch


class PerfJsonReader(SampleReader):
    """Iterator of the samples in perf's JSON; made by `read_perf_json`."""

    def _row(self, number: int, line: str, is_whole: bool) -> Row | None:
        if is_furniture(line):
            return None
        fields = _fields(line)
        row = _row(fields) if fields is not None else None
        if row is not None and is_whole:
            return row
        if fields is None or row is not None or not _is_metric(fields) or not is_whole:
            self.notes.add(number, line)
        return None


def _fields(line: str) -> dict[str, Any] | None:
    """The line's keys and values, numbers as their text; `None` if it cannot be told."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        fields = json.loads(
            line, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_unique
        )
    except (ValueError, RecursionError):
        return _repaired(line)
    return fields if isinstance(fields, dict) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's fields; a key that comes twice is from a raw string with quotes in it."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key comes twice")
    return fields


def _repaired(line: str) -> dict[str, Any] | None:
    """The fields of a line with raw strings or a comma locale's numbers, if perf's order holds."""
    match = _BROKEN(line)
    if match is None:
        return None
    fields = {
        "interval": match["interval"],
        "counter-value": match["value"],
        "unit": match["unit"],
        "event": match["event"],
        "cgroup": match["cgroup"],
        "pcnt-running": match["pct"],
    }
    if match["key"]:
        fields[match["key"]] = match["label"]
    return {key: value for key, value in fields.items() if value is not None}


def _row(fields: dict[str, Any]) -> Row | None:
    time = fields.get("interval")
    value, event = fields.get("counter-value"), fields.get("event")
    if not isinstance(value, str) or not isinstance(event, str):
        return None
    if time is not None and not (isinstance(time, str) and _TIME(time)):
        return None
    unit, cgroup, pct = (fields.get(key) for key in ("unit", "cgroup", "pcnt-running"))
    if pct is not None and not (isinstance(pct, str) and _PCT(pct)):
        return None
    label = _label(fields)
    texts = (unit or "", cgroup or "", label or "")
    if not all(isinstance(text, str) for text in texts):
        return None
    cells = Cells(_value(value), unit or "", event, cgroup or None, pct)
    return make_row(time, label, cells)


def _value(text: str) -> str:
    """Counts are printed with six decimals, ``501.000000``: those that are whole lose them."""
    match = _COUNTED(text)
    return match[1] if match and not (match[2] or "").strip("0") else text


def _label(fields: dict[str, Any]) -> str | None:
    """As CSV prints it: JSON leaves out the ``CPU`` before a number."""
    for key in _LABELS:
        label = fields.get(key)
        if label is not None:
            return f"CPU{label}" if key == "cpu" and str(label).isdigit() else label
    return None


def _is_metric(fields: dict[str, Any]) -> bool:
    """Whether an object is of metrics only, as perf prints them beside and without counters."""
    if "counter-value" in fields or "event" in fields:
        return False
    if _METRIC_KEYS & fields.keys():
        return True
    return isinstance(fields.get("interval"), str) and len(fields) > 1


def read_perf_json(path_or_lines: str | os.PathLike[str] | Iterable[str | bytes]) -> PerfJsonReader:
    """Read what ``perf stat -j`` printed.

    Parameters
    ----------
    path_or_lines
        A file's path, or an iterable of whole lines (`str` or `bytes`, with or without newline).
        Both are read lazily. A file's last line is data only if it ends in a newline.

    Returns
    -------
    PerfJsonReader
        An iterator of `Sample`, as `read_perf_csv` gives, with `notes` and `summary`.

    Raises
    ------
    RecordingError
        If the file cannot be read.
    ArgumentError
        If `path_or_lines` is neither a path nor lines.
    """
    return PerfJsonReader(open_lines(path_or_lines))
