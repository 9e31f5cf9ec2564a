"""``PERFWIDGETS_RECORD=FILE``: what a process counts is recorded, without a change to its code.

The first monitor that counts events live is recorded, and all regions; no child process is.
`standing_in` plays the file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from perfwidgets import _FOLDER
from perfwidgets.recording.header import Header
from perfwidgets.recording.recorder import Recorder
from perfwidgets.recording.standing_in import is_played

__all__ = ["RECORD", "is_wanted", "wanted_recorder"]

RECORD: Final = "PERFWIDGETS_RECORD"
#: names the process that records: its children inherit the environment, and must not overwrite
_OWNER: Final = "PERFWIDGETS_RECORD_PROCESS"

_lock = threading.Lock()
_recorders: dict[Path, Recorder] = {}


def is_wanted() -> bool:
    """Whether the environment asks this process to record, and nothing is played to it."""
    return (
        bool(os.environ.get(RECORD))
        and os.environ.get(_OWNER, str(os.getpid())) == str(os.getpid())
        and not is_played()
    )


def wanted_recorder(header: Callable[[], Header] = Header.of) -> Recorder | None:
    """Return the recorder to the file that the environment names; `None` where none is wanted.

    It is made when it is first asked for, replacing a file that is there, and closed when the
    process ends. One that has failed is not returned again.

    Parameters
    ----------
    header
        What is counted; asked for when the file is begun.

    Raises
    ------
    RecordingError
        If the file cannot be made.
    """
    if not is_wanted():
        return None
    path = Path(_FOLDER, os.environ[RECORD])
    with _lock:
        if path not in _recorders:
            os.environ[_OWNER] = str(os.getpid())
            _recorders[path] = Recorder(path, header(), overwrite=True)
        recorder = _recorders[path]
    return recorder if recorder.error is None else None


def _start_anew() -> None:
    """In a forked child nobody holds the lock; what was recorded is its parent's."""
    global _lock  # noqa: PLW0603
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_start_anew)
