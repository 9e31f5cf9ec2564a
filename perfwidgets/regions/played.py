"""Regions of a recording, in the place of what would be counted now."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perfwidgets.errors import RecordingError, SourceError
from perfwidgets.recording.records import RecordedRegion
from perfwidgets.recording.standing_in import played_recording
from perfwidgets.regions.told import running_cell
from perfwidgets.samples import Reading, Sample, Status

__all__ = ["PlayedRun", "played_run"]

_lock = threading.Lock()
#: file -> places of the regions that have been played
_played: dict[Path, set[int]] = {}


@dataclass(frozen=True, slots=True)
class PlayedRun:
    """One run of a region, as it was recorded.

    Attributes
    ----------
    sample
        What it counted.
    cost
        What an empty region counted there.
    error
        Why it counted nothing.
    refused, reasons
        Events whose name perf refused there, and why events had no count.
    """

    sample: Sample
    cost: Sample | None
    error: SourceError | None
    refused: Mapping[str, str]
    reasons: Mapping[str, str]


def played_run(label: str | None) -> PlayedRun | None:
    """Return the next recorded run of a region; `None` where regions are counted live.

    That is, of those not yet played, the first with this label of the running cell; else the first
    with this label. When all were played, they begin anew.

    Raises
    ------
    RecordingError
        If the recording holds no region of this label.
    """
    recording = played_recording()
    if recording is None:
        return None
    regions, cell = recording.regions, running_cell()
    same = [n for n, region in enumerate(regions) if region.label == (label or "")]
    if not same:
        raise RecordingError(
            f"The recording {recording.path.name!r} holds no region {label or ''!r}",
            "Record the notebook again, with PERFWIDGETS_RECORD or `monitor.record` before it.",
        )
    with _lock:
        done = _played.setdefault(recording.path, set())
        if done >= set(same):
            done -= set(same)
        left = [n for n in same if n not in done]
        place = next((n for n in left if regions[n].cell == cell), left[0])
        done.add(place)
    try:
        return _run(regions[place])
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:  # anybody may have written it
        raise RecordingError(
            f"The region {label or ''!r} of {recording.path.name!r} is damaged ({error})",
            "Record the notebook again.",
        ) from error


def _start_anew() -> None:
    """In a forked child nobody holds the lock."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_start_anew)


def _run(region: RecordedRegion) -> PlayedRun:
    result = region.result
    runs = result.get("runs") or [{}]
    seconds = _seconds(result.get("duration"))
    events = runs[-1].get("events") or {}
    readings = [_reading(event, told, seconds) for event, told in events.items()]
    sample = Sample(seconds or 0.0, region.time, seconds, tuple(readings))
    error = result.get("error")
    return PlayedRun(
        sample,
        _cost(result),
        SourceError(str(error), str(result.get("remedy") or "")) if error else None,
        _texts(result.get("refused")),
        _texts(result.get("reasons")),
    )


def _texts(told: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(event): str(why)[:1000] for event, why in (told or {}).items()}


def _cost(result: Mapping[str, Any]) -> Sample | None:
    seconds = _seconds(result.get("empty_region_duration"))
    if seconds is None:
        return None
    readings = [
        Reading(event, told["cost"], None, told.get("unit"), Status.COUNTED, 1.0)
        for event, told in (result.get("events") or {}).items()
        if _seconds(told.get("cost")) is not None
    ]
    return Sample(seconds, None, seconds, tuple(readings))


def _reading(event: str, told: Mapping[str, Any], seconds: float | None) -> Reading:
    count = told.get("value")
    unit, status = told.get("unit"), Status(told.get("status", "missing"))
    if count is None:
        return Reading(event, None, None, unit, status, 0.0)
    if isinstance(count, bool) or not isinstance(count, (int, float)):
        raise TypeError(f"{count!r:.40} is no count")
    rate = count / seconds if seconds else None
    return Reading(event, count, rate, unit, status, float(told.get("running", 1.0)))


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
