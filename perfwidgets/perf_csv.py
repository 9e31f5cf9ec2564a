"""The text of ``perf stat -x`` -> `Sample`: from a file or lines, or live from cut-up bytes.

Pure but for opening the path that `read_perf_csv` is given. What a line can be is `perf_rows`'
business; here rows of one interval become a sample.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .errors import ArgumentError
from .notes import Note, Notes
from .perf_intervals import (
    MAX_LINE,
    MAX_ROWS,
    SampleReader,
    Timeline,
    open_lines,
    pieces,
    readings,
    text,
    unanswered,
)
from .perf_rows import SUMMARY, Line, Row, RowParser, is_furniture
from .perf_separator import find_separator
from .samples import Reading, Sample

if TYPE_CHECKING:
    from .perf_blocks import Block, Layout

__all__ = ["IntervalAssembler", "Note", "Notes", "PerfCsvReader", "read_perf_csv"]


class PerfCsvReader(SampleReader):
    """Iterator of the samples in perf's text; made by `read_perf_csv`.

    Attributes
    ----------
    notes
        The lines that fit nothing, as `Note`; complete once the iteration has ended.
        ``notes.left_out`` counts those beyond the first 10,000.
    summary
        What ``--summary`` printed at the end, as one sample without rates; `None` until the
        iteration has ended, and if there is none.
    separator
        What stands between fields; `None` until it is known.
    """

    def __init__(self, lines: Iterable[tuple[str, bool]], separator: str | None) -> None:
        super().__init__(lines)
        self._sure = separator is not None
        self._parser = RowParser(separator, short_rows=True) if separator else None

    @property
    def separator(self) -> str | None:
        """What stands between fields; `None` until it is known."""
        return self._parser.separator if self._parser else None

    def _row(self, number: int, line: str, is_whole: bool) -> Row | None:
        if not self._sure:
            self._find_separator(line)
        found = self._parser.parse(line) if self._parser else Line.UNKNOWN
        if isinstance(found, Row) and is_whole:
            self._sure = True
            return found
        if found is not Line.PASSED and not is_furniture(line):
            self.notes.add(number, line)
        return None

    def _find_separator(self, line: str) -> None:
        separator = find_separator(line)
        if separator is None or separator == self.separator:
            return
        self._parser = parser = RowParser(separator, short_rows=True)
        # lines before the first row could not be told until now
        self.notes[:] = [n for n in self.notes if parser.parse(n.text) is not Line.PASSED]


def read_perf_csv(
    path_or_lines: str | os.PathLike[str] | Iterable[str | bytes],
    *,
    separator: str | None = None,
) -> PerfCsvReader:
    r"""Read what ``perf stat -x`` printed.

    Parameters
    ----------
    path_or_lines
        A file's path, or an iterable of whole lines (`str` or `bytes`, with or without newline).
        Both are read lazily. A file's last line is data only if it ends in a newline.
    separator
        What followed perf's ``-x``; found out when not given. ``"\\t"`` may be written as two characters.

    Returns
    -------
    PerfCsvReader
        An iterator of `Sample`, one for each interval; text without a time column gives one
        sample of time 0.0 and no duration. Rows of perf before 4.1 tell no percentage: their
        `running` is 1.0.

    Raises
    ------
    RecordingError
        If the file cannot be read.
    ArgumentError
        If the separator is empty, or `path_or_lines` neither a path nor lines.

    Notes
    -----
    A file without any count gives no sample: `notes` has its lines, and `Replay` says what it looks
    like instead.
    """
    separator = check_separator(separator)
    return PerfCsvReader(open_lines(path_or_lines), separator)


def check_separator(separator: str | None) -> str | None:
    """The separator as perf takes it."""
    if separator is None:
        return None
    if not isinstance(separator, str) or not separator or "\n" in separator:
        raise ArgumentError(
            f"the separator {separator!r} separates nothing", "Give what followed perf's -x"
        )
    return "\t" if separator == "\\t" else separator


class IntervalAssembler:
    """Samples from the bytes of a running perf, each as soon as its interval is known to be over.

    That is at the next timestamp; or when as many rows came as ever came before in this run (and
    at least one for each event asked for); or at `flush`. A run's first interval waits for one
    of the others, since hybrid CPUs print more rows than were asked for.

    Parameters
    ----------
    events
        The names asked for; one without a row gets a reading of status `MISSING`.
    separator
        perf's ``-x``.
    interval, cores
        What was asked for; handed on to each sample. `interval` in seconds.

    Attributes
    ----------
    notes
        Lines that fit nothing, and rows that came late.
    origin
        Unix time of the source's beginning in seconds, from which samples get their timestamp.
    """

    def __init__(
        self,
        events: Iterable[str],
        *,
        separator: str = "@@",
        interval: float | None = None,
        cores: str | None = None,
    ) -> None:
        self.notes = Notes()
        self.origin: float | None = None
        self._asked = Counter(events)
        self._asked_rows = self._asked.total()
        self._parser = RowParser(check_separator(separator) or "@@")
        self._interval, self._cores = interval, cores
        self._timeline = Timeline(interval)
        self._buffer = bytearray()
        self._dropping = False
        self._line_number = 0
        # an interval is read in columns if its rows are those of one that was read row by row
        self._layout: Layout | None = None
        self._block: Block | None = None
        self._rows: list[Row] = []
        self._lines: list[bytes] = []
        self._delivered: str | None = None
        self._delivered_rows = 0
        self._expected_rows: int | None = None

    @property
    def pending(self) -> bool:
        """Whether rows wait for the rest of their interval."""
        return bool(self._rows) or self._block is not None

    @property
    def reads_whole(self) -> bool:
        """Whether `whole` may take the next interval: rows are few and look as before."""
        return self._layout is not None and self._layout.answers and self._layout.few is not None

    @property
    def mid_row(self) -> bool:
        """Whether the last bytes fed were not the end of a line, so that more is on its way."""
        return bool(self._buffer) or self._dropping

    def feed(self, data: bytes) -> list[Sample]:
        """Take bytes, cut anywhere; return the samples of the intervals that are complete."""
        done: list[Sample] = []
        while (found := self.whole(data)) is not None:
            sample, data = found
            done.append(sample)
            if not data:
                return done
        end = data.rfind(b"\n")
        if end >= 0:
            whole = data[:end]
            if self._buffer:
                whole = bytes(self._buffer) + whole
                self._buffer.clear()
            if not self._dropping:
                self._take_lines(whole, done)
            else:  # the end of a line that was noted, then others
                self._dropping = False
                self._line_number += 1
                _, newline, whole = whole.partition(b"\n")
                if newline:
                    self._take_lines(whole, done)
        self._hold(data[end + 1 :])
        if self._is_complete():
            done.append(self._deliver())
        return done

    def whole(self, data: bytes) -> tuple[Sample, bytes] | None:
        """Take one whole interval of few rows that look as before, as most are.

        Return its sample, and the data behind it; `None` if `data` does not begin with such an
        interval: nothing was taken then.
        """
        layout = self._layout
        few = layout.few if layout is not None and layout.answers else None
        if few is None or self.pending or self.mid_row or len(data) > MAX_LINE:
            return None
        found = few.read(data)
        if found is None or found.time == self._delivered:
            return None
        rest = data[found.end :]
        if rest and not few.is_later(found, rest):
            return None  # a row more than before
        time, count = float(found.time), len(few)
        least = max(self._expected_rows or 0, self._asked_rows)
        if count < least or self._timeline.is_new_run(time):
            return None
        self._line_number += count
        self._delivered, self._delivered_rows = found.time, count
        duration, seconds = self._timeline.step(time)
        sample = few.sample(
            found,
            seconds,
            time=time,
            timestamp=None if self.origin is None else self.origin + time,
            duration=duration,
            cores=self._cores,
            interval=self._interval,
        )
        return sample, rest

    def flush(self) -> Sample | None:
        """The interval whose rows wait, taken as complete: after an idle time, or at the end."""
        return self._deliver() if self.pending else None

    def end(self) -> Sample | None:
        """As `flush`, at the end of the stream: an unfinished row becomes a note."""
        if self._buffer:
            self._line_number += 1
            self.notes.add(self._line_number, text(bytes(self._buffer)))
            self._buffer.clear()
        self._dropping = False
        return self.flush()

    def _hold(self, data: bytes) -> None:
        """Keep the beginning of a line, unless it grows beyond all lines of perf."""
        if self._dropping:
            return
        self._buffer += data
        if len(self._buffer) > MAX_LINE:
            start = self._buffer[:200].decode("utf-8", "backslashreplace")
            self.notes.add(self._line_number + 1, f"line of more than 1 MiB: {start}")
            self._buffer.clear()
            self._dropping = True

    def _take_lines(self, data: bytes, done: list[Sample]) -> None:
        """Take whole lines: together where they are rows of one interval that look as before."""
        separator = self._parser.separator.encode()
        for piece in pieces(data):
            start = 0
            while start <= len(piece):
                if self._layout is None:
                    stop = piece.find(b"\n", start)
                    lines = piece[start : stop if stop >= 0 else len(piece)]
                    self._take(lines, done)
                else:
                    head = piece[start : max(piece.find(separator, start), start)]
                    last = piece.rfind(b"\n" + head + separator, start)
                    stop = piece.find(b"\n", max(last + 1, start))
                    lines = piece[start : stop if stop >= 0 else len(piece)]
                    if not self._take_block(lines, head, done):
                        for line in lines.split(b"\n"):
                            self._take(line, done)
                start += len(lines) + 1

    def _take_block(self, lines: bytes, head: bytes, done: list[Sample]) -> bool:
        """Take rows of one interval in columns; `False` if they must be read one by one."""
        time = head.strip().decode("ascii", "replace")
        begun = bool(self._rows) and self._rows[0].time == time
        if self._layout is None or begun or len(lines) > MAX_LINE:
            return False
        block = self._block
        if block is None or block.time != time:
            block = self._layout.begin(head, time)
            if block is None or block.time == self._delivered:
                return False
        taken = block.take(lines, head)
        self._line_number += taken
        if not taken:
            return False
        if block is not self._block:
            if self.pending:
                done.append(self._deliver())
            self._begin(block.time)
            self._block = block
        return True

    def _take(self, line: bytes, done: list[Sample]) -> None:
        self._line_number += 1
        line_text = text(line)
        row = self._parser.parse(line_text) if len(line) <= MAX_LINE else Line.UNKNOWN
        if isinstance(row, Line):
            if row is Line.UNKNOWN:
                self.notes.add(self._line_number, line_text)
            return
        self._read_row_by_row()
        if row.time is None or row.time == SUMMARY or len(self._rows) >= MAX_ROWS:
            self.notes.add(self._line_number, line_text)
        elif self._rows and row.time == self._rows[0].time:
            self._rows.append(row)
            self._lines.append(line)
        elif row.time == self._delivered:
            self._delivered_rows += 1
            self._expected_rows = max(self._expected_rows or 0, self._delivered_rows)
            self.notes.add(self._line_number, f"late row: {line_text}")
        else:
            if self._rows:
                done.append(self._deliver())
            self._begin(row.time)
            self._rows.append(row)
            self._lines.append(line)

    def _begin(self, time: str) -> None:
        if self._timeline.is_new_run(float(time)):
            self._delivered = None

    def _read_row_by_row(self) -> None:
        """Go on with rows where columns do not do."""
        if self._block is not None:
            self._rows, self._lines, self._block = self._block.rows(), [], None

    def _is_complete(self) -> bool:
        if not self.pending or self._expected_rows is None or self.mid_row:
            return False
        if self._timeline.is_new_run(self._pending_time()):
            return False
        count = len(self._rows) if self._block is None else len(self._block)
        return count >= max(self._expected_rows, self._asked_rows)

    def _pending_time(self) -> float:
        time = self._rows[0].time if self._block is None else self._block.time
        return float(time or 0.0)

    def _deliver(self) -> Sample:
        if self._block is not None and not self._block.is_full:
            self._read_row_by_row()
        time, block, rows = self._pending_time(), self._block, self._rows
        if block is None and len(self._lines) == len(rows):
            self._layout = _layout(self._parser, rows, self._lines)
        self._block, self._rows, self._lines = None, [], []
        count = len(rows) if block is None else len(block)
        self._delivered = rows[0].time if block is None else block.time
        self._delivered_rows = count
        if self._timeline.is_new_run(time):
            self._expected_rows = 0
        self._expected_rows = max(self._expected_rows or 0, count)
        duration, seconds = self._timeline.step(time)
        found = readings(rows, seconds) if block is None else block.readings(seconds)
        stamp = None if self.origin is None else self.origin + time
        if block is None or self._layout is None or not self._layout.answers:
            found += self._absent(found)
        return Sample(time, stamp, duration, tuple(found), self._cores, self._interval)

    def _absent(self, found: list[Reading]) -> list[Reading]:
        """The readings of events that were asked for and have no row."""
        absent = unanswered(self._asked, found)
        if self._layout is not None:
            self._layout.answers = not absent
        return absent


def _layout(parser: RowParser, rows: list[Row], lines: list[bytes]) -> Layout | None:
    from .perf_blocks import Layout  # noqa: PLC0415  (numpy: the command line does without)

    return Layout.of(parser, rows, lines)
