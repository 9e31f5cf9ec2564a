"""How hosts fare, and what was counted in their cores, on its way to the browser."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from perfwidgets.hosts.state import HostState
from perfwidgets.models.history import no_count_share
from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import ColumnParts, Reading, Sample, Status
from perfwidgets.widgets.plain import plain_error

__all__ = ["HostNews", "host_layout", "packed_hosts"]


def host_layout(monitor: Monitor, sample: Sample | None) -> dict[str, Any]:
    """What the layout of rows says of hosts: that parts are hosts, and which parts these have."""
    if not monitor.hosts or sample is None:
        return {}
    return {"part_kind": "host", "inner": _inner_labels(sample)}


def _inner_labels(sample: Sample) -> dict[str, list[str]]:
    """Host -> the parts that it was counted in, if any."""
    found: dict[str, dict[str, None]] = {}
    last: dict[str, tuple[str, ...]] = {}
    for reading in sample.readings:
        for host, part in reading.parts.items():
            own = tuple(part.parts)
            if own and own != last.get(host):  # as a rule all events have the same
                last[host] = own
                found.setdefault(host, {}).update(dict.fromkeys(own))
    return {host: list(labels) for host, labels in found.items()}


def packed_hosts(
    sample: Sample, hosts: tuple[str, ...], inner: Mapping[str, list[str]]
) -> list[bytes]:
    """What hosts measured of the interval, and their own parts, as static/message.js reads it.

    Two buffers: each host's measured time (float64, NaN where it has none); then of all events
    the counts of the parts of all hosts (float64), then their shares (float32).
    """
    durations = np.array([_duration(sample, host) for host in hosts], "<f8")
    width = sum(map(len, inner.values()))
    counts = np.full((len(sample.readings), width), math.nan)
    shares = np.full(counts.shape, no_count_share(Status.MISSING), np.float32)
    for row, reading in enumerate(sample.readings):
        first = 0
        for host, labels in inner.items():
            part = reading.parts.get(host)
            if part is not None and part.parts:
                places = slice(first, first + len(labels))
                _fill(counts[row, places], shares[row, places], part.parts, labels)
            first += len(labels)
    return [durations.tobytes(), counts.astype("<f8").tobytes() + shares.astype("<f4").tobytes()]


def _duration(sample: Sample, host: str) -> float:
    """The length of the host's own interval, by any rate of its own."""
    for reading in sample.readings:
        part = reading.parts.get(host)
        if part is not None and part.count and part.rate:
            return part.count / part.rate
    return math.nan


def _fill(
    counts: np.ndarray[Any, Any],
    shares: np.ndarray[Any, Any],
    parts: Mapping[str, Reading],
    labels: list[str],
) -> None:
    if isinstance(parts, ColumnParts) and list(parts) == labels:
        counts[:], shares[:] = parts.counts, parts.shares
        return
    for place, label in enumerate(labels):
        part = parts.get(label)
        if part is None:
            continue
        if part.count is None:
            shares[place] = no_count_share(part.status)
        else:
            counts[place], shares[place] = part.count, part.running


class HostNews:
    """What is to be told of a monitor's hosts; made anew only where something has changed."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._seen: tuple[Any, Any] = (None, None)
        self._plain: list[dict[str, Any]] = []

    def all(self) -> list[dict[str, Any]]:
        """Each host as plain values, in the order of parts; empty where one machine is counted."""
        hosts, memory = self._monitor.hosts, self._monitor.memory_hosts
        if hosts is not self._seen[0] or memory is not self._seen[1]:
            self._seen = (hosts, memory)
            self._plain = [_plain_host(host, memory.get(name)) for name, host in hosts.items()]
        return self._plain


def _plain_host(host: HostState, memory: HostState | None) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "name": host.name,
        "state": host.state,
        "error": plain_error(host.error),
        "perf": host.version,
        "offset": host.offset,
        "uncertainty": host.uncertainty,
        "lag": host.lag,
        "late": host.late,
        "missed": host.missed,
    }
    if host.refused:
        plain["refused"] = dict(host.refused)
    if memory is not None and memory.error is not None:
        plain["memory_error"] = plain_error(memory.error)
    return plain
