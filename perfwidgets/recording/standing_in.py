"""``PERFWIDGETS_REPLAY=FILE``: what asks for live counters takes them from a recording.

So a notebook runs without a change where there is no PMU and no perf, and gives the same outputs
each time: in CI, or on a reader's laptop. Samples, regions and what can be counted are the
recording's.
"""

from __future__ import annotations

import functools
import math
import os
from pathlib import Path
from typing import Final

from perfwidgets import _FOLDER
from perfwidgets.errors import ArgumentError, RecordingError
from perfwidgets.recording.recording import Recording, read_recording

__all__ = ["REPLAY", "SPEED", "is_played", "played_recording", "played_speed"]

REPLAY: Final = "PERFWIDGETS_REPLAY"
SPEED: Final = "PERFWIDGETS_REPLAY_SPEED"


def is_played() -> bool:
    """Whether a recording stands in for live counters."""
    return bool(os.environ.get(REPLAY))


def played_recording() -> Recording | None:
    """Return the recording that stands in for live counters; `None` where they are live.

    Raises
    ------
    RecordingError
        If the file that the environment names is none of our recordings.
    """
    named = os.environ.get(REPLAY)
    if not named:
        return None
    path = Path(_FOLDER, named)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise RecordingError(
            f"{REPLAY} names {named!r}, which cannot be read ({error.strerror})",
            "Name a recording, as `perfwidgets record` and the dashboard make them, or unset it.",
        ) from error


def played_speed() -> float:
    """Return how many times as fast as it was recorded; as fast as it goes by default."""
    text = os.environ.get(SPEED) or "inf"
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        raise ArgumentError(f"{SPEED}={text!r} is no speed", "Give a number above 0, or inf.")
    return speed


@functools.lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Recording:
    return read_recording(path)
