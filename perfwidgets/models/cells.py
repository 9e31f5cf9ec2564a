"""The cells that ran while a monitor did, and what was counted meanwhile."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, overload

from perfwidgets.models.history import unique_names
from perfwidgets.samples import Reading, Sample, Status

if TYPE_CHECKING:
    import pandas as pd

    from perfwidgets.recording.records import RecordedCell

__all__ = ["Cell", "Cells"]

#: the oldest cells are forgotten beyond so many
_MOST_CELLS = 10_000
_MOST_CODE = 200
#: so many samples are added up at once: together they cost a third of what each alone does
_TOGETHER = 32
#: times are floats: intervals that touch may seem to overlap by so little (s)
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Cell:
    """One execution of a cell, and what was counted while it ran.

    It is charged with the intervals that lie wholly within it, and never with a part of one: a
    cell shorter than the interval may be charged with nothing, which is not zero. For exact counts
    of a region there is `perfwidgets.count`. Cells that overlap are charged with the same
    intervals, each.

    Attributes
    ----------
    execution_count
        The number in ``In [5]``; `None` where the shell gave none.
    code
        The first line of its code.
    began, ended
        In Unix seconds; `ended` is `None` while it runs.
    failed
        Whether it ended with an error.
    error
        The kind of that error, such as ``ZeroDivisionError``; empty if there was none.
    intervals
        How many intervals it is charged with.
    counted
        How long these were together, in seconds.
    readings
        Event -> its count over these intervals, with its rate over them and the weakest share of
        an interval that was counted. An event that was counted in only some of them is scaled to
        all, and its share says so.
    overlapping
        Whether another cell ran at the same time.
    """

    number: int = field(repr=False)
    execution_count: int | None
    code: str
    began: float
    ended: float | None = None
    failed: bool = False
    error: str = ""
    intervals: int = 0
    counted: float = 0.0
    readings: Mapping[str, Reading] = field(default_factory=dict, repr=False)
    overlapping: bool = False

    @property
    def duration(self) -> float:
        """How long it ran, or has been running, in seconds."""
        return (self.ended if self.ended is not None else time.time()) - self.began

    @property
    def coverage(self) -> float:
        """The share of its time that is charged, 0 to 1."""
        return min(1.0, self.counted / self.duration) if self.duration > 0 else 0.0

    def __getitem__(self, event: str) -> Reading:
        """Return the reading of `event`; one without a count where it is charged with nothing."""
        return self.readings.get(event) or Reading(event, None, None, None, Status.MISSING, 0.0)


class Cells(Sequence[Cell]):
    """The cells that were executed while a monitor ran, oldest first; at most 10,000.

    Written by the kernel's thread (cells) and by the collector's (counts), read by any.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cells: deque[_Running] = deque(maxlen=_MOST_CELLS)
        #: by number those that run, and all that may still be charged: they run, or their last
        #: interval has not come yet
        self._open: dict[int, _Running] = {}
        self._charged: dict[int, _Running] = {}
        #: those of a recording whose time has not come
        self._coming: deque[_Running] = deque()
        self._next = 0
        self._changes = 0
        #: told of each cell that ends, on the kernel's thread
        self.ended: Callable[[Cell], None] | None = None
        #: called before counts are read: whoever charges may hold some samples back until then
        self.catch_up: Callable[[], object] = lambda: None

    def __repr__(self) -> str:
        return f"Cells({len(self)} executed)"

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cell]: ...
    def __getitem__(self, index: int | slice) -> Cell | list[Cell]:
        return self._all()[index]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._all())

    @property
    def changes(self) -> int:
        """Counts up with each cell that begins or ends."""
        return self._changes

    def since(self, changes: int) -> list[Cell]:
        """Return the cells that began or ended after that many `changes`, without counts."""
        if changes == self._changes:
            return []
        with self._lock:
            return [each.cell for each in self._cells if each.change > changes]

    def to_pandas(self, values: Literal["counts", "rates", "running"] = "counts") -> pd.DataFrame:
        """Return a table with a row for each cell.

        Parameters
        ----------
        values
            What the events' columns hold: counts over the intervals charged, rates per second of
            these, or the weakest share of an interval that was counted.

        Returns
        -------
        pandas.DataFrame
            Columns `execution_count`, `code`, `began` (UTC), `duration` (s), `failed`, `error`,
            `intervals`, `coverage` (share of the cell's time that is charged), `overlapping`,
            then one for each event, NaN where nothing is charged.
        """
        import pandas as pd  # noqa: PLC0415  (takes a second, and few ask for it)

        if values not in ("counts", "rates", "running"):
            raise ValueError(f"{values!r} is no kind of value. Give counts, rates or running.")
        attribute = {"counts": "count", "rates": "rate", "running": "running"}[values]
        cells = self._all()
        events = dict.fromkeys(event for cell in cells for event in cell.readings)
        table = pd.DataFrame(
            {
                "execution_count": pd.array([c.execution_count for c in cells], dtype="Int64"),
                "code": [cell.code for cell in cells],
                "began": pd.to_datetime([cell.began for cell in cells], unit="s", utc=True),
                "duration": [cell.duration for cell in cells],
                "failed": [cell.failed for cell in cells],
                "error": [cell.error for cell in cells],
                "intervals": [cell.intervals for cell in cells],
                "coverage": [cell.coverage for cell in cells],
                "overlapping": [cell.overlapping for cell in cells],
            }
        )
        for event in events:
            readings = [cell.readings.get(event) for cell in cells]
            known = [
                None if r is None or r.count is None else getattr(r, attribute) for r in readings
            ]
            table[event] = pd.array(known, dtype="Float64").astype("float64")
        return table

    # -------------------------------------------------------- from the kernel

    def begin(self, execution_count: int | None, code: str, began: float | None = None) -> int:
        """A cell begins; return its number."""
        line = next((line.strip() for line in code.splitlines() if line.strip()), "")
        with self._lock:
            now = time.time() if began is None else began
            cell = Cell(self._next, execution_count, line[:_MOST_CODE], now)
            self._next += 1
            running = _Running(cell, self._change())
            for other in self._open.values():
                other.cell = replace(other.cell, overlapping=True)
                running.cell = replace(running.cell, overlapping=True)
            self._cells.append(running)
            self._open[cell.number] = running
            self._may_be_charged(running)
            return cell.number

    def end(
        self,
        number: int,
        *,
        error: str = "",
        execution_count: int | None = None,
        ended: float | None = None,
    ) -> None:
        """The cell with this number ends; `error` says with what error, if with any."""
        with self._lock:
            running = self._open.pop(number, None)
            if running is None:
                return
            running.change = self._change()
            running.cell = cell = replace(
                running.cell,
                ended=time.time() if ended is None else ended,
                failed=bool(error),
                error=error,
                execution_count=execution_count or running.cell.execution_count,
            )
        if self.ended is not None:
            self.ended(cell)

    def recorded(self, cells: Iterable[RecordedCell]) -> None:
        """Take over the cells of a recording, which is about to be played; the last 10,000."""
        known = sorted(islice(reversed(list(cells)), _MOST_CELLS), key=lambda cell: cell.began)
        longest: _Running | None = None
        with self._lock:
            for each in known:
                running = _Running(
                    Cell(
                        self._next,
                        each.execution_count,
                        each.code[:_MOST_CODE],
                        each.began,
                        each.ended,
                        each.failed,
                        each.error,
                    ),
                    self._change(),
                    is_recorded=True,
                )
                self._next += 1
                if longest is not None and each.began < longest.until:
                    running.cell = replace(running.cell, overlapping=True)
                    longest.cell = replace(longest.cell, overlapping=True)
                if longest is None or running.until > longest.until:
                    longest = running
                self._cells.append(running)
                self._coming.append(running)

    # ------------------------------------------------- from the collector's thread

    def charge(self, sample: Sample) -> None:
        """Charge cells with an interval that lies wholly within them."""
        if sample.timestamp is None or sample.duration is None:
            return
        end, begin = sample.timestamp, sample.timestamp - sample.duration
        with self._lock:
            while self._coming and self._coming[0].cell.began < end:
                self._may_be_charged(self._coming.popleft())
            over = []
            for number, each in self._charged.items():
                if begin >= each.cell.began and end <= each.until:
                    each.add(sample, begin, end)
                if each.until <= end:
                    over.append(number)
            for number in over:
                self._charged.pop(number).add_up()  # or its samples would be kept as long as it

    def _may_be_charged(self, running: _Running) -> None:
        self._charged[running.cell.number] = running
        if len(self._charged) > _MOST_CELLS:
            self._charged.pop(next(iter(self._charged))).add_up()

    def _change(self) -> int:
        self._changes += 1
        return self._changes

    def _all(self) -> list[Cell]:
        self.catch_up()
        with self._lock:
            return [each.charged() for each in self._cells]


class _Running:
    """A cell, and the sums of what it is charged with."""

    __slots__ = ("_keys", "_names", "_waiting", "cell", "change", "counted", "intervals",
                 "is_recorded", "reached", "sums")  # fmt: skip

    def __init__(self, cell: Cell, change: int, *, is_recorded: bool = False) -> None:
        self.cell = cell
        self.change = change
        self.is_recorded = is_recorded
        self.intervals = 0
        self.counted = 0.0
        self.reached = -math.inf
        self.sums: dict[str, _Sum] = {}
        self._waiting: list[Sample] = []
        self._keys: tuple[tuple[str, str | None], ...] = ()
        self._names: list[str] = []

    @property
    def until(self) -> float:
        """When it ended; never, while it runs."""
        return math.inf if self.cell.ended is None else self.cell.ended

    def add(self, sample: Sample, begin: float, end: float) -> None:
        # perf's clock may have been found to be a little nearer than it was thought to be
        nearly = max(_TOLERANCE, (sample.duration or 0.0) / 2)
        if self.is_recorded and begin < self.reached - nearly:
            return  # a recording that is played again from before; live, the clock was set back
        self.reached = end
        self.intervals += 1
        self.counted += sample.duration or 0.0
        self._waiting.append(sample)
        if sample.labels or len(self._waiting) >= _TOGETHER:  # parts would take memory
            self.add_up()

    def add_up(self) -> None:
        """Add the samples that wait to the sums."""
        waiting, self._waiting = self._waiting, []
        for sample in waiting:
            if sample.keys != self._keys:
                self._keys = sample.keys
                self._names = unique_names([event for event, _ in sample.keys])
            seconds = sample.duration or 0.0
            for name, reading in zip(self._names, sample.readings, strict=True):
                (self.sums.get(name) or self.sums.setdefault(name, _Sum())).add(reading, seconds)

    def charged(self) -> Cell:
        if not self.intervals:
            return self.cell
        self.add_up()
        readings = {name: total.reading(name, self.counted) for name, total in self.sums.items()}
        return replace(
            self.cell,
            intervals=self.intervals,
            counted=self.counted,
            readings=MappingProxyType(readings),
        )


class _Sum:
    """The counts of one event over several intervals."""

    __slots__ = ("count", "running", "seconds", "status", "unit")

    def __init__(self) -> None:
        self.count: int | float | None = None
        self.seconds = 0.0
        self.running = 1.0
        self.status = Status.MISSING
        self.unit: str | None = None

    def add(self, reading: Reading, seconds: float) -> None:
        if reading.count is None:
            if self.count is None:
                self.status = reading.status
            return
        self.count = reading.count + (self.count or 0)
        self.seconds += seconds
        self.running = min(self.running, reading.running)
        self.status, self.unit = Status.COUNTED, reading.unit

    def reading(self, event: str, charged: float) -> Reading:
        """The count over so many seconds: scaled, as perf does, if some of them were not counted."""
        if self.count is None:
            return Reading(event, None, None, self.unit, self.status, 0.0)
        rate = self.count / self.seconds if self.seconds > 0 else None
        if rate is None or self.seconds >= charged - _TOLERANCE:
            return Reading(event, self.count, rate, self.unit, self.status, self.running)
        running = self.running * self.seconds / charged
        return Reading(event, rate * charged, rate, self.unit, self.status, running)
