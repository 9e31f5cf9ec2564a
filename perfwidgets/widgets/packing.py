"""Rows and parts as the bytes that the browser reads (static/message.js)."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from perfwidgets.models.history import History, RowBytes, Rows, no_count_share
from perfwidgets.samples import ColumnParts, Sample, Status
from perfwidgets.widgets.older import Buckets, Older

__all__ = [
    "MOST_OF_COUNTERS",
    "MOST_OF_MEMORY",
    "PastOf",
    "as_bytes",
    "packed_parts",
    "packed_past",
    "packed_rows",
    "places",
]

#: the most a page gets at once of what was before it (bytes): of counters, of memory activity
MOST_OF_COUNTERS, MOST_OF_MEMORY = 1_500_000, 450_000


def packed_parts(sample: Sample, labels: tuple[str, ...]) -> bytes:
    """Counts of all parts of all readings as float64, then their shares as float32."""
    counts = np.full((len(sample.readings), len(labels)), math.nan)
    shares = np.full(counts.shape, no_count_share(Status.MISSING), np.float32)
    place = {label: i for i, label in enumerate(labels)}
    for row, reading in enumerate(sample.readings):
        parts = reading.parts
        if isinstance(parts, ColumnParts) and tuple(parts) == labels:
            counts[row], shares[row] = parts.counts, parts.shares
            continue
        for label, part in parts.items():
            column = place.get(label)
            if column is None:
                continue
            if part.count is None:
                shares[row, column] = no_count_share(part.status)
            else:
                counts[row, column] = part.count
                shares[row, column] = part.running
    return counts.astype("<f8").tobytes() + shares.astype("<f4").tobytes()


class PastOf:
    """What a fresh page is sent of a history: all rows, or the newest and the extremes of all.

    Parameters
    ----------
    history
        Whose rows.
    most
        The most bytes that may be sent.
    """

    def __init__(self, history: History, most: int) -> None:
        self._history = history
        self._most = most
        self._older = Older()
        self._programs: dict[str, list[float | str]] = {}

    def have(self, metrics: Sequence[Mapping[str, Any]]) -> None:
        """Keep the extremes of these metrics too, as the browser is told of them."""
        self._programs = {m["name"]: m["program"] for m in metrics if not m["reason"]}

    def follow(self) -> None:
        """Read what is new, now and then, so that a page need not wait for all of it at once."""
        if not self._all_fit:
            self._older.follow(self._history, self._programs, self._most_buckets)

    def taken(self) -> tuple[Rows, Buckets | None]:
        """The newest rows, and the extremes of all where these are not all."""
        if self._all_fit:
            return self._history.rows(), None
        self._older.follow(self._history, self._programs, self._most_buckets, least=1)
        buckets = self._older.buckets()
        most = self._most // 2 // self._row_size
        # rows that are in no bucket yet must be among them
        first = min(self._history.next_number - most, buckets.end)
        return self._history.rows(max(0, first)), buckets

    @property
    def _row_size(self) -> int:
        return 16 + 12 * max(len(self._history.events), 1)

    @property
    def _all_fit(self) -> bool:
        return len(self._history) * self._row_size <= self._most

    @property
    def _most_buckets(self) -> int:
        series = len(self._history.events) + len(self._programs)
        return max(64, self._most // 2 // (16 + 9 * series))


def packed_past(counters: Buckets | None, memory: Buckets | None) -> tuple[dict[str, Any], bytes]:
    """What a page must know of the extremes of both, and their bytes (static/message.js)."""
    head: dict[str, Any] = {}
    parts = []
    for name, buckets in (("counters", counters), ("memory", memory)):
        if buckets is None or not len(buckets):
            continue
        head[name] = {
            "stride": buckets.stride,
            "first": buckets.first,
            "buckets": len(buckets),
            "series": list(buckets.series),
        }
        ranges = (buckets.low.astype("<f4"), buckets.high.astype("<f4"), buckets.flags)
        data = b"".join([buckets.times.astype("<f8").tobytes(), *(r.tobytes() for r in ranges)])
        parts.append(data + bytes(-len(data) % 8))
    return head, b"".join(parts)


def places(counters: RowBytes, memory: RowBytes) -> dict[str, list[int]]:
    """For each part of the buffer: number of its first row, rows, events."""
    return {
        "counters": [counters.first, counters.rows, counters.events],
        "memory": [memory.first, memory.rows, memory.events],
    }


def packed_rows(counters: RowBytes, memory: RowBytes) -> bytes:
    """Times, durations and counts of both as float64, then their shares as float32."""
    if sys.byteorder == "big":
        counters, memory = _swapped(counters), _swapped(memory)
    return b"".join((counters.doubles, memory.doubles, counters.shares, memory.shares))


def as_bytes(rows: Rows) -> RowBytes:
    """Rows that are not all that a history holds of their time."""
    count, events = rows.counts.shape
    table = np.empty((count, 2 + events))
    table[:, 0], table[:, 1], table[:, 2:] = rows.times, rows.durations, rows.counts
    return RowBytes(rows.first, count, events, table.tobytes(), rows.shares.tobytes())


def _swapped(rows: RowBytes) -> RowBytes:
    """As the browser reads them, on a machine whose numbers begin with their largest part."""
    doubles = np.frombuffer(rows.doubles, np.float64).astype("<f8").tobytes()
    shares = np.frombuffer(rows.shares, np.float32).astype("<f4").tobytes()
    return rows._replace(doubles=doubles, shares=shares)
