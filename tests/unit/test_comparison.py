"""Ratios, their intervals, and the verdicts that are refused."""

from __future__ import annotations

import json
import math
import random

import pytest

from perfwidgets import ArgumentError, Reading, Sample, Status, compare
from perfwidgets.regions import Comparison, RegionResult
from perfwidgets.regions.comparison import _order
from perfwidgets.regions.ratios import _place


def run(seconds=0.01, running=1.0, **counts):
    readings = []
    for event, value in counts.items():
        status = Status.COUNTED if value is not None else Status.NOT_SUPPORTED
        share = running if value is not None else 0.0
        readings.append(Reading(event, value, None, None, status, share))
    return Sample(seconds, 1.0, seconds, tuple(readings))


def result(runs, label, cost=None):
    return RegionResult(runs, label=label, events=tuple(r.event for r in runs[0]), cost=cost)


def comparison(base, other, **kwargs):
    kwargs.setdefault("cost", None)
    cost = kwargs.pop("cost")
    return Comparison({"a": result(base, "a", cost), "b": result(other, "b", cost)}, **kwargs)


class TestIntervals:
    @pytest.mark.parametrize(
        ("rounds", "confidence", "place"),
        [(5, 0.95, None), (6, 0.95, 0), (8, 0.95, 0), (9, 0.95, 1), (12, 0.95, 2), (12, 0.99, 1)],
    )
    def test_the_ends_are_those_of_the_binomial_distribution(self, rounds, confidence, place):
        # as in tables of confidence intervals for the median
        assert _place(rounds, confidence) == place

    def test_the_true_median_is_inside_as_often_as_said(self):
        chance = random.Random(4)
        inside = 0
        for _ in range(2000):
            base = [run(n=1000) for _ in range(12)]
            other = [run(n=1000 * math.exp(chance.gauss(0.3, 0.05))) for _ in range(12)]
            ratio = comparison(base, other)["b"]["n"]
            inside += ratio.low <= math.exp(0.3) <= ratio.high
        assert 0.945 <= inside / 2000 <= 0.98  # exactly 0.961 for 12 rounds

    def test_one_round_gone_wrong_does_not_spoil_the_others(self):
        base = [run(n=1000) for _ in range(12)]
        other = [run(n=1500 + k) for k in range(11)] + [run(n=90_000)]
        ratio = comparison(base, other)["b"]["n"]
        assert ratio.verdict == "more"
        assert ratio.high < 1.52

    def test_what_drifts_in_both_cancels(self):
        drift = [1 + k / 3 for k in range(12)]
        base = [run(n=1000 * d) for d in drift]
        other = [run(n=800 * d) for d in drift]
        ratio = comparison(base, other)["b"]["n"]
        assert (ratio.verdict, round(ratio.ratio, 6)) == ("fewer", 0.8)


class TestVerdicts:
    def test_no_difference(self):
        base = [run(n=1000 + k) for k in range(12)]
        assert comparison(base, base[::-1])["b"]["n"].verdict == "no difference"

    def test_noise_is_refused(self):
        chance = random.Random(1)
        base, other = ([run(n=chance.randrange(100, 1000)) for _ in range(12)] for _ in "ab")
        ratio = comparison(base, other)["b"]["n"]
        assert ratio.verdict == ""
        assert "noise" in ratio.reason

    def test_poor_coverage_is_refused(self):
        base, other = ([run(running=0.3, n=n) for _ in range(12)] for n in (1000, 2000))
        ratio = comparison(base, other)["b"]["n"]
        assert (ratio.verdict, ratio.ratio) == ("", 2.0)
        assert "counted only 30% of the time" in ratio.reason

    def test_too_few_rounds_are_refused(self):
        ratio = comparison([run(n=1)] * 5, [run(n=2)] * 5)["b"]["n"]
        assert "5 rounds are too few for 95%" in ratio.reason

    def test_counts_of_nothing_but_measuring_are_refused(self):
        cost = run(n=10)
        both = comparison([run(n=12)] * 12, [run(n=25)] * 12, cost=cost)["b"]["n"]
        assert "not well above the cost of measuring" in both.reason
        # far above it in one of the two is a difference
        assert (
            comparison([run(n=12)] * 12, [run(n=900)] * 12, cost=cost)["b"]["n"].verdict == "more"
        )

    def test_zero_has_no_ratio(self):
        ratio = comparison([run(n=0)] * 12, [run(n=5)] * 12)["b"]["n"]
        assert ratio.ratio is None
        assert "counted 0" in ratio.reason

    def test_what_is_not_counted_has_no_ratio(self):
        found = comparison([run(n=1, m=None)] * 12, [run(n=1, m=None)] * 12)
        assert found["b"]["m"].ratio is None
        assert "not counted: m" in repr(found)

    def test_time_is_held_against_time(self):
        found = comparison([run(0.01, n=1)] * 12, [run(0.03, n=1)] * 12)
        assert found["b"]["seconds"].ratio == pytest.approx(3)


class TestForms:
    def test_text_html_dict_and_table(self):
        found = comparison([run(n=1000, m=None)] * 12, [run(n=500, m=None)] * 12)
        text = repr(found)
        assert "b / a" in text
        assert "0.500 to 0.500" in text
        assert text == repr(found)
        assert "<script" not in found._repr_html_()
        assert json.loads(json.dumps(found.to_dict()))["ratios"]["b"]["n"]["verdict"] == "fewer"
        table = found.to_pandas()
        assert table.loc[("b", "n"), "ratio"] == 0.5
        assert math.isnan(table.loc[("b", "m"), "ratio"])

    def test_names_are_data(self):
        hostile = "<script>alert(1)</script>"
        found = Comparison({hostile: result([run(n=1)] * 6, "a"), "b": result([run(n=2)] * 6, "b")})
        assert "<script" not in found._repr_html_()


class TestTurns:
    def test_each_variant_is_first_as_often_as_any_other(self):
        names = ["a", "b", "c"]
        orders = [_order(names, turn) for turn in range(12)]
        assert all(sorted(order) == names for order in orders)
        assert [sum(order[0] == name for order in orders) for name in names] == [4, 4, 4]
        assert _order(["a", "b"], 0) == _order(["a", "b"], 1)[::-1]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"variants": {"a": print}},
            {"variants": [print, print]},
            {"variants": {"a": print, "b": 3}},
            {"variants": {"a": print, 4: print}},
            {"rounds": 0},
            {"rounds": 1.5},
            {"warmup": -1},
            {"confidence": 95},
            {"events": "cycles "},
            {"threads": "some"},
        ],
    )
    def test_what_is_unusable_is_refused_before_anything_is_called(self, wrong):
        called = []
        arguments = {"variants": {"a": lambda: called.append(1), "b": lambda: called.append(2)}}
        with pytest.raises(ArgumentError):
            compare(**(arguments | wrong))
        assert called == []
