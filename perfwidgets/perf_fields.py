"""Fields of many rows of text at once, as numpy sees them: where they are, and what they say.

Eight letters are one number of 64 bits: so texts are compared, and digits checked and put
together, for all rows in a few steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fields", "Texts"]

_Places = NDArray[np.intp]
_Words = NDArray[np.uint64]
_Bools = NDArray[np.bool_]

_WORD: Final = 8
#: a number of more digits may be none that a float64 can hold
MOST_DIGITS: Final = 15
_NEWLINE: Final = 10


def _word(byte: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([byte]) * _WORD, "little"))


_ZEROS, _NO_DIGIT, _TOP = _word(ord("0")), _word(0x80 - 10), _word(0x80)
#: the last so many letters of a word, and the first
_LAST = np.array([(2**64 - 1) & ~(2 ** (64 - 8 * n) - 1) for n in range(9)], np.uint64)
_FIRST = np.array([2 ** (8 * n) - 1 for n in range(9)], np.uint64)
#: pairs of digits, then of pairs, then of fours: what to keep, to multiply by, and to shift
_STEPS: Final = tuple(
    (np.uint64(keep), np.uint64(factor), np.uint64(shift))
    for keep, factor, shift in (
        (0x0F0F0F0F0F0F0F0F, 10 * 2**8 + 1, 8),
        (0x00FF00FF00FF00FF, 100 * 2**16 + 1, 16),
        (0x0000FFFF0000FFFF, 10_000 * 2**32 + 1, 32),
    )
)


class Texts:
    """A text for each row, to be found again in others."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.lengths = np.array([len(text) for text in texts])
        counts = -(-self.lengths // _WORD)
        #: the row of each word, and where in its text it begins
        self.rows = np.repeat(np.arange(len(texts)), counts)
        self.offsets = _WORD * (
            np.arange(len(self.rows)) - np.repeat(counts.cumsum() - counts, counts)
        )
        self.masks = _FIRST[np.minimum(self.lengths[self.rows] - self.offsets, _WORD)]
        padded = b"".join(text + bytes(-len(text) % _WORD) for text in texts)
        self.words = np.frombuffer(padded, "<u8").astype(np.uint64)
        #: the first word of each row
        self.bounds = np.concatenate([[0], counts.cumsum()])


class Fields:
    """Where the fields of rows are, in lines that are cut at a separator.

    Attributes
    ----------
    ends
        Where each field ends but the last, ``(fields - 1, rows)``.
    """

    def __init__(self, text: bytes, ends: _Places, width: int) -> None:
        self.ends = ends
        self._text = text
        self._width = width
        # every place's word; not aligned, which costs less than to copy it so
        self._words: _Words = np.ndarray((len(text) - _WORD + 1,), "<u8", text, 0, (1,))

    @classmethod
    def of(cls, lines: bytes, separator: bytes, stride: int, head: bytes) -> Fields | None:
        """The fields of `lines`, each of which begins with `head` and has `stride` separators."""
        # so that a word before the first letter, and one behind the last, is there
        text = b"".join((bytes(2 * _WORD), lines, bytes(_WORD)))
        letters = np.frombuffer(text, np.uint8)
        width = len(separator)
        found = np.flatnonzero(letters == separator[0])
        if len(found) % (width * stride) or not len(found):
            return None
        ends = found[::width]
        # the letters of each stand side by side, or their last would be farther behind their first
        if width > 1 and found[width - 1 :: width].sum() - ends.sum() != (width - 1) * len(ends):
            return None
        ends = np.ascontiguousarray(ends.reshape(-1, stride).T)  # fields are gone through in turn
        heads = ends[0] - len(head)
        newlines = letters == _NEWLINE
        if heads[0] != 2 * _WORD or np.count_nonzero(newlines) != len(heads) - 1:
            return None
        if not newlines[heads[1:] - 1].all():
            return None
        fields = cls(text, ends, width)
        return fields if fields._all_are(heads, head) else None

    def __len__(self) -> int:
        return int(self.ends.shape[1])

    def _all_are(self, starts: _Places, text: bytes) -> bool:
        """Whether `text` stands at each of these places."""
        for offset in range(0, len(text), _WORD):
            part = text[offset : offset + _WORD]
            words = self._words[starts + offset] & _FIRST[len(part)]
            if (words != np.uint64(int.from_bytes(part, "little"))).any():
                return False
        return True

    def start(self, field: int) -> _Places:
        """Where a field begins that is not the first."""
        starts: _Places = self.ends[field - 1] + self._width
        return starts

    def text(self, field: int, row: int) -> bytes:
        """What stands in a field that is not the first."""
        return self._text[self.ends[field - 1, row] + self._width : self.ends[field, row]]

    def are(self, first: int, last: int, texts: Texts, row: int) -> bool:
        """Whether fields `first` to `last` are `texts`, of which `row` is that of the first row."""
        starts, stop = self.start(first), row + len(self)
        if (self.ends[last] - starts != texts.lengths[row:stop]).any():
            return False
        part = slice(texts.bounds[row], texts.bounds[stop])
        places = starts[texts.rows[part] - row] + texts.offsets[part]
        return bool((self._words[places] & texts.masks[part] == texts.words[part]).all())

    def is_text(self, field: int, rows: _Places, text: bytes) -> _Bools:
        """In which of so many rows a field is `text`, which has eight to sixteen letters."""
        starts, ends = self.ends[field - 1][rows] + self._width, self.ends[field][rows]
        first, last = (
            np.uint64(int.from_bytes(part, "little")) for part in (text[:_WORD], text[-_WORD:])
        )
        found: _Bools = (
            (ends - starts == len(text))
            & (self._words[starts] == first)
            & (self._words[ends - _WORD] == last)
        )
        return found

    def short(self, field: int) -> _Words | None:
        """Texts of up to eight letters as words; `None` if one is longer."""
        ends = self.ends[field]
        lengths = ends - self.start(field)
        if (lengths > _WORD).any():
            return None
        words: _Words = self._words[ends - _WORD] & _LAST[lengths]
        return words

    def are_digits(self, field: int) -> bool:
        """Whether this field is nothing but digits in each row, at most sixteen."""
        ends = self.ends[field]
        lengths = ends - self.start(field)
        if lengths.min() < 1 or lengths.max() > 2 * _WORD:
            return False
        fine = _fine(self._last(ends, np.minimum(lengths, _WORD)))
        more = lengths > _WORD
        if more.any():
            ends, lengths = ends[more] - _WORD, lengths[more] - _WORD
            return bool(fine.all()) and bool(_fine(self._last(ends, lengths)).all())
        return bool(fine.all())

    def numbers(self, field: int) -> tuple[_Words, _Bools]:
        """Numbers of up to fifteen digits, and which fields are that."""
        ends = self.ends[field]
        return self._numbers(ends, ends - self.start(field))

    def hundredths(self, field: int, rows: _Places) -> tuple[_Words, _Bools]:
        """Of so many rows numbers with two decimals times 100, and which of them are that."""
        ends = self.ends[field][rows]
        lengths = ends - self.ends[field - 1][rows] - self._width
        whole, fine = self._numbers(ends - 3, np.maximum(lengths - 3, 0))
        part, part_fine = self._numbers(ends, np.full(len(rows), 2))
        points = self._words[ends - 3] & _FIRST[1] == ord(".")
        return whole * np.uint64(100) + part, fine & part_fine & points & (lengths <= MOST_DIGITS)

    def _last(self, ends: _Places, lengths: _Places) -> _Words:
        """The last letters before each end, at most eight, as digits if they are some."""
        words: _Words = (self._words[ends - _WORD] ^ _ZEROS) & _LAST[lengths]
        return words

    def _numbers(self, ends: _Places, lengths: _Places) -> tuple[_Words, _Bools]:
        low = self._last(ends, np.minimum(lengths, _WORD))
        fine = _fine(low) & (lengths > 0) & (lengths <= MOST_DIGITS)
        numbers = _joined(low)
        more = lengths > _WORD
        if more.any():
            high = self._last(ends[more] - _WORD, np.minimum(lengths[more] - _WORD, _WORD))
            numbers[more] += _joined(high) * np.uint64(10**8)
            fine[more] &= _fine(high)
        return numbers, fine


def _fine(digits: _Words) -> _Bools:
    """Whether each letter is a digit."""
    found: _Bools = ((digits + _NO_DIGIT) | digits) & _TOP == 0
    return found


def _joined(digits: _Words) -> _Words:
    """Eight digits as one number."""
    for keep, factor, shift in _STEPS:
        digits = ((digits & keep) * factor) >> shift
    return digits
