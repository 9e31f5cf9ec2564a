"""Cells and marks on their way to the browser."""

from __future__ import annotations

from collections import deque
from typing import Any

from perfwidgets.models.cells import Cell
from perfwidgets.models.marks import Mark
from perfwidgets.models.monitor import Monitor

__all__ = ["Notes"]

#: ticks that tell of a change, so that a lost message heals
_TOLD = 3
#: the most a page is told of at once; static/timeline.js keeps as many
_MOST = 1000
_MOST_CODE = 80


class Notes:
    """What is to be told of a monitor's cells and marks, each a few times."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        now = self._reached()
        self._before = deque([now] * _TOLD, maxlen=_TOLD)

    def news(self) -> dict[str, Any]:
        """What has changed within the last ticks; empty where nothing has."""
        changes, number = self._before[0]
        cells = self._monitor.cells.since(changes)
        marks = self._monitor.marks.since(number)
        self._before.append(self._reached())
        return _plain(cells, marks)

    def all(self) -> dict[str, Any]:
        """The newest, for a fresh page."""
        return _plain(self._monitor.cells.since(-1), self._monitor.marks.since(0))

    def _reached(self) -> tuple[int, int]:
        return self._monitor.cells.changes, self._monitor.marks.next_number


def _plain(cells: list[Cell], marks: list[Mark]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    if cells:
        plain["cells"] = [
            [c.number, c.execution_count, c.code[:_MOST_CODE], c.began, c.ended, c.error]
            for c in cells[-_MOST:]
        ]
    if marks:
        plain["marks"] = [[mark.number, mark.time, mark.label] for mark in marks[-_MOST:]]
    return plain
