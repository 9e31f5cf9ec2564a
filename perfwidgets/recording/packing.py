"""The file that a recording is written to: gzip members, each readable up to its last flush."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import weakref
import zlib
from pathlib import Path
from typing import Final

from perfwidgets.errors import ArgumentError, RecordingError

__all__ = ["PackedFile", "check_path"]

_LEVEL: Final = 6
_GZIP: Final = 31
#: what a file system says that has no locks, as some over a network
_NO_LOCKS: Final = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


def check_path(path: object) -> Path:
    """Return a path that was given.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise ArgumentError(
            f"{path!r} is no path of a recording", 'Give one, such as "night.perf.gz".'
        )
    return Path(text)


class PackedFile:
    """Text, written in gzip members so that it can be read however the writing ends.

    One at a time writes to a file: it is locked until it is closed.

    Parameters
    ----------
    path
        What is made.
    first
        Its first line.
    overwrite
        Whether the file may be there already; what it holds is lost then.

    Attributes
    ----------
    size
        Bytes written.

    Raises
    ------
    RecordingError
        If it is there, another writes to it, or it cannot be made.
    """

    def __init__(self, path: Path, first: bytes, *, overwrite: bool = False) -> None:
        self.path = path
        self.size = 0
        self._pack = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._is_begun = False
        self._file = _create(path, overwrite=overwrite)
        _open_files.add(self)
        try:
            self.write(first)
        except OSError as error:
            self._close()
            raise _unwritable(path, error) from error

    def write(self, text: bytes, *, end_member: bool = False) -> None:
        """Write so that it can be read, whatever happens next.

        Raises
        ------
        OSError
            If that fails. The file ends with what was written before, then, and is whole.
        """
        before, size = self._pack.copy(), self.size
        try:
            packed = self._pack.compress(text)
            packed += self._pack.flush(zlib.Z_FINISH if end_member else zlib.Z_SYNC_FLUSH)
            self._write(packed)
        except BaseException:
            self._take_back(before, size)
            raise
        self._is_begun = True
        if end_member:
            self._begin_member()

    def close(self) -> None:
        """End the member and close the file.

        Raises
        ------
        OSError
            If the disk fails.
        """
        if self._file < 0:
            return
        try:
            if self._is_begun:
                self._write(self._pack.flush(zlib.Z_FINISH))
            os.fsync(self._file)
        finally:
            self._close()

    def _close(self) -> None:
        file, self._file = self._file, -1
        # a process that was just forked off may not have closed it yet, and would keep the lock
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_UN)
        os.close(file)

    def let_go(self) -> None:
        """Close the file as it is, and leave it locked: it is another process's."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    @property
    def is_gone(self) -> bool:
        """Whether the file was deleted meanwhile, so that nobody will ever read it."""
        return self._file >= 0 and os.fstat(self._file).st_nlink == 0

    def _begin_member(self) -> None:
        self._pack = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._is_begun = False

    def _take_back(self, before: zlib._Compress, size: int) -> None:
        """Cut off what was half written; a last few bytes then end the member, if they fit."""
        self._pack, self.size = before, size
        try:
            os.ftruncate(self._file, size)
            if self._is_begun:
                self._write(self._pack.flush(zlib.Z_FINISH))
        except OSError:
            pass  # without its end it can be read too, and the reason of it all is being raised
        self._begin_member()

    def _write(self, packed: bytes) -> None:
        left = memoryview(packed)
        while left:
            done = os.write(self._file, left)
            self.size += done
            left = left[done:]


_open_files: weakref.WeakSet[PackedFile] = weakref.WeakSet()


def _let_go_in_child() -> None:
    for file in list(_open_files):
        file.let_go()


# a forked child that kept it open would keep it locked after us
os.register_at_fork(after_in_child=_let_go_in_child)


def _create(path: Path, *, overwrite: bool) -> int:
    """Open a file that is empty and locked."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        file = os.open(path, flags if overwrite else flags | os.O_EXCL, 0o666)
        try:
            _take(file, repr(str(path)))
        except BaseException:
            os.close(file)
            raise
    except FileExistsError:
        raise RecordingError(
            f"{str(path)!r} is there already",
            "Choose another name, or say that it may be lost: overwrite=True (--overwrite).",
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from error
    return file


def _take(file: int, shown: str) -> None:
    """Lock an open file, and only then empty it."""
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise RecordingError(
            f"{shown} is no plain file but a pipe or a device", "Record to a file."
        )
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RecordingError(
            f"{shown} is being recorded to",
            "Choose another name, or end that recording first; its Recorder has close().",
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    os.ftruncate(file, 0)


def _unwritable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(f"{str(path)!r} cannot be written: {error.strerror}", _remedy(error))


def _remedy(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "Make its folder first."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Make room, or record to another disk."
    return "Record to a folder that you may write to."
