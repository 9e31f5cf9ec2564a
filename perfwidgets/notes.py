"""What fits nothing in a text that was read: kept, and never counted."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Note", "Notes"]

_MAX_NOTES = 10_000
_MAX_NOTE_TEXT = 500


class Note(NamedTuple):
    """A line that is no data, with its number counted from 1."""

    line_number: int
    text: str


class Notes(list[Note]):
    """Notes in the order of their lines; bounded, so that hostile input cannot fill the memory.

    Attributes
    ----------
    left_out
        How many more there were than are kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left_out = 0

    def add(self, line_number: int, text: str) -> None:
        """Keep a note, its text cut to 500 characters; count it only, once 10,000 are kept."""
        if len(self) < _MAX_NOTES:
            self.append(Note(line_number, text[:_MAX_NOTE_TEXT]))
        else:
            self.left_out += 1
