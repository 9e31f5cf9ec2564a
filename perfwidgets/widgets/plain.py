"""Parts of a monitor's state as plain values, as the browser is sent them."""

from __future__ import annotations

import math
import os
from typing import Any

from perfwidgets.errors import SourceError
from perfwidgets.sources.replay import Replay

__all__ = ["plain_error", "plain_replay", "plain_turns", "target_of"]


def plain_replay(source: Any) -> dict[str, float | None] | None:
    """How long the recording is that is played, and how fast it goes; no speed: as fast as it can."""
    if not isinstance(source, Replay):
        return None
    duration = source.recording.duration if source.recording is not None else None
    return {"duration": duration, "speed": None if math.isinf(source.speed) else source.speed}


def plain_error(error: SourceError | None) -> dict[str, str] | None:
    """Reason and remedy of an error, if there is one."""
    return None if error is None else {"reason": error.reason, "remedy": error.remedy}


def target_of(source: Any) -> str:
    """What is counted, if not the whole machine."""
    pid, cgroup = getattr(source, "pid", None), getattr(source, "cgroup", None)
    if pid is not None:
        return "this kernel's process" if pid == os.getpid() else f"process {pid}"
    return f"cgroup {cgroup}" if cgroup is not None else getattr(source, "label", "")


def plain_turns(turns: dict[str, Any]) -> dict[str, Any] | None:
    """How far counting in turn is, and what it has found; `None` where there was none."""
    if not turns:
        return None
    results = [[event, found.rate] for event, found in turns["results"].items()]
    return {**turns, "results": results}
