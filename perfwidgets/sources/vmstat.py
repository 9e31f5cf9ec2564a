"""Memory activity from /proc/vmstat."""

from __future__ import annotations

import contextlib
import math
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

from perfwidgets.errors import ArgumentError, VmStatError
from perfwidgets.later_samples import LaterSample
from perfwidgets.samples import NO_COUNT_SHARES, Reading, Sample, Status
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
#: at a beat so much of the interval has passed; without any the next sample is so late
_NEARLY, _LATE = 0.75, 1.5
#: what the kernel gives at once, and as a rule all that is wanted is in the first
_CHUNK = 4096
#: no /proc/vmstat is longer (bytes)
_MOST = 1_000_000
_NOT_COUNTED, _MISSING = (
    NO_COUNT_SHARES[status] for status in (Status.NOT_COUNTED, Status.MISSING)
)
MEMORY_EVENTS = tuple(_FIELDS)
#: event and unit of each reading
_KEYS = tuple((name, unit) for name, (unit, _) in _FIELDS.items())
_SIZES = tuple((name, size) for name, (_, size) in _FIELDS.items())
_STARTS = {name: f"\n{name} ".encode() for name in MEMORY_EVENTS}
#: all fields as kernels have them: in this order, most of them in a row
_ALL = re.compile(
    rb"\npgpgin ([0-9]{1,39})\npgpgout ([0-9]{1,39})\npswpin ([0-9]{1,39})\npswpout ([0-9]{1,39})\n"
    rb"(?:[^\n]*\n){0,100}?pgfault ([0-9]{1,39})\npgmajfault ([0-9]{1,39})\n"
).search
_NUMBER = re.compile(rb" *([0-9]{1,39})[ \t]*(?:\n|\Z)").match


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
        self._taker: Callable[[Sample], object] | None = None
        self._over = False
        self._held: int | None = None
        self._started = self._last_time = 0.0
        self._last: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"VmStat(interval={self.interval:g}, path={os.fspath(self.path)!r})"

    def replace(self, *, interval: float | None = None) -> VmStat:
        """Return a source like this one with another interval."""
        return VmStat(interval=self.interval if interval is None else interval, path=self.path)

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.interval, str(self.path))

    def finish(self) -> None:
        """End the iteration after one last sample."""
        if self._finish is not None:
            self._finish.ring()

    def hand_to(self, taker: Callable[[Sample], object] | None) -> None:
        """Hand samples that are taken at a `beat` to `taker`; iteration yields the others."""
        self._taker = taker

    def beat(self) -> None:
        """Take a sample now, if it is about time: whoever calls has just been woken up.

        So one wake-up serves two sources of the same interval. It does nothing without a taker.
        """
        alarm = self._finish
        if self._taker is None or alarm is None or alarm.rung:
            return
        if not self._is_time():
            # woken up shortly before: from the next one on once for both
            alarm.put_off(_LATE * self.interval)
            return
        try:
            sample = self._sample()
        except VmStatError:
            alarm.put_off(0.0)  # who waits finds the same, and it is that one's to tell
            return
        alarm.put_off(_LATE * self.interval)
        self._taker(sample)

    async def __aenter__(self) -> Self:
        self._finish, self._over = new_alarm(), False
        self._hold()
        try:
            self._last = self._read()
        except VmStatError:
            self._let_go()
            raise
        self._started = self._last_time = time.monotonic()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._finish = None
        self._let_go()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sample:
        if self._finish is None:
            raise VmStatError("VmStat is read outside of its context", "Use `async with VmStat()`.")
        if self._over:
            raise StopAsyncIteration
        last = None
        # again after a beat meanwhile, unless no more came and it is time already
        while last != self._last_time and not (self._finish.rung or (last and self._is_time())):
            last = self._last_time
            passed = time.monotonic() - self._started
            # on the grid of the interval, so that the pace does not drift with our own work
            until = (passed // self.interval + 1) * self.interval
            await self._finish.wait(until - passed)
        self._over = self._finish.rung
        return self._sample()

    def _is_time(self) -> bool:
        return time.monotonic() - self._last_time >= _NEARLY * self.interval

    def _sample(self) -> Sample:
        """What happened since the last sample."""
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

    def _hold(self) -> None:
        """Keep the kernel's own file open: nothing else ever takes its place."""
        self._let_go()
        if self.path.is_relative_to("/proc"):
            with contextlib.suppress(OSError):  # which reading tells
                self._held = _opened(self.path)

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _read(self) -> dict[str, int]:
        try:
            if self._held is not None:
                os.lseek(self._held, 0, os.SEEK_SET)
                return _fields(self._held)
            descriptor = _opened(self.path)
            try:
                return _fields(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise VmStatError(
                f"{self.path} cannot be read ({error.strerror})",
                "Memory activity needs Linux with /proc mounted; the counters do not.",
            ) from error


def _made(interval: float, path: str) -> VmStat:
    return VmStat(interval=interval, path=path)


def _opened(path: Path) -> int:
    """Without the layers of a file object, which cost as much as the reading."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _fields(descriptor: int) -> dict[str, int]:
    """Read no further than all fields are found: for each read the kernel adds up all CPUs."""
    text = b""
    while (part := os.read(descriptor, _CHUNK)) and len(text) < _MOST:
        text += part
        if found := _ALL(text):
            return dict(zip(MEMORY_EVENTS, map(int, found.groups()), strict=True))
    return parse_vmstat(text)


def parse_vmstat(text: bytes) -> dict[str, int]:
    """Return the fields of /proc/vmstat that are used here, in the kernel's own units."""
    text = b"\n" + text  # each is looked for: a pattern would look at every line of some 180
    found = {}
    for name, start in _STARTS.items():
        place = text.rfind(start)
        number = _NUMBER(text, place + len(start)) if place >= 0 else None
        if number:
            found[name] = int(number[1])
    return found


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
    seconds = duration if duration > 0 and duration >= _SHORTEST_SHARE * interval else None
    counts, shares = [], []
    for name, size in _SIZES:
        is_there = name in before and name in after
        steps = after[name] - before[name] if is_there else -1
        counts.append(steps * size if steps >= 0 else math.nan)
        shares.append(1.0 if steps >= 0 else _NOT_COUNTED if is_there else _MISSING)
    return LaterSample.of(
        lambda: tuple(_reading(name, before, after, seconds) for name in _FIELDS),
        _KEYS,
        (counts, shares),
        time=since_start,
        timestamp=timestamp,
        duration=duration,
        has_rates=seconds is not None and max(shares) > 0,
        cores=None,
        interval=interval,
    )


def _reading(
    name: str, before: Mapping[str, int], after: Mapping[str, int], seconds: float | None
) -> Reading:
    unit, size = _FIELDS[name]
    if name not in before or name not in after:
        return Reading(name, None, None, unit, Status.MISSING, 0.0)
    steps = after[name] - before[name]
    if steps < 0:
        return Reading(name, None, None, unit, Status.NOT_COUNTED, 0.0)
    count = steps if size == 1.0 else steps * size
    return Reading(name, count, count / seconds if seconds else None, unit, Status.COUNTED, 1.0)


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
