"""From the thread of a Dask client to the collector's."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

__all__ = ["Inbox"]


class Inbox:
    """Hands what is put in on any thread to `take`, on the event loop that made it."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._items: deque[bytes] = deque()
        self._is_called = False

    def put(self, item: bytes) -> None:
        """Have it taken soon; many at once cost one wake-up."""
        self._items.append(item)
        if not self._is_called:
            self._is_called = True
            with contextlib.suppress(RuntimeError):  # the collector has ended
                self._loop.call_soon_threadsafe(self._empty)

    def _empty(self) -> None:
        self._is_called = False
        while self._items:
            self._take(self._items.popleft())
