"""What a region of code counted, over one run or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from perfwidgets.errors import ArgumentError, SourceError
from perfwidgets.metrics import MetricValue
from perfwidgets.perf_intervals import answers
from perfwidgets.regions import budgets, doubts, frame, text
from perfwidgets.regions.repeats import columns_of, counts_of, evaluate_runs, mean_of
from perfwidgets.samples import Reading, Sample, Status

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RegionResult"]


class RegionResult:
    """What a region counted; a table when printed or displayed.

    ``result["page-faults"]`` gives the `Reading` of an event: its mean over the runs. Iterating
    gives all readings in perf's order.

    Parameters
    ----------
    runs
        What each run counted.
    label, events, threads
        As they were given to `perfwidgets.count`.
    cost
        What an empty region counts, as `cost`.
    error, failed
        As the attributes.
    refused
        Events whose name perf refused, with its words.

    Attributes
    ----------
    label : str or None
        What the region is called.
    events : tuple of str
        The events asked for.
    threads : str
        ``"all"`` threads of the process and what they start, or ``"this"`` one, which entered.
    runs : tuple of Sample
        What each run counted: raw, nothing is subtracted. `Sample.duration` is the time in seconds
        from perf's acknowledgement that it counts to the moment it was told to stop.
    error : SourceError or None
        Why nothing was counted, with a remedy.
    failed : bool
        Whether the region raised an exception; what it counted until then is here.
    refused : mapping of str to str
        Events whose name perf refused, with its words.
    """

    def __init__(
        self,
        runs: Iterable[Sample] = (),
        *,
        label: str | None = None,
        events: Iterable[str] = (),
        threads: str = "all",
        cost: Sample | None = None,
        error: SourceError | None = None,
        failed: bool = False,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        self.runs: tuple[Sample, ...] = tuple(runs)
        self.label = label
        self.events = tuple(events)
        self.threads = threads
        self.error = error
        self.failed = failed
        self.refused: Mapping[str, str] = dict(refused or {})
        #: why events have no count, where that was told by a recording; else it is found out here
        self._reasons: Mapping[str, str] | None = None
        self._cost = cost

    @classmethod
    def merged(cls, results: Iterable[RegionResult]) -> RegionResult:
        """Return the runs of several results as one.

        Parameters
        ----------
        results
            Of regions that counted the same events in the same threads. The label is the first's.

        Raises
        ------
        ArgumentError
            If there is none, or they counted different things.
        """
        parts = list(results)
        if not parts:
            raise ArgumentError("There is no result to merge", "Give at least one.")
        first = parts[0]
        for other in parts[1:]:
            if (other.events, other.threads) != (first.events, first.threads):
                raise ArgumentError(
                    "The results to be merged counted different events or threads",
                    "Give those of regions with the same events= and threads=.",
                )
        return RegionResult(
            (run for part in parts for run in part.runs),
            label=first.label,
            events=first.events,
            threads=first.threads,
            cost=next((part.cost for part in parts if part.cost is not None), None),
            error=next((part.error for part in parts if part.error is not None), None),
            failed=any(part.failed for part in parts),
            refused={event: why for part in parts for event, why in part.refused.items()},
        )

    @property
    def cost(self) -> Sample | None:
        """What an empty region counts with these events here: medians of five.

        Measured once, before the first region of its kind; shown beside the counts and never
        subtracted. `None` where it is not known.
        """
        return self._cost

    @property
    def available(self) -> bool:
        """Whether at least one event was counted."""
        return any(reading.status is Status.COUNTED for run in self.runs for reading in run)

    @property
    def duration(self) -> float | None:
        """Seconds the region took, the mean over its runs; `None` before its end."""
        taken = self.durations
        return fmean(taken) if taken else None

    @property
    def durations(self) -> tuple[float, ...]:
        """Seconds that each run took."""
        return tuple(run.duration for run in self.runs if run.duration is not None)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """One for each event: the mean count of the runs that counted it, with the weakest share.

        A single run's are perf's numbers as they are.
        """
        return tuple(mean_of(column) for column in columns_of(self.runs).values())

    @property
    def metrics(self) -> list[MetricValue]:
        """What follows from the counts: instructions per cycle, misses per 1,000 instructions."""
        return evaluate_runs(self.runs)

    @property
    def doubt(self) -> str:
        """Why these counts are not to be trusted; empty where nothing is known against them."""
        return doubts.doubt(self)

    @property
    def trusted(self) -> bool:
        """Whether the region was long enough for its counts to stand well above their cost."""
        return self.available and not self.doubt

    def __getitem__(self, event: str) -> Reading:
        key = self._key(event)
        return mean_of(columns_of(self.runs)[key])

    def __contains__(self, event: object) -> bool:
        return any(event in (name, *answers(name)) for name, _ in columns_of(self.runs))

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.readings)

    def __len__(self) -> int:
        return len(columns_of(self.runs))

    def spread(self, event: str) -> float | None:
        """Return the standard deviation of an event's count over the runs.

        Returns
        -------
        float or None
            In the event's unit; `None` where fewer than two runs counted it.
        """
        counts = counts_of(columns_of(self.runs)[self._key(event)])
        return stdev(counts) if len(counts) > 1 else None

    def check(self, *conditions: str, strict: bool = False) -> budgets.BudgetReport:
        """Hold the counts against budgets.

        ::

            result.check("instructions < 2e9", "IPC > 1.2", "page-faults <= 100", "seconds < 1")

        Parameters
        ----------
        *conditions
            Each a formula of events and metrics, one of ``< <= > >= == !=``, and a number.
        strict
            Whether a condition fails that cannot be checked here, since what it needs is not
            counted on this machine. Else it is skipped, and the report says why.

        Returns
        -------
        BudgetReport
            A line for each condition.

        Raises
        ------
        BudgetExceededError
            If a condition does not hold; an `AssertionError` too.
        ArgumentError
            If a condition cannot be read, or needs an event that was not asked for.
        """
        return budgets.check(self, conditions, strict=strict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; of a repeated event the first reading."""
        return {
            "label": self.label,
            "threads": self.threads,
            "available": self.available,
            "error": self.error.reason if self.error else None,
            "remedy": self.error.remedy if self.error else None,
            "failed": self.failed,
            "duration": self.duration,
            "empty_region_duration": self.cost.duration if self.cost else None,
            "doubt": self.doubt,
            "refused": dict(self.refused),
            "reasons": doubts.reasons(self),
            "events": self._events_dict(),
            "metrics": {
                metric.name: {
                    "value": metric.value,
                    "unit": metric.unit,
                    "running": metric.running,
                    "reason": metric.reason,
                }
                for metric in self.metrics
            },
            "runs": [run.to_dict() for run in self.runs],
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return a table: a row for each event.

        Returns
        -------
        pandas.DataFrame
            Indexed by event; columns `count` (mean over the runs), `spread`, `per_second`, `unit`,
            `status`, `running` (share of time counted, 0 to 1) and `cost` (of an empty region).
            What was not counted is NaN.
        """
        return frame.as_frame(self)

    def cost_of(self, event: str) -> int | float | None:
        """Return what an empty region counts of `event`; `None` where that is not known."""
        if self.cost is None:
            return None
        return next((reading.count for reading in self.cost if reading.event == event), None)

    def __repr__(self) -> str:
        return text.as_text(self)

    def _repr_html_(self) -> str:
        return text.as_html(self)

    def _events_dict(self) -> dict[str, Any]:
        events: dict[str, Any] = {}
        for reading in self.readings:
            events.setdefault(
                reading.event,
                {
                    "value": reading.count,
                    "spread": self.spread(reading.event),
                    "per_second": reading.rate,
                    "unit": reading.unit,
                    "status": reading.status.value,
                    "running": reading.running,
                    "cost": self.cost_of(reading.event),
                },
            )
        return events

    def _key(self, event: str) -> tuple[str, int]:
        """Which column `event` means: perf may print another name than it was asked for."""
        columns = columns_of(self.runs)
        if (event, 0) in columns:
            return event, 0
        fitting = [name for name, nth in columns if nth == 0 and event in answers(name)]
        if len(fitting) == 1:
            return fitting[0], 0
        if fitting:
            raise KeyError(f"{event!r} was counted apart: ask for one of {', '.join(fitting)}")
        known = ", ".join(dict.fromkeys(name for name, _ in columns)) or "none"
        raise KeyError(f"this region has no event {event!r}; it has: {known}")
