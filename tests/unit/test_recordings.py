"""Every recording of the real perf, against what a regular expression finds in its text."""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path

import pytest

from perfwidgets.perf_csv import IntervalAssembler, read_perf_csv
from perfwidgets.perf_json import read_perf_json
from perfwidgets.samples import Status

DATA = Path(__file__).parent.parent / "data"
OWN = sorted(p for d in ("local", "guest") for p in (DATA / d).iterdir() if p.name != "SOURCES.md")


def is_json(path):
    return any(line.startswith(b'{"') for line in path.read_bytes().splitlines())


def public():
    folder = os.environ.get("PERFWIDGETS_RECORDINGS")
    if not folder:
        pytest.skip("PERFWIDGETS_RECORDINGS is not set: the public recordings are not ours to copy")
    return Path(folder)


def leaves(reading, path=()):
    """Every count on its own, with the labels that lead to it."""
    if not reading.parts:
        yield (*path, reading.event), reading
    for label, part in reading.parts.items():
        yield from leaves(part, (*path, label))


def flat(samples):
    return sorted(
        (sample.time, path, leaf.status.value, leaf.count)
        for sample in samples
        for reading in sample
        if reading.status is not Status.MISSING
        for path, leaf in leaves(reading)
    )


SEPARATOR = re.compile(r"^\s*\d+\.\d{9}(@@|[;,\t:/])", re.MULTILINE)


def oracle(separator):
    """One regular expression for all modes, with the labels and cgroups of these files."""
    s = re.escape(separator)
    return re.compile(
        rf"""^\s*(?P<time>\d+\.\d+|summary)?(?(time){s})
        (?:(?P<label>CPU\d+|[SN]\d+[-A-Z0-9]*|.*-\d+){s}(?:\d+{s}(?=[\d<]))?)?
        (?P<value>\d+(?:[.,]\d+)?|<not\ counted>|<not\ supported>){s}
        (?:msec|ns|MiB|Joules)?{s}(?P<event>\S+?)(?:\ \[\w+\])?{s}
        (?:(?P<cgroup>pwtest|/){s})?(?:[\d.]+%{s})?
        \d+{s}\d+[.,]\d\d({s}.*)?$""",
        re.VERBOSE | re.MULTILINE,
    )


def expected(text, separator):
    rows, summary, other = [], [], []
    for number, line in enumerate(text.split("\n")[:-1], 1):
        match = oracle(separator).match(line)
        if match is None:
            if line.strip() and not line.startswith("# started"):
                other.append((number, line))
            continue
        value = match["value"].replace(",", ".")
        count = None if value[0] == "<" else float(value) if "." in value else int(value)
        path = tuple(x for x in (match["cgroup"], match["label"], match["event"]) if x)
        status = value[1:-1] if value[0] == "<" else "counted"
        timed = match["time"] not in (None, "summary")
        entry = (float(match["time"]) if timed else 0.0, path, status, count)
        (rows if timed else summary).append(entry)
    return sorted(rows), summary, other


# `,` in a comma locale is beyond the regular expression: see test_perf_csv
CSV = [p for p in OWN if not is_json(p) and not p.name.endswith("-locale-de-comma.csv")]


@pytest.mark.parametrize("path", CSV, ids=lambda p: p.name)
def test_every_count_of_a_recording_is_read_digit_for_digit(path):
    text = path.read_text()
    found = SEPARATOR.search(text)
    reader = read_perf_csv(path)
    samples = list(reader)
    if found is None:
        assert samples == []
        wordy = [n for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        assert [note.line_number for note in reader.notes] == [
            n
            for n in wordy
            if not text.split("\n")[n - 1].startswith(("# started", "time,", " time,"))
        ] or "metric-only" in path.name
        return
    separator = found[1]
    rows, summary, other = expected(text, separator)
    assert reader.separator == separator or "metric-only" in path.name
    assert flat(samples) == rows
    assert len(rows) + len(summary) > 0 or "metric-only" in path.name
    assert len(reader.summary or ()) == len(summary)
    metric = re.compile(rf"^\s*[\d.]*(summary)?{re.escape(separator)}{{3}}")
    tail = text.rpartition("\n")[2]
    noted = [(n, line) for n, line in other if not metric.match(line)]
    if "metric-only" not in path.name:
        noted += [(text.count("\n") + 1, tail)] if tail else []
        assert reader.notes == noted


@pytest.mark.parametrize("path", CSV, ids=lambda p: p.name)
def test_an_interval_lasts_from_the_time_before_it(path):
    last = 0.0
    for sample in read_perf_csv(path):
        assert sample.timestamp is None
        assert sample.interval is None
        if sample.duration is None:
            continue
        last = 0.0 if sample.time < last else last
        assert sample.duration == pytest.approx(sample.time - last, abs=1e-9)
        last = sample.time
        for reading in sample:
            if reading.rate is not None:
                assert reading.rate * sample.duration == pytest.approx(reading.count)


@pytest.mark.parametrize("path", CSV, ids=lambda p: p.name)
def test_cut_anywhere_the_live_reader_reads_the_same(path):
    data = path.read_bytes()
    found = SEPARATOR.search(data.decode())
    if found is None:
        return
    rng = random.Random(path.name)
    assembler = IntervalAssembler((), separator=found[1])
    samples = []
    while data:
        size = rng.choice((1, 7, 40, 500, 4096))
        samples += assembler.feed(data[:size])
        data = data[size:]
    samples += filter(None, [assembler.end()])
    late = sum(note.text.startswith("late row: ") for note in assembler.notes)
    rows = flat(read_perf_csv(path))
    assert len(flat(samples)) + late == len(rows)
    assert set(flat(samples)) <= set(rows)
    if not late:
        assert flat(samples) == rows


JSON = [p for p in OWN if is_json(p)]


def json_rows(text):
    rows = []
    for line in text.splitlines():
        try:
            fields = json.loads(line)
        except ValueError:
            continue
        if "counter-value" not in fields or "interval" not in fields:
            continue
        value = fields["counter-value"]
        label = next((fields[k] for k in ("core", "socket", "thread") if k in fields), None)
        label = label or (f"CPU{fields['cpu']}" if "cpu" in fields else None)
        event = re.sub(r" \[\w+\]$", "", fields["event"])
        path = tuple(x for x in (fields.get("cgroup"), label, event) if x)
        status = value[1:-1] if value[0] == "<" else "counted"
        count = None if value[0] == "<" else float(value)
        rows.append((fields["interval"], path, status, count))
    return sorted(rows)


@pytest.mark.parametrize("path", JSON, ids=lambda p: p.name)
def test_every_count_of_a_json_recording_is_read(path):
    text = path.read_text()
    reader = read_perf_json(path)
    samples = list(reader)
    valid = json_rows(text)
    if "hostile" in path.name or "locale" in path.name or "err-xj" in path.name:
        assert len(flat(samples)) == sum(line.startswith("{") for line in text.splitlines())
        assert set(valid) <= set(flat(samples))
    else:
        assert flat(samples) == valid
    noise = [n for n, x in enumerate(text.splitlines(), 1) if x and x[0] not in "{#"]
    assert [note.line_number for note in reader.notes] == noise


# Public recordings: what each should give, found by reading it
# name: (separator, samples, readings of the first, rows in the summary, notes)
PUBLIC = {
    "amd-epyc-perf6.14.11-user-multiplexed.csv": (",", 1, 4, 0, 0),
    "amd-perf4.x-multiplexed-fractional-pct.csv": (",", 1, 10, 0, 0),
    "amd-zen-perf6.x-user-multiplexed.csv": (",", 1, 11, 0, 0),
    "amd-zen4or5-perf6.x-repeat-metric-M.csv": (",", 1, 4, 0, 0),
    "apple-m1-perf6.7-human-readable.txt": (None, 0, 0, 0, 5),
    "arm-linux-perf-command-semicolon.csv": (";", 1, 1, 0, 0),
    "arm-neoverse-perf-interval-not-counted.csv": (",", 1, 2, 0, 0),
    "intel-24cpu-perf5.2-a-stalled.csv": (",", 1, 2, 0, 0),
    "intel-64cpu-perf5.1-a-double-empty-metric.csv": (",", 1, 2, 0, 0),
    "intel-8cpu-perf5.x-metric-only-persocket-header-bug.csv": (",", 0, 0, 0, 0),
    "intel-8cpu-perf6.2-metric-only-persocket-header-fixed.csv": (",", 0, 0, 0, 0),
    "intel-cascadelake-perf5.15.30-interval-A-quote-separator.csv": ("'", 1, 1, 0, 0),
    "intel-cloudlab-perf5.x-interval-rapl-partial-last.csv": (",", 5, 1, 0, 0),
    "intel-haswell-cloudlab-perf5.x-interval-rapl.csv": (",", 14, 1, 0, 0),
    "intel-hybrid-3pmu-perf6.16-human-readable-lowpower.txt": (None, 0, 0, 0, 5),
    "intel-hybrid-adl-perf6.5-default-topdown.csv": (",", 1, 12, 0, 0),
    "intel-hybrid-perf6.x-command-multiplexed.csv": (",", 1, 12, 0, 0),
    "intel-hybrid-perf6.x-command-zero-pct.csv": (",", 1, 5, 0, 0),
    "intel-icelake-perf5.8-rapl-i915.csv": (",", 1, 8, 0, 0),
    "intel-perf3.x-interval-three-columns.csv": (",", 1, 2, 0, 0),
    "intel-perf4.x-interval-A-french-locale.csv": (" ;", 1, 1, 0, 0),
    "intel-perf4.x-interval-A-toplev-no-metric-columns.csv": (";", 1, 1, 0, 0),
    "intel-perf5.10-global-a-old-units.csv": (",", 1, 8, 0, 0),
    "intel-perf5.11-interval-summary-before.csv": (",", 1, 8, 8, 0),
    "intel-perf5.11-interval-summary-space-separator.csv": (None, 0, 0, 0, 2),
    "intel-perf5.12-global-a-new-units.csv": (",", 1, 8, 0, 0),
    "intel-perf5.18-interval-user-summary-broken.csv": (",", 0, 0, 1, 0),
    "intel-perf5.x-report-interval-global.csv": (",", 1, 8, 0, 0),
    "intel-perf6.15dev-interval-drm.csv": (",", 2, 8, 0, 0),
    "intel-perf6.x-command-repeat-r.csv": (",", 1, 8, 0, 0),
    "intel-pmutools-perf4.1-uncore-comma-event.csv": (None, 0, 0, 0, 1),
    "intel-spr-perf6.5-default-topdown.csv": (",", 1, 8, 0, 0),
    "intel-thinkpad-perf5.10-french-locale-cgroup-comma.csv": (",", 1, 1, 0, 0),
    "intel-thinkpad-perf5.10-french-locale-slash-separator.csv": ("/", 1, 8, 0, 0),
    "intel-xeon-perf6.6-pernode-imc.csv": (",", 1, 2, 0, 0),
    "intel-xeon-perf6.8-interval-imc.csv": (",", 1, 2, 0, 0),
    "power-or-amd-perf5.17-interval-persocket-stalled-extra-separator.csv": (",", 1, 3, 0, 0),
    "power-or-amd-perf5.17-persocket-stalled-extra-separator.csv": (",", 1, 8, 0, 0),
    "power-or-amd-perf5.18-persocket-multiplexed-67pct.csv": (",", 1, 8, 0, 0),
    "power9-perf5.x-human-readable.txt": (None, 0, 0, 0, 5),
    "unknown-perf4.x-cgroup-extra-separators.csv": (",", 1, 3, 0, 0),
}
PUBLIC_JSON = {
    "amd-fedora35-perf5.18dev-interval-user.jsonl": (1, 9),
    "amd-perf6.2-json-command-started-on.jsonl": (1, 6),
    "intel-16cpu-perf6.12-interval-default.jsonl": (1, 8),
    "intel-hybrid-adl-perf6.5-default-topdown.jsonl": (1, 6),
}


@pytest.mark.parametrize(("name", "shape"), PUBLIC.items(), ids=list(PUBLIC))
def test_a_public_recording_is_read(name, shape):
    reader = read_perf_csv(public() / name)
    samples = list(reader)
    first = len(samples[0]) if samples else 0
    summary = len(reader.summary or ())
    assert (reader.separator, len(samples), first, summary, len(reader.notes)) == shape
    counts = {leaf.count for sample in samples for r in sample for _, leaf in leaves(r)}
    text = (public() / name).read_text()
    for count in counts - {None}:
        shown = str(count) if isinstance(count, int) else f"{count:.2f}"
        assert shown in text or shown.replace(".", ",") in text or f"{count:.6f}" in text


@pytest.mark.parametrize(("name", "shape"), PUBLIC_JSON.items(), ids=list(PUBLIC_JSON))
def test_a_public_json_recording_is_read(name, shape):
    reader = read_perf_json(public() / name)
    samples = list(reader)
    assert (len(samples), len(samples[0])) == shape
    assert not reader.notes


def test_no_public_recording_is_forgotten():
    names = {path.name for path in public().iterdir()} - {"SOURCES.md", "README.md"}
    assert names == PUBLIC.keys() | PUBLIC_JSON.keys()


def test_public_recordings_tell_these_numbers():
    folder = public()
    (sample,) = read_perf_csv(folder / "intel-thinkpad-perf5.10-french-locale-cgroup-comma.csv")
    (reading,) = sample
    assert (reading.event, reading.count, reading.running) == ("cycles", 6376827291, 1.0)
    assert list(reading.parts) == ["mesos_test"]
    (sample,) = read_perf_csv(folder / "intel-hybrid-perf6.x-command-zero-pct.csv")
    atom = sample["cpu_atom/cycles/"]
    assert (atom.count, atom.running, atom.scaled) == (133119427, 0.0, True)
    (sample,) = read_perf_csv(folder / "amd-perf4.x-multiplexed-fractional-pct.csv")
    assert sample["task-clock"].count == 1.727527
    assert sample["cycles"].running == pytest.approx(0.4323)
    *_, last = read_perf_csv(folder / "intel-cloudlab-perf5.x-interval-rapl-partial-last.csv")
    assert last.duration == pytest.approx(0.313882859)
    assert last["power/energy-pkg/"].rate == pytest.approx(3.50 / 0.313882859)
    (sample,) = read_perf_csv(folder / "intel-perf3.x-interval-three-columns.csv")
    assert [(r.event, r.count, r.running, list(r.parts)) for r in sample] == [
        ("cpu-migrations", 0, 1.0, []),
        ("cpu-migrations", 0, 1.0, ["CPU0"]),
    ]
    _, second = read_perf_csv(folder / "intel-perf6.15dev-interval-drm.csv")
    assert second.duration == pytest.approx(1.263521929)
    assert len(second.missing) == 7
    reader = read_perf_csv(
        folder / "intel-perf5.11-interval-summary-space-separator.csv", separator=" "
    )
    (sample,) = reader
    assert sample["cycles"].count == reader.summary["cycles"].count == 9224197
