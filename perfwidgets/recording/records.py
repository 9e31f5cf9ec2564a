"""What a recording holds besides samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Gap", "RecordedCell", "RecordedMark", "RecordedRegion", "SourceState"]


@dataclass(frozen=True, slots=True)
class RecordedMark:
    """A moment with a name.

    Attributes
    ----------
    label
        What a person called it.
    time
        Unix seconds, or seconds of the samples' own time where these have no timestamp.
    """

    label: str
    time: float


@dataclass(frozen=True, slots=True)
class RecordedCell:
    """A cell of a notebook that was executed meanwhile.

    Attributes
    ----------
    execution_count
        The number in ``In [5]``; `None` where there was none.
    code
        The first line of its code.
    began, ended
        As `RecordedMark.time`; `ended` is `None` if it had not ended.
    failed
        Whether it ended with an error.
    error
        The kind of that error; empty if there was none.
    """

    execution_count: int | None
    code: str
    began: float
    ended: float | None
    failed: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class RecordedRegion:
    """What was counted exactly of a region of code.

    Attributes
    ----------
    label
        What it was called; may be empty.
    cell
        The execution count of its cell, if it ran in one.
    time
        When it ended, as `RecordedMark.time`; `None` if not known.
    result
        Plain values.
    """

    label: str
    cell: int | None
    time: float | None
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples are missing after a moment.

    Attributes
    ----------
    time
        As `RecordedMark.time`.
    reason
        Why; may be empty.
    """

    time: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source came into another state.

    Attributes
    ----------
    time
        As `RecordedMark.time`.
    source
        Its name.
    state
        ``running``, ``paused``, ``failed`` …
    error, remedy
        Why, and what to do; empty where there is nothing wrong.
    """

    time: float
    source: str
    state: str
    error: str = ""
    remedy: str = ""
