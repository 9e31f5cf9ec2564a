"""What a region counted: runs and their means, tables, doubts. No process is started."""

from __future__ import annotations

import json
import math
import pickle

import pytest

from perfwidgets import Reading, RegionResult, Sample, Status
from perfwidgets.availability.host import Host
from perfwidgets.errors import ArgumentError, BudgetExceededError, PerfNotFoundError
from perfwidgets.regions import doubts


def reading(event, count, seconds=1.0, running=1.0, unit=None, status=None):
    if count is None:
        return Reading(event, None, None, unit, status or Status.NOT_SUPPORTED, 0.0)
    return Reading(event, count, count / seconds, unit, Status.COUNTED, running)


def sample(seconds=1.0, **counts):
    readings = tuple(
        each if isinstance(each, Reading) else reading(name.replace("_", "-"), each, seconds)
        for name, each in counts.items()
    )
    return Sample(seconds, 1.7e9, seconds, readings)


def result(*runs, **options):
    events = tuple(dict.fromkeys(r.event for run in runs for r in run))
    return RegionResult(runs, **{"events": events, **options})


@pytest.fixture
def no_pmu(monkeypatch):
    monkeypatch.setattr(doubts.Host, "local", lambda: Host(pmu=(), root=True))


def test_a_single_run_is_as_perf_printed_it():
    run = sample(2.0, page_faults=7, task_clock=reading("task-clock", 3.14, 2.0, 0.5, "msec"))
    one = result(run, label="x")
    assert one.readings == run.readings
    assert one["page-faults"] is run.readings[0]
    assert one.duration == 2.0
    assert one.spread("page-faults") is None
    assert "page-faults" in one
    assert "cycles" not in one
    assert len(one) == 2
    assert [r.event for r in one] == ["page-faults", "task-clock"]


def test_runs_give_their_mean_their_spread_and_the_weakest_share():
    runs = [
        sample(1.0, cycles=reading("cycles", 100, 1.0, 0.9), instructions=1),
        sample(3.0, cycles=reading("cycles", 200, 3.0, 0.4), instructions=2),
    ]
    merged = RegionResult.merged([result(run, label="a") for run in runs])
    assert merged.runs == tuple(runs)
    assert merged.label == "a"
    assert merged["cycles"].count == 150
    assert isinstance(merged["cycles"].count, int)
    assert merged["instructions"].count == 1.5
    assert merged["cycles"].rate == 300 / 4
    assert merged["cycles"].running == 0.4
    assert merged.spread("cycles") == pytest.approx(math.sqrt(5000))
    assert merged.duration == 2.0


def test_runs_that_did_not_count_take_no_part_in_the_mean():
    absent = reading("cycles", None, status=Status.NOT_COUNTED)
    merged = result(sample(1.0, cycles=absent), sample(4.0, cycles=8), sample(9.0, cycles=absent))
    assert merged["cycles"].count == 8
    assert merged["cycles"].rate == 2
    assert merged.spread("cycles") is None
    nothing = result(sample(1.0, cycles=absent), sample(4.0, cycles=absent))
    assert nothing["cycles"].status is Status.NOT_COUNTED
    assert nothing["cycles"].count is None
    assert not nothing.available


def test_what_counted_other_events_is_not_merged():
    with pytest.raises(ArgumentError, match="no result"):
        RegionResult.merged([])
    with pytest.raises(ArgumentError, match="different events"):
        RegionResult.merged([result(sample(cycles=1)), result(sample(branches=1))])
    with pytest.raises(ArgumentError, match="or threads"):
        RegionResult.merged([result(sample(cycles=1)), result(sample(cycles=1), threads="this")])


def test_what_went_wrong_in_one_run_is_kept():
    error = PerfNotFoundError("perf was not found", "Install it")
    merged = RegionResult.merged(
        [result(sample(cycles=1), failed=True), result(sample(cycles=2), error=error)]
    )
    assert merged.failed
    assert merged.error is error


def test_an_event_is_found_by_the_name_it_was_asked_for():
    user = result(sample(a=reading("cycles:u", 5)))
    assert user["cycles"].count == 5
    assert "cycles" in user
    hybrid = result(sample(a=reading("cpu_core/cycles/", 5), b=reading("cpu_atom/cycles/", 7)))
    assert hybrid["cpu_atom/cycles/"].count == 7
    with pytest.raises(KeyError, match=r"counted apart.*cpu_core/cycles/, cpu_atom/cycles/"):
        hybrid["cycles"]
    with pytest.raises(KeyError, match="no event 'branches'; it has: cycles:u"):
        user["branches"]


def test_an_event_asked_for_twice_is_never_added_up():
    twice = result(Sample(1.0, None, 1.0, (reading("cycles", 3), reading("cycles", 4))))
    assert [r.count for r in twice] == [3, 4]
    assert twice["cycles"].count == 3


def test_metrics_inherit_the_weakest_share():
    run = sample(cycles=reading("cycles", 100, 1.0, 0.5), instructions=reading("instructions", 150))
    ipc = next(metric for metric in result(run).metrics if metric.name == "IPC")
    assert ipc.value == 1.5
    assert ipc.running == 0.5


def test_plain_values(no_pmu):
    cost = sample(1e-6, cycles=10, page_faults=0)
    run = sample(0.5, cycles=1000, page_faults=2, LLC_loads=None)
    plain = json.loads(json.dumps(result(run, label="x", cost=cost).to_dict(), allow_nan=False))
    assert plain["label"] == "x"
    assert plain["available"] is True
    assert plain["error"] is None
    assert plain["duration"] == 0.5
    assert plain["empty_region_duration"] == 1e-6
    assert plain["events"]["cycles"] == {
        "value": 1000,
        "spread": None,
        "per_second": 2000.0,
        "unit": None,
        "status": "counted",
        "running": 1.0,
        "cost": 10,
    }
    assert plain["events"]["LLC-loads"]["value"] is None
    assert plain["metrics"]["IPC"]["value"] is None
    assert "instructions" in plain["metrics"]["IPC"]["reason"]
    assert len(plain["runs"]) == 1


def test_a_table_of_pandas():
    cost = sample(1e-6, cycles=10)
    runs = sample(0.5, cycles=1000, LLC_loads=None), sample(0.5, cycles=2000, LLC_loads=None)
    table = result(*runs, cost=cost).to_pandas()
    assert list(table.columns) == [
        *("count", "spread", "per_second", "unit", "status", "running", "cost")
    ]
    assert table.index.name == "event"
    assert table.loc["cycles", "count"] == 1500
    assert table.loc["cycles", "per_second"] == 3000
    assert table.loc["cycles", "cost"] == 10
    assert math.isnan(table.loc["LLC-loads", "count"])
    assert table.loc["LLC-loads", "status"] == "not supported"
    assert list(result().to_pandas().columns) == list(table.columns)


TEXT = """\
sort: 500 ms, all threads
  event               count  per second  counted  empty region
  task-clock    498.12 msec      996.24     100%          0.05
  page-faults        10,003      20,006     100%             0
  cycles          2,000,000   4,000,000      75%             -
  GHz          0.004015 GHz                  75%
  CPUs used     0.9962 CPUs                 100%
not supported: LLC-loads, LLC-load-misses (this machine shows no PMU, as most virtual machines do
  not)
counted below 100%: scaled by perf, since events shared counters"""


def whole(**options):
    run = sample(
        0.5,
        task_clock=reading("task-clock", 498.12, 0.5, unit="msec"),
        page_faults=10003,
        cycles=reading("cycles", 2_000_000, 0.5, 0.75),
        LLC_loads=None,
        LLC_load_misses=None,
    )
    cost = sample(1e-6, task_clock=reading("task-clock", 0.05, unit="msec"), page_faults=0)
    return result(run, label="sort", cost=cost, **options)


def test_the_text(no_pmu):
    lines = str(whole()).splitlines()
    metrics = lines.pop()
    assert "\n".join(lines) == TEXT
    lacking = [metric for metric in whole().metrics if metric.value is None]
    assert metrics == f"metrics that lack a count: {len(lacking)} (see .metrics)"
    assert repr(whole()) == str(whole())


def test_the_table_in_html_says_the_same(no_pmu):
    html = whole()._repr_html_()
    for cell in ("sort: 500 ms", "10,003", "498.12 msec", "75%", "no PMU"):
        assert cell in html
    assert "<script" not in html
    odd = result(sample(cycles=1), label="<b>&")._repr_html_()
    assert "<b>" not in odd
    assert "&lt;b&gt;&amp;" in odd


def test_repeats_have_a_column_for_their_spread(no_pmu):
    text = str(result(sample(1.0, page_faults=1), sample(2.0, page_faults=3), label="r"))
    assert text.splitlines()[0] == "r: 1.5 s ± 707.1 ms, mean of 2 runs, all threads"
    head, row = (line.split() for line in text.splitlines()[1:3])
    assert dict(zip(head[:3], row[:3], strict=True)) == {
        "event": "page-faults",
        "count": "2",
        "±": "1.41",
    }
    assert "cost of measuring: not known" in text


def test_the_text_of_what_was_not_counted():
    assert str(RegionResult(label="later")) == "later: not measured yet"
    error = PerfNotFoundError("perf was not found", "Install it")
    missing = reading("cycles", None, status=Status.MISSING)
    text = str(result(sample(1.0, cycles=missing), error=error))
    assert text == "region: 1 s, all threads\nnot counted: perf was not found. Install it"


def test_a_refused_name_is_told_with_perf_s_words(no_pmu):
    run = sample(page_faults=1, nosuch=reading("nosuch", None))
    text = str(result(run, refused={"nosuch": "parser error"}))
    assert "not supported: nosuch (perf does not know it (parser error))" in text


@pytest.mark.parametrize("status", [Status.NOT_COUNTED, Status.MISSING])
def test_why_there_is_no_count_this_time(no_pmu, status):
    run = sample(page_faults=1, cycles=reading("cycles", None, status=status))
    line = next(x for x in str(result(run)).splitlines() if x.startswith(status.value))
    assert line.startswith(f"{status.value}: cycles (")


COST = sample(2e-6, task_clock=reading("task-clock", 0.05, unit="msec"), context_switches=1)


def measured(seconds, clock, switches):
    clocked = reading("task-clock", clock, seconds, unit="msec")
    return result(sample(seconds, task_clock=clocked, context_switches=switches), cost=COST)


def test_a_region_that_is_too_short_says_so(no_pmu):
    short = measured(5e-6, 0.06, 1)
    assert not short.trusted
    assert "too short to trust" in str(short)
    little = measured(0.2, 0.1, 2)
    assert not little.trusted
    assert "task-clock, context-switches are not well above" in little.doubt
    assert "too little to trust" in little._repr_html_()


def test_one_small_count_beside_large_ones_is_told_and_no_doubt(no_pmu):
    fine = measured(0.2, 199.0, 2)
    assert fine.trusted
    assert fine.doubt == ""
    assert "not well above the cost of measuring: context-switches" in str(fine)
    better = measured(0.2, 199.0, 50)
    assert "well above" not in str(better)


def test_what_was_not_counted_is_not_trusted():
    assert not RegionResult().trusted
    assert not result(sample(1.0, cycles=None), cost=COST).trusted


def test_a_result_can_be_copied_to_another_process(no_pmu):
    copy = pickle.loads(pickle.dumps(whole()))
    assert type(copy) is RegionResult
    assert str(copy) == str(whole())


def test_metrics_over_runs_use_runs_that_counted_all_of_their_inputs():
    def run(seconds, instructions, cycles):
        counts = {"instructions": instructions, "cycles": cycles}
        readings = tuple(
            Reading(
                event,
                count,
                None,
                None,
                Status.NOT_COUNTED if count is None else Status.COUNTED,
                0.0 if count is None else 1.0,
            )
            for event, count in counts.items()
        )
        return Sample(seconds, 1.0, seconds, readings)

    events = ("instructions", "cycles")
    mixed = RegionResult([run(1.0, None, 100), run(10.0, 1000, 1000)], events=events)
    ipc = next(metric for metric in mixed.metrics if metric.name == "IPC")
    assert ipc.value == 1.0
    with pytest.raises(BudgetExceededError):
        mixed.check("IPC > 1.5")
    apart = RegionResult([run(1.0, None, 100), run(1.0, 100, None)], events=events)
    ipc = next(metric for metric in apart.metrics if metric.name == "IPC")
    assert ipc.value is None
    assert "no run counted all" in ipc.reason
