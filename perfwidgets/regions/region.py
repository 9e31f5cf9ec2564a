"""`count`: the context manager around a region of code."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from perfwidgets.availability.host import Host
from perfwidgets.availability.permission import nothing_countable
from perfwidgets.errors import ArgumentError, PerfFailedError, SourceError
from perfwidgets.events import DEFAULT_EVENTS, check_events
from perfwidgets.perf_command import split_command
from perfwidgets.regions import cost
from perfwidgets.regions.counting import Counter, Plan, Threads
from perfwidgets.regions.played import PlayedRun, played_run
from perfwidgets.regions.result import RegionResult
from perfwidgets.regions.told import tell
from perfwidgets.samples import Reading, Sample, Status

__all__ = ["REGION_EVENTS", "Region", "count"]

#: what a region counts when nothing else is asked for: CPU time used, and the default events
REGION_EVENTS = ("task-clock", *(event for event in DEFAULT_EVENTS if event != "cpu-clock"))

#: programs behind which this process is not, or that keep descriptors from perf
_ELSEWHERE = frozenset({"ssh", "docker", "podman", "nerdctl", "kubectl", "lxc", "sudo", "doas"})


class Region(RegionResult):
    """A region of code, and what it counted: made by `count`, entered with ``with``.

    A region may be entered again when it was left; each time adds a run. It cannot be entered
    twice at once, which raises `ArgumentError`.
    """

    def __init__(self, plan: Plan, label: str | None, *, is_empty: bool = False) -> None:
        super().__init__(label=label, events=plan.events, threads=plan.threads)
        self._plan = plan
        self._is_empty = is_empty
        self._counter: Counter | None = None
        self._is_open = False
        self._answered = False
        self._began = 0.0
        self._played: PlayedRun | None = None

    @property
    def cost(self) -> Sample | None:
        """What an empty region counts with these events here: medians of five.

        Measured once, before the first region of its kind; shown beside the counts and never
        subtracted. `None` where it is not known: nothing can be counted, or a region was open each
        time that it could have been measured.
        """
        measurable = self.available and not (self._is_open or self._is_empty or self._played)
        if self._cost is None and measurable:
            with contextlib.suppress(SourceError):  # the counts that there are do not need it
                self._cost = self._find_cost()
        return self._cost

    def __enter__(self) -> Self:
        if self._is_open:
            raise ArgumentError(
                f"The region {self.label or ''!r} is open already",
                "Call count() for each region: one cannot be entered twice at once.",
            )
        self._is_open = True
        try:
            self._counter = self._attach()
        except BaseException:
            self._is_open = False
            raise
        self._began = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        ended = time.perf_counter()
        counter, self._counter = self._counter, None
        self._is_open = False
        self.failed = self.failed or kind is not None
        seconds = ended - self._began
        if self._played is not None:
            self._add_played(self._played)
            return
        if counter is None:
            self._add(None, seconds)
            tell(self.label, self._last_run)
            return
        try:
            self._add(self._read(counter, seconds), seconds)
        except BaseException:  # interrupted while perf was being read
            self.failed = True
            self._add(None, seconds)
            raise
        finally:
            cost.left(counter)
            counter.close()
        if not self._is_empty:
            tell(self.label, self._last_run)

    def _attach(self) -> Counter | None:
        """A perf that counts; `None` where none can, which `error` tells then."""
        self.error = self._played = None
        counter = None
        try:
            if (played := played_run(self.label)) is not None:
                self._played = played
                return None
            if not self._is_empty:
                self._find_cost()  # now, so that it falls into no region's time
            counter = Counter(self._plan)
            cost.entered(counter)
            counter.enable()
        except BaseException as error:
            if counter is not None:
                cost.left(counter)
                counter.close()
            if not isinstance(error, SourceError):
                raise
            self.error = error
            return None
        return counter

    def _read(self, counter: Counter, seconds: float) -> Sample | None:
        if counter.is_foreign:
            self.error = PerfFailedError(
                "this process was forked inside the region, which its parent counts",
                "Leave the child with os._exit, or open a region in it",
            )
            return None
        try:
            counter.disable()
            return counter.read(seconds)
        except SourceError as error:
            self.error = error
            return None

    def _find_cost(self) -> Sample | None:
        return cost.cost_of(self._plan, self._empty_region)

    def _empty_region(self) -> Sample:
        with Region(self._plan, None, is_empty=True) as region:
            pass
        if region.error is not None and not region._answered:
            raise region.error
        return region.runs[0]

    def _add(self, sample: Sample | None, seconds: float) -> None:
        """Add a run; without a sample, one in which nothing was counted."""
        self._answered = sample is not None
        if sample is None:
            none = (Reading(e, None, None, None, Status.MISSING, 0.0) for e in self.events)
            sample = Sample(seconds, time.time(), seconds, tuple(none))
        elif not sample.counted:
            self.error = nothing_countable(self.events, Host.local())
        self.refused = self._plan.refused
        self.runs = (*self.runs, sample)

    def _add_played(self, run: PlayedRun) -> None:
        """Add a run of a recording, which stands in for this one."""
        self.error, self._cost = run.error, run.cost
        self.refused, self._reasons = run.refused, run.reasons
        self.runs = (*self.runs, run.sample)

    def _last_run(self) -> dict[str, Any]:
        """The run that has just ended, alone, as plain values."""
        return RegionResult(
            self.runs[-1:],
            label=self.label,
            events=self.events,
            threads=self.threads,
            cost=self.cost,
            error=self.error,
            failed=self.failed,
            refused=self.refused,
        ).to_dict()


def count(
    label: str | None = None,
    *,
    events: Iterable[str] | str = REGION_EVENTS,
    threads: Threads = "all",
    command: str | Sequence[str] = "perf",
) -> Region:
    """Count exactly what a region of code does.

    ::

        with perfwidgets.count("sort", threads="this") as c:
            values.sort()
        print(c)
        c["page-faults"].count

    perf is attached to this process, told to count when the block is entered and to stop when it
    is left, and both are acknowledged: the counts are not differences of samples. Attaching takes
    10 to 20 ms, before the counting begins; before the first region of its kind five empty ones are
    measured as well, for `RegionResult.cost`. Where perf is missing, not permitted, or can count
    nothing, the block runs all the same, and the result says why (`RegionResult.error`). If the
    block raises, the exception goes on, and what was counted until then is there.

    Every region has a perf of its own, which is no child of this process, so regions do not count
    each other's perf. They may be nested, be open in several threads, and overlap (in coroutines):
    each counts all that its threads do while it is open, whoever asked for it. So an outer region
    counts what an inner one's entering and leaving costs this process (well below a millisecond of
    CPU time); ``threads="all"`` counts other threads' work, a running monitor's for one; and
    ``threads="this"`` counts all coroutines that run on the thread meanwhile. Entering and leaving
    block an event loop for as long as they take.

    Where ``PERFWIDGETS_REPLAY`` names a recording, the block runs, and its counts are those that
    were recorded of the region with this label.

    Parameters
    ----------
    label
        What the region is called.
    events
        Names as `perf list` has them; a list, or one text with commas. An event that cannot be
        counted here, or whose name perf refuses, is reported so and spoils no other.
    threads
        ``"all"``: all threads of this process, and those and the child processes that they start.
        ``"this"``: only the thread that enters the block, and nothing that it starts.
    command
        How perf is called: a text or a list. It must run on this machine, and be passed its
        descriptors (not through ``ssh``, ``docker`` or ``sudo``).

    Returns
    -------
    Region
        A `RegionResult` that fills when the block is left; entered again, it adds a run.

    Raises
    ------
    ArgumentError
        If an argument has an unusable form; nothing is started.
    """
    if label is not None and not isinstance(label, str):
        raise ArgumentError(f"The label {label!r} is no text", "Give a text, or none.")
    if threads not in ("all", "this"):
        raise ArgumentError(
            f"threads={threads!r} is neither 'all' nor 'this'",
            "Give 'all' for the whole process, or 'this' for the thread that enters the region.",
        )
    words = split_command(command)
    if os.path.basename(words[0]) in _ELSEWHERE:
        raise ArgumentError(
            f"A region of this process cannot be counted through {words[0]}",
            "Name a perf of this machine; where it may not count, "
            "`sudo setcap cap_perfmon+ep` on it is the narrowest way to let it.",
        )
    return Region(Plan(tuple(words), check_events(events), threads), label)
