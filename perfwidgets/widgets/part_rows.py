"""What a page is sent of parts: the newest counts of each, and their rates of late."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from perfwidgets.models.monitor import Monitor
from perfwidgets.models.part_history import PartRows
from perfwidgets.widgets.host_news import packed_hosts
from perfwidgets.widgets.packing import packed_parts

__all__ = ["PartsSent"]

#: bytes of rates that a fresh page gets at most, and that one tick brings at most
_MOST_OF_ALL, _MOST_OF_A_TICK = 8_000_000, 4_000_000
#: how long after a page got all (s) it gets once more what has come since: ticks go nowhere until
#: it has opened its comm, and what it asks for then may go nowhere too
_AGAIN = (1.5, 6.0)


class PartsSent:
    """Parts of a monitor's samples as the bytes that the browser reads (static/message.js).

    Parameters
    ----------
    monitor
        Whose samples.
    """

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        # rows that are there already come with the packed history
        self._sent = monitor.part_history.last_number
        self._again: list[tuple[float, int]] = []

    def news(self, layout: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        """For the message of a tick: what its head says of parts, and a buffer for each of them."""
        head: dict[str, Any] = {}
        buffers = []
        rated = self._monitor.latest_rated
        if layout["parts"] and rated is not None:
            head["parts"] = True
            buffers.append(packed_parts(rated, tuple(layout["parts"])))
            if layout.get("part_kind") == "host":
                head["hosts"] = True
                buffers += packed_hosts(rated, tuple(layout["parts"]), layout["inner"])
        before, self._sent = self._sent, self._monitor.part_history.last_number
        if self._sent > before:
            new = self._monitor.part_history.rows(self._first(before), _MOST_OF_A_TICK)
            fitting = [rows for rows in new if _fits(rows, layout)]
            # `before` and the last tell the browser whether a message was lost
            head["part_rows"] = [before, self._sent, sum(len(rows.times) for rows in fitting)]
            buffers.append(b"".join(_packed(rows) for rows in fitting))
        return head, buffers

    def _first(self, before: int) -> int:
        """The number of the first row to be sent, where `before` was the last."""
        now = time.monotonic()
        due = [number for when, number in self._again if when <= now]
        if due:
            self._again = [(when, number) for when, number in self._again if when > now]
        return min(before, *due) + 1 if due else before + 1

    def all(self) -> tuple[dict[str, Any], bytes]:
        """For a fresh page: what the head of its history says of parts, and their bytes."""
        held = self._monitor.part_history.rows(most=_MOST_OF_ALL)
        if not held:
            return {}, b""
        last, now = int(held[-1].numbers[-1]), time.monotonic()
        self._again = [(now + seconds, last) for seconds in _AGAIN]
        runs = [[rows.events, rows.labels, len(rows.times)] for rows in held]
        data = b"".join(_packed(rows) for rows in held)
        cut = sum(len(rows.times) for rows in held) < len(self._monitor.part_history)
        return {"part_rows": {"runs": runs, "size": len(data), "cut": cut}}, data


def _fits(rows: PartRows, layout: dict[str, Any]) -> bool:
    """Whether the page knows these columns; rows of a layout before are in its next history."""
    events = tuple(event["key"] for event in layout["events"])
    return rows.events == events and rows.labels == tuple(layout["parts"])


def _packed(rows: PartRows) -> bytes:
    """Numbers, times and durations as float64, rates as float32, to a multiple of 8 bytes."""
    heads = np.stack([rows.numbers, rows.times, rows.durations]).astype("<f8").tobytes()
    rates = rows.rates.astype("<f4").tobytes()
    return heads + rates + bytes(-len(rates) % 8)
