"""What is written to a recording is read again, exactly, by us and by the standard tools."""

from __future__ import annotations

import csv
import datetime
import gzip
import json
import math
import os
import random
import subprocess
import threading
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perfwidgets import (
    DEFAULT_EVENTS,
    ArgumentError,
    Reading,
    Recorder,
    RecordingError,
    Sample,
    Status,
    compare_recordings,
    read_perf_csv,
    read_recording,
)
from perfwidgets.errors import PerfwidgetsError
from perfwidgets.perf_json import read_perf_json
from perfwidgets.recording.encoding import MAX_LINE
from perfwidgets.recording.header import Header, cpu_model
from perfwidgets.samples import whole
from perfwidgets.sources.vmstat import difference

DATA = Path(__file__).parent.parent / "data"
FILES = sorted(p for d in ("local", "guest") for p in (DATA / d).iterdir() if p.suffix != ".md")
BEGAN = 1_795_331_000.0


def values(samples):
    return [(s.time, s.timestamp, s.duration, s.readings, s.cores, s.interval) for s in samples]


def write(path, samples=(), memory=(), header=None):
    with Recorder(path, header, overwrite=True) as recorder:
        for sample in samples:
            recorder.write_sample(sample)
        for sample in memory:
            recorder.write_memory(sample)
    assert recorder.error is None
    assert recorder.skipped == 0
    return recorder


def reading(event, count, duration=1.0, running=1.0, unit=None, status=Status.COUNTED):
    rate = count / duration if count is not None and duration else None
    return Reading(event, count, rate, unit, status, running)


def sample(time, *readings, timestamp=..., duration=1.0, **more):
    stamp = BEGAN + time if timestamp is ... else timestamp
    return Sample(time, stamp, duration, readings, **more)


def ticks(count, event="cycles", step=1.0):
    return [sample(n * step, reading(event, n, step), duration=step) for n in range(1, count + 1)]


def text_of(path):
    """What the real zcat makes of it."""
    done = subprocess.run(["zcat", path], capture_output=True, check=False, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()], done


# Round trips


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_every_file_of_perfs_is_recorded_and_read_again(path, tmp_path):
    is_json = any(line.startswith(b'{"') for line in path.read_bytes().splitlines())
    samples = list((read_perf_json if is_json else read_perf_csv)(path))
    write(tmp_path / "r", samples)
    assert values(read_recording(tmp_path / "r").samples) == values(samples)
    lines, done = text_of(tmp_path / "r")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [line["kind"] for line in lines if line["kind"] != "layout"] == [
        "header",
        *(["sample"] * len(samples)),
        "end",
    ]


NAMES = st.one_of(
    st.sampled_from(
        ["cycles", "msr/event=0x0,period=1/", 'a"b', "a\nb", "\\", "\u2028", "é", "x#2"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
)
COUNTS = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 9),
)
UNITS = st.sampled_from([None, "msec", "Joules", "%", ""])
FINITE = st.floats(-1e9, 2.5e11, allow_nan=False)


@st.composite
def leaves(draw, event=NAMES, rate=None):
    name, unit = draw(event), draw(UNITS)
    status = draw(st.sampled_from(Status))
    running = draw(st.sampled_from([1.0, 1.0, 0.0, 0.54, 0.3333]))
    if status is not Status.COUNTED:
        return Reading(name, None, None, unit, status, draw(st.sampled_from([0.0, 1.0, 0.5])))
    count = draw(COUNTS)
    return Reading(name, count, draw(rate) if rate is not None else None, unit, status, running)


@st.composite
def readings(draw, depth=2):
    whole_one = draw(leaves(rate=st.one_of(st.none(), FINITE)))
    if not depth or draw(st.booleans()):
        return whole_one
    labels = draw(st.lists(NAMES, max_size=4, unique=True))
    parts = {label: draw(readings(depth=depth - 1)) for label in labels}
    fields = [getattr(whole_one, name) for name in Reading.__slots__[:6]]
    return Reading(*fields, MappingProxyType(parts))


SAMPLES = st.builds(
    Sample,
    FINITE,
    st.one_of(st.none(), st.floats(0, 2.5e11)),
    st.one_of(st.none(), st.floats(0, 1e6)),
    st.lists(readings(), max_size=4).map(lambda found: tuple(found + found[:1])),
    st.sampled_from([None, "0-3,8"]),
    st.one_of(st.none(), st.floats(0.01, 1e5)),
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(SAMPLES, max_size=12), st.lists(SAMPLES, max_size=3))
def test_any_samples_at_all(tmp_path_factory, samples, memory):
    path = tmp_path_factory.mktemp("any") / "r"
    write(path, samples, memory)
    recording = read_recording(path)
    assert values(recording.samples) == values(samples)
    assert values(recording.memory) == values(memory)
    assert recording.notes == ()
    recording.totals()
    assert len(text_of(path)[0]) >= 2 + len(samples) + len(memory)


def test_a_count_keeps_its_type_and_every_digit(tmp_path):
    counts = [0, 812, 2**53 + 1, 2**64 - 1, 48.0, 0.1 + 0.2, 5e-324, 1.7976931348623157e308]
    write(tmp_path / "r", [sample(1.0, *(reading("e", c) for c in counts))])
    (read,) = read_recording(tmp_path / "r").samples
    assert [repr(r.count) for r in read] == [repr(c) for c in counts]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_json_lacks_is_a_word(tmp_path, odd):
    write(tmp_path / "r", [sample(1.0, reading("e", odd))])
    (line,) = [line for line in text_of(tmp_path / "r")[0] if line["kind"] == "sample"]
    assert line["counts"] == [{"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(odd)]]
    (read,) = read_recording(tmp_path / "r").samples
    assert repr(read["e"].count) == repr(odd)


def test_numpys_numbers_are_numbers(tmp_path):
    write(tmp_path / "r", [sample(np.float64(1.0), reading("e", np.int64(7)))])
    (read,) = read_recording(tmp_path / "r").samples
    assert (read.time, read["e"].count) == (1.0, 7)


def test_why_there_is_no_count_is_kept(tmp_path):
    bad = [reading(s.value, None, running=0.0, status=s) for s in Status if s is not Status.COUNTED]
    write(tmp_path / "r", [sample(1.0, *bad)])
    (read,) = read_recording(tmp_path / "r").samples
    assert list(read) == bad
    *_, line, _ = text_of(tmp_path / "r")[0]
    assert line["counts"] == ["not counted", "not supported", "missing"]


def test_more_layouts_than_have_numbers(tmp_path):
    samples = [sample(n + 1.0, reading(f"event{n % 20}", n)) for n in range(200)]
    write(tmp_path / "r", samples)
    assert values(read_recording(tmp_path / "r").samples) == values(samples)
    lines, _ = text_of(tmp_path / "r")
    assert {line["id"] for line in lines if line["kind"] == "layout"} == set(range(8))


def test_a_layout_is_written_once(tmp_path):
    write(tmp_path / "r", ticks(500))
    lines, _ = text_of(tmp_path / "r")
    assert sum(line["kind"] == "layout" for line in lines) == 1


def test_memory_activity_is_recorded_as_it_is(tmp_path):
    found = difference(
        {"pgpgin": 1, "pswpin": 0},
        {"pgpgin": 9, "pswpin": 3},
        duration=0.5,
        since_start=7.0,
        timestamp=BEGAN,
        interval=0.5,
    )
    write(tmp_path / "r", memory=[found])
    assert values(read_recording(tmp_path / "r").memory) == values([found])
    assert list(read_recording(tmp_path / "r").samples) == []


def test_each_member_can_be_read_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("perfwidgets.recording.writing._MEMBER", 0.0)
    samples = ticks(6)
    with Recorder(tmp_path / "r") as recorder:
        for one in samples:
            recorder.write_sample(one)
            recorder.flush()
    assert values(read_recording(tmp_path / "r").samples) == values(samples)
    data = (tmp_path / "r").read_bytes()
    starts = [place for place in range(len(data)) if is_member(data, place)]
    assert len(starts) >= 6
    for start in starts[1:-1]:
        lines = [json.loads(line) for line in unpacked(data[start:])]
        assert [line["kind"] for line in lines[:2]] == ["layout", "sample"]


def is_member(data, place):
    return data[place : place + 3] == b"\x1f\x8b\x08"


def unpacked(data):
    return gzip.decompress(data).splitlines()


def test_a_day_at_ten_a_second_is_below_200_megabytes(tmp_path):
    rng, now = random.Random(1), 0.0
    with Recorder(tmp_path / "r") as recorder:
        for number in range(3000):
            duration = round(0.1 + rng.random() / 1000, 9)
            now = round(now + duration, 9)
            counts = [rng.randrange(10**8, 10**9) for _ in DEFAULT_EVENTS]
            pairs = zip(DEFAULT_EVENTS, counts, strict=True)
            found = [reading(event, count, duration) for event, count in pairs]
            recorder.write_sample(sample(now, *found, duration=duration, interval=0.1))
            if number % 10 == 0:
                recorder.flush()
    assert recorder.samples == 3000
    assert (tmp_path / "r").stat().st_size == recorder.size
    assert recorder.size / 3000 * 864_000 < 200e6


# The header, and other records


def test_the_header_says_what_was_asked_for(tmp_path):
    header = Header(
        ("cycles", "a,b"), 0.25, "0-3", True, "6.1.187", "6.18", "Some CPU", 1.8e9, "1.0"
    )
    write(tmp_path / "r", header=header)
    assert read_recording(tmp_path / "r").header == header
    first, *_ = text_of(tmp_path / "r")[0]
    assert first["format"] == "perfwidgets recording"
    assert "host" not in json.dumps(first)


def test_the_header_of_a_source_and_of_a_machine(tmp_path):
    class Source:
        events = ("cycles",)
        interval = 0.5
        cores = "1"
        per_core = True
        version = "6.1"

    header = Header.of(Source())
    assert (header.events, header.interval, header.cores) == (("cycles",), 0.5, "1")
    assert (header.per_core, header.perf_version) == (True, "6.1")
    assert header.kernel == os.uname().release
    assert Header.of().events == ()
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: A CPU @ 3 GHz \n")
    assert cpu_model(tmp_path / "cpuinfo") == "A CPU @ 3 GHz"
    assert cpu_model(tmp_path / "none") is None


def raw(path, *records, header=None):
    first = header or {"kind": "header", "format": "perfwidgets recording", "version": "1.0"}
    text = "".join(json.dumps(record) + "\n" for record in (first, *records))
    path.write_bytes(gzip.compress(text.encode()))
    return path


LAYOUT = {"kind": "layout", "id": 0, "readings": [{"event": "cycles"}]}
LINE = {"kind": "sample", "layout": 0, "time": 1.0, "duration": 1.0, "counts": [5]}


def test_a_newer_minor_version_is_read_and_what_is_unknown_passed_over(tmp_path):
    header = {"kind": "header", "format": "perfwidgets recording", "version": "1.7", "new": [1]}
    path = raw(
        tmp_path / "r",
        {"kind": "invention", "counts": "?"},
        {**LAYOUT, "new": 1},
        {**LINE, "new": {"a": 1}},
        {"no": "kind"},
        header=header,
    )
    recording = read_recording(path)
    assert recording.header.version == "1.7"
    assert [s["cycles"].count for s in recording.samples] == [5]
    assert recording.notes == ()


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ({"format": "perfwidgets recording", "version": "2.0"}, r"version 2\.0.*Update"),
        ({"format": "perfwidgets recording", "version": "one"}, "no recording"),
        ({"format": "perfwidgets recording", "version": 1.0}, "no recording"),
        ({"format": "other", "version": "1.0"}, "no recording"),
        ({"kind": "sample"}, "no recording"),
    ],
)
def test_other_versions_and_formats_are_refused(tmp_path, header, match):
    with pytest.raises(RecordingError, match=match):
        read_recording(raw(tmp_path / "r", header=header))


def test_text_that_was_unpacked_is_read(tmp_path):
    write(tmp_path / "r", ticks(3))
    (tmp_path / "text").write_bytes(gzip.decompress((tmp_path / "r").read_bytes()))
    recording = read_recording(tmp_path / "text")
    assert values(recording.samples) == values(ticks(3))
    assert recording.notes == ()


def test_marks_cells_regions_gaps_and_states(tmp_path):
    with Recorder(tmp_path / "r") as recorder:
        recorder.write_mark('epoch "1"', BEGAN + 1)
        recorder.write_cell(
            5, "\n  x = 1\ny = 2", BEGAN + 1, BEGAN + 2, failed=True, error="KeyError"
        )
        recorder.write_cell(None, "", BEGAN + 3)
        result = {"cycles": {"value": 2**63}, "of": {1: math.nan}, "odd": object}
        recorder.write_region("inner", 5, result, BEGAN + 2)
        recorder.write_gap(BEGAN + 4, "perf ended")
        recorder.write_state("perf stat", "failed", RecordingError("so", "do"), BEGAN + 5)
        recorder.write_mark("now")
    recording = read_recording(tmp_path / "r")
    first, now = recording.marks
    assert (first.label, first.time) == ('epoch "1"', BEGAN + 1)
    assert now.time > BEGAN
    cell, running = recording.cells
    assert (cell.execution_count, cell.code, cell.began, cell.ended) == (
        *(5, "x = 1"),
        *(BEGAN + 1, BEGAN + 2),
    )
    assert (cell.failed, cell.error) == (True, "KeyError")
    assert (running.execution_count, running.ended, running.failed) == (None, None, False)
    (region,) = recording.regions
    assert (region.label, region.cell, region.result["cycles"]) == ("inner", 5, {"value": 2**63})
    assert region.result["of"] == {"1": "NaN"}
    assert recording.gaps[0].reason == "perf ended"
    (state,) = recording.states
    assert (state.source, state.state, state.error, state.remedy) == (
        *("perf stat", "failed"),
        *("so", "do"),
    )


def test_what_cannot_be_written_is_skipped_and_leaves_a_gap(tmp_path):
    loop = {}
    loop["loop"] = loop
    huge = Reading("e", 1, 1.0, None, Status.COUNTED, 1.0)
    with Recorder(tmp_path / "r") as recorder:
        recorder.write_region("r", None, loop)
        recorder.write_region("r", None, {"x": "y" * (MAX_LINE + 1)})
        recorder.write_sample(sample(1.0, *([huge] * (MAX_LINE // 2 + 1))))
        recorder.write_sample(sample(2.0, huge))
    assert recorder.error is None
    assert recorder.skipped >= 2
    recording = read_recording(tmp_path / "r")
    assert [s.time for s in recording.samples] == [2.0]
    assert recording.gaps
    assert recording.notes == ()


# Threads, forks, ends


def test_many_threads_write_at_once(tmp_path):
    with Recorder(tmp_path / "r") as recorder:

        def write_some(number):
            for place in range(200):
                recorder.write_sample(sample(place + 1.0, reading(f"thread{number}", place)))
                recorder.write_mark(f"{number} {place}")

        threads = [threading.Thread(target=write_some, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    recording = read_recording(tmp_path / "r")
    found = [(s.readings[0].event, s.readings[0].count) for s in recording.samples]
    assert len(found) == 1200
    for number in range(6):
        assert [c for e, c in found if e == f"thread{number}"] == list(range(200))
    assert len(recording.marks) == 1200
    assert recording.notes == ()


def test_closed_twice_and_written_to_after(tmp_path):
    with Recorder(tmp_path / "r") as recorder:
        recorder.write_sample(ticks(1)[0])
    size = (tmp_path / "r").stat().st_size
    recorder.close()
    recorder.write_sample(ticks(1)[0])
    recorder.write_mark("late")
    recorder.flush()
    assert (tmp_path / "r").stat().st_size == size
    assert recorder.closed
    assert [thread for thread in threading.enumerate() if "recorder" in thread.name] == []


def test_one_that_nobody_holds_is_ended(tmp_path):
    recorder = Recorder(tmp_path / "r")
    recorder.write_sample(ticks(1)[0])
    del recorder
    assert text_of(tmp_path / "r")[0][-1] == {"kind": "end", "sample": 1, "memory": 0}


def test_a_program_that_ends_without_closing_loses_nothing(tmp_path):
    program = (
        "from perfwidgets import Recorder, Sample\n"
        f"recorder = Recorder({str(tmp_path / 'r')!r})\n"
        "recorder.write_sample(Sample(1.0, None, 1.0, ()))\n"
    )
    subprocess.run([os.sys.executable, "-c", program], check=True, timeout=60)
    assert len(list(read_recording(tmp_path / "r").samples)) == 1


def test_a_fork_writes_nothing_and_ends_nothing(tmp_path):
    program = (
        "import os\n"
        "from perfwidgets import Recorder, Sample\n"
        f"recorder = Recorder({str(tmp_path / 'r')!r})\n"
        "child = os.fork()\n"
        "for _ in range(10):\n"
        "    recorder.write_sample(Sample(1.0 if child else 2.0, None, 1.0, ()))\n"
        "if not child:\n"
        "    recorder.flush()\n"
        "    raise SystemExit(0)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0\n"
    )
    subprocess.run([os.sys.executable, "-c", program], check=True, timeout=60)
    recording = read_recording(tmp_path / "r")
    assert [s.time for s in recording.samples] == [1.0] * 10
    assert recording.notes == ()


# Parts, totals, comparison


def marked(path, count=20):
    with Recorder(path) as recorder:
        for one in ticks(count):
            recorder.write_sample(one)
            recorder.write_memory(one)
        for label, time in (("begin", 5), ("end", 10), ("begin", 12), ("end", 15)):
            recorder.write_mark(label, BEGAN + time)
        recorder.write_cell(1, "a", BEGAN + 4, BEGAN + 6)
        recorder.write_cell(2, "b", BEGAN + 11, BEGAN + 12)
    return read_recording(path)


def counts(recording):
    return [s["cycles"].count for s in recording.samples]


def test_between_two_moments(tmp_path):
    recording = marked(tmp_path / "r")
    assert recording.duration == 20.0
    assert recording.sample_count == 20
    assert counts(recording.between(5, 10)) == [6, 7, 8, 9, 10]
    assert counts(recording.between("begin", "end")) == [6, 7, 8, 9, 10]
    assert counts(recording.between(9.5, 12.5)) == [11, 12], "only intervals wholly within"
    assert counts(recording.between(18)) == [19, 20]
    assert counts(recording.between(end="begin")) == [1, 2, 3, 4, 5]
    assert counts(recording.between(11, "end")) == [12, 13, 14, 15], "the first behind the start"
    date = datetime.datetime.fromtimestamp(BEGAN + 17, datetime.UTC)
    assert counts(recording.between(date)) == [18, 19, 20]
    part = recording.between("begin", "end")
    assert (part.duration, [m.label for m in part.marks]) == (5.0, ["begin", "end"])
    assert [cell.code for cell in part.cells] == ["a"]
    assert counts(part.between(7)) == [8, 9, 10]
    assert len(list(part.memory)) == 5


def test_moments_that_are_none(tmp_path):
    recording = marked(tmp_path / "r")
    for bad in ((10, 5), ("end", 5), (math.nan,), (True,), ([],)):
        with pytest.raises(ArgumentError, match=r"behind the start|no moment"):
            recording.between(*bad)
    with pytest.raises(ArgumentError, match=r"no mark 'ende'.*'begin', 'end'"):
        recording.between("ende")
    timeless = tmp_path / "timeless"
    write(timeless, [sample(1.0, reading("e", 1), timestamp=None)])
    with pytest.raises(ArgumentError, match="no clock times"):
        read_recording(timeless).between(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))


def test_appended_runs_without_clock_times_follow_each_other(tmp_path):
    found = [sample(t, reading("cycles", t), timestamp=None) for t in (1.0, 2.0, 1.0, 2.0, 3.0)]
    write(tmp_path / "r", found)
    recording = read_recording(tmp_path / "r")
    assert recording.duration == 5.0
    assert counts(recording.between(2, 4)) == [1.0, 2.0]


def test_a_clock_that_was_set_back(tmp_path):
    stamps = [100.0, 101.0, 50.0, 51.0]
    found = [
        sample(n + 1.0, reading("cycles", n), timestamp=stamp) for n, stamp in enumerate(stamps)
    ]
    write(tmp_path / "r", found)
    recording = read_recording(tmp_path / "r")
    assert recording.duration == 4.0
    assert counts(recording.between(2, 4)) == [2, 3]


def test_totals(tmp_path):
    found = [
        sample(
            2.0,
            reading("cycles", 2**60, 2.0),
            reading("cpu-clock", 48.02, 2.0, unit="msec"),
            reading("misses", 10, 2.0, running=0.5),
            reading("none", None, status=Status.NOT_SUPPORTED, running=0.0),
            duration=2.0,
        ),
        sample(
            3.0,
            reading("cycles", 2**60 + 1),
            reading("cpu-clock", 48.03, unit="msec"),
            reading("misses", None, status=Status.NOT_COUNTED, running=0.0),
            reading("none", None, status=Status.NOT_SUPPORTED, running=0.0),
        ),
        sample(5.0, reading("misses", 20, 2.0, running=1.0), duration=2.0),
    ]
    write(tmp_path / "r", found)
    totals = read_recording(tmp_path / "r").totals()
    assert list(totals) == ["cycles", "cpu-clock", "misses", "none"]
    cycles = totals["cycles"]
    assert (cycles.count, cycles.rate, cycles.seconds) == (2**61 + 1, (2**61 + 1) / 3.0, 3.0)
    assert (totals["cpu-clock"].count, totals["cpu-clock"].unit) == (96.05, "msec")
    misses = totals["misses"]
    assert (misses.count, misses.rate, misses.share) == (30, 7.5, 0.75)
    assert (misses.counted, misses.intervals, misses.scaled) == (2, 3, True)
    none = totals["none"]
    assert (none.count, none.rate, none.counted, none.intervals) == (None, None, 0, 2)
    assert "2 of 3" in repr(totals)
    assert "not counted" in repr(totals)
    with pytest.raises(KeyError, match=r"no total of 'cycle'.*cycles"):
        totals["cycle"]


def test_totals_of_repeats_and_of_what_was_counted_apart(tmp_path):
    parts = {"CPU0": reading("e", 1), "CPU1": reading("e", 2)}
    apart = whole("e", None, MappingProxyType(parts), 1.0)
    write(tmp_path / "r", [sample(1.0, reading("a", 1), reading("a", 5), apart)] * 2)
    totals = read_recording(tmp_path / "r").totals()
    assert {name: total.count for name, total in totals.items()} == {"a": 2, "a #2": 10, "e": 6}


def test_a_sum_of_many_decimals_is_exact(tmp_path):
    write(tmp_path / "r", [sample(n + 1.0, reading("clock", 0.1)) for n in range(10_000)])
    assert read_recording(tmp_path / "r").totals()["clock"].count == 1000.0


def test_two_recordings_are_compared(tmp_path):
    write(tmp_path / "a", [sample(1.0, reading("x", 10), reading("zero", 0), reading("old", 1))])
    write(
        tmp_path / "b",
        [
            sample(
                2.0, reading("x", 30, 2.0), reading("zero", 1, 2.0), reading("new", 1), duration=2
            )
        ],
    )
    first, second = read_recording(tmp_path / "a"), read_recording(tmp_path / "b")
    compared = compare_recordings(first, second)
    assert list(compared) == ["x", "zero", "old", "new"]
    assert (compared["x"].counts, compared["x"].rates) == (3.0, 1.5)
    assert (compared["zero"].counts, compared["zero"].rates) == (None, None)
    assert compared["old"].second is None
    assert compared["new"].first is None
    assert repr(first.compare(second)) == repr(compared)
    assert "× 1.5" in repr(compared)


# Tables


def test_tables_wide_and_long(tmp_path):
    found = [
        sample(1.0, reading("a", 1), reading("b", 4.5, running=0.5, unit="msec")),
        sample(2.0, reading("a", None, status=Status.NOT_COUNTED, running=0.0), reading("c", 3)),
    ]
    write(tmp_path / "r", found)
    recording = read_recording(tmp_path / "r")
    wide = recording.to_pandas()
    assert list(wide.columns) == ["duration", "a", "b", "c"]
    assert wide["a"].tolist()[0] == 1
    assert np.isnan(wide["a"].iloc[1])
    assert wide.index[0].timestamp() == BEGAN + 1
    assert recording.to_pandas("running")["b"].iloc[0] == 0.5
    assert recording.to_pandas("rates")["b"].iloc[0] == 4.5
    long = recording.to_pandas(form="long")
    assert long["event"].tolist() == ["a", "b", "c"] * 2
    assert long["status"].tolist() == [
        *("counted", "counted", "missing"),
        *("not counted", "missing", "counted"),
    ]
    assert long["unit"].tolist()[1] == "msec"
    table = recording.to_numpy()
    assert table.dtype.names == ("time", "duration", "a", "b", "c")
    assert table["c"].tolist()[1] == 3
    with pytest.raises(ArgumentError, match="no kind of value"):
        recording.to_numpy("speed")
    with pytest.raises(ArgumentError, match="no form"):
        recording.to_pandas(form="broad")


def test_without_clock_times_tables_count_from_the_beginning(tmp_path):
    write(tmp_path / "r", [sample(1.5, reading("a", 1), timestamp=None)])
    assert read_recording(tmp_path / "r").to_pandas().index[0].total_seconds() == 1.5


def test_csv_with_odd_names(tmp_path):
    names = ["a,b", 'c"d', "e\nf", "time", "é"]
    write(tmp_path / "r", [sample(1.0, *(reading(n, 2**52 + 1) for n in names), timestamp=None)])
    read_recording(tmp_path / "r").to_csv(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        head, row = csv.reader(file)
    assert head == ["time", "duration", "a,b", 'c"d', "e\nf", "time #event", "é"]
    assert row == ["1", "1", *[str(2**52 + 1)] * 5]
    with pytest.raises(PerfwidgetsError, match=r"cannot be written.*folder"):
        read_recording(tmp_path / "r").to_csv(tmp_path / "none" / "t.csv")


def test_parquet_needs_pyarrow_and_says_so(tmp_path, monkeypatch):
    write(tmp_path / "r", ticks(3))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PerfwidgetsError, match=r"pyarrow.*pip install .*parquet.*to_csv"):
        read_recording(tmp_path / "r").to_parquet(tmp_path / "t")


def test_a_table_of_many_rows_and_of_layouts_that_change(tmp_path):
    found = [sample(n + 1.0, reading("early" if n < 5000 else "late", n)) for n in range(9000)]
    with Recorder(tmp_path / "r") as recorder:
        for number, one in enumerate(found):
            recorder.write_sample(one)
            if number % 1000 == 0:
                recorder.flush()
    table = read_recording(tmp_path / "r").to_numpy()
    assert np.isnan(table["late"][:5000]).all()
    assert table["early"][:5000].tolist() == list(range(5000))
    assert table["late"][5000:].tolist() == list(range(5000, 9000))
