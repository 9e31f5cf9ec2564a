"""``PERFWIDGETS_RECORD=FILE``: what a process counts is recorded, without a change to its code.

The first monitor that runs is recorded, and all regions. `standing_in` plays the file.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

from perfwidgets.recording.header import Header
from perfwidgets.recording.recorder import Recorder

__all__ = ["RECORD", "wanted_recorder"]

RECORD: Final = "PERFWIDGETS_RECORD"

_lock = threading.Lock()
_recorders: dict[str, Recorder] = {}


def wanted_recorder(header: Callable[[], Header] = Header.of) -> Recorder | None:
    """Return the recorder to the file that the environment names; `None` where it names none.

    It is made when it is first asked for, replacing a file that is there, and closed when the
    process ends.

    Parameters
    ----------
    header
        What is counted; asked for when the file is begun.

    Raises
    ------
    RecordingError
        If the file cannot be made.
    """
    path = os.environ.get(RECORD)
    if not path:
        return None
    with _lock:
        if path not in _recorders:
            _recorders[path] = Recorder(path, header(), overwrite=True)
        return _recorders[path]
