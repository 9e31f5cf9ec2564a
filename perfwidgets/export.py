"""Samples in columns, and the tables that other programs read."""

from __future__ import annotations

import csv
import importlib.util
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from perfwidgets.errors import ArgumentError, PerfwidgetsError
from perfwidgets.samples import NO_COUNT_SHARES, Status

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Columns", "ColumnsBuilder"]

Values = Literal["counts", "rates", "running"]
_Floats = NDArray[np.float64]
_Shares = NDArray[np.float32]

_WORDS: Final = {share: status.value for status, share in NO_COUNT_SHARES.items()}
_CHUNK: Final = 4096
#: with which a spreadsheet's formulas begin
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
#: columns, and numbers, beyond which no table is made: some GB
_MOST_COLUMNS: Final = 100_000
_MOST_CELLS: Final = 250_000_000


@dataclass(frozen=True, slots=True)
class Columns:
    """Samples as arrays, a row for each interval and a column for each event.

    Attributes
    ----------
    times
        Ends of the intervals, shape ``(n,)``: in Unix seconds, else from the beginning.
    durations
        Measured lengths in seconds, ``(n,)``; NaN in a row that marks a gap, and where the
        interval was too short for rates.
    counts
        ``(n, events)``; NaN where not counted. Whole numbers are exact up to 2**53.
    shares
        ``(n, events)``: the share of the interval that was counted, 0 to 1; −1 not counted,
        −2 not supported, −3 no row.
    events
        Names of the columns; the second of a name is ``name #2``.
    units
        perf's unit of each column; `None` for plain numbers.
    is_unix
        Whether `times` are Unix seconds.
    """

    times: _Floats
    durations: _Floats
    counts: _Floats
    shares: _Shares
    events: tuple[str, ...]
    units: tuple[str | None, ...] = ()
    is_unix: bool = True

    def values(self, values: Values = "counts") -> _Floats:
        """Return counts of the intervals, rates per second, or shares that were counted.

        Returns
        -------
        numpy.ndarray
            Of shape ``(n, events)``; NaN where there is none.

        Raises
        ------
        ArgumentError
            If `values` is none of ``counts``, ``rates`` and ``running``.
        """
        if values == "counts":
            return self.counts
        if values == "rates":
            seconds = np.where(self.durations > 0, self.durations, math.nan)
            return np.asarray(self.counts / seconds[:, None])
        if values == "running":
            return np.where(self.shares < 0, math.nan, self.shares.astype(np.float64))
        raise ArgumentError(
            f"{values!r} is no kind of value", 'Give "counts", "rates" or "running".'
        )

    def to_numpy(self, values: Values = "counts") -> NDArray[Any]:
        """Return a structured array with the fields ``time``, ``duration`` and each event."""
        table = np.empty(len(self.times), [(name, np.float64) for name in self._names()])
        for name, column in zip(self._names(), self._table(values), strict=True):
            table[name] = column
        return table

    def to_pandas(
        self, values: Values = "counts", *, form: Literal["wide", "long"] = "wide"
    ) -> pd.DataFrame:
        """Return a table.

        Parameters
        ----------
        values
            In wide form: counts of the interval, rates per second, or the share of time that was
            counted.
        form
            ``"wide"``: a row for each interval, with `duration` in seconds and a column for each
            event. ``"long"``: a row for each event of each interval, with the columns `event`,
            `count`, `rate`, `running`, `unit`, `status` and `duration`.

        Returns
        -------
        pandas.DataFrame
            Indexed by the end of the interval: UTC, or the time from the beginning where there is
            no clock time. NaN where there is no count; gaps are rows of NaN.

        Raises
        ------
        ArgumentError
            If `values` or `form` is none of these.
        PerfwidgetsError
            If a time is beyond those of pandas.
        """
        import pandas as pd  # noqa: PLC0415  (takes a second, and few ask for it)

        if form not in ("wide", "long"):
            raise ArgumentError(f"{form!r} is no form of a table", 'Give "wide" or "long".')
        numbers = self.values(values)
        try:
            if self.is_unix:
                index = pd.to_datetime(self.times, unit="s", utc=True).rename("time")
            else:
                index = pd.to_timedelta(self.times, unit="s").rename("time")
        except (pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta) as error:
            raise PerfwidgetsError(
                f"Times up to {np.abs(self.times).max():g} s are beyond the dates of pandas",
                "Use to_numpy or to_csv, which take times as they are.",
            ) from error
        if form == "long":
            return pd.DataFrame(self._long(), index=index.repeat(len(self.events)))
        _, duration, *names = self._names()
        table = pd.DataFrame(numbers, index=index, columns=names)
        table.insert(0, duration, self.durations)
        return table

    def to_csv(self, path: str | os.PathLike[str], values: Values = "counts") -> None:
        """Write a table as text: ``time``, ``duration`` and each event; empty where not counted.

        A name that a spreadsheet would take for a formula, as it begins with ``=``, ``+``, ``-``,
        ``@``, a tab or a carriage return, gets a ``'`` before it. perf has no such event, so that
        only a recording that was made so is changed.

        Raises
        ------
        ArgumentError
            If `values` is no kind of value.
        PerfwidgetsError
            If the file cannot be written.
        """
        columns = [column.tolist() for column in self._table(values)]
        try:
            with open(path, "w", newline="", encoding="utf-8", errors="replace") as file:
                writer = csv.writer(file)
                writer.writerow([f"'{n}" if n.startswith(_FORMULAS) else n for n in self._names()])
                writer.writerows(map(_cells, zip(*columns, strict=True)))
        except OSError as error:
            raise _unwritable(path, error) from error

    def to_parquet(self, path: str | os.PathLike[str], values: Values = "counts") -> None:
        """Write the wide table of `to_pandas` as Parquet, which needs pyarrow.

        Raises
        ------
        ArgumentError
            If `values` is no kind of value.
        PerfwidgetsError
            If pyarrow is not installed, or the file cannot be written.
        """
        table = self.to_pandas(values)
        if importlib.util.find_spec("pyarrow") is None:
            raise PerfwidgetsError(
                "Parquet needs pyarrow, which is not installed",
                "Install it (pip install 'perfwidgets[parquet]'), or write text with to_csv.",
            )
        try:
            table.to_parquet(path)
        except OSError as error:
            raise _unwritable(path, error) from error

    def _names(self) -> list[str]:
        """The names of the columns: an event may be called ``time`` too."""
        taken = {"time", "duration"}
        return ["time", "duration", *(f"{n} #event" if n in taken else n for n in self.events)]

    def _table(self, values: Values) -> Iterator[_Floats]:
        yield self.times
        yield self.durations
        yield from self.values(values).T

    def _long(self) -> dict[str, Any]:
        count = len(self.times)
        shares = self.shares.ravel()
        status = np.full(shares.shape, Status.COUNTED.value, object)
        for share, word in _WORDS.items():
            status[shares == share] = word
        return {
            "event": list(self.events) * count,
            "count": self.counts.ravel(),
            "rate": self.values("rates").ravel(),
            "running": self.values("running").ravel(),
            "unit": list(self.units or [None] * len(self.events)) * count,
            "status": status,
            "duration": np.repeat(self.durations, len(self.events)),
        }


class ColumnsBuilder:
    """Gathers samples one after another into `Columns`."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._units: list[str | None] = []
        self._layout: tuple[object, list[int]] = (None, [])
        self._times: list[float] = []
        self._durations: list[float] = []
        self._counts: list[list[float]] = []
        self._shares: list[list[float]] = []
        self._chunks: list[tuple[_Floats, _Shares]] = []
        self._is_unix = True
        self._cells = 0

    def add(
        self,
        time: float,
        duration: float | None,
        layout: Sequence[tuple[str, str | None]],
        values: Iterable[tuple[int | float | None, float, str | None]],
        *,
        is_unix: bool,
    ) -> None:
        """Add an interval.

        Parameters
        ----------
        time, duration
            As in `Columns`; `None` for no usable duration.
        layout
            The events with their units; the very same object as long as they are the same.
        values
            For each its count and share, or `None`, anything, and the word for why.
        is_unix
            Whether `time` is in Unix seconds.
        """
        columns = self._columns_of(layout)
        counts = [math.nan] * len(self._units)
        shares = [NO_COUNT_SHARES[Status.MISSING]] * len(self._units)
        for column, (count, share, word) in zip(columns, values, strict=True):
            if count is None:
                shares[column] = _share_of(word)
            else:
                counts[column], shares[column] = _to_float(count), share
        self._cells += len(counts)
        if len(counts) > _MOST_COLUMNS or self._cells > _MOST_CELLS:
            raise PerfwidgetsError(
                f"A table of more than {_MOST_COLUMNS:,} columns or {_MOST_CELLS:,} numbers is "
                "not made",
                "Take a part of it, with `between`, or read it sample by sample.",
            )
        self._times.append(time)
        self._durations.append(math.nan if duration is None else duration)
        self._counts.append(counts)
        self._shares.append(shares)
        self._is_unix = self._is_unix and is_unix
        if len(self._counts) == _CHUNK:
            self._pack()

    def columns(self) -> Columns:
        """What there is by now."""
        self._pack()
        width = len(self._units)
        counts = np.full((len(self._times), width), math.nan)
        shares = np.full((len(self._times), width), NO_COUNT_SHARES[Status.MISSING], np.float32)
        row = 0
        for some_counts, some_shares in self._chunks:
            rows, known = some_counts.shape
            counts[row : row + rows, :known] = some_counts
            shares[row : row + rows, :known] = some_shares
            row += rows
        return Columns(
            np.array(self._times, np.float64),
            np.array(self._durations, np.float64),
            counts,
            shares,
            tuple(self._columns),
            tuple(self._units),
            self._is_unix,
        )

    def _columns_of(self, layout: Sequence[tuple[str, str | None]]) -> list[int]:
        if self._layout[0] is not layout:
            found, seen = [], dict[str, int]()
            for event, unit in layout:
                seen[event] = seen.get(event, 0) + 1
                name = event if seen[event] == 1 else f"{event} #{seen[event]}"
                if name not in self._columns:
                    self._pack()
                    self._columns[name] = len(self._units)
                    self._units.append(unit)
                found.append(self._columns[name])
                if self._units[found[-1]] is None:
                    self._units[found[-1]] = unit
            self._layout = (layout, found)
        return self._layout[1]

    def _pack(self) -> None:
        if self._counts:
            self._chunks.append((np.array(self._counts), np.array(self._shares, np.float32)))
            self._counts, self._shares = [], []


def _to_float(count: int | float) -> float:
    try:
        return float(count)
    except OverflowError:
        return math.inf


def _share_of(word: str | None) -> float:
    for share, known in _WORDS.items():
        if known == word:
            return share
    return NO_COUNT_SHARES[Status.NOT_COUNTED]


def _cells(row: Iterable[float]) -> list[str]:
    return [
        "" if math.isnan(n) else str(int(n)) if n.is_integer() and abs(n) < 2**53 else repr(n)
        for n in row
    ]


def _unwritable(path: str | os.PathLike[str], error: OSError) -> PerfwidgetsError:
    return PerfwidgetsError(
        f"{os.fspath(path)!r} cannot be written: {error.strerror}",
        "Write to a folder that is there, and that you may write to.",
    )
