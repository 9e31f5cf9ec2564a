"""What was counted in one part: of a host among several, of a core."""

from __future__ import annotations

from typing import Any

from perfwidgets.recording.decoding import RawSample
from perfwidgets.recording.layouts import Layout, Node
from perfwidgets.samples import Status

__all__ = ["Part", "labels_of"]

_MISSING = Status.MISSING.value


class Part:
    """Makes samples of one part from whole ones.

    Parameters
    ----------
    labels
        The part's label; before it those of the parts that it is a part of.
    """

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        #: of the layouts in use: what is left of each, and where it stands in it
        self._known: dict[int, tuple[Layout, Layout, list[int]]] = {}

    def of(self, raw: RawSample) -> RawSample:
        """What a sample holds of the part; an event that was not counted there is missing."""
        for label in self._labels:
            raw = self._inner(raw, label)
        return raw

    def _inner(self, raw: RawSample, label: str) -> RawSample:
        layout, places = self._narrowed(raw.layout, label)
        counts = [
            values[1][place] if place >= 0 else _MISSING
            for values, place in zip(raw.counts, places, strict=True)
        ]
        shares, rates = _branches(raw.shares, places), _branches(raw.rates, places)
        own = (raw.seconds or {}).get(label) or _duration(counts, rates)
        return raw._replace(
            layout=layout,
            counts=counts,
            shares=shares,
            rates=rates,
            duration=own or raw.duration,
            is_rated=raw.is_rated and (own is not None or label not in (raw.seconds or {})),
            seconds=None,
        )

    def _narrowed(self, layout: Layout, label: str) -> tuple[Layout, list[int]]:
        known = self._known.get(id(layout))
        if known is None or known[0] is not layout:
            if len(self._known) > 100:
                self._known.clear()
            known = self._known[id(layout)] = (layout, *_narrow(layout, label))
        return known[1:]


def _narrow(layout: Layout, label: str) -> tuple[Layout, list[int]]:
    nodes, places = [], []
    for node in layout.nodes:
        labels = [part.label for part in node.parts]
        place = labels.index(label) if label in labels else -1
        nodes.append(node.parts[place] if place >= 0 else Node("", node.event, node.unit, ()))
        places.append(place)
    return layout._replace(
        nodes=tuple(nodes),
        is_flat=not any(node.parts for node in nodes),
        columns=tuple([(node.event, node.unit) for node in nodes]),
    ), places


def _branches(values: list[Any] | None, places: list[int]) -> list[Any] | None:
    """Shares or rates of the part; without any they are as the counts tell."""
    if values is None:
        return None
    return [
        each[1][place] if place >= 0 else None for each, place in zip(values, places, strict=True)
    ]


def _duration(counts: list[Any], rates: list[Any] | None) -> float | None:
    """How long the part's own interval was, by any rate of its own."""
    for value, rate in zip(counts, rates or (), strict=False):
        count, own = (value[0], rate[0]) if isinstance(value, list) and rate else (value, rate)
        if isinstance(count, (int, float)) and isinstance(own, (int, float)) and count and own:
            return abs(count / own)
    return None


def labels_of(layout: Layout) -> tuple[str, ...]:
    """The parts of its readings, each once."""
    return tuple(dict.fromkeys(part.label for node in layout.nodes for part in node.parts))
