"""Which separator a line of perf's was printed with."""

from __future__ import annotations

import re

from .perf_rows import Row, RowParser

__all__ = ["find_separator"]

_AROUND_PCT = re.compile(
    r"(?P<sep>\W{1,4}?)[0-9]+(?P=sep)[0-9]{1,3}[.,][0-9]{1,2}(?:(?P=sep)|\s*$)"
)
_AFTER_TIME = re.compile(r"\s*[0-9]+\.[0-9]+(?P<sep>\W{1,4}?)[\w<-]")
_HEADER = re.compile(r"\s*time(?P<sep>[^\w\s.()]{1,4}|\t)(?:.*(?P=sep))?\s*$")


def find_separator(line: str) -> str | None:
    """The separator of a line if it is a row, or the header of ``--metric-only``."""
    line = line[:65_536]
    found = [match["sep"] for match in _AROUND_PCT.finditer(line)]
    found += [match["sep"] for match in (_AFTER_TIME.match(line),) if match]
    fitting: dict[bool, str] = {}
    for separator in dict.fromkeys(found):
        row = RowParser(separator, short_rows=True).parse(line) if separator.strip(" ") else None
        if isinstance(row, Row):
            fitting.setdefault(row.time is None, separator)
    if fitting:  # a thread's name may hold another separator, but not behind a time
        return fitting.get(False) or fitting[True]
    header = _HEADER.match(line)
    return header["sep"] if header else None
