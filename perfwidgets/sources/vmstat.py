"""Memory activity from /proc/vmstat."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal, Self

from perfwidgets.errors import ArgumentError, VmStatError
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.sources.alarm import Alarm, new_alarm
from perfwidgets.sources.base import check_interval

__all__ = ["MEMORY_EVENTS", "VmStat"]

#: a shorter share of the interval asked for gives no rate
_SHORTEST_SHARE = 0.2
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024

#: field -> its unit and how many of them the kernel's number stands for. The kernel counts
#: pgpgin and pgpgout in KiB (mm/vmstat.c halves its sectors), pswpin and pswpout in pages.
_FIELDS: Mapping[str, tuple[str | None, float]] = MappingProxyType(
    {
        "pgpgin": ("KB", 1.0),
        "pgpgout": ("KB", 1.0),
        "pswpin": ("KB", _PAGE_KB),
        "pswpout": ("KB", _PAGE_KB),
        "pgfault": (None, 1.0),
        "pgmajfault": (None, 1.0),
    }
)
_CHUNK = 65_536
#: no /proc/vmstat is longer (bytes)
_MOST = 1_000_000
MEMORY_EVENTS = tuple(_FIELDS)
_LINES = re.compile(
    rf"^({'|'.join(MEMORY_EVENTS)}) +([0-9]{{1,39}})[ \t]*$".encode(), re.MULTILINE
).findall


class VmStat:
    """Paging and swap in KB and faults, from /proc/vmstat.

    An async context manager and iterator of `Sample`, on asyncio and on trio::

        async with VmStat(interval=0.5) as source:
            async for sample in source:
                print(sample["pgpgin"].rate)        # KB/s

    This is paging activity: what was read from and written to disks, and faults. It is not the
    bandwidth of memory.

    Parameters
    ----------
    interval
        Seconds between samples, at least 0.01.
    path
        The file to read.

    Notes
    -----
    Each sample has the events ``pgpgin`` and ``pgpgout`` (KB read from and written to disks),
    ``pswpin`` and ``pswpout`` (KB swapped in and out), ``pgfault`` and ``pgmajfault`` (faults,
    and those that waited for a disk); KB is 1024 bytes. Counts are of the interval, rates per
    second of the time measured between the two readings. A field that this kernel lacks is
    `Status.MISSING`; a counter that went back has no count; no rate where no time has passed, or
    too little.
    """

    name = "/proc/vmstat"
    kind: Literal["memory"] = "memory"
    #: a recording that the environment names stands in for it (`recording.standing_in`)
    stands_back = True
    events = MEMORY_EVENTS

    def __init__(
        self, *, interval: float = 1.0, path: str | os.PathLike[str] = "/proc/vmstat"
    ) -> None:
        self.interval: float = check_interval(interval)
        self.path = _check_path(path)
        self._finish: Alarm | None = None
        self._over = False
        self._started = self._last_time = 0.0
        self._last: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"VmStat(interval={self.interval:g}, path={os.fspath(self.path)!r})"

    def replace(self, *, interval: float | None = None) -> VmStat:
        """Return a source like this one with another interval."""
        return VmStat(interval=self.interval if interval is None else interval, path=self.path)

    def finish(self) -> None:
        """End the iteration after one last sample."""
        if self._finish is not None:
            self._finish.ring()

    async def __aenter__(self) -> Self:
        self._finish, self._over = new_alarm(), False
        self._last = self._read()
        self._started = self._last_time = time.monotonic()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._finish = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sample:
        if self._finish is None:
            raise VmStatError("VmStat is read outside of its context", "Use `async with VmStat()`.")
        if self._over:
            raise StopAsyncIteration
        passed = time.monotonic() - self._started
        # on the grid of the interval, so that the pace does not drift with our own work
        until = (passed // self.interval + 1) * self.interval
        await self._finish.wait(until - passed)
        self._over = self._finish.rung
        fields = self._read()
        now = time.monotonic()
        sample = difference(
            self._last,
            fields,
            duration=now - self._last_time,
            since_start=now - self._started,
            timestamp=time.time(),
            interval=self.interval,
        )
        self._last, self._last_time = fields, now
        return sample

    def _read(self) -> dict[str, int]:
        try:
            return parse_vmstat(_read_all(self.path))
        except OSError as error:
            raise VmStatError(
                f"{self.path} cannot be read ({error.strerror})",
                "Memory activity needs Linux with /proc mounted; the counters do not.",
            ) from error


def _read_all(path: Path) -> bytes:
    """The file's text, without the layers of a file object, which cost as much as the reading."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        text = b""
        while part := os.read(descriptor, _CHUNK):
            text += part
            if len(text) >= _MOST:
                break
        return text
    finally:
        os.close(descriptor)


def parse_vmstat(text: bytes) -> dict[str, int]:
    """Return the fields of /proc/vmstat that are used here, in the kernel's own units."""
    return {name.decode(): int(value) for name, value in _LINES(text)}


def difference(
    before: Mapping[str, int],
    after: Mapping[str, int],
    *,
    duration: float,
    since_start: float,
    timestamp: float,
    interval: float,
) -> Sample:
    """Return what happened between two readings of the file, `duration` seconds apart."""
    is_usable = duration > 0 and duration >= _SHORTEST_SHARE * interval

    def reading(name: str) -> Reading:
        unit, size = _FIELDS[name]
        if name not in before or name not in after:
            return Reading(name, None, None, unit, Status.MISSING, 0.0)
        steps = after[name] - before[name]
        if steps < 0:
            return Reading(name, None, None, unit, Status.NOT_COUNTED, 0.0)
        count = steps if size == 1.0 else steps * size
        rate = count / duration if is_usable else None
        return Reading(name, count, rate, unit, Status.COUNTED, 1.0)

    return Sample(
        time=since_start,
        timestamp=timestamp,
        duration=duration,
        readings=tuple(reading(name) for name in _FIELDS),
        interval=interval,
    )


def _check_path(path: object) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(f"{path!r} is no path", 'Give a path, such as "/proc/vmstat".')
    text = os.fspath(path)
    if not isinstance(text, str) or not text or "\0" in text:
        raise ArgumentError(
            f"The path {text!r} is empty, holds a NUL or is not text",
            'Give a path, such as "/proc/vmstat".',
        )
    return Path(text)
