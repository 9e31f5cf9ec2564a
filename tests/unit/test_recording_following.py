"""What a monitor names and executes is recorded beside its samples."""

from __future__ import annotations

from perfwidgets import Cells, Marks, Sample, read_recording
from perfwidgets.recording.following import FollowingRecorder

SAMPLE = Sample(1.0, 1001.0, 1.0, ())


def test_marks_and_cells_are_written_once_and_in_order(tmp_path):
    marks, cells = Marks(), Cells()
    marks.add("before", 990.0)
    cells.end(cells.begin(1, "before()", 990.0), ended=991.0)
    with FollowingRecorder(tmp_path / "r", marks=marks, cells=cells) as recorder:
        recorder.write("counters", SAMPLE)
        recorder.write("memory", SAMPLE)
        marks.add("one", 1000.5)
        first, second = cells.begin(2, "first()", 1000.0), cells.begin(None, "second()", 1000.1)
        for _ in range(3):
            recorder.look()
        cells.end(first, ended=1000.7, error="KeyError")
        marks.add("two", 1000.8)
        recorder.look()
        recorder.look()
        assert second > first
    recorder.close()
    recording = read_recording(tmp_path / "r")
    assert [(mark.label, mark.time) for mark in recording.marks] == [
        ("one", 1000.5),
        ("two", 1000.8),
    ]
    assert [(c.execution_count, c.code, c.began, c.ended, c.failed) for c in recording.cells] == [
        (2, "first()", 1000.0, 1000.7, True),
        (None, "second()", 1000.1, None, False),
    ]
    assert recording.cells[0].error == "KeyError"
    assert (len(list(recording.samples)), len(list(recording.memory))) == (1, 1)


def test_closed_it_looks_no_more(tmp_path):
    marks, cells = Marks(), Cells()
    recorder = FollowingRecorder(tmp_path / "r", marks=marks, cells=cells)
    recorder.close()
    marks.add("late", 1.0)
    recorder.look()
    recorder.close()
    assert read_recording(tmp_path / "r").marks == ()
