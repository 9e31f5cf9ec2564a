"""What was captured, as the JSON that the script of a page reads (static/offline_data.js)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfwidgets.events import FAMILIES
from perfwidgets.models.history import Rows
from perfwidgets.samples import Status
from perfwidgets.snapshot.captured import Captured
from perfwidgets.snapshot.pictures import MEMORY_LINES
from perfwidgets.snapshot.series import chosen_rows, event_series, metric_series

__all__ = ["packed"]

#: the most that rows may take in a file (bytes of base64)
_MOST_COUNTERS, _MOST_MEMORY = 2_500_000, 500_000
#: static/timeline.js keeps as many
_MOST_NOTED = 1000
_MOST_CODE = 80
#: a share as one byte: 250 is all of the time, those above say why there is no count
_WHOLE = 250


def packed(captured: Captured, drawn: Iterable[str]) -> tuple[str, list[str]]:
    """Return the JSON, fit to stand within a script element, and what was left out of it.

    Parameters
    ----------
    drawn
        The plots of the page, ``"history"`` and ``"memory"``: other histories are not needed.
    """
    plots = set(drawn)
    counters, memory = _Part(captured.rows), _Part(captured.memory_rows)
    if "history" in plots:
        counters.keep(_MOST_COUNTERS, _counter_values(captured))
    if "memory" in plots:
        rates = [event_series(memory.rows, event).values for event in memory.rows.events]
        memory.keep(_MOST_MEMORY, rates)
    data = {
        "layout": _layout(captured),
        "families": dict(FAMILIES),
        "selected": captured.event or "",
        "clock": {
            "counters": captured.of_clock,
            "memory": captured.memory_of_clock,
            "shared": captured.shares_time,
        },
        "span": list(captured.span),
        "memory_span": list(captured.memory_span),
        "lines": {event: list(look) for event, look in MEMORY_LINES.items()},
        "counters": counters.packed(),
        "memory": memory.packed(),
        "notes": _notes(captured),
    }
    said = [counters.left_out("samples"), memory.left_out("samples of paging activity")]
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # neither the end of the element nor a comment can stand in it then
    return text.replace("<", "\\u003c").replace(">", "\\u003e"), [line for line in said if line]


class _Part:
    """The rows of one kind, as many as a page may hold."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.places = np.arange(0)

    def keep(self, size: int, values: list[NDArray[np.float64]]) -> None:
        """Keep as many rows as may take `size` bytes, with all spikes of `values`."""
        most = max(100, size * 3 // 4 // (16 + 5 * len(self.rows.events)))
        self.places = chosen_rows(values, len(self.rows.times), most)

    def packed(self) -> dict[str, Any]:
        """The rows by column; single precision has each digit that is shown."""
        rows, places = self.rows, self.places
        doubles = np.concatenate([rows.times[places], rows.durations[places]])
        return {
            "rows": len(places),
            "events": list(rows.events),
            "doubles": _base64(doubles.astype("<f8")),
            "counts": _base64(rows.counts[places].T.astype("<f4")),
            "shares": _base64(_bytes_of_shares(rows.shares[places].T)),
        }

    def left_out(self, what: str) -> str:
        """Say that not all is there; nothing where all is, or nothing is wanted."""
        kept, of = len(self.places), len(self.rows.times)
        if kept in (0, of):
            return ""
        return (
            f"{kept:,} of {of:,} {what} are in this file, to keep it small: the least and the "
            "greatest of each stretch, and the gaps"
        )


def _counter_values(captured: Captured) -> list[NDArray[np.float64]]:
    rows = captured.rows
    values = [event_series(rows, event).values for event in rows.events]
    metrics = (metric_series(rows, metric).values for metric in captured.bound if not metric.reason)
    return values + [each for each in metrics if np.isfinite(each).any()]


def _bytes_of_shares(shares: NDArray[np.float32]) -> NDArray[np.uint8]:
    part = np.floor(np.clip(shares, 0, 1) * _WHOLE)
    # below 1 it never reads as all of the time
    part = np.where((shares < 1) & (part == _WHOLE), _WHOLE - 1, part)
    return np.where(shares < 0, 256 + shares, part).astype(np.uint8)


def _base64(numbers: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode("ascii")


def _layout(captured: Captured) -> dict[str, Any]:
    events = [
        {
            "key": event.key,
            "family": event.family,
            "unit": event.unit,
            "unsupported": event.status is Status.NOT_SUPPORTED,
        }
        for event in captured.events
    ]
    return {"events": events, "metrics": [metric.to_dict() for metric in captured.bound]}


def _notes(captured: Captured) -> dict[str, Any]:
    """As a message's head has them (static/timeline.js)."""
    return {
        "cells": [
            [c.number, c.execution_count, c.code[:_MOST_CODE], c.began, c.ended, c.error]
            for c in captured.cells_seen[-_MOST_NOTED:]
        ],
        "marks": [[m.number, m.time, m.label] for m in captured.marks_seen[-_MOST_NOTED:]],
    }
