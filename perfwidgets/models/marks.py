"""Moments that a person has given a name."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from perfwidgets.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Mark", "Marks"]

_MOST_MARKS = 10_000
_MOST_LABEL = 200


@dataclass(frozen=True, slots=True)
class Mark:
    """A named moment.

    Attributes
    ----------
    label
        What a person called it.
    time
        In Unix seconds.
    """

    number: int = field(repr=False)
    label: str
    time: float


class Marks(Sequence[Mark]):
    """The marks of a monitor, oldest first; at most 10,000. Any thread may add one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._marks: deque[Mark] = deque(maxlen=_MOST_MARKS)
        self._next = 0

    def __repr__(self) -> str:
        return f"Marks({', '.join(repr(mark.label) for mark in self)})"

    def __len__(self) -> int:
        return len(self._marks)

    @overload
    def __getitem__(self, index: int) -> Mark: ...
    @overload
    def __getitem__(self, index: slice) -> list[Mark]: ...
    def __getitem__(self, index: int | slice) -> Mark | list[Mark]:
        return self._all()[index]

    def __iter__(self) -> Iterator[Mark]:
        return iter(self._all())

    @property
    def next_number(self) -> int:
        """The number that the next mark will have."""
        return self._next

    def add(self, label: str, at: float | None = None) -> Mark:
        """Add a mark, now or at a time in Unix seconds.

        Raises
        ------
        ArgumentError
            If the label is no text, is empty, or is longer than 200 characters.
        """
        if not isinstance(label, str) or not label.strip() or len(label) > _MOST_LABEL:
            raise ArgumentError(
                f"{label!r:.80} is no label for a mark",
                f'Give a text of 1 to {_MOST_LABEL} characters, such as "epoch 3".',
            )
        with self._lock:
            mark = Mark(self._next, label, time.time() if at is None else at)
            self._next += 1
            self._marks.append(mark)
            return mark

    def since(self, number: int) -> list[Mark]:
        """Return the marks from this number on."""
        return [mark for mark in self._all() if mark.number >= number]

    def to_pandas(self) -> pd.DataFrame:
        """Return a table indexed by time (UTC), with the column `label`."""
        import pandas as pd  # noqa: PLC0415  (takes a second, and few ask for it)

        marks = self._all()
        index = pd.to_datetime([mark.time for mark in marks], unit="s", utc=True).rename("time")
        return pd.DataFrame({"label": [mark.label for mark in marks]}, index=index)

    def _all(self) -> list[Mark]:
        with self._lock:
            return list(self._marks)
