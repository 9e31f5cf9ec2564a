"""The bytes of a recording -> its lines, whatever has happened to the file."""

from __future__ import annotations

import os
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from perfwidgets.errors import RecordingError
from perfwidgets.notes import Notes
from perfwidgets.recording.encoding import MAX_LINE

__all__ = ["Lines", "open_plain_file"]

_CHUNK: Final = 65_536
#: no more than this is unpacked at once, however well it was packed
_MOST_UNPACKED: Final = 1 << 20
_MAGIC: Final = b"\x1f\x8b\x08"
#: a file that is damaged in more places is not read on
_MOST_DAMAGES: Final = 1000
#: a line, and the empty ones behind it
_LINES: Final = re.compile(rb"([^\n]*)\n(\n*)")


def open_plain_file(path: Path) -> IO[bytes]:
    """Open a plain file: a pipe would wait for whoever writes to it.

    Raises
    ------
    RecordingError
        If it is none, or cannot be opened.
    """
    shown = repr(str(path))
    try:
        file: IO[bytes] = open(path, "rb", buffering=0, opener=_open_at_once)  # noqa: SIM115
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise RecordingError(
                f"{shown} is no plain file but a pipe or a device", "Save it to a file first."
            )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecordingError(
            f"{shown} cannot be read: {reason}",
            "Give the path of a file that `perfwidgets record -o FILE` or a dashboard's Record wrote; "
            "Replay plays what `perf stat -I 1000 -x ';' -o FILE` wrote as well",
        ) from error
    return file


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


class Lines:
    """An iterator of the lines of a recording, each with its number from 1; read once.

    Lines that hold nothing are passed over.

    Parameters
    ----------
    path
        The file: gzip, or the text within.
    limit
        Lines are read until they have this many bytes together; `None` for all.

    Attributes
    ----------
    notes
        What could not be read.
    number, length
        Of the last line: its number, and its length in bytes.

    Raises
    ------
    RecordingError
        If it cannot be opened, at once; while reading, if the disk fails.
    """

    def __init__(self, path: Path, limit: int | None = None) -> None:
        self._left = float("inf") if limit is None else limit
        self.notes = Notes()
        self.number = self.length = 0
        self._path = path
        self._file = open_plain_file(path)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        tail, is_too_long = b"", False
        with self._file:
            for block in self._blocks():
                if block is None:  # what follows does not continue what came
                    self._note_rest(tail)
                    tail, is_too_long = b"", False
                    continue
                self._left -= len(block)
                if self._left < 0:
                    return
                end = block.rfind(b"\n") + 1
                for line in _lines(block[:end]):
                    if isinstance(line, int):
                        self.number += line
                        continue
                    self.number += 1
                    if is_too_long or len(tail) + len(line) > MAX_LINE:
                        self.notes.add(self.number, "a line is longer than any of ours")
                    elif tail or line:
                        whole = tail + line
                        self.length = len(whole)
                        yield self.number, whole
                    tail, is_too_long = b"", False
                tail += block[end:]
                if len(tail) > MAX_LINE:
                    tail, is_too_long = b"", True
        self._note_rest(tail)

    def _note_rest(self, tail: bytes) -> None:
        if tail:
            text = tail[:500].decode("utf-8", "replace")
            self.notes.add(self.number + 1, f"a line is cut off: {text}")

    def _read(self) -> bytes:
        try:
            return self._file.read(_CHUNK)
        except OSError as error:
            raise RecordingError(
                f"{str(self._path)!r} cannot be read: {error.strerror}", "Copy it elsewhere"
            ) from error

    def _blocks(self) -> Iterator[bytes | None]:
        """Pieces of the text; `None` where some of it is lost."""
        held = self._read()
        if held[:2] != _MAGIC[:2]:
            while held:
                yield held
                held = self._read()
            return
        damages = 0
        while held:
            member = _Member()
            while not member.is_over and (held := held or self._read()):
                yield from member.unpack(held)
                held = member.rest
            if member.is_damaged:
                damages += 1
                self._note("the file is damaged here; what follows up to the next part is lost")
            elif not member.is_over:
                self._note("the end is missing: the recording was cut off, or still goes on")
            if member.is_damaged or not member.is_over:
                yield None
            if damages > _MOST_DAMAGES:
                self._note("the file is damaged in too many places to read on")
                return
            held = self._next_member(held)

    def _note(self, text: str) -> None:
        self.notes.add(self.number + 1, text)

    def _next_member(self, held: bytes) -> bytes:
        """What there is from the beginning of the next member on."""
        passed = 0
        while True:
            start = held.find(_MAGIC)
            if start >= 0:
                passed += start
                held = held[start:]
                break
            # the end of what is held may be the beginning of one
            keep = held[-2:]
            more = self._read()
            passed += len(held) - len(keep)
            if not more:
                passed += len(keep)
                held = b""
                break
            held = keep + more
        if passed:
            self._note(f"{passed:,} bytes are no part of a recording")
        return held


def _lines(block: bytes) -> Iterator[bytes | int]:
    """The lines of a block that ends with one; a number stands for so many that are empty.

    Of these a small file may hold a great many, and each would cost as much as a full one.
    """
    if b"\n\n" not in block:
        yield from block.split(b"\n")[:-1]
        return
    for match in _LINES.finditer(block):
        yield match[1]
        if match[2]:
            yield len(match[2])


class _Member:
    """One gzip member, unpacked piece by piece."""

    def __init__(self) -> None:
        self._unzip = zlib.decompressobj(31)
        self._fresh = True
        self.is_damaged = False
        #: what was given and belongs to what follows
        self.rest = b""

    @property
    def is_over(self) -> bool:
        return self.is_damaged or self._unzip.eof

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """The text of `packed`; up to the very byte that is damaged, if one is."""
        before = self._unzip.copy()
        fresh, self._fresh = self._fresh, False
        given = 0
        try:
            for text in _unpacked(self._unzip, packed):
                given += len(text)
                yield text
            self.rest = self._unzip.unused_data
        except zlib.error:
            self.is_damaged = True
            # the next member begins somewhere in what is held
            self.rest = packed[len(_MAGIC) :] if fresh else packed
            yield from _up_to_the_damage(before, packed, given)


def _unpacked(unzip: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    while True:
        text = unzip.decompress(packed, _MOST_UNPACKED)
        if text:
            yield text
        packed = unzip.unconsumed_tail
        if not packed and len(text) < _MOST_UNPACKED:
            return


def _up_to_the_damage(unzip: zlib._Decompress, packed: bytes, given: int) -> Iterator[bytes]:
    """Unpack byte by byte: of the piece with the damage nothing may have come yet."""
    for place in range(len(packed)):
        try:
            for text in _unpacked(unzip, packed[place : place + 1]):
                yield text[given:]
                given = max(0, given - len(text))
        except zlib.error:
            return
