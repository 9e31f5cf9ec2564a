"""A source of samples that does what a test says, without perf or a clock."""

from __future__ import annotations

from dataclasses import replace

import anyio

from perfwidgets.errors import PerfFailedError
from perfwidgets.samples import Reading, Sample, Status


def reading(event="cycles", count=1, *, rate=None, status=Status.COUNTED, running=1.0, parts=None):
    counted = status is Status.COUNTED
    more = {"parts": parts} if parts else {}
    return Reading(
        event, count if counted else None, rate, None, status, running if counted else 0.0, **more
    )


def sample(time=1.0, *readings, duration=1.0, timestamp=None):
    """A sample whose counts have rates, unless `duration` is `None` or 0."""
    readings = tuple(
        replace(r, rate=r.count / duration) if r.rate is None and r.count and duration else r
        for r in readings
    )
    return Sample(time, timestamp, duration, readings or (reading(count=int(time)),), None, 1.0)


class Scripted:
    """Delivers a sample every few milliseconds; `failures` of its first runs fail instead."""

    def __init__(
        self,
        *,
        name="scripted",
        kind="counters",
        interval=0.01,
        events=("cycles",),
        failures=(),
        most=None,
        enter_hangs=False,
        deaf=False,
    ):
        self.name, self.kind, self.interval, self.events = name, kind, interval, tuple(events)
        self.failures = list(failures)
        self.most, self.enter_hangs, self.deaf = most, enter_hangs, deaf
        self.entered = self.exited = self.finished = self.delivered = 0
        self.replaced_by = []
        self._finish = None

    def replace(self, **changes):
        known = {"interval": self.interval, "events": self.events}
        changes.pop("cores", None)
        changes.pop("per_core", None)
        other = Scripted(name=self.name, kind=self.kind, **{**known, **changes})
        other.delivered = self.delivered  # time goes on: a history begins anew where it goes back
        self.replaced_by.append(other)
        return other

    def finish(self):
        self.finished += 1
        if self._finish is not None and not self.deaf:
            self._finish.set()

    async def __aenter__(self):
        self._finish = anyio.Event()
        self.entered += 1
        if self.enter_hangs:
            await anyio.sleep_forever()
        return self

    async def __aexit__(self, *error):
        self.exited += 1
        self._finish = None

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.failures:
            failure = self.failures.pop(0)
            raise failure
        if self._finish.is_set() or self.delivered == self.most:
            raise StopAsyncIteration
        with anyio.move_on_after(self.interval):
            await self._finish.wait()
        self.delivered += 1
        return sample(float(self.delivered), *(reading(e, self.delivered) for e in self.events))


def transient(reason="it ended"):
    return PerfFailedError(reason, "Start it again.")
