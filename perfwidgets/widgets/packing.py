"""Rows and parts as the bytes that the browser reads (static/message.js)."""

from __future__ import annotations

import math

import numpy as np

from perfwidgets.models.history import History, Rows, no_count_share
from perfwidgets.samples import ColumnParts, Sample, Status

__all__ = ["labels_of", "newest_rows", "packed_parts", "packed_rows", "places"]

#: the most a page gets at once of what was before it (bytes)
_MOST_HISTORY = 2_000_000


def labels_of(sample: Sample | None) -> tuple[str, ...]:
    """The parts that events were counted in, as perf labels them: a hybrid CPU's differ."""
    readings = sample.readings if sample is not None else ()
    return tuple(dict.fromkeys(label for reading in readings for label in reading.parts))


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


def newest_rows(history: History) -> Rows:
    """As many of the newest rows as a page is sent at once."""
    width = len(history.events)
    most = _MOST_HISTORY // (16 + 12 * max(width, 1))
    return history.rows(max(0, history.next_number - most))


def places(counters: Rows, memory: Rows) -> dict[str, list[int]]:
    """For each part of the buffer: number of its first row, rows, events."""
    return {
        "counters": [counters.first, len(counters.times), len(counters.events)],
        "memory": [memory.first, len(memory.times), len(memory.events)],
    }


def packed_rows(counters: Rows, memory: Rows) -> bytes:
    """Times, durations and counts of both as float64, then their shares as float32."""
    doubles = [
        np.column_stack([rows.times, rows.durations, rows.counts]).astype("<f8").tobytes()
        for rows in (counters, memory)
    ]
    shares = [rows.shares.astype("<f4").tobytes() for rows in (counters, memory)]
    return b"".join([*doubles, *shares])
