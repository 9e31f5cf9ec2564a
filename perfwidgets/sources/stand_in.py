"""A recording in the place of a live source."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Literal, Self

from perfwidgets.errors import RecordingError
from perfwidgets.events import aliases
from perfwidgets.perf_intervals import answers
from perfwidgets.recording.recording import Recording
from perfwidgets.recording.standing_in import played_recording, played_speed
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.sources.base import Source
from perfwidgets.sources.player import Player
from perfwidgets.sources.replay import Replay

__all__ = ["StandIn", "stand_in"]


def stand_in(source: Source) -> StandIn | None:
    """Return what plays in the place of a live source; `None` where nothing does.

    Raises
    ------
    RecordingError
        If the recording that the environment names cannot be read.
    """
    recording = played_recording() if getattr(source, "stands_back", False) else None
    return StandIn(source, recording) if recording is not None else None


class StandIn:
    """Plays a recording's samples as those of a live source, with the events asked for.

    An event that was not recorded is `Status.MISSING`.

    Parameters
    ----------
    source
        What was asked for; it is never entered.
    recording
        What is played instead.
    """

    live = False

    def __init__(self, source: Source, recording: Recording) -> None:
        self._asked = source
        self._replay = Replay(recording.path, speed=played_speed())
        self.name = source.name
        self.kind: Literal["counters", "memory"] = source.kind
        self.events = source.events
        self.interval = source.interval
        self.cores = getattr(source, "cores", None)
        self.per_core = bool(getattr(source, "per_core", False))
        self.version = self._replay.version
        self.label = self._replay.label
        self.recording = recording
        self._source: Player | None = (
            self._replay if self._replay.kind == self.kind else self._replay.memory
        )

    def __repr__(self) -> str:
        return f"StandIn({self._asked!r}, {self._replay!r})"

    @property
    def speed(self) -> float:
        """How many times as fast as it was recorded."""
        return self._replay.speed

    def replace(self, **changes: Any) -> StandIn:
        """Return what stands in for the source with other arguments, which are checked."""
        replaced: Any = self._asked
        return StandIn(replaced.replace(**changes), self.recording)

    def finish(self) -> None:
        """End the iteration."""
        if self._source is not None:
            self._source.finish()

    async def __aenter__(self) -> Self:
        if self._source is None:
            raise RecordingError(
                f"The recording {str(self._replay.path)!r} holds no {self.kind}",
                f"Record with {self.name} as well.",
            )
        await self._source.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._source is not None:
            await self._source.__aexit__(kind, error, traceback)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sample:
        assert self._source is not None
        return only(await self._source.__anext__(), self.events)


def only(sample: Sample, events: tuple[str, ...]) -> Sample:
    """Return a sample with the readings of these events, as far as it has them."""
    left = list(sample.readings)
    readings: list[Reading] = []
    for event in events:
        found = [r for r in left if r.event == event][:1]
        found = found or [r for r in left if _same(event, r.event)]
        for reading in found:
            left.remove(reading)
        readings += found or [Reading(event, None, None, None, Status.MISSING, 0.0)]
    return Sample(
        *(sample.time, sample.timestamp, sample.duration, tuple(readings)),
        cores=sample.cores,
        interval=sample.interval,
    )


def _same(asked: str, printed: str) -> bool:
    """Whether perf would print so, or the recording asked for it by another name."""
    return asked in answers(printed) or printed in aliases(asked)
