"""The errors of perfwidgets. Each says what was wrong and, as its remedy, what to do.

::

    PerfwidgetsError
    ├── ArgumentError (ValueError)      an argument of the caller is unusable
    │   ├── EventNameError
    │   ├── CoreListError
    │   └── IntervalError
    ├── BudgetExceededError (AssertionError)  a region of code exceeds a budget
    └── SourceError                     a source cannot deliver samples
        ├── PerfNotFoundError           there is no perf to run
        ├── PerfNotPermittedError       perf is there, but may not count
        ├── NothingCountableError       perf runs, but none of the events can be counted
        ├── PerfFailedError             perf ended, or refused to start, for another reason
        ├── VmStatError                 /proc/vmstat cannot be read
        └── RecordingError              a file holds no samples, or cannot be written

    PerfwidgetsWarning (UserWarning)    it works, but not as well as it could
"""

from __future__ import annotations

__all__ = [
    "ArgumentError",
    "BudgetExceededError",
    "CoreListError",
    "EventNameError",
    "IntervalError",
    "NothingCountableError",
    "PerfFailedError",
    "PerfNotFoundError",
    "PerfNotPermittedError",
    "PerfwidgetsError",
    "PerfwidgetsWarning",
    "RecordingError",
    "SourceError",
    "VmStatError",
]


class PerfwidgetsError(Exception):
    """Base of all errors raised here.

    Parameters
    ----------
    reason
        What was wrong, naming the value.
    remedy
        What the reader can do about it; may be empty where there is nothing to do.

    Attributes
    ----------
    reason, remedy : str
        The two halves of the message.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason}. {self.remedy}" if self.remedy else self.reason


class ArgumentError(PerfwidgetsError, ValueError):
    """An argument is unusable; raised before any process starts."""


class EventNameError(ArgumentError):
    """An event's name has a form that perf cannot take, or is a near miss of a known name."""


class CoreListError(ArgumentError):
    """A list of cores cannot be read, or names a core that this machine lacks."""


class IntervalError(ArgumentError):
    """An interval is no number of seconds, or too short for perf."""


class BudgetExceededError(PerfwidgetsError, AssertionError):
    """A region of code does not meet the conditions it was held against.

    Parameters
    ----------
    reason, remedy
        As of `PerfwidgetsError`.
    report
        How each condition was met, as `RegionResult.check` returns it where all are.

    Attributes
    ----------
    report : BudgetReport or None
    """

    def __init__(self, reason: str, remedy: str = "", *, report: object = None) -> None:
        super().__init__(reason, remedy)
        self.report = report

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the table, and not how we came to it."""
        return [f"{type(self).__name__}: {self}"]


class SourceError(PerfwidgetsError):
    """A source cannot deliver samples.

    Attributes
    ----------
    permanent : bool
        True where trying again cannot help until somebody changes something.
    """

    permanent = False


class PerfNotFoundError(SourceError):
    """There is no perf to run, or only a wrapper without a perf for this kernel."""

    permanent = True


class PerfNotPermittedError(SourceError):
    """perf may not count for this user."""

    permanent = True


class NothingCountableError(SourceError):
    """perf runs, but none of the events asked for can be counted."""

    permanent = True


class PerfFailedError(SourceError):
    """perf ended, or refused to start."""


class VmStatError(SourceError):
    """/proc/vmstat cannot be read."""

    permanent = True


class RecordingError(SourceError):
    """A file holds no samples that can be read, or a recording cannot be written."""

    permanent = True


class PerfwidgetsWarning(UserWarning):
    """It works, but not as well as it could."""
