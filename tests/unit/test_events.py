"""Names of events: what is known of them, and which forms are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfwidgets.errors import ArgumentError, EventNameError
from perfwidgets.events import (
    DEFAULT_EVENTS,
    EVENTS,
    FAMILIES,
    check_event_name,
    check_events,
    lookup,
)


def test_the_default_events_are_seventeen_and_known():
    assert len(DEFAULT_EVENTS) == len(set(DEFAULT_EVENTS)) == 17
    assert check_events(DEFAULT_EVENTS) == DEFAULT_EVENTS
    assert {lookup(name).family for name in DEFAULT_EVENTS} == {"cpu", "cache", "tlb", "software"}


def test_every_known_event_is_described():
    for event in EVENTS.values():
        assert event.help.endswith(".")
        assert event.family in FAMILIES
        assert event.base is None or event.base in EVENTS


@pytest.mark.parametrize(
    ("name", "family", "label"),
    [
        ("cycles", "cpu", "CPU · cycles"),
        ("cycles:u", "cpu", "CPU · cycles:u"),
        ("cpu_core/cycles/", "cpu", "CPU · cpu_core/cycles/"),
        ("cpu_atom/cycles/u", "cpu", "CPU · cpu_atom/cycles/u"),
        ("cs", "software", "Software · cs"),
        ("sched:sched_switch", "other", "Other · sched:sched_switch"),
        ("", "other", "Other · "),
    ],
)
def test_lookup_sees_through_modifiers_aliases_and_pmus(name, family, label):
    assert lookup(name).family == family
    assert lookup(name).name == name
    assert lookup(name).label == label


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        ("-a", "starts with '-'"),
        ("--output=/etc/passwd", "starts with '-'"),
        ("cycles instructions", "blank"),
        ("cycles\n", "blank"),
        ("cycles\0", "control character"),
        ("cycles\x1b[31m", "control character"),
        ("cyc\u00a0les", "blank"),
        ("cyc\u200bles", "control character"),
        ("a@@b", "separates the fields"),
        ("{cycles,instructions}", "group"),
        ("cycles,instructions", "several events"),
        ("x" * 1001, "1,001 characters"),
        (7, "of type int"),
        (None, "of type NoneType"),
        (b"cycles", "of type bytes"),
    ],
)
def test_a_form_that_perf_cannot_take_is_refused(name, words):
    with pytest.raises(EventNameError) as caught:
        check_event_name(name)
    assert words in caught.value.reason
    assert caught.value.remedy
    assert isinstance(caught.value, (ArgumentError, ValueError))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cycle", "cycles"),
        ("Cycles", "cycles"),
        ("instruction", "instructions"),
        ("page-fault", "page-faults"),
        ("page_faults", "page-faults"),
        ("context_switches", "context-switches"),
        ("branch-mises:u", "branch-misses"),
        ("LLC-load-miss", None),
    ],
)
def test_a_near_miss_raises_with_the_hint(name, meant):
    if meant is None:
        assert check_event_name(name) == name  # a spelling of perf's own
        return
    with pytest.raises(EventNameError, match=f"Did you mean '{meant}'"):
        check_event_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "r1a8",
        "cpu/event=0x3c,umask=0x0/",
        "msr/tsc/",
        "sched:sched_switch",
        "mem_load_retired.l1_miss",
        "cpu_cycles",
        "L1-dcache-prefetch-misses",
        "dTLB-loads:uk",
        "duration_time",
        "completely-different",
        "power/energy-pkg/",
        "uncore_imc_0/cas_count_read/",
        "$(reboot)",
        ";reboot",
    ],
)
def test_any_other_name_is_left_to_perf(name):
    assert check_event_name(name) == name


def test_a_text_is_split_at_commas_outside_of_slashes():
    text = "cycles,cpu/event=0x3c,umask=0/,page-faults"
    assert check_events(text) == ("cycles", "cpu/event=0x3c,umask=0/", "page-faults")


@pytest.mark.parametrize(
    "events", [[], (), "", ",", "cycles,", 5, None, ["cycles", ""], [["cycles"]]]
)
def test_no_list_of_events(events):
    with pytest.raises(EventNameError) as caught:
        check_events(events)
    assert caught.value.remedy


def test_a_name_given_twice_is_kept_twice_and_any_iterable_will_do():
    assert check_events(name for name in ("cs", "cs")) == ("cs", "cs")


@given(st.text(max_size=40))
def test_what_is_accepted_can_be_handed_to_perf(name):
    refused = None
    try:
        assert check_event_name(name) == name
    except EventNameError as error:
        refused = error
    if refused is not None:
        assert refused.reason
        assert "\n" not in refused.reason
        return
    assert name.isprintable()
    assert not name.startswith("-")
    assert "@@" not in name
    assert check_events(name) == (name,)
