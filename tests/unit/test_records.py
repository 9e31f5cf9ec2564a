"""A monitor writes down what it is told."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from scripted_source import Scripted

from perfwidgets import ArgumentError, Monitor, RecordingError, read_recording
from perfwidgets.regions import told


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run.jsonl.gz"


def test_samples_cells_marks_and_regions_are_in_the_file(file):
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    with Monitor(Scripted(), Scripted(name="mem", kind="memory")) as monitor:
        recorder = monitor.record(file)
        assert monitor.recording == str(file)
        shell.run_cell("'a cell'", store_history=True)
        shell.run_cell("1 / 0", store_history=True)
        monitor.mark("epoch 3")
        told.tell("sort", lambda: {"duration": 0.5})
        for _ in range(3):
            assert monitor.wait_for_sample()
    InteractiveShell.clear_instance()
    assert recorder.closed
    assert monitor.recording is None
    recording = read_recording(file)
    assert len(list(recording.samples)) >= 3
    assert len(list(recording.memory)) >= 1
    assert [mark.label for mark in recording.marks] == ["epoch 3"]
    assert [(c.code, c.error) for c in recording.cells] == [
        ("'a cell'", ""),
        ("1 / 0", "ZeroDivisionError"),
    ]
    assert [(r.label, r.result["duration"]) for r in recording.regions] == [("sort", 0.5)]
    assert recording.header.events == ("cycles",)


def test_recorded_samples_are_those_that_came(file):
    seen = []
    monitor = Monitor(Scripted())
    monitor.observe(lambda change: seen.append(change.new), "sample")
    monitor.record(file)
    with monitor:
        for _ in range(5):
            assert monitor.wait_for_sample()
    counts = [sample["cycles"].count for sample in read_recording(file).samples]
    assert counts == [sample["cycles"].count for sample in seen]


def test_one_at_a_time_and_no_file_is_lost(file):
    monitor = Monitor(Scripted())
    monitor.record(file)
    with pytest.raises(ArgumentError, match="is going on"):
        monitor.record(file.with_name("other.gz"))
    monitor.stop_recording()
    with pytest.raises(RecordingError):
        monitor.record(file)
    monitor.record(file, overwrite=True)
    monitor.stop()
    monitor.stop_recording()


def test_nothing_is_heard_of_regions_after_the_end(file):
    monitor = Monitor(Scripted())
    before = len(told._listeners)
    monitor.record(file)
    assert len(told._listeners) == before + 1
    monitor.stop_recording()
    assert len(told._listeners) == before


def test_a_file_that_vanishes_ends_the_recording_alone(file):
    with Monitor(Scripted()) as monitor:
        recorder = monitor.record(file)
        assert monitor.wait_for_sample()
        recorder.flush()
        file.unlink()
        while recorder.error is None:
            assert monitor.wait_for_sample()
        assert monitor.wait_for_sample()
        assert monitor.state == "running"
        assert "deleted" in monitor.faults[-1].message
        assert monitor.recording is None


def test_an_unwritable_path_is_refused_before_anything_starts(tmp_path):
    monitor = Monitor(Scripted())
    with pytest.raises(RecordingError):
        monitor.record(tmp_path / "nowhere" / "run.gz")
    assert monitor.recording is None
    assert monitor.recorder is None
