"""What the display costs the kernel."""

from __future__ import annotations

import time

__all__ = ["Cost"]


class Cost:
    """What share of a core the calling thread takes."""

    def __init__(self) -> None:
        self._thread_time = 0.0
        self._wall = 0.0
        self._share = -1.0

    def share(self) -> float:
        """The share over the last second or more; −1 until it is known."""
        wall = time.monotonic()
        if 0 <= wall - self._wall < 1.0:
            return self._share
        thread_time = time.thread_time()
        if thread_time < self._thread_time or not self._wall:
            self._wall, self._thread_time = wall, thread_time
        else:
            self._share = round((thread_time - self._thread_time) / (wall - self._wall), 4)
            self._wall, self._thread_time = wall, thread_time
        return self._share
