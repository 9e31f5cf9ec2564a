"""A recording, played again."""

from __future__ import annotations

import os
from typing import Literal

from perfwidgets.recording.packing import check_path
from perfwidgets.recording.recording import Recording
from perfwidgets.sources.perf_text_file import PerfText
from perfwidgets.sources.play_clock import PlayClock
from perfwidgets.sources.player import Player
from perfwidgets.sources.recorded_file import Recorded

__all__ = ["Replay", "ReplayedMemory"]


class Replay(Player):
    """The samples of a recording, as if they were counted now.

    An async context manager and iterator of `Sample`, on asyncio and on trio::

        async with Replay("slow-night.csv", speed=10) as source:
            async for sample in source:
                print(sample["page-faults"].count)

    Entered again it goes on where it was left, and from the beginning once it has come to the
    end. Meanwhile any thread may `pause`, `resume` or `seek`, and set `speed`.

    Parameters
    ----------
    path
        A recording of ours (`perfwidgets.recording`), or what ``perf stat -x`` or ``perf stat
        -j`` printed, with any separator but blanks; found out from its beginning. It is read as
        it is played, so its size does not matter.
    speed
        How many times as fast as it was recorded; `math.inf` for as fast as it goes.

    Attributes
    ----------
    kind : str
        ``"counters"``; ``"memory"`` for a recording of memory activity alone.
    events : tuple of str
        The events asked for; of perf's text those of its beginning.
    interval : float or None
        Seconds asked for between samples; if that is not known, the median time between the first
        ones. `None` from output without a time.
    cores, per_core, version
        As of `PerfStat`, where the recording tells.
    memory : ReplayedMemory or None
        A second source, in step with this one: the recording's memory activity, if it has any.
    recording : Recording or None
        All that the file holds, marks and cells too; `None` for perf's text.
    label : str
        What is shown in place of perf's version.

    Raises
    ------
    ArgumentError
        If `path` is no path, or `speed` not a positive number.
    RecordingError
        If the file cannot be read or holds no sample, with what it seems to hold instead.

    Notes
    -----
    Samples of ours come as they were recorded, with their timestamps, at the distances of these:
    where recording was paused, so is playing, and `seek` goes past. perf's text has no clock
    time, so `Sample.timestamp` is `None`: models place samples by `Sample.time`. Where several
    runs were appended to one file, the time of each goes on from the end of the one before it;
    counts, durations and rates are as read. Time before the first sample is waited for, but no
    longer than an interval.

    After a `seek` back, times step back, as after any source's restart without timestamps; views
    begin anew there.
    """

    name = "replay"
    kind: Literal["counters", "memory"] = "counters"
    #: its times are the recording's, so nothing that happens now belongs beside it
    live = False

    def __init__(self, path: str | os.PathLike[str], *, speed: float = 1.0) -> None:
        self.path = check_path(path)
        clock = PlayClock(speed)
        self.label = f"recording {self.path.name}"
        self.memory: ReplayedMemory | None = None
        self.recording: Recording | None = None
        self.cores: str | None = None
        self.per_core = False
        self.recorded_hosts: tuple[str, ...] = ()
        self.version: str | None = None
        self.events: tuple[str, ...]
        self.interval: float | None
        recorded = Recorded.find(self.path)
        if recorded is None:
            text = PerfText(self.path)
            super().__init__(clock, text.open)
            self.events, self.interval = text.events, text.interval
            return
        header = recorded.header
        self.recording = Recording(self.path, header)
        self.cores, self.per_core, self.version = header.cores, header.per_core, header.perf_version
        self.recorded_hosts = header.hosts
        if recorded.has_counters:
            super().__init__(clock, lambda finished: recorded.open("sample", finished))
            self.events, self.interval = recorded.events, recorded.interval
            if recorded.has_memory:
                self.memory = ReplayedMemory(clock, recorded)
                self.memory.recorded_hosts = header.hosts
        else:
            super().__init__(clock, lambda finished: recorded.open("memory", finished))
            self.kind = "memory"
            self.events, self.interval = recorded.memory_events, recorded.memory_interval

    def __repr__(self) -> str:
        return f"Replay({os.fspath(self.path)!r}, speed={self.speed:g})"

    @property
    def speed(self) -> float:
        """How many times as fast as it was recorded; may be set while it plays."""
        return self._clock.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._clock.speed = speed

    @property
    def position(self) -> float:
        """Where it is, in seconds from the recording's beginning."""
        return self._clock.position

    @property
    def paused(self) -> bool:
        """Whether it stands still until `resume`."""
        return self._clock.paused

    def pause(self) -> None:
        """Let time stand still; the source stays as it is, and delivers nothing."""
        self._clock.pause()

    def resume(self) -> None:
        """Go on after `pause`, where it was."""
        self._clock.resume()

    def seek(self, seconds: float) -> None:
        """Go on with the first sample later than `seconds` from the recording's beginning.

        One that has come to its end, and is not played any more, is to be entered again: with a
        monitor, `Monitor.start`.

        Raises
        ------
        ArgumentError
            If that is no number of seconds.
        """
        self._clock.seek(seconds)


class ReplayedMemory(Player):
    """The memory activity of a recording, in step with its counters; made by `Replay`."""

    name = "replay of /proc/vmstat"
    kind: Literal["memory"] = "memory"
    live = False

    def __init__(self, clock: PlayClock, recorded: Recorded) -> None:
        super().__init__(clock, lambda finished: recorded.open("memory", finished))
        self.events = recorded.memory_events
        self.interval = recorded.memory_interval
        self.recorded_hosts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Replay(...).memory"
