"""Metrics: formulas that are read, what they are computed from, and what they say."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import perfwidgets
from perfwidgets import ArgumentError, EventNameError, Monitor, Synthetic
from perfwidgets.events import DEFAULT_EVENTS, EVENTS
from perfwidgets.formula import SECONDS
from perfwidgets.metric_inputs import choose_inputs, read_name
from perfwidgets.metrics import METRICS, Metric, bind, evaluate, parse
from perfwidgets.samples import Reading, Status
from perfwidgets.widgets.event_selector import EventSelector
from perfwidgets.widgets.feed import Feed

#: what the evaluator in the browser is held to as well: metrics.test.mjs
CASES = json.loads((Path(__file__).parents[1] / "data" / "metric_cases.json").read_text())


@pytest.fixture(autouse=True)
def _metrics_as_they_were():
    before = dict(METRICS)
    yield
    METRICS.clear()
    METRICS.update(before)


def counted(event, count, running=1.0):
    return Reading(event, count, None, None, Status.COUNTED, running)


def metrics_of(case):
    named = case["metrics"]
    return [METRICS[named]] if isinstance(named, str) else [Metric(*each) for each in named]


def readings_of(case):
    return [
        Reading(r["event"], r["count"], None, r["unit"], Status(r["status"]), r["running"])
        for r in case["readings"]
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_evaluate(case):
    values = evaluate(
        readings_of(case), case["seconds"], process=case["process"], metrics=metrics_of(case)
    )
    fields = ("name", "value", "unit", "running", "reason", "note")
    assert [{f: getattr(v, f) for f in fields} for v in values] == case["expected"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_the_browser_is_given(case):
    names = [reading.event for reading in readings_of(case)]
    bound = bind(names, process=case["process"], metrics=metrics_of(case))
    fields = tuple(case["layout"][0])
    assert [{f: each.to_dict()[f] for f in fields} for each in bound] == case["layout"]


# -------------------------------------------------------------- formulas


@pytest.mark.parametrize(
    ("text", "program"),
    [
        ("instructions / cycles", ["instructions", "cycles", "/"]),
        ("instructions/cycles/2", ["instructions", "cycles", "/", 2, "/"]),
        (
            "L1-dcache-load-misses/L1-dcache-loads",
            ["L1-dcache-load-misses", "L1-dcache-loads", "/"],
        ),
        ("cycles - branches", ["cycles", "branches", "-"]),
        ("cycles -1", ["cycles", 1, "-"]),
        ("cycles:u*2", ["cycles:u", 2, "*"]),
        ("cpu_core/cycles/ / cpu_core/instructions:u/", None),
        ("cpu/event=0x3c,umask=0x1/ / seconds", ["cpu/event=0x3c,umask=0x1/", "seconds", "/"]),
        ("mem_load_retired.l3_miss / r01c0", ["mem_load_retired.l3_miss", "r01c0", "/"]),
        ("sched:sched_switch+1", ["sched:sched_switch", 1, "+"]),
        ("min(cycles,instructions,3)", ["cycles", "instructions", "<", 3, "<"]),
        ("seconds/cycles/2", ["seconds", "cycles", "/", 2, "/"]),
        ("1 / IPC", [1, "instructions", "cycles", "/", "/"]),
        ("  \n cycles\t", ["cycles"]),
    ],
)
def test_what_is_read(text, program):
    if program is None:
        program = ["cpu_core/cycles/", "cpu_core/instructions:u/", "/"]
    assert list(parse(text).program) == program


def test_what_an_expression_needs():
    expression = parse("cycles / seconds + 2 * cycles - branches")
    assert expression.needs == ("cycles", "branches")
    assert expression.inputs == ("cycles", SECONDS, "branches")
    assert expression.value({"cycles": 3, "seconds": 2, "branches": 0.5}) == 7.0
    with pytest.raises(KeyError, match="branches"):
        expression.value({"cycles": 3, "seconds": 2})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no formula"),
        (None, "None is no formula"),
        (3, "3 is no formula"),
        ("1000", "names no event"),
        ("seconds", "names no event"),
        ("cycles instructions", "'instructions' where it should end"),
        ("cycles 2", "'2' where it should end"),
        ("2cycles", "'cycles' where it should end"),
        ("cycles /", "ends where a number or a name should stand"),
        ("cycles ** 2", r"'\*' where a number or a name"),
        ("cycles ^ 2", r"'\^', which means nothing"),
        ("cycles % 2", "'%', which means nothing"),
        ("cycles − branches", "'−', which means nothing"),
        ("(cycles", r"lacks a '\)'"),
        ("cycles)", r"'\)' where it should end"),
        ("min(cycles)", r"'\)' where ',' should stand"),
        ("max()", r"'\)' where a number or a name"),
        ("cycles / 0", "divides by 0"),
        ("cycles / 0.0", "divides by 0"),
        ("cycles * 1e999", "too large"),
        ("(" * 51 + "cycles" + ")" * 51, "nested more than 50 deep"),
        ("-" * 60 + "cycles", "nested more than 50 deep"),
        ("cycles + " * 200 + "1", "characters long"),
        ("cycles; import os", "';', which means nothing"),
        ("__import__('os')", "which means nothing here"),
        ("cycles.__class__()", r"'\(' where it should end"),
        ("cylces / 2", "Did you mean 'cycles'"),
    ],
)
def test_what_cannot_be_read(text, words):
    with pytest.raises(ArgumentError, match=words) as caught:
        Metric("it", text)
    assert caught.value.remedy


def test_a_misspelt_event_is_an_event_name_error():
    with pytest.raises(EventNameError):
        parse("page_faults / seconds")


def test_depth_is_of_nesting_and_not_of_length():
    assert parse(" + ".join(["(cycles)"] * 80)).value({"cycles": 1}) == 80


NUMBERS = st.floats(min_value=0.001, max_value=1e9)


@st.composite
def formulas(draw, depth=3):
    """A formula, and the same for Python, over a and b."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([("r1a", "a"), ("b-b", "b"), ("seconds", "s"), ("2.5", "2.5")]))
    left, right = draw(formulas(depth=depth - 1)), draw(formulas(depth=depth - 1))
    shape = draw(st.sampled_from("+-*/<>~"))
    if shape == "~":
        return f"-({left[0]})", f"-({left[1]})"
    if shape in "<>":
        name = "min" if shape == "<" else "max"
        return tuple(f"{name}({a}, {b})" for a, b in zip(left, right, strict=True))
    return tuple(f"({a} {shape} {b})" for a, b in zip(left, right, strict=True))


@given(formulas(), NUMBERS, NUMBERS, NUMBERS)
def test_it_computes_what_python_does(formula, a, b, s):
    ours, python = formula
    expression = parse(f"0 * r1a + {ours}")
    try:
        wanted = eval(python, {"a": a, "b": b, "s": s, "min": min, "max": max})
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError, match="is 0"):
            expression.value({"r1a": a, "b-b": b, "seconds": s})
        return
    if math.isfinite(wanted):
        assert expression.value({"r1a": a, "b-b": b, "seconds": s}) == 0 * a + wanted


@given(st.text(max_size=40) | st.text("cycles-/*+(),.19: ", max_size=20))
def test_any_text_is_read_or_refused(text):
    try:
        expression = parse(text)
    except ArgumentError:
        return
    assert expression.needs
    assert set(expression.needs) <= set(expression.program)


# --------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "plain", "pmu", "modifiers"),
    [
        ("cycles", "cycles", "", ""),
        ("cpu-cycles:u", "cycles", "", "u"),
        ("cycles:ppu", "cycles", "", "ppu"),
        ("cpu_core/cycles/", "cycles", "cpu_core", ""),
        ("cpu_core/cpu-cycles:u/", "cycles", "cpu_core", "u"),
        ("cpu_atom/cycles/u", "cycles", "cpu_atom", "u"),
        ("cpu/cycles/", "cycles", "", ""),
        ("cycles [cpu]", "cycles", "", ""),
        ("cpu-clock [software]", "cpu-clock", "", ""),
        ("cycles:u [cpu_atom]", "cycles", "cpu_atom", "u"),
        ("sched:sched_switch", "sched:sched_switch", "", ""),
        ("uncore_imc/cas_count_read/", "cas_count_read", "uncore_imc", ""),
        ("r01c0", "r01c0", "", ""),
    ],
)
def test_names_are_taken_apart(name, plain, pmu, modifiers):
    printed = read_name(name)
    assert (printed.plain, printed.pmu, printed.modifiers) == (plain, pmu, modifiers)


def test_a_type_of_core_that_lacks_an_event_has_no_value():
    names = ["cpu_core/cycles/", "cpu_core/LLC-loads/", "cpu_atom/cycles/"]
    (inputs,) = choose_inputs(["LLC-loads", "cycles"], names)
    assert inputs.pmu == "cpu_core"


def test_every_known_event_has_no_flavour_of_its_own():
    assert {read_name(name).flavour for name in EVENTS} == {("", "")}


# -------------------------------------------------------- what there is


def test_the_metrics_that_come_with_it():
    assert METRICS["IPC"].needs == ("instructions", "cycles")
    for metric in METRICS.values():
        assert metric.help
        assert metric.source
        assert set(metric.needs) <= set(EVENTS), metric.name
    misses = {n for m in METRICS.values() if m.unit == "MPKI" for n in m.needs} - {"instructions"}
    asked_for = {event for event in DEFAULT_EVENTS if event.endswith("-misses")}
    assert asked_for <= misses
    assert {"branch-misses", "LLC-load-misses", "L1-icache-load-misses"} <= misses


def test_each_is_computed_where_all_is_counted():
    source = [counted(name, 1000 + i) for i, name in enumerate(EVENTS)]
    values = evaluate(source, 0.5, process=True)
    assert len(values) == len(METRICS)
    assert [v.name for v in values if v.value is None or v.reason] == []
    assert all(v.value > 0 for v in values)


def test_what_it_was_computed_from():
    value, *_ = evaluate([counted("cpu-cycles:u", 2), counted("instructions:u", 3)], 1.0)
    assert value.metric is METRICS["IPC"]
    assert value.events == ("instructions:u", "cpu-cycles:u")


def test_counts_larger_than_a_double_holds_exactly():
    value, *_ = evaluate([counted("cycles", 2**63), counted("instructions", 2**64)], 1.0)
    assert value.value == 2.0


def test_a_metric_of_one_s_own_in_one_line():
    added = perfwidgets.add_metric("loads a branch", "L1-dcache-loads / branches", unit="loads")
    assert METRICS["loads a branch"] is added
    last = evaluate([counted("L1-dcache-loads", 6), counted("branches", 4)], 1.0)[-1]
    assert (last.name, last.value, last.unit) == ("loads a branch", 1.5, "loads")


def test_one_may_be_computed_from_another():
    perfwidgets.add_metric("CPI", "1 / IPC")
    last = evaluate([counted("cycles", 6), counted("instructions", 4)], 1.0)[-1]
    assert (last.name, last.value) == ("CPI", 1.5)
    zero = evaluate([counted("cycles", 6), counted("instructions", 0)], 1.0)[-1]
    assert zero.reason == "not available: instructions / cycles is 0"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("", "cycles"), "'' is no name"),
        ((" x", "cycles"), "' x' is no name"),
        ((7, "cycles"), "7 is no name"),
        (("x" * 61, "cycles"), "too long"),
        (("a\nb", "cycles"), "control characters"),
        (("cycles", "2 * cycles"), "'cycles' is what perf calls an event"),
        (("cs", "2 * cycles"), "'cs' is what perf calls an event"),
        (("seconds", "2 * cycles"), "'seconds' is taken"),
        (("IPC", "2 * IPC"), "computed from itself"),
        (("new", "2 * new"), "computed from itself"),
    ],
)
def test_what_cannot_be_added(arguments, words):
    before = dict(METRICS)
    with pytest.raises(ArgumentError, match=words) as caught:
        perfwidgets.add_metric(*arguments)
    assert caught.value.remedy
    assert before == METRICS


@pytest.mark.parametrize("field", ["unit", "help", "source"])
def test_a_unit_is_text(field):
    with pytest.raises(ArgumentError, match=f"{field}=3 is no text"):
        perfwidgets.add_metric("it", "cycles", **{field: 3})


def test_a_metric_can_be_replaced():
    perfwidgets.add_metric("IPC", "2 * instructions / cycles")
    assert evaluate([counted("cycles", 1), counted("instructions", 1)], 1.0)[0].value == 2.0
    assert next(iter(METRICS)) == "IPC"  # it keeps its place


def test_no_widgets_are_needed():
    assert "perfwidgets.metrics" in sys.modules
    module = sys.modules["perfwidgets.metrics"]
    assert not {"ipywidgets", "numpy", "traitlets"} & set(vars(module))


# ------------------------------------------------- feed and selector


@pytest.fixture
def monitor():
    return Monitor(Synthetic(events="cycles,instructions,page-faults"))


def test_the_layout_has_the_metrics(monitor):
    feed = Feed.of(monitor)
    try:
        first = feed.row_layout
        by_name = {metric["name"]: metric for metric in first["metrics"]}
        assert by_name["IPC"]["program"] == ["instructions", "cycles", "/"]
        assert by_name["LLC MPKI"]["lacking"] == ["LLC-load-misses"]
        json.dumps(first)
        perfwidgets.add_metric("CPI", "1 / IPC")
        feed.tick()
        assert feed.row_layout["id"] > first["id"]
        assert feed.row_layout["metrics"][-1]["name"] == "CPI"
        perfwidgets.add_metric("CPI", "2 / IPC")
        feed.tick()
        assert feed.row_layout["metrics"][-1]["program"][0] == 2
        same = feed.row_layout["id"]
        feed.tick()
        assert feed.row_layout["id"] == same
    finally:
        feed.release()


def test_the_selector_offers_metrics_after_events(monitor):
    selector = EventSelector(monitor)
    try:
        labels = [label for label, _ in selector.dropdown.options]
        events = [label for label in labels if not label.startswith("Metric")]
        assert labels[: len(events)] == events
        assert "Metric · IPC" in labels
        assert labels.index("Metric · IPC") < labels.index("Metric · LLC MPKI (not available)")
        selector.value = "IPC"
        assert selector.dropdown.label == "Metric · IPC"
        perfwidgets.add_metric("CPI", "1 / IPC")
        monitor.tick()
        assert ("Metric · CPI", "CPI") in selector.dropdown.options
        assert selector.value == "IPC"
        assert selector._driver.labels["Metric · CPI (not supported)"] == "CPI"
    finally:
        selector.close()


def test_a_monitor_without_events_offers_no_metrics():
    selector = EventSelector(Monitor(perfwidgets.VmStat()))
    try:
        assert selector.dropdown.options == ()
    finally:
        selector.close()
