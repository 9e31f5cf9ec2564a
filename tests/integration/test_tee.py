"""A consumer of `Monitor` sees exactly the counts that perf printed: perf's own text proves it."""

from __future__ import annotations

import os
import shutil
import time
from decimal import Decimal

import pytest
from processes import MARKER, marked, until

from perfwidgets import Monitor, PerfStat, Status, VmStat

SOFTWARE = ["cpu-clock", "context-switches", "cpu-migrations", "page-faults", "minor-faults"]
SECONDS = 60.0 if os.environ.get("CI") else 5.0


@pytest.fixture
def tee(need, tmp_path, monkeypatch):
    """A perf whose rows are also written to a file, as they are."""
    need(shutil.which("perf"), "no perf here")
    need(shutil.which("tee"), "no tee here")
    monkeypatch.setenv(MARKER, str(tmp_path))
    monkeypatch.setenv("RAW", str(tmp_path / "raw"))
    # perf's `cat` reads the input that is passed on; tee ends when perf closes its output
    script = 'case "$1" in stat) perf "$@" | tee -a "$RAW";; *) exec perf "$@";; esac'
    yield ["sh", "-c", script, "perf"], tmp_path / "raw"
    until(lambda: not marked(tmp_path), 5, "a process was left")


def printed(path, per_core):
    """perf's rows: (time, event, label) -> the number in its own digits. Not our reader."""
    rows = {}
    text = path.read_text()
    assert text.endswith("\n")
    for line in text.splitlines():
        fields = line.split("@@")
        label = fields.pop(1) if per_core else None
        time_text, value, _unit, event = fields[:4]
        key = (Decimal(time_text.strip()), event, label)
        assert key not in rows, f"printed twice: {key}"
        rows[key] = value
    return rows


def seen(samples, per_core):
    """What an observer saw, in the same form."""
    rows = {}
    for sample in samples:
        when = Decimal(f"{sample.time:.9f}")
        for reading in sample:
            parts = reading.parts.items() if per_core else [(None, reading)]
            for label, part in parts:
                key = (when, reading.event, label)
                assert key not in rows, f"seen twice: {key}"
                rows[key] = digits(part)
    return rows


def digits(reading):
    """The number as perf prints it: whole, or with two decimals."""
    if reading.status is not Status.COUNTED:
        return f"<{reading.status.value}>"
    return f"{reading.count:.2f}" if isinstance(reading.count, float) else str(reading.count)


def compare(tee, seconds, **options):
    command, raw = tee
    per_core = options.get("per_core", False)
    samples = []
    monitor = Monitor(PerfStat(SOFTWARE, command=command, **options), VmStat(interval=0.1))
    monitor.observe(lambda change: samples.append(change.new), "sample")
    with monitor:
        assert monitor.wait_for_sample(30) is not None, monitor.error
        time.sleep(seconds)
    assert monitor.error is None
    assert monitor.faults == ()
    expected, found = printed(raw, per_core), seen(samples, per_core)
    assert len(expected) >= 2 * len(SOFTWARE)
    differing = {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}
    assert not differing
    assert found == expected
    assert [s.time for s in samples] == sorted(s.time for s in samples)
    # the model keeps them too
    for event in SOFTWARE:
        kept = monitor.history.counts(event)
        assert [c for c in kept if c == c] == [float(s[event].count) for s in samples]
    return samples


def test_every_row_at_100_ms(tee):
    samples = compare(tee, SECONDS, interval=0.1)
    # the last one too, which perf prints when its input closes
    assert len(samples) >= SECONDS / 0.1 / 4
    clock = sum(s["cpu-clock"].count for s in samples)
    assert clock > 0


@pytest.mark.filterwarnings("ignore::perfwidgets.errors.PerfwidgetsWarning")
def test_every_row_at_10_ms(tee):
    compare(tee, 2.0, interval=0.01)


def test_every_row_of_each_core(tee):
    samples = compare(tee, 2.0, interval=0.1, per_core=True)
    for sample in samples:
        for reading in sample:
            whole = sum(Decimal(digits(part)) for part in reading.parts.values())
            assert Decimal(digits(reading)) == whole


def test_every_row_though_nobody_looks(tee, monkeypatch):
    """Rows wait in the pipe, and are read together; at the end, and when asked for, all are there."""
    command, raw = tee
    chunks, take = [], PerfStat._take

    def counted(source, chunk):
        chunks.append(len(chunk))
        return take(source, chunk)

    monkeypatch.setattr(PerfStat, "_take", counted)
    with Monitor(PerfStat(SOFTWARE, command=command, interval=0.1)) as monitor:
        assert monitor.wait_for_sample(30) is not None, monitor.error
        time.sleep(5.0)
        reads, asked = len(chunks), monitor.sample_count
        time.sleep(2.0)
    rows = printed(raw, per_core=False)
    for event in SOFTWARE:
        kept = [f"{count:.2f}" for count in monitor.history.counts(event) if count == count]
        assert kept == [f"{float(v):.2f}" for (_, name, _), v in rows.items() if name == event]
    assert len(rows) // len(SOFTWARE) > asked > 30
    assert reads < asked / 2


def test_every_row_across_a_restart(tee):
    """Two runs in a row: nothing of the first is lost when the second begins."""
    command, raw = tee
    samples = []
    with Monitor(PerfStat(SOFTWARE, command=command, interval=0.1)) as monitor:
        monitor.observe(lambda change: samples.append(change.new), "sample")
        until(lambda: len(samples) >= 3)
        monitor.configure(interval=0.2)
        monitor.wait_for_sample(30)
        until(lambda: sum(s.interval == 0.2 for s in samples) >= 3)
    values = [line.split("@@")[1] for line in raw.read_text().splitlines()]
    assert [digits(reading) for sample in samples for reading in sample] == values
