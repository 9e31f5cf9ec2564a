"""Recordings: what was counted, kept in one file, to be read, compared and played again.

The format, version 1.0
-----------------------
A recording is text, one JSON object a line, compressed with gzip: ``zcat FILE | jq`` shows it. It
is written as a sequence of gzip members, a new one each half minute, and what has come is flushed
once a second. So the file needs no end: where its writer was killed, or the disk became full, all
but the last second is there, for ``zcat`` too, which then complains of the end. (Text that was
unpacked is read as well.)

Each object has a ``kind``. Readers pass over kinds and keys that they do not know: a newer minor
version may add some. A newer major version is refused.

``header``
    The first line. ``format`` ("perfwidgets recording"), ``version`` ("1.0"), ``created`` (Unix
    seconds), ``events`` (those asked for), ``interval`` (seconds asked for), ``cores`` (perf's
    list, null for all), ``per_core``, ``perf_version``, ``kernel`` (its release), ``cpu`` (the
    model). The machine's name is not recorded. Of several hosts: ``hosts``, their names as the
    readings' parts have them; then ``kernel`` and ``cpu`` are null.
``layout``
    What the samples behind it hold, so that names stand once. ``id`` (0 to 7; it replaces the
    layout that had the number before), ``cores`` and ``interval`` where they are known, and
    ``readings``: a list of ``{"event", "unit", "parts"}``, in perf's order; a name may come more
    than once. ``unit`` is left out for plain numbers, ``parts`` where nothing was counted apart.
    A part is its label (``"CPU3"``), or ``{"label", "event", "unit", "parts"}`` where it has
    parts itself or differs from the whole. Each member names its layouts again.
``sample``
    What one interval counted. ``layout`` (the id), ``time`` (seconds from the source's beginning
    to the interval's end), ``timestamp`` (the same in Unix seconds; left out if it is not known),
    ``duration`` (measured, in seconds; left out if it is not known), and ``counts``, one for each
    reading of the layout: the number exactly as it was counted, or why there is none: ``"not
    counted"``, ``"not supported"``, ``"missing"``. A reading with parts is a list of two: its
    count, and the list of its parts' counts. ``shares``, in the same form, are the shares of the
    interval in which each event was on a counter; left out where all are 1 (0 without a count).
    Rates are counts divided by ``duration``; ``"rated": false`` says that the interval was too
    short for any; ``seconds``, an object, what those of parts with these labels are divided by,
    and of all below them, as hosts measure time of their own (null: they have none); and
    ``rates``, in the form of the counts, that they are others. Numbers that JSON lacks
    are the texts ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``.
``memory``
    The same, from /proc/vmstat.
``mark``
    A moment with a name: ``label``, ``time``.
``cell``
    A notebook's cell that has ended: ``execution_count``, ``code`` (its first line), ``began``,
    ``ended``, ``failed``, ``error`` (its kind).
``region``
    What was counted exactly of a region of code: ``label``, ``cell`` (an execution count or
    null), ``time``, ``result`` (an object).
``gap``
    ``time`` after which samples are missing, and why (``reason``, may be empty).
``state``
    ``source`` is now ``state`` (``running``, ``paused``, ``failed`` …); ``error`` and ``remedy``
    where there is one; ``time``.
``end``
    The writer has come to its end, ``samples`` and ``memory`` tell how many of each it wrote.

``time``, ``began`` and ``ended`` of what is no sample are in Unix seconds where samples have a
``timestamp``, else in the seconds of their ``time``.

No line is longer than 8 MiB, no layout has more than 400,000 readings and parts, and all that are
in use together no more than 1,000,000 (a layout that would exceed that replaces all others). Whole
counts have 64 bits, with a sign or without one (sums of parts may have more); times lie within
2.5e11 seconds of 0, timestamps from 0 on; each event has a name. A line that is otherwise is noted
and counted nowhere; after 9,999 such lines a file is not read on.
"""

from __future__ import annotations

from perfwidgets.recording.header import Header
from perfwidgets.recording.records import (
    Gap,
    RecordedCell,
    RecordedMark,
    RecordedRegion,
    SourceState,
)

__all__ = ["Gap", "Header", "RecordedCell", "RecordedMark", "RecordedRegion", "SourceState"]
