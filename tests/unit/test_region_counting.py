"""Regions with a perf that is made up: what it may print, refuse and omit, and how it may end."""

from __future__ import annotations

import sys
import textwrap

import pytest

import perfwidgets
from perfwidgets import ArgumentError, Status
from perfwidgets.errors import (
    EventNameError,
    NothingCountableError,
    PerfFailedError,
    PerfNotFoundError,
    PerfNotPermittedError,
)
from perfwidgets.regions import REGION_EVENTS, counting, launching, program

#: counts 100 times its enabling; its options stand in its first argument
FAKE = """
    import os, signal, sys, time
    mode, words = sys.argv[1], sys.argv[2:]
    events = [words[i + 1] for i, word in enumerate(words) if word == "-e"]

    def fail(status, text):
        os.write(2, text.encode())
        os._exit(status)

    bad = [event for event in events if event.startswith("bad")]
    if bad and mode == "vague":
        fail(129, "event syntax error: something\\n")
    if bad:
        fail(129, f"event syntax error: '{','.join(events)}'\\n"
             + " " * (21 + ",".join(events).index(bad[0])) + "\\\\___ parser error\\n")
    if "--" in words:
        fail(0, "")
    if mode == "denied":
        fail(255, "Access to performance monitoring and observability operations is limited.\\n")
    if mode == "churn" and not os.path.exists(words_file := os.environ["FAKE_MEMORY"]):
        open(words_file, "w").close()
        fail(255, "The sys_perf_event_open() syscall returned with 3 (No such process) for "
             "event (page-faults).\\n")

    def rows():
        for number, event in enumerate(events, 1):
            if mode == "none":
                os.write(5, f"<not supported>@@@@{event}@@0@@100.00@@@@\\n".encode())
            elif not (mode == "omits" and number == 1):
                name = event + ":u" if mode == "user" else event
                count = enabled * 100 * number
                os.write(5, f"{count}@@@@{name}@@1000@@100.00@@@@\\n".encode())

    def end(*_):
        rows()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)

    enabled = 0
    signal.signal(signal.SIGINT, end)
    if mode == "mute":
        while True:
            signal.pause()
    if mode == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    while word := os.read(3, 100):
        if mode == "dies" and word == b"disable\\n":
            os.kill(os.getpid(), signal.SIGKILL)
        enabled += word == b"enable\\n"
        if mode == "5.10":
            rows()
        os.write(4, b"ack\\n\\0")
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    script = tmp_path / "perf.py"
    script.write_text(textwrap.dedent(FAKE))
    monkeypatch.setenv("FAKE_MEMORY", str(tmp_path / "memory"))

    def count(mode, events="page-faults,cycles", **options):
        command = [sys.executable, "-I", "-S", str(script), mode]
        return perfwidgets.count(mode, events=events, command=command, **options)

    return count


def counts(result):
    return {reading.event: reading.count for reading in result}


@pytest.mark.parametrize("mode", ["6.1", "5.10"])
def test_totals_are_read_once_whether_perf_prints_them_once_or_at_each_word(fake, mode):
    with fake(mode) as region:
        assert str(region) == f"{mode}: not measured yet"
        assert region.duration is None
    assert counts(region) == {"page-faults": 100, "cycles": 200}
    assert len(region.runs) == 1
    run = region.runs[0]
    assert run.duration == region.duration > 0
    assert region["cycles"].rate == 200 / region.duration


@pytest.mark.parametrize("mode", ["6.1", "5.10"])
def test_an_event_that_is_asked_for_three_times_is_counted_three_times(fake, mode):
    with fake(mode, ["cycles"] * 3) as region:
        pass
    assert [reading.count for reading in region] == [100, 200, 300]


def test_entered_again_it_adds_a_run(fake):
    region = fake("6.1")
    for _ in range(3):
        with region:
            pass
    assert len(region.runs) == 3
    assert region.spread("cycles") == 0
    with region, pytest.raises(ArgumentError, match="open already"), region:
        pass
    assert len(region.runs) == 4


def test_the_cost_is_that_of_empty_regions_and_is_subtracted_from_nothing(fake):
    with fake("6.1", "cycles,faults") as region:
        pass
    assert region.cost["cycles"].count == 100
    assert region.cost["cycles"].rate is None
    assert region["cycles"].count == 100
    assert not region.trusted


@pytest.mark.parametrize("mode", ["names", "vague"])
def test_a_name_that_perf_refuses_spoils_no_other(fake, mode):
    with fake(mode, ["page-faults", "badone", "cycles", "badtwo"]) as region:
        pass
    assert counts(region) == {"page-faults": 100, "cycles": 200, "badone": None, "badtwo": None}
    assert region["badone"].status is Status.NOT_SUPPORTED
    assert set(region.refused) == {"badone", "badtwo"}
    assert region.available
    assert "not supported: badone" in str(region)


def test_only_names_that_perf_refuses(fake):
    with fake("names", "badone,badtwo") as region:
        pass
    assert isinstance(region.error, PerfFailedError)
    assert "badone" in region.error.reason
    assert not region.available


def test_what_perf_prints_under_another_name(fake):
    with fake("user", "cycles") as region:
        pass
    assert region["cycles"].count == 100
    assert region["cycles:u"].count == 100
    assert len(region) == 1


def test_an_event_without_a_row_is_missing(fake):
    with fake("omits") as region:
        pass
    assert region["page-faults"].status is Status.MISSING
    assert region["cycles"].count == 200


def test_nothing_that_can_be_counted(fake):
    with fake("none") as region:
        ran = True
    assert ran
    assert isinstance(region.error, NothingCountableError)
    assert not region.available
    assert region["cycles"].status is Status.NOT_SUPPORTED
    assert region.duration > 0
    assert "not counted: " in str(region)


def test_not_permitted(fake):
    with fake("denied") as region:
        ran = True
    assert ran
    assert isinstance(region.error, PerfNotPermittedError)
    assert region["cycles"].count is None


def test_there_is_no_perf(tmp_path):
    with perfwidgets.count(command="/nonexistent/perf") as region:
        ran = True
    assert ran
    assert isinstance(region.error, PerfNotFoundError)
    assert region.error.remedy
    assert not region.available
    assert region.cost is None
    assert {reading.count for reading in region} == {None}
    assert "/nonexistent/perf was not found" in str(region)
    (tmp_path / "perf").write_text("#!/bin/sh\n")
    with perfwidgets.count(command=str(tmp_path / "perf")) as region:
        pass
    assert "may not be executed" in region.error.reason


def test_a_thread_that_ends_while_perf_opens_it_is_no_failure(fake):
    with fake("churn") as region:
        pass
    assert region.error is None
    assert region["cycles"].count == 200


def test_a_perf_that_is_killed_meanwhile(fake):
    with fake("dies") as region:
        pass
    assert "SIGKILL" in region.error.reason
    assert region["cycles"].count is None


def test_a_perf_that_does_not_answer(fake, monkeypatch):
    monkeypatch.setattr(program, "_ANSWER", 0.5)
    monkeypatch.setattr(program, "_GRACE", 0.5)
    with fake("mute") as region:
        ran = True
    assert ran
    assert "did not answer" in region.error.reason


def test_a_perf_that_does_not_end_is_killed(fake, monkeypatch):
    monkeypatch.setattr(program, "_GRACE", 0.3)
    monkeypatch.setattr(counting, "_TRIES", 1)
    with fake("stubborn") as region:
        pass
    assert "SIGKILL" in region.error.reason
    assert not region.available


def test_an_exception_goes_on_and_the_counts_are_there(fake):
    with pytest.raises(ZeroDivisionError), fake("6.1") as region:
        raise ZeroDivisionError
    assert region.failed
    assert region["cycles"].count == 200
    assert "ended by an exception" in str(region)


def test_a_launcher_that_cannot_start_is_a_reason(fake, monkeypatch):
    launching.end_launcher()
    monkeypatch.setattr(launching.sys, "executable", "/nonexistent/python")
    with fake("6.1") as region:
        ran = True
    assert ran
    assert "the helper that starts perf cannot be started" in region.error.reason
    assert "/nonexistent/python" in region.error.remedy


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"label": 5}, ArgumentError, "label 5"),
        ({"threads": "some"}, ArgumentError, "threads='some'"),
        ({"threads": None}, ArgumentError, "threads=None"),
        ({"events": []}, EventNameError, "empty"),
        ({"events": "cycels"}, EventNameError, "Did you mean 'cycles'"),
        ({"command": ""}, ArgumentError, "empty"),
        ({"command": ["ssh", "host", "perf"]}, ArgumentError, "through ssh"),
        ({"command": "sudo -n perf"}, ArgumentError, "through sudo"),
    ],
)
def test_unusable_arguments_are_refused_before_anything_starts(arguments, error, message):
    launching.end_launcher()
    with pytest.raises(error, match=message):
        perfwidgets.count(**arguments)
    assert launching._launcher is None


def test_what_is_counted_by_default():
    assert REGION_EVENTS[0] == "task-clock"
    assert "cpu-clock" not in REGION_EVENTS
    assert set(perfwidgets.DEFAULT_EVENTS) - set(REGION_EVENTS) == {"cpu-clock"}
    assert perfwidgets.count().events == REGION_EVENTS


def test_the_arguments_of_perf():
    plan = counting.Plan(("perf",), ("cycles", "page-faults"), "this")
    words = plan.arguments(plan.accepted)
    assert "--no-inherit" in words
    assert words[words.index("--control") + 1] == "fd:3,4"
    assert words[words.index("--log-fd") + 1] == "5"
    assert words[-4:] == ["-e", "cycles", "-e", "page-faults"]
    assert "-p" in counting.Plan(("perf",), ("cycles",), "all").arguments(["cycles"])
