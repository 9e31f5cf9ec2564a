"""The tables that a history gives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perfwidgets.export import Columns
from perfwidgets.models.marks import Marks

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Tables"]

Values = Literal["counts", "rates", "running"]


class Tables:
    """What gives its `columns` as tables of every kind."""

    marks: Marks

    def columns(self) -> Columns:
        """Return a copy of all rows, in columns."""
        raise NotImplementedError

    def to_pandas(
        self, values: Values = "counts", *, form: Literal["wide", "long"] = "wide"
    ) -> pd.DataFrame:
        """Return a table, by default with a row for each interval and a column for each event.

        Parameters
        ----------
        values
            Counts of the interval, rates per second, or the share of time that was counted.
        form
            ``"long"``: a row for each event of each interval, with the columns `event`, `count`,
            `rate`, `running`, `unit`, `status` and `duration`.

        Returns
        -------
        pandas.DataFrame
            Indexed by the end of the interval: UTC, or the time from the beginning where there is
            no clock time. The wide form has `duration` in seconds as first column and, where there
            are marks, `mark` as the last: the labels of those since the row before, else None.
            Gaps are rows of NaN.

        Raises
        ------
        ArgumentError
            If `values` or `form` is none of these.
        """
        import pandas as pd  # noqa: PLC0415  (takes a second, and few ask for it)

        columns = self.columns()
        table = columns.to_pandas(values, form=form)
        if form == "wide" and len(self.marks):
            labels = _labels_in(columns, self.marks)
            table["mark"] = pd.Series(labels, index=table.index, dtype=object)
        return table

    def to_numpy(self, values: Values = "counts") -> np.ndarray[Any, Any]:
        """Return a structured array: the fields ``time`` (in seconds), ``duration``, each event."""
        return self.columns().to_numpy(values)

    def to_csv(self, path: str | os.PathLike[str], values: Values = "counts") -> None:
        """Write a table as text: ``time`` in seconds, ``duration``, each event; empty for no count.

        A name that a spreadsheet would take for a formula gets a ``'`` before it.

        Raises
        ------
        ArgumentError
            If `values` is no kind of value.
        PerfwidgetsError
            If the file cannot be written.
        """
        self.columns().to_csv(path, values)

    def to_parquet(self, path: str | os.PathLike[str], values: Values = "counts") -> None:
        """Write the wide table as Parquet, which needs pyarrow (``perfwidgets[parquet]``).

        Raises
        ------
        ArgumentError
            If `values` is no kind of value.
        PerfwidgetsError
            If pyarrow is not installed, or the file cannot be written.
        """
        self.columns().to_parquet(path, values)


def _labels_in(columns: Columns, marks: Marks) -> list[str | None]:
    """For each row the labels of the marks since the row before."""
    labels: list[str | None] = [None] * len(columns.times)
    if not labels:
        return labels
    earliest = columns.times[0] - np.nan_to_num(columns.durations[0])
    for mark in marks:
        row = int(np.searchsorted(columns.times, mark.time))
        if mark.time >= earliest and row < len(labels):
            before = labels[row]
            labels[row] = mark.label if before is None else f"{before}, {mark.label}"
    return labels
