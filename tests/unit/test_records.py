"""A monitor writes down what it is told."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell
from scripted_source import Scripted, sample

from perfwidgets import (
    ArgumentError,
    Monitor,
    PerfwidgetsWarning,
    Recorder,
    RecordingError,
    Replay,
    read_recording,
)
from perfwidgets.recording.kept import RECORD, _recorders, wanted_recorder
from perfwidgets.recording.standing_in import REPLAY
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
    monitor.record(file)
    told.tell("heard", dict)
    monitor.stop_recording()
    told.tell("not heard", dict)
    assert [region.label for region in read_recording(file).regions] == ["heard"]


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


class Live(Scripted):
    """As if it counted live."""

    stands_back = True


@pytest.fixture
def kept(file, monkeypatch):
    """The environment asks for a recording to `file`; it is closed at the end."""
    monkeypatch.setenv(RECORD, str(file))
    monkeypatch.delenv("PERFWIDGETS_RECORD_PROCESS", raising=False)
    yield file
    for recorder in _recorders.values():
        recorder.close()
    _recorders.clear()


class TestTheEnvironmentsRecording:
    def test_the_first_monitor_that_counts_live_is_recorded_and_all_regions(self, kept):
        with Monitor(Scripted(name="played")) as played, Monitor(Live()) as live:
            assert played.recording is None
            assert live.recording == str(kept)
            assert live.wait_for_sample()
            with Monitor(Live()) as other:
                assert other.recording is None
            told.tell("sort", lambda: {"duration": 0.5})
        told.tell("later", lambda: {"duration": 0.5})
        live.start()
        assert live.recording == str(kept), "it goes on"
        assert live.wait_for_sample()
        live.stop()
        wanted_recorder().flush()
        recording = read_recording(kept)
        assert [r.label for r in recording.regions] == ["sort", "later"]
        assert recording.sample_count >= 2

    def test_a_monitor_that_counts_events_takes_over_from_one_of_memory(self, kept):
        with Monitor(Live(kind="memory")) as memory, Monitor(Live()) as counters:
            assert memory.recording is None
            assert counters.recording == str(kept)

    def test_it_is_not_made_while_a_recording_is_played(self, kept, monkeypatch):
        kept.write_bytes(b"what is played")
        monkeypatch.setenv(REPLAY, str(kept))
        assert wanted_recorder() is None
        told.tell("sort", dict)
        assert kept.read_bytes() == b"what is played"

    def test_a_child_process_does_not_overwrite_it(self, kept):
        with Monitor(Live()) as live:
            assert live.wait_for_sample()
            code = (
                "from perfwidgets.recording.kept import wanted_recorder\n"
                "assert wanted_recorder() is None"
            )
            subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
            assert live.wait_for_sample()
        wanted_recorder().flush()
        assert read_recording(kept).sample_count >= 2

    def test_a_place_that_cannot_be_written_starts_nothing(self, monkeypatch, tmp_path):
        monkeypatch.setenv(RECORD, str(tmp_path / "nowhere" / "r"))
        monkeypatch.delenv("PERFWIDGETS_RECORD_PROCESS", raising=False)
        monitor = Monitor(Live())
        with pytest.raises(RecordingError):
            monitor.start()
        assert monitor.state != "running"
        assert monitor._collector._thread is None or not monitor._collector._thread.is_alive()
        # a region, and what it raises, does not suffer for it
        with pytest.warns(PerfwidgetsWarning, match="nowhere"):
            told.tell("sort", dict)

    def test_one_that_is_lost_is_told_and_not_used_again(self, kept):
        with Monitor(Live()) as live:
            assert live.wait_for_sample()
            wanted_recorder().flush()
            kept.unlink()
            while live.recording is not None:
                assert live.wait_for_sample()
            assert "deleted" in live.faults[-1].message
        assert wanted_recorder() is None


def test_a_monitor_that_records_can_be_collected(file):
    monitor = Monitor(Scripted())
    recorder = monitor.record(file)
    reference = weakref.ref(monitor)
    del monitor
    gc.collect()
    assert reference() is None
    told.tell("sort", dict)
    recorder.close()


def test_a_lost_recording_leaves_no_listener(file):
    with Monitor(Scripted()) as monitor:
        recorder = monitor.record(file)
        recorder.flush()
        file.unlink()
        while recorder.error is None or monitor.recording is not None:
            assert monitor.wait_for_sample()
        monitor.record(file)
        told.tell("once", dict)
    assert [region.label for region in read_recording(file).regions] == ["once"]


def test_a_mark_beside_a_recording_is_of_its_time(file):
    with Monitor(Scripted()) as monitor:
        monitor.record(file)
        for _ in range(3):
            assert monitor.wait_for_sample()
    played = Monitor(Replay(file, speed=math.inf)).start()
    assert played.mark("seen").time == played.history.last_time


def test_at_infinite_speed_nobody_waits_for_what_is_live(file):
    with Monitor(Scripted()) as monitor:
        monitor.record(file)
        assert monitor.wait_for_sample()
    replay = Replay(file, speed=math.inf)
    with Monitor(replay, Scripted(name="live", kind="memory")) as both:
        assert both.states["replay"] == "stopped"
    paused = Replay(file, speed=math.inf)
    paused.pause()
    with Monitor(paused) as monitor:
        assert monitor.sample is None


def test_a_strangers_mark_without_a_word_is_no_hindrance(file):
    with Recorder(file) as recorder:
        recorder.write_mark("   ", 1.0)
        recorder.write_sample(sample(1.0))
    assert [mark.label for mark in Monitor(Replay(file)).marks] == ["?"]
