"""perf's JSON: what changed between versions, and lines that are no JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfwidgets.errors import ArgumentError, RecordingError
from perfwidgets.perf_json import read_perf_json
from perfwidgets.samples import Status

LOCAL = Path(__file__).parent.parent / "data" / "local"


def local(mode, version):
    return LOCAL / f"debian-vm-amd-perf{version}-{mode}.csv"


def line(**fields):
    """A line as perf 6.12 writes it; strings raw, numbers as they are."""
    row = {
        "interval": "0.500000000",
        "counter-value": '"12.000000"',
        "unit": '""',
        "event": '"cycles"',
        "event-runtime": "500",
        "pcnt-running": "100.00",
        "metric-value": '"0.000000"',
        "metric-unit": '"(null)"',
    }
    first = {key: fields.pop(key) for key in ("cpu", "core", "thread", "counters") if key in fields}
    for key, value in fields.items():
        row[key.replace("_", "-")] = value
    cells = [("interval", row.pop("interval")), *first.items(), *row.items()]
    return "{" + ", ".join(f'"{k}" : {v}' for k, v in cells if v is not None) + "}"


def one(text):
    reader = read_perf_json([text])
    (sample,) = reader
    assert not reader.notes
    (reading,) = sample
    return reading


def test_a_whole_count_is_an_int_and_exact():
    reading = one(line(counter_value='"18446744073709551615.000000"'))
    assert reading.count == 18446744073709551615
    assert isinstance(reading.count, int)
    assert (reading.unit, reading.running) == (None, 1.0)


def test_a_count_may_become_a_number_as_other_values_did():
    assert one(line(counter_value="12", pcnt_running='"50.00"')).count == 12


def test_a_count_with_decimals():
    reading = one(line(counter_value='"200.564147"', unit='"msec"', pcnt_running="43.25"))
    assert (reading.count, reading.unit, reading.running) == (200.564147, "msec", 0.4325)
    assert reading.rate == pytest.approx(401.128294)


@pytest.mark.parametrize("shown", ["<not counted>", "<not supported>"])
def test_a_row_without_a_count(shown):
    reading = one(line(counter_value=f'"{shown}"', metric_value=None, metric_unit=None))
    assert (reading.count, reading.running) == (None, 0.0)
    assert reading.status is Status(shown[1:-1])


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"cpu": '"3"'}, "CPU3"),
        ({"core": '"S0-D0-C1"', "counters": "2"}, "S0-D0-C1"),
        ({"thread": '"my worker/3-77"'}, "my worker/3-77"),
        ({"event": '"cycles"', "cgroup": '"/web"'}, "/web"),
    ],
)
def test_labels_are_those_of_csv(fields, label):
    assert list(one(line(**fields)).parts) == [label]


def test_the_pmu_that_perf_6_12_adds_is_taken_off():
    assert one(line(event='"cpu-clock [software]"')).event == "cpu-clock"


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_a_comma_locale(version):
    path = local("locale-de-json", version)
    (sample,) = read_perf_json(path)
    text = path.read_text().split('"counter-value" : "')[1].split('"')[0]
    assert sample["cpu-clock"].count == float(text.replace(",", "."))
    assert sample["cpu-clock"].running == 1.0
    assert sample["cycles"].status is Status.NOT_SUPPORTED


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_a_thread_may_have_any_name(version):
    reader = read_perf_json(local("json-perthread-hostile-comm", version))
    (sample,) = reader
    labels = {"python3-8976", "tab\tname-9019", "x-y-12-9020", 'a;b,c "q" \\x-9018'}
    assert sample["context-switches"].parts.keys() == labels
    assert not reader.notes


def test_a_thread_named_like_keys():
    name = 'x", "counter-value" : "7'
    reading = one(line(thread=f'"{name}-9"'))
    assert (reading.count, list(reading.parts)) == (12, [f"{name}-9"])


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_the_summary_is_no_interval(version):
    reader = read_perf_json(local("summary-json", version))
    assert len(list(reader)) == 2
    assert reader.summary["cpu-clock"].count > 400
    assert len(reader.summary) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# started on Sun Nov 22 07:41:47 2026",
        '{"interval" : 1.0, "metric-value" : "22.0", "metric-unit" : "%  tma_backend_bound"}',
        '{"event-runtime" : 1, "pcnt-running" : 100.00, "metricgroup" : "TopdownL1"}',
        '{"interval" : 1.0, "cs/sec  cs_per_second" : "7271.6", "GHz" : "1.0"}',
        '{"metric-value" : "nan", "metric-unit" : "x"}',
    ],
)
def test_metrics_are_passed_over(text):
    reader = read_perf_json([text])
    assert list(reader) == []
    assert not reader.notes


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "[]",
        "7",
        "{}",
        '{"interval" : 1.0}',
        line(counter_value='"1e5"'),
        line(counter_value='"nan"'),
        line(counter_value='"' + "9" * 5000 + '"'),
        line(interval="NaN"),
        line(interval='"0.5"', event='""'),
        line(pcnt_running='"x"'),
        line(event='"7"'),
        line(event='{"a" : 1}'),
        line(cpu="[1]"),
        line()[:-60],
        line(thread='"a"b-1"')[:150],
        "{" * 100_000,
        "[" * 100_000,
    ],
)
def test_what_fits_nothing_is_a_note(text):
    reader = read_perf_json([line(), text])
    (sample,) = reader
    assert [reading.count for reading in sample] == [12]
    assert reader.notes == [(2, text[:500])]


def test_a_cut_last_line_of_a_file_is_a_note(tmp_path):
    path = tmp_path / "cut.json"
    path.write_text(line() + "\n" + line(event='"faults"'))
    reader = read_perf_json(path)
    (sample,) = reader
    assert sample.counted == ("cycles",)
    assert [note.line_number for note in reader.notes] == [2]


def test_neither_path_nor_lines(tmp_path):
    with pytest.raises(RecordingError):
        read_perf_json(tmp_path / "nosuch")
    with pytest.raises(ArgumentError):
        read_perf_json(7)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=15))
def test_any_name_escaped_or_raw(name):
    count = '"12.000000"'
    assert one(line(thread=json.dumps(f"{name}-5"), counter_value=count)).count == 12
    raw = one(line(thread=f'"{name}-5"', counter_value=count))
    assert raw.count == 12
    if "\\" not in name:
        assert list(raw.parts) == [f"{name}-5"]
