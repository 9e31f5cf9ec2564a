"""Parts of a recording, such as one of several hosts, are used like the whole."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from scripted_source import reading, sample

from perfwidgets import Recorder, Status, compare_recordings, read_recording
from perfwidgets.errors import ArgumentError
from perfwidgets.recording.decoding import Decoder
from perfwidgets.recording.encoding import Encoder
from perfwidgets.recording.fields import DamagedError
from perfwidgets.recording.header import Header

AWAY = reading("cs", status=Status.MISSING)


@pytest.fixture
def recording(tmp_path):
    recorder = Recorder(tmp_path / "recording", Header(("cs", "x"), 1.0, hosts=("node6", "node7")))
    for number in range(1, 5):
        cores = {"CPU0": reading("cs", number, rate=2.0 * number), "CPU1": AWAY}
        node6 = reading("cs", number, rate=2.0 * number, running=0.5, parts=cores)
        node7 = AWAY if number == 3 else reading("cs", 10 * number, rate=10.0 * number)
        cs = reading("cs", number, running=0.5, parts={"node6": node6, "node7": node7})
        only = replace(reading("x", 7), unit="msec")
        x = replace(reading("x", 7, parts={"node7": only}), unit="msec")
        recorder.write_sample(sample(float(number), cs, x, timestamp=1e9 + number))
    recorder.write_mark("late", 1e9 + 2.5)
    recorder.close()
    return read_recording(recorder.path)


def test_its_parts(recording):
    assert recording.parts == ("node6", "node7")
    assert recording.part("node6").parts == ("CPU0", "CPU1")
    assert recording.part("node7").parts == ()
    assert "node6 CPU1" in repr(recording.part("node6").part("CPU1"))


@pytest.mark.parametrize("labels", [["node8"], ["CPU0"], ["node7", "CPU0"], [""]])
def test_there_is_no_such_part(recording, labels):
    *path, last = labels
    for label in path:
        recording = recording.part(label)
    with pytest.raises(ArgumentError, match="has no part") as caught:
        recording.part(last)
    assert caught.value.remedy


def test_samples_of_a_part(recording):
    first = next(iter(recording.part("node6").samples))
    whole = next(iter(recording.samples))
    assert first["cs"] == whole["cs"].parts["node6"]
    assert first["x"].status is Status.MISSING  # it is not counted there
    assert first["x"].unit == "msec"
    assert first.duration == 0.5  # its own
    assert (first.time, first.timestamp) == (whole.time, whole.timestamp)
    core = next(iter(recording.part("node6").part("CPU1").samples))
    assert core["cs"].status is Status.MISSING
    third = list(recording.part("node7").samples)[2]
    assert (third["cs"].count, third["x"].count) == (None, 7)


def test_tables_and_totals_of_a_part(recording):
    node7 = recording.part("node7")
    assert node7.to_pandas()["cs"].fillna(-1).tolist() == [10, 20, -1, 40]
    assert recording.part("node6").to_pandas("rates")["cs"].tolist() == [2, 4, 6, 8]
    assert recording.part("node6").to_pandas("running")["cs"].tolist() == [0.5] * 4
    assert node7.totals()["cs"].count == 70
    text = str(compare_recordings(recording.part("node6"), node7))
    assert "cs" in text


def test_a_part_of_a_stretch(recording):
    counts = [s["cs"].count for s in recording.between("late").part("node7").samples]
    assert counts == [40]
    assert [s["cs"].count for s in recording.part("node7").between("late").samples] == counts
    assert [mark.label for mark in recording.part("node7").marks] == ["late"]


def test_all_of_a_recording_without_parts(tmp_path):
    recorder = Recorder(tmp_path / "flat", Header(("cs",), 1.0))
    recorder.write_sample(sample(1.0, reading("cs", 5)))
    recorder.close()
    flat = read_recording(recorder.path)
    assert flat.parts == ()
    with pytest.raises(ArgumentError, match="Nothing was counted apart"):
        flat.part("node6")


def of_hosts(*seconds):
    """A sample of hosts, each of which has measured another time."""
    counts = [123_456_789, 7, 2_000_003, 999_999_937]
    readings = []
    for event, count in zip("abcd", counts, strict=True):
        parts = {
            f"node{i}": reading(event, count + i, rate=(count + i) / each if each else None)
            for i, each in enumerate(seconds)
        }
        readings.append(reading(event, sum(p.count for p in parts.values()), parts=parts))
    return sample(1.0, *readings, duration=1.003, timestamp=1e9)


@pytest.mark.parametrize(
    "seconds", [(1.0012345678901, 0.99987654321), (0.1, 1 / 3, 2.0), (1.0, None)]
)
def test_times_of_hosts_are_written_once_and_give_the_same_rates(tmp_path, seconds):
    written = of_hosts(*seconds)
    lines = Encoder().sample("sample", written)
    record = json.loads(lines[-1])
    assert "rates" not in record
    assert list(record["seconds"]) == [f"node{i}" for i in range(len(seconds))]
    recorder = Recorder(tmp_path / "recording")
    recorder.write_sample(written)
    recorder.close()
    [read] = read_recording(recorder.path).samples
    assert read.readings == written.readings


def test_rates_that_no_times_give_are_written_out():
    odd = of_hosts(1.0, 2.0)
    parts = {**odd["b"].parts, "node1": reading("b", 8, rate=5.0)}
    readings = (odd["a"], replace(odd["b"], parts=parts), odd["c"], odd["d"])
    record = json.loads(Encoder().sample("sample", replace(odd, readings=readings))[-1])
    assert record["rates"][1][1] == [7.0, 5.0]
    assert "seconds" not in record


@pytest.mark.parametrize(
    "seconds", [5, [1], {"node0": 0}, {"node0": -1}, {"node0": "x"}, {"a": []}]
)
def test_damaged_seconds(seconds):
    decoder = Decoder()
    *layouts, line = Encoder().sample("sample", of_hosts(1.5, 2.0))
    for layout in layouts:
        decoder.decode(layout)
    record = {**json.loads(line), "seconds": seconds}
    with pytest.raises(DamagedError, match="seconds"):
        decoder.decode(json.dumps(record).encode())
