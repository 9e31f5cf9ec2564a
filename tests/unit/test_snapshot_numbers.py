"""What a static picture computes: values of metrics, the few points that it needs, its axes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from perfwidgets.metrics import Metric, bind
from perfwidgets.models.history import History
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.snapshot.markup import Markup, clean, join, tag
from perfwidgets.snapshot.plot import path
from perfwidgets.snapshot.scales import round_up, time_ticks, value_ticks
from perfwidgets.snapshot.series import Series, chosen_rows, kept, metric_series
from perfwidgets.snapshot.words import full, lasted, listed, percent, seconds, si, tick

CASES = json.loads((Path(__file__).parents[1] / "data" / "metric_cases.json").read_text())
SPACE = "\u202f"
NAN = math.nan


def readings_of(case):
    return [
        Reading(r["event"], r["count"], None, r["unit"], Status(r["status"]), r["running"])
        for r in case["readings"]
    ]


@pytest.mark.parametrize(
    "case", [c for c in CASES if not isinstance(c["metrics"], str)], ids=lambda case: case["name"]
)
def test_metrics_over_time_are_those_of_one_sample(case):
    """The cases that also hold the evaluators of one sample, here and in the browser, together."""
    readings = readings_of(case)
    history = History(60)
    duration = case["seconds"]
    # no duration of the sample leaves counts; the history keeps both apart
    history.append(Sample(1.0, None, duration, tuple(readings)))
    rows = history.rows()
    if duration:
        rows.durations[:] = duration
    metrics = [Metric(*each) for each in case["metrics"]]
    bound = bind(dict.fromkeys(r.event for r in readings), process=case["process"], metrics=metrics)
    assert [metric.name for metric in bound] == [each["name"] for each in case["expected"]]
    for metric, expected in zip(bound, case["expected"], strict=True):
        series = metric_series(rows, metric)
        if expected["value"] is None:
            assert np.isnan(series.values).all(), metric.name
        else:
            assert series.values[0] == pytest.approx(expected["value"], rel=1e-12)
            assert series.share == pytest.approx(expected["running"], rel=1e-6)


def test_what_is_divided_by_zero_on_the_way_has_no_value():
    history = History(60)
    for count in (0, 2):
        counts = [
            Reading(e, c, None, None, Status.COUNTED, 1.0) for e, c in (("r1", count), ("r2", 6))
        ]
        history.append(Sample(1.0, None, 1.0, tuple(counts)))
    [metric] = bind(["r1", "r2"], metrics=[Metric("m", "min(r2 / r1, r2)")])
    assert np.isnan(metric_series(history.rows(), metric).values[0])
    assert metric_series(history.rows(), metric).values[1] == 3


def test_few_points_keep_the_least_the_greatest_and_the_gaps():
    values = np.sin(np.arange(10_000) / 50)
    values[3333], values[7777], values[5000] = 99, -99, NAN
    places = kept(values, 400)
    assert len(places) <= 450
    assert {3333, 7777, 5000} <= set(places.tolist())
    assert (np.diff(places) > 0).all()


def test_of_few_all_are_kept():
    assert kept(np.array([1.0, NAN, 3.0]), 10).tolist() == [0, 1, 2]
    assert kept(np.array([]), 10).tolist() == []


def test_a_stretch_without_a_value_stays_a_gap():
    values = np.ones(1000)
    values[400:600] = NAN
    series = Series(np.arange(1000.0), values).thinned(50)
    assert series.gaps == 1
    assert len(series.values) < 120


def test_rows_of_many_series_are_bounded_and_keep_all_spikes():
    random = np.random.default_rng(3)
    series = [random.random(20_000) for _ in range(12)]
    for place, values in enumerate(series):
        values[1000 * place + 77] = 50.0 + place
    places = chosen_rows(series, 20_000, 3000)
    assert 1500 < len(places) <= 3000
    assert {1000 * place + 77 for place in range(12)} <= set(places.tolist())
    assert {0, 19_999} <= set(places.tolist())


def test_a_series_counts_its_gaps_between_values():
    values = np.array([NAN, 1, NAN, NAN, 2, 3, NAN])
    assert Series(np.arange(7.0), values).gaps == 1
    assert Series(np.arange(0.0), np.array([])).gaps == 0


def test_a_path_is_broken_at_gaps_and_a_lone_value_is_a_dot():
    x, y = [0, 1, 2, 3, 4, 5], [1, 2, NAN, 3, NAN, NAN]
    assert path(x, y) == "M0.0 1.0L1.0 2.0M3.0 3.0h0"
    assert path([], []) == ""


def test_ticks_are_round_and_count_from_the_end():
    assert time_ticks(0, 60, 4) == [
        *((0, "−1 min"), (15, "−45 s"), (30, "−30 s"), (45, "−15 s"), (60, "end")),
    ]
    for length in (1e-4, 0.3, 1.7, 59, 61, 3601, 86_400, 1e7):
        ticks = time_ticks(5, 5 + length)
        assert 2 <= len(ticks) <= 8
        assert all(5 - 1e-6 * length <= time <= 5 + length for time, _ in ticks)


def test_axes_end_at_or_a_little_above_the_greatest_value():
    for value in (0.003, 0.3, 1, 7, 9.99, 11, 1234, 5.1e9):
        assert value <= round_up(value) <= 1.6 * value
    assert [round_up(value) for value in (0, -1, NAN, math.inf)] == [1, 1, 1, 1]
    assert value_ticks(0, 4) == [0, 1, 2, 3, 4]
    assert value_ticks(-2, 4) == [-2, -1, 0, 2, 4]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([si(v) for v in (0, 7, 999, 999.7)], ["0", "7", "999", f"1.00{SPACE}k"]),
        ([si(v) for v in (3290012, 999_999)], [f"3.29{SPACE}M", f"1.00{SPACE}M"]),
        ([si(v) for v in (12.34, 0.25, 0.001, -2500)], ["12.3", "0.25", "<0.01", f"−2.50{SPACE}k"]),
        ([si(v) for v in (None, NAN, math.inf, 1.5e21)], ["–", "–", "–", f"1500{SPACE}E"]),
        ([full(v) for v in (2**60, 200.51, 5.0, None)], [f"{2**60:,}", "200.51", "5", "–"]),
        ([percent(v) for v in (0.999, 1, 0.543)], [f"{n}{SPACE}%" for n in (99, 100, 54)]),
        ([seconds(v) for v in (0.25, 300, 7200, 90)], ["0.25 s", "5 min", "2 h", "90 s"]),
        ([tick(v) for v in (250_000, 1e6, 0.05, 30)], [f"250{SPACE}k", f"1{SPACE}M", "0.05", "30"]),
        (
            [lasted(v) for v in (0.85, 12.34, 303, 7500)],
            ["850 ms", "12.3 s", "5 min 3 s", "2 h 5 min"],
        ),
        ([listed(list("abc"), 2), listed(list("ab"), 2)], ["a, b and 1 more", "a, b"]),
    ],
)
def test_numbers_and_times_in_words(words, expected):
    """As static/format.js has them: tests/unit/format.test.mjs."""
    assert words == expected


def test_text_is_escaped_and_markup_is_not():
    inner = tag("b", "1 < 2")
    assert inner == "<b>1 &lt; 2</b>"
    assert isinstance(inner, Markup)
    assert tag("p", inner, " & ", title="\"'") == (
        '<p title="&quot;&#x27;"><b>1 &lt; 2</b> &amp; </p>'
    )
    assert join("<", inner) == "&lt;<b>1 &lt; 2</b>"
    assert tag("path", d="M0 0", stroke_width=None) == '<path d="M0 0"/>'
    assert clean("a\x00\ud800\ufffe\n😀") == "a\ufffd\ufffd\ufffd\n😀"
