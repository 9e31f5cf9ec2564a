"""Budgets: conditions on what a region counted. No process is started."""

from __future__ import annotations

import pytest

from perfwidgets import ArgumentError, PerfwidgetsError, Reading, RegionResult, Sample, Status
from perfwidgets.errors import BudgetExceededError, EventNameError, PerfNotFoundError

EVENTS = ("task-clock", "cycles", "instructions", "page-faults", "LLC-loads")


def counted(event, count, running=1.0):
    if count is None:
        return Reading(event, None, None, None, Status.NOT_SUPPORTED, 0.0)
    return Reading(event, count, count / 2, None, Status.COUNTED, running)


def result(*readings, **options):
    run = Sample(2.0, 1.7e9, 2.0, readings)
    return RegionResult([run], events=EVENTS, label="sort", **options)


@pytest.fixture
def good():
    return result(
        counted("task-clock", 1900.0),
        counted("cycles", 1_000_000),
        counted("instructions", 1_500_000, 0.4),
        counted("page-faults", 0),
        counted("LLC-loads", None),
    )


@pytest.mark.parametrize(
    "condition",
    [
        "instructions < 2e6",
        "instructions<2e6",
        "  instructions  <=  1500000 ",
        "cycles > 999_999",
        "page-faults == 0",
        "page-faults != 1",
        "IPC >= 1.5",
        "instructions / cycles > 1.4",
        "1000 * page-faults / instructions < 0.1",
        "cycles / seconds == 5e5",
        "max(cycles, instructions) < 1.6e6",
        "seconds < 2.5",
        "task-clock / 1000 / seconds < 1",
        "CPUs used < 1",
    ],
)
def test_conditions_that_hold(good, condition):
    report = good.check(condition)
    assert report.passed
    assert [each.holds for each in report.checks] == [True]
    assert "1 of 1 conditions hold" in str(report)


@pytest.mark.parametrize(
    ("condition", "found", "off"),
    [
        ("instructions < 1e6", 1_500_000, "+500,000 (+50%)"),
        ("IPC > 3", 1.5, "-1.5 (-50%)"),
        ("page-faults > 0", 0, "+0"),
        ("seconds <= 1", 2.0, "+1 (+100%)"),
    ],
)
def test_conditions_that_do_not_hold(good, condition, found, off):
    with pytest.raises(BudgetExceededError) as raised:
        good.check("cycles > 1", condition)
    error = raised.value
    assert isinstance(error, AssertionError)
    assert isinstance(error, PerfwidgetsError)
    (failed,) = error.report.failed
    assert failed.condition == condition
    assert failed.found == found
    assert failed.over == off
    row = next(line for line in str(error).splitlines() if condition in line)
    assert off in row
    assert row.endswith("FAILED")
    assert "sort: 1 of 2 conditions hold" in str(error)


def test_the_report_tells_the_share_that_was_counted(good):
    (each,) = good.check("instructions < 2e6").checks
    assert each.running == 0.4
    assert "40%" in str(good.check("instructions < 2e6"))


def test_what_this_machine_cannot_count_is_skipped_with_the_reason(good):
    report = good.check("LLC-loads < 5", "cycles > 1")
    assert report.passed
    (skipped,) = report.skipped
    assert skipped.holds is None
    assert "LLC-loads" in skipped.reason
    assert "skipped: not available: needs LLC-loads (not supported here)" in str(report)
    assert "1 of 2 conditions hold, 1 not checked" in str(report)


def test_strict_it_fails(good):
    with pytest.raises(BudgetExceededError, match="FAILED: not available: needs LLC-loads"):
        good.check("LLC-loads < 5", strict=True)
    assert good.check("cycles > 1", strict=True).passed


def test_a_division_by_zero_is_a_reason(good):
    report = good.check("instructions / page-faults < 5")
    assert "page-faults is 0" in report.skipped[0].reason


def test_without_perf_all_is_skipped_with_its_reason():
    error = PerfNotFoundError("perf was not found", "Install it")
    absent = (Reading(e, None, None, None, Status.MISSING, 0.0) for e in EVENTS)
    report = result(*absent, error=error).check("cycles < 5", "IPC > 1")
    assert [each.reason for each in report.skipped] == ["perf was not found"] * 2
    with pytest.raises(BudgetExceededError, match="perf was not found"):
        result(error=error).check("cycles < 5", strict=True)


def test_each_type_of_core_is_checked():
    hybrid = result(
        counted("cpu_core/cycles/", 100),
        counted("cpu_core/instructions/", 200),
        counted("cpu_atom/cycles/", 100),
        counted("cpu_atom/instructions/", 50),
    )
    with pytest.raises(BudgetExceededError) as raised:
        hybrid.check("IPC > 1")
    found = {each.condition: each.holds for each in raised.value.report.checks}
    assert found == {"IPC > 1 cpu_core": True, "IPC > 1 cpu_atom": False}


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("instructions", "no comparison"),
        ("instructions =< 5", "no comparison, or one that is not among < <= > >= == !="),
        ("instructions < many", "'many', which is no finite number"),
        ("instructions < nan", "no finite number"),
        ("instructions <", "no finite number"),
        ("< 5", "no formula"),
        ("1 < instructions < 5", "'instructions < 5', which is no finite number"),
        ("5 < 6", "names no event"),
        ("instructions + < 5", "should stand"),
        ("branches < 5", "needs branches, which the region did not count"),
        (5, "is no text"),
    ],
)
def test_a_condition_that_cannot_be_read_says_what_is_wrong(good, condition, message):
    with pytest.raises(ArgumentError, match=message):
        good.check("cycles > 1", condition)


def test_a_near_miss_of_an_event_is_named(good):
    with pytest.raises(EventNameError, match="Did you mean 'instructions'"):
        good.check("instrctions < 5")


def test_no_condition_is_an_error(good):
    with pytest.raises(ArgumentError, match="no condition"):
        good.check()


def test_a_metric_of_events_that_were_not_asked_for_is_an_error(good):
    with pytest.raises(ArgumentError, match="branch"):
        good.check("branch miss rate < 5")
