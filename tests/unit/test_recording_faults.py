"""A recording whose writer was killed, whose disk was full, that is damaged, or that is hostile."""

from __future__ import annotations

import errno
import gzip
import json
import math
import os
import random
import signal
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from perfwidgets import Monitor, Recorder, RecordingError, Replay, Sample, read_recording
from perfwidgets.errors import PerfwidgetsError
from perfwidgets.export import Columns
from perfwidgets.recording.encoding import MAX_LINE
from perfwidgets.recording.fields import parse
from perfwidgets.recording.members import Lines
from perfwidgets.samples import Reading, Status

EVENTS = ("cycles", "instructions", "page-faults")
HEADER = {"kind": "header", "format": "perfwidgets recording", "version": "1.0"}
LAYOUT = {"kind": "layout", "id": 0, "readings": [{"event": "cycles"}]}


def made(number):
    readings = [Reading(e, number, number / 0.1, None, Status.COUNTED, 1.0) for e in EVENTS]
    return Sample((number + 1) / 10, 1.8e9 + (number + 1) / 10, 0.1, tuple(readings))


def numbers(recording):
    return [sample["cycles"].count for sample in recording.samples]


@pytest.fixture
def some(tmp_path, monkeypatch):
    """A recording of 200 samples in ten members, each sample flushed by itself."""
    path = tmp_path / "some"
    monkeypatch.setattr("perfwidgets.recording.writing._MEMBER", 1e9)
    with Recorder(path) as recorder:
        for number in range(200):
            if number % 20 == 19:
                recorder._writer._member_ends = -1e9
            recorder.write_sample(made(number))
            recorder.flush()
    assert len(members(path.read_bytes())) == 10 + 1
    return path


def members(data):
    found, place = [], 0
    while place < len(data):
        unzip = zlib.decompressobj(31)
        unzip.decompress(data[place:])
        found.append(place)
        place = len(data) - len(unzip.unused_data)
    return found


def zcat(path):
    """The whole lines that the real zcat gives, whatever it says of the end."""
    done = subprocess.run(["zcat", path], capture_output=True, check=False, timeout=60)
    *lines, _ = done.stdout.split(b"\n")
    return [json.loads(line) for line in lines]


# Cut off


def test_cut_anywhere_only_the_last_flush_is_lost(some, tmp_path):
    data, cut = some.read_bytes(), tmp_path / "cut"
    rng = random.Random(1)
    first = next(
        n for n in range(len(data)) if b"\n" in zlib.decompressobj(31).decompress(data[:n])
    )
    before = 0
    for size in sorted({*rng.sample(range(first, len(data)), 300), len(data) - 1, first}):
        cut.write_bytes(data[:size])
        recording = read_recording(cut)
        found = numbers(recording)
        assert found == list(range(len(found)))
        assert len(found) >= before, "more of the file gives no less"
        before = len(found)
        kinds = [line["kind"] for line in zcat(cut)]
        assert kinds.count("sample") == len(found), "zcat reads as much"
        if "end" not in kinds:
            assert recording.notes or size in members(data)
    assert before == 200


def test_a_file_that_ends_before_its_first_line_is_refused(some, tmp_path):
    data, cut = some.read_bytes(), tmp_path / "cut"
    for size in (0, 1, 5, 11):
        cut.write_bytes(data[:size])
        with pytest.raises(RecordingError, match=r"no line that can be read|no recording"):
            read_recording(cut)


RECORDING = """
import sys
from perfwidgets import Recorder, Sample
from perfwidgets.samples import Reading, Status
number = 0
with Recorder(sys.argv[1]) as recorder:
    while True:
        number += 1
        reading = Reading("cycles", number, number / 0.1, None, Status.COUNTED, 1.0)
        recorder.write_sample(Sample(number / 10, 1.8e9 + number / 10, 0.1, (reading,)))
        if number % 10 == 0:
            recorder.flush()
            print(number, flush=True)
"""


def test_killed_in_mid_write_a_hundred_times(tmp_path):
    rng = random.Random(2)
    for turn in range(100):
        path = tmp_path / f"killed{turn}"
        writer = subprocess.Popen(
            [sys.executable, "-c", RECORDING, str(path)], stdout=subprocess.PIPE
        )
        lines = rng.randint(1, 40)
        for _ in range(lines):
            flushed = int(writer.stdout.readline())
        writer.kill()
        # what it said was flushed before it was killed counts too
        said = writer.stdout.read().split(b"\n")[:-1]
        flushed = int(said[-1]) if said else flushed
        assert writer.wait(30) == -signal.SIGKILL
        writer.stdout.close()
        recording = read_recording(path)
        found = numbers(recording)
        assert found == list(range(1, len(found) + 1))
        assert len(found) >= flushed
        assert any("end is missing" in note.text for note in recording.notes)
        path.unlink()


# Damaged


def test_damaged_anywhere_the_members_around_it_are_read(some, tmp_path):
    data, bad = some.read_bytes(), tmp_path / "bad"
    starts = members(data)
    rng = random.Random(3)
    for _ in range(150):
        start, end = sorted(rng.sample(range(starts[1], starts[-1]), 2))
        end = min(end, start + rng.choice([1, 30, 3000]))
        noise = rng.choice([rng.randbytes(end - start), b"\0" * (end - start), b""])
        bad.write_bytes(data[:start] + noise + data[end:])
        if bad.read_bytes() == data:
            continue
        recording = read_recording(bad)
        found = numbers(recording)
        # whole members on both sides of the damage are read
        first = sum(place <= start for place in starts) - 1
        last = sum(place < end for place in starts) - 1
        assert set(range(20 * first)) <= set(found)
        assert set(range(min(200, 20 * (last + 1)), 200)) <= set(found)
        assert recording.notes or found == list(range(200))


def test_garbage_behind_and_between(some, tmp_path):
    data, bad = some.read_bytes(), tmp_path / "bad"
    start = members(data)[5]
    bad.write_bytes(data[:start] + b"garbage \x1f\x8b\x08 garbage" + data[start:] + b"\0" * 1000)
    recording = read_recording(bad)
    assert numbers(recording) == list(range(200))
    assert any("no part of a recording" in note.text for note in recording.notes)
    assert any("damaged" in note.text for note in recording.notes)


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"\0" * 100,
            b"hello\n",
            b"{}\n",
            b"[1]\n",
            b"\x1f\x8b",
            gzip.compress(b""),
            b"\n\n",
        ),
        *(gzip.compress(b"hello\n"), b'{"kind":"header"', gzip.compress(b"\xff\xfe\n")),
    ],
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(RecordingError, match=r"no recording|no line that can be read"):
        read_recording(tmp_path / "f")
    with pytest.raises(RecordingError):
        Replay(tmp_path / "f")


def test_what_cannot_be_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, match in (
        (tmp_path / "none", "No such file"),
        (tmp_path, "directory|no plain file"),
        (tmp_path / "pipe", "no plain file"),
        ("/dev/zero", "no plain file"),
    ):
        with pytest.raises(RecordingError, match=match):
            read_recording(path)


# Disks


@pytest.fixture
def small_disk(tmp_path, need):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    done = subprocess.run(mount, capture_output=True, check=False, timeout=30)
    need(done.returncode == 0, "no right to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True, timeout=30)


def test_a_full_disk_ends_the_recording_and_keeps_what_was_written(small_disk):
    rng, errors = random.Random(4), []
    recorder = Recorder(small_disk / "r", on_error=errors.append)
    written = 0
    while recorder.error is None:
        assert written < 100_000
        counts = [rng.randrange(10**15) for _ in range(30)]
        readings = [
            Reading(f"e{n}", c, c / 0.1, None, Status.COUNTED, 1.0) for n, c in enumerate(counts)
        ]
        recorder.write_sample(Sample(written / 10, None, 0.1, tuple(readings)))
        written += 1
        if written % 10 == 0:
            recorder.flush()
    recorder.write_sample(made(0))
    recorder.close()
    assert errors == [recorder.error]
    assert "No space left" in recorder.error.reason
    assert "room" in recorder.error.remedy
    recording = read_recording(small_disk / "r")
    found = list(recording.samples)
    assert written - 10 <= len(found) == recorder.samples
    assert recording.notes == (), "it was ended with the bytes that were cut off"
    assert subprocess.run(["gzip", "-t", small_disk / "r"], check=False).returncode == 0


def test_a_disk_that_is_full_from_the_beginning(small_disk):
    (small_disk / "rest").write_bytes(b"")
    with (small_disk / "rest").open("wb") as file:
        while True:
            try:
                os.write(file.fileno(), b"\0" * 4096)
            except OSError:
                break
    with pytest.raises(RecordingError, match=r"No space left.*Make room"):
        Recorder(small_disk / "r")


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from perfwidgets import Recorder, Sample
errors = []
with Recorder(sys.argv[1], on_error=errors.append) as recorder:
    for number in range(3000):
        recorder.write_mark(f"mark {number} {hash(str(number))}", number)
        if number % 20 == 0:
            recorder.flush()
(error,) = errors
assert error is recorder.error
print(error)
"""


def test_a_limit_on_the_size_of_files(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path / "r"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "File too large" in done.stdout
    recording = read_recording(tmp_path / "r")
    labels = [mark.label.split()[1] for mark in recording.marks]
    assert labels == [str(n) for n in range(len(labels))]
    assert len(labels) > 100
    # of what was written nothing is lost; the few bytes that end a part may not have had room
    assert [n.text for n in recording.notes if "the end is missing" not in n.text] == []


def test_a_file_that_is_deleted_ends_the_recording(tmp_path):
    errors = []
    recorder = Recorder(tmp_path / "r", on_error=errors.append)
    (tmp_path / "r").unlink()
    recorder.write_sample(made(0))
    recorder.flush()
    recorder.close()
    (error,) = errors
    assert "deleted" in str(error)


def test_a_callback_that_raises_breaks_nothing(tmp_path):
    def fail(error):
        raise ValueError(error)

    recorder = Recorder(tmp_path / "r", on_error=fail)
    (tmp_path / "r").unlink()
    recorder.flush()
    recorder.close()
    assert recorder.error is not None


def test_a_slow_disk_skips_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("perfwidgets.recording.writing._MOST_WAITING", 5)
    recorder = Recorder(tmp_path / "r")
    with recorder._writer._condition:  # the writer waits for us, as it would for the disk
        for number in range(8):
            recorder.write_sample(made(number))
    recorder.write_sample(made(9))
    recorder.close()
    recording = read_recording(tmp_path / "r")
    assert numbers(recording)[:5] == [0, 1, 2, 3, 4]
    assert recorder.skipped >= 3
    assert [gap.reason for gap in recording.gaps] == ["the disk was too slow"]


# Files that are there, or cannot be made


def test_a_file_that_is_there_is_not_overwritten_unless_told(tmp_path):
    (tmp_path / "r").write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"there already.*overwrite"):
        Recorder(tmp_path / "r")
    assert (tmp_path / "r").read_bytes() == b"precious"
    Recorder(tmp_path / "r", overwrite=True).close()
    assert read_recording(tmp_path / "r").notes == ()


def test_two_do_not_write_to_one_file(tmp_path):
    first = Recorder(tmp_path / "r")
    first.write_sample(made(0))
    first.flush()
    with pytest.raises(RecordingError, match=r"is being recorded to.*close\(\)"):
        Recorder(tmp_path / "r", overwrite=True)
    first.write_sample(made(1))
    first.close()
    assert numbers(read_recording(tmp_path / "r")) == [0, 1]
    with Recorder(tmp_path / "r", overwrite=True) as second:
        second.write_sample(made(2))
    assert numbers(read_recording(tmp_path / "r")) == [2]


def test_one_that_cannot_be_begun_does_not_keep_its_file(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("perfwidgets.recording.packing.os.write", fail)
        with pytest.raises(RecordingError, match="No space left"):
            Recorder(tmp_path / "r")
    Recorder(tmp_path / "r", overwrite=True).close()


def test_a_file_system_without_locks_is_recorded_to(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("perfwidgets.recording.packing.fcntl.flock", fail)
    with Recorder(tmp_path / "r") as recorder:
        recorder.write_sample(made(0))
    assert recorder.error is None
    assert numbers(read_recording(tmp_path / "r")) == [0]


FORKED = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking beside a thread, in 3.12
from perfwidgets import Recorder
from perfwidgets.errors import RecordingError
path = sys.argv[1]
recorder = Recorder(path)
told, tell = os.pipe()
answer, say = os.pipe()
if not os.fork():
    held = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if n.isdecimal()
            and os.path.exists(f"/proc/self/fd/{n}")]
    try:
        Recorder(path, overwrite=True)
        said = "it took its parent's"
    except RecordingError as error:
        said = error.reason
    os.write(say, f"{path in held} {said}".encode())
    os.close(tell)
    os.read(told, 1)  # it lives as long as its parent
    os._exit(0)
print(os.read(answer, 1000).decode())
if sys.argv[2] == "killed":
    sys.stdout.flush()
    print(os.getpid(), flush=True)
    os.kill(os.getpid(), 9)
recorder.close()
Recorder(path, overwrite=True).close()
"""


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_a_forked_child_neither_takes_nor_keeps_the_file(tmp_path, end):
    path = tmp_path / "r"
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(path), end],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == (0 if end == "closed" else -signal.SIGKILL), done.stderr
    assert done.stdout.startswith(f"False '{path}' is being recorded to")
    Recorder(path, overwrite=True).close()


def test_paths_that_cannot_be_written(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for path, match in (
        (tmp_path / "none" / "r", "folder first"),
        (tmp_path / "file" / "r", "folder first"),
        ("/proc/nosuch", "cannot be written"),
    ):
        with pytest.raises(RecordingError, match=match):
            Recorder(path)
    for path in (tmp_path, tmp_path / "pipe", "/dev/full"):
        with pytest.raises(RecordingError, match=r"no plain file|directory|cannot be written"):
            Recorder(path, overwrite=True)
    for bad in (None, "", b"x", 3, "a\0b"):
        with pytest.raises(PerfwidgetsError, match="no path"):
            Recorder(bad)
        with pytest.raises(PerfwidgetsError, match="no path"):
            read_recording(bad)


# Hostile


def raw(path, *lines):
    text = b"\n".join([json.dumps(HEADER).encode(), *lines, b""])
    path.write_bytes(gzip.compress(text, 1))
    return path


def dumped(**record):
    return json.dumps(record).encode()


SAMPLE = {"kind": "sample", "layout": 0, "time": 1.0, "counts": [5]}


@pytest.mark.parametrize(
    "record",
    [
        {**SAMPLE, "counts": [5, 6]},
        {**SAMPLE, "counts": {"0": 5}},
        {**SAMPLE, "counts": [True]},
        {**SAMPLE, "counts": ["5"]},
        {**SAMPLE, "counts": [[5, []]]},
        {**SAMPLE, "layout": 1},
        {**SAMPLE, "layout": "0"},
        {**SAMPLE, "layout": False},
        {**SAMPLE, "layout": []},
        {**SAMPLE, "time": "1"},
        {**SAMPLE, "time": None},
        {**SAMPLE, "time": 1e300},
        {**SAMPLE, "time": 10**400},
        {**SAMPLE, "time": 2.6e11},
        {**SAMPLE, "timestamp": 1e12},
        {**SAMPLE, "timestamp": -1},
        {**SAMPLE, "counts": [10**400]},
        {**SAMPLE, "counts": [2**64]},
        {**SAMPLE, "counts": [-(2**63) - 1]},
        {**SAMPLE, "counts": [10**4299]},
        {**SAMPLE, "rates": [10**400]},
        {**LAYOUT, "readings": [{"event": ""}]},
        {**LAYOUT, "readings": [{"event": "a", "parts": [{"label": "b", "event": ""}]}]},
        {"kind": "mark", "label": "a", "time": 1e12},
        {**SAMPLE, "duration": -1},
        {**SAMPLE, "duration": []},
        {**SAMPLE, "shares": [2]},
        {**SAMPLE, "shares": [-1]},
        {**SAMPLE, "shares": []},
        {**SAMPLE, "rates": ["fast"]},
        {**LAYOUT, "id": 8},
        {**LAYOUT, "id": -1},
        {**LAYOUT, "readings": [{"event": 5}]},
        {**LAYOUT, "readings": ["cycles"]},
        {**LAYOUT, "readings": [{"event": "a", "parts": [5]}]},
        {**LAYOUT, "readings": [{"event": "a", "unit": 5}]},
        {**LAYOUT, "interval": "1"},
        {"kind": "mark", "label": 5, "time": 1},
        {"kind": "mark", "label": "a"},
        {"kind": "cell", "began": "x"},
        {"kind": "cell", "began": 1, "execution_count": "1"},
        {"kind": "region", "time": 1, "result": []},
        {"kind": "gap", "time": []},
    ],
    ids=range(43),
)
def test_a_line_that_is_none_of_ours_is_noted_and_counted_nowhere(tmp_path, record):
    path = raw(
        tmp_path / "r", dumped(**LAYOUT), dumped(**record), dumped(**LAYOUT), dumped(**SAMPLE)
    )
    recording = read_recording(path)
    assert numbers(recording) == [5]
    (note,) = recording.notes
    assert note.line_number == 3
    assert (recording.marks, recording.cells, recording.regions, recording.gaps) == ((),) * 4


@pytest.mark.parametrize(
    "line",
    [
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 1_000_000,
        b'{"kind":"mark","time":1,"label":"' + b"x" * MAX_LINE + b'"}',
        b'{"kind":"mark","time":1,"label":"\\ud800"}',
        b'{"kind":"mark","time":1,"label":"\xff"}',
        b'{"kind":"mark","time":NaN,"label":"a"}',
        b'{"kind":"sample","layout":0,"time":1,"counts":[' + b"9" * 10_000 + b"]}",
        b'{"kind":"sample","layout":0,"time":1,"counts":[1e999]}',
        b'{"kind":"sample","layout":0,"time":1,"rates":[1e999],"counts":[5]}',
        b'{"kind":"layout","id":0,"readings":[' + b'{"event":"a"},' * 450_000 + b'{"event":"a"}]}',
        b'{"kind":"layout","id":0,"readings":['
        + b'{"event":"a","parts":[{"label":"a","event":"b","parts":[' * 40
        + b"]}]}" * 40
        + b"]}",
    ],
    ids=range(12),
)
def test_a_monstrous_line_is_noted(tmp_path, line):
    path = raw(tmp_path / "r", dumped(**LAYOUT), line, dumped(**LAYOUT), dumped(**SAMPLE))
    recording = read_recording(path)
    assert recording.marks == ()
    (note,) = recording.notes
    assert note.line_number == 3
    assert len(note.text) <= 500
    assert numbers(recording) == [5]


def test_numbers_at_the_edge_are_read_shown_and_played(tmp_path):
    edges = [2**64 - 1, -(2**63), 1.7976931348623157e308, 0]
    layout = {**LAYOUT, "readings": [{"event": "a"}]}
    parted = {**LAYOUT, "id": 1, "readings": [{"event": "b", "parts": ["CPU0", "CPU1"]}]}
    lines = [dumped(**{**SAMPLE, "counts": [edge], "timestamp": 2.5e11}) for edge in edges]
    lines += [dumped(**{**SAMPLE, "layout": 1, "counts": [[2**65 - 2, [2**64 - 1] * 2]]})]
    lines += [dumped(**{**SAMPLE, "duration": 1e-308, "timestamp": 0})]
    path = raw(tmp_path / "r", dumped(**layout), dumped(**parted), *lines)
    recording = read_recording(path)
    assert recording.notes == ()
    assert [next(iter(s)).count for s in recording.samples] == [*edges, 2**65 - 2, 5]
    assert list(recording.samples)[-1]["a"].rate is None, "5 in no time is beyond all floats"
    repr((recording.totals(), recording.to_numpy(), recording.columns().to_pandas()))
    with Monitor(Replay(path, speed=math.inf)) as monitor:
        monitor.wait_for_sample(timeout=30)
    assert (monitor.state, monitor.error) == ("stopped", None)
    assert monitor.sample_count == 6


def test_times_beyond_the_dates_of_pandas_are_told():
    nothing = np.ones((1, 1))
    columns = Columns(np.array([1e18]), np.ones(1), nothing, nothing, ("a",), (None,), True)
    for is_unix in (True, False):
        with pytest.raises(PerfwidgetsError, match=r"1e\+18 s are beyond.*to_numpy"):
            replace(columns, is_unix=is_unix).to_pandas()


@pytest.mark.parametrize("cut", [1, 2, 3, 65_536, 65_537])
def test_lines_that_hold_nothing_are_passed_over_and_numbered(tmp_path, cut, monkeypatch):
    monkeypatch.setattr("perfwidgets.recording.members._CHUNK", cut)
    text = b"\n\n" + json.dumps(HEADER).encode() + b"\n\n\n" + dumped(**LAYOUT) + b"\n"
    text += dumped(**SAMPLE) + b"\n\n" + b"bad\n" + b"\n" * 70_000 + dumped(**SAMPLE) + b"\n"
    (tmp_path / "r").write_bytes(text)
    found = [number for number, line in Lines(tmp_path / "r") if line]
    assert found == [3, 6, 7, 9, 70_010]
    recording = read_recording(tmp_path / "r")
    assert numbers(recording) == [5, 5]
    assert [(note.line_number, note.text) for note in recording.notes] == [(9, "no JSON: bad")]


@pytest.mark.parametrize("line", [b"\n", b" \n", b"\n\nx\n"])
def test_a_bomb_of_short_lines_costs_few_parsings(tmp_path, monkeypatch, line):
    parsed = []

    def counting(line):
        parsed.append(line)
        return parse(line)

    for module in ("decoding", "reading"):
        monkeypatch.setattr(f"perfwidgets.recording.{module}.parse", counting)
    path = raw(tmp_path / "r", dumped(**LAYOUT), dumped(**SAMPLE), line * 300_000, dumped(**SAMPLE))
    recording = read_recording(path)
    assert recording.totals()["cycles"].intervals == (2 if line == b"\n" else 1)
    assert (recording.marks, recording.sample_count) == ((), 2 if line == b"\n" else 1)
    Replay(path)
    assert len(parsed) < 100_000, "five readings, each of 10,000 lines at most"
    notes = [note for note in recording.notes if "too many damaged lines" in note.text]
    assert len(notes) == (0 if line == b"\n" else 1)


@pytest.mark.parametrize("line", [b"{}\n", b'{"kind":"x"}\n', b'{ "kind":"x"}\n'])
def test_a_bomb_of_lines_that_say_nothing_costs_few_parsings(tmp_path, monkeypatch, line):
    """As a newer minor version may write them, some are passed over without a word."""
    parsed = []

    def counting(line):
        parsed.append(line)
        return parse(line)

    monkeypatch.setattr("perfwidgets.recording.decoding.parse", counting)
    monkeypatch.setattr("perfwidgets.recording.reading._MOST_STRANGE", 1000)
    few, many = (
        raw(tmp_path / name, dumped(**LAYOUT), dumped(**SAMPLE), line * times, dumped(**SAMPLE))
        for name, times in (("few", 900), ("many", 50_000))
    )
    assert numbers(read_recording(few)) == [5, 5]
    assert read_recording(few).notes == ()
    parsed.clear()
    recording = read_recording(many)
    notes = [note.text for note in recording.notes]
    assert len(parsed) <= 2 * (1000 + 3), "it is read for its samples, and for the rest"
    known = line.startswith(b'{"kind"')  # which one is seen without a parsing
    assert notes == ([] if known else ["the file has too many lines of no known kind to read on"])
    assert numbers(recording) == ([5, 5] if known else [5])


BOMB = """
import resource, sys
from perfwidgets import read_recording, Replay
resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))
recording = read_recording(sys.argv[1])
print(len(list(recording.samples)), len(recording.notes))
try:
    Replay(sys.argv[1])
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("kind", ["one line", "many marks", "many layouts"])
def test_no_bomb_fills_the_memory(tmp_path, kind):
    path = tmp_path / "bomb"
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [pack.compress(json.dumps(HEADER).encode() + b"\n")]
    if kind == "one line":
        parts += [pack.compress(b" " * (1 << 20)) for _ in range(700)]
    elif kind == "many marks":
        mark = b'{"kind":"mark","time":1,"label":"' + b"x" * 100_000 + b'"}\n'
        parts += [pack.compress(mark) for _ in range(6_000)]
    else:
        parts += [
            pack.compress(
                b'{"kind":"layout","id":%d,"readings":[' % (n % 8)
                + b'{"event":"a"},' * 300_000
                + b'{"event":"a"}]}\n'
            )
            for n in range(5)
        ]
    path.write_bytes(b"".join([*parts, pack.flush()]))
    assert path.stat().st_size < 3 << 20
    done = subprocess.run(
        [sys.executable, "-c", BOMB, path], capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "RecordingError", "it holds no samples"


SPICE = [b'"', b"[", b"}", b"-", b"\0", b"\\", b"e9", b"\xff", b"null", b",", b".5", b"1" * 400]


def damaged(line, other, rng):
    for _ in range(rng.choice((0, 0, 1, 3))):
        at, to = sorted((rng.randint(0, len(line)), rng.randint(0, len(line))))
        line = rng.choice(
            [
                line[:at] + line[to:],
                line[:at] + rng.choice(SPICE) + line[at:],
                line[:at] + other[to:],
            ]
        )
    return line.replace(b"\n", b" ")


def fuzz(tmp_path, count, seed):
    rng, path, done, read = random.Random(seed), tmp_path / "fuzz", 0, 0
    with Recorder(tmp_path / "good") as recorder:
        for number in range(30):
            recorder.write_sample(made(number))
            recorder.write_mark(f"mark {number}", float(number))
            recorder.write_cell(number, "x", number, number + 1)
    first, *lines = gzip.decompress((tmp_path / "good").read_bytes()).split(b"\n")[:-1]
    while done < count:
        block = [first, *(damaged(line, rng.choice(lines), rng) for line in lines)]
        text = b"\n".join(block)
        path.write_bytes(text)
        recording = read_recording(path)
        for sample in recording.samples:
            for reading in sample:
                read += 1
                assert 0.0 <= reading.running <= 1.0
                if isinstance(reading.count, int):
                    assert str(reading.count).encode() in text, "made up"
        assert len(recording.marks) <= len(block)
        recording.totals()
        assert all(len(note.text) <= 500 for note in recording.notes)
        done += len(block)
    assert read > count / 10, "most of it can be read"
    return done


def test_damaged_lines(tmp_path):
    count = int(os.environ.get("PERFWIDGETS_FUZZ_LINES", "50_000")) // 5
    assert fuzz(tmp_path, count, seed=1) >= count


def test_nothing_in_a_recording_names_a_file_to_be_written(tmp_path, monkeypatch):
    header = {**HEADER, "events": ["../../evil"], "cpu": "/etc/passwd", "cores": "$(touch evil)"}
    layout = {**LAYOUT, "readings": [{"event": "<script>alert(1)</script>"}]}
    text = "\n".join(map(json.dumps, [header, layout, SAMPLE])) + "\n"
    (tmp_path / "r").write_bytes(gzip.compress(text.encode()))
    monkeypatch.chdir(tmp_path)
    opened = []
    sys.addaudithook(
        lambda event, args: (
            opened.append(args)
            if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
            else None
        )
    )
    before = sorted(Path(tmp_path).iterdir())
    recording = read_recording(tmp_path / "r")
    repr((recording, recording.totals(), list(recording.samples), Replay(tmp_path / "r")))
    assert sorted(Path(tmp_path).iterdir()) == before
    assert opened == []


def test_names_without_end_make_no_table(tmp_path, monkeypatch):
    monkeypatch.setattr("perfwidgets.recording.totals._MOST_EVENTS", 50)
    monkeypatch.setattr("perfwidgets.export._MOST_COLUMNS", 50)
    lines = []
    for number in range(60):
        layout = {**LAYOUT, "readings": [{"event": f"e{number}"}]}
        lines += [dumped(**layout), dumped(**SAMPLE)]
    recording = read_recording(raw(tmp_path / "r", *lines))
    assert len(list(recording.samples)) == 60
    with pytest.raises(RecordingError, match="more than 50 events"):
        recording.totals()
    with pytest.raises(PerfwidgetsError, match=r"not made.*between"):
        recording.to_numpy()
