"""What the samples of a recording hold, named once for many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from perfwidgets.recording.encoding import MOST_IDS, MOST_NODES, MOST_NODES_HELD
from perfwidgets.recording.fields import DamagedError, number_of, optional_text

__all__ = ["Layout", "Layouts", "Node"]

_MOST_DEPTH: Final = 8


class Node(NamedTuple):
    """A reading or part of a layout."""

    label: str
    event: str
    unit: str | None
    parts: tuple[Node, ...]


class Layout(NamedTuple):
    """What samples hold."""

    nodes: tuple[Node, ...]
    size: int
    cores: str | None
    interval: float | None
    #: whether there are no parts at all
    is_flat: bool
    #: each reading's event and unit
    columns: tuple[tuple[str, str | None], ...]


class Layouts:
    """The layouts in use; bounded as the format says."""

    def __init__(self) -> None:
        self._held: dict[int, Layout] = {}

    def get(self, number: object) -> Layout | None:
        """The layout of a sample, if it is known."""
        return self._held.get(number) if type(number) is int else None

    def add(self, record: Mapping[str, Any]) -> None:
        """Take over a layout, in place of the one that had its number."""
        number, readings = record.get("id"), record.get("readings")
        if type(number) is not int or not 0 <= number < MOST_IDS or type(readings) is not list:
            raise DamagedError("a layout that is none")
        self._held.pop(number, None)
        room = _Room()
        nodes = tuple([_node(each, None, None, room, 0) for each in readings])
        if room.taken + sum(each.size for each in self._held.values()) > MOST_NODES_HELD:
            self._held.clear()
        interval = record.get("interval")
        self._held[number] = Layout(
            nodes,
            room.taken,
            optional_text(record, "cores"),
            None if interval is None else number_of(record, "interval"),
            not any(node.parts for node in nodes),
            tuple([(node.event, node.unit) for node in nodes]),
        )


class _Room:
    """Counts what a layout holds."""

    taken = 0

    def take(self) -> None:
        self.taken += 1
        if self.taken > MOST_NODES:
            raise DamagedError(f"a layout of more than {MOST_NODES:,} readings and parts")


def _node(value: Any, event: str | None, unit: str | None, room: _Room, depth: int) -> Node:
    """A reading of a layout; `event` and `unit` are those of what it is a part of."""
    room.take()
    if type(value) is str and depth:
        return Node(value, event or "", unit, ())
    if type(value) is not dict or depth > _MOST_DEPTH:
        raise DamagedError("a layout that is none")
    own = value.get("event", event)
    own_unit = value.get("unit") if not depth else value.get("unit", unit)
    own_label = value.get("label", "")
    parts = value.get("parts", [])
    if (
        type(own) is not str
        or not own
        or not (own_unit is None or type(own_unit) is str)
        or type(own_label) is not str
        or type(parts) is not list
    ):
        raise DamagedError("a layout that is none")
    below = tuple([_node(part, own, own_unit, room, depth + 1) for part in parts])
    return Node(own_label, own, own_unit, below)
