"""Comms that go nowhere but are counted, and sources that are never run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import comm
from comm.base_comm import BaseComm

from perfwidgets.sources.vmstat import MEMORY_EVENTS


class Wire(BaseComm):
    """A comm that counts what it is given."""

    messages = 0
    size = 0
    opened = 0
    opened_size = 0

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None,
                    buffers: Any = None, **keys: Any) -> None:  # fmt: skip
        size = len(json.dumps(data or {})) + sum(memoryview(b).nbytes for b in buffers or [])
        if msg_type == "comm_msg":
            Wire.messages += 1
            Wire.size += size
        elif msg_type == "comm_open":
            Wire.opened += 1
            Wire.opened_size += size


@contextmanager
def wired() -> Iterator[type[Wire]]:
    """Widgets made meanwhile send to `Wire`."""
    create = comm.create_comm
    comm.create_comm = Wire
    try:
        yield Wire
    finally:
        comm.create_comm = create


class _Never:
    cores = None
    version = "6.1"

    async def __anext__(self) -> Any: ...


class Counters(_Never):
    name, kind = "scripted", "counters"

    def __init__(self, events: tuple[str, ...], interval: float) -> None:
        self.events, self.interval = tuple(events), interval


class Memory(_Never):
    name, kind, events = "memory", "memory", MEMORY_EVENTS

    def __init__(self, interval: float) -> None:
        self.interval = interval
