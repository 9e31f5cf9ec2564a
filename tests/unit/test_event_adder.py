"""What a person asks for beside the selector, without a browser."""

from __future__ import annotations

import sys
import threading

import comm
import pytest
from comm.base_comm import BaseComm

from perfwidgets.models.monitor import Monitor
from perfwidgets.saved_sets import event_sets, save_event_set
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.sources.synthetic import Synthetic
from perfwidgets.widgets.event_adder import EventAdder
from perfwidgets.widgets.event_selector import EventSelector

#: lists two events, and counts any as perf would
PERF = """
import sys
arguments = sys.argv[1:]
if arguments == ["list"]:
    print("  page-faults OR faults     [Software event]")
    print("  <img src=x>:y             [Tracepoint event]")
    print("  a:b                       [Tracepoint event]")
    sys.exit()
for a, event in zip(arguments, arguments[1:]):
    if a == "-e":
        print(f"0.100100000@@5@@@@{event}@@100100000@@100.00@@@@", flush=True)
sys.stdin.read()
"""


class Wire(BaseComm):
    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        """Nothing is sent: `EventAdder.send` is looked at."""


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    monkeypatch.setattr(comm, "create_comm", Wire)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def monitor(tmp_path):
    script = tmp_path / "perf.py"
    script.write_text(PERF)
    return Monitor(PerfStat(["cycles", "page-faults"], command=[sys.executable, str(script)]))


@pytest.fixture
def ask(monitor, monkeypatch):
    """Send a command as the browser does; return the first answer."""
    answers, came = [], threading.Event()

    def send(_adder, content, buffers=None):
        answers.append(content)
        came.set()

    monkeypatch.setattr(EventAdder, "send", send)
    adder = EventAdder(monitor)

    def asked(**content):
        answers.clear()
        came.clear()
        adder._heard(adder, content, [])
        assert came.wait(30), f"no answer to {content}"
        return answers[0]

    yield asked
    adder.close()


def test_the_list_is_perf_s_own(ask):
    answer = ask(kind="list")
    assert [event[0] for event in answer["events"]] == ["page-faults", "a:b"]
    assert answer["events"][0][1:3] == [["faults"], "Software event"]
    assert answer["error"] == ""


def test_no_list_is_told_with_its_reason(ask, monitor):
    monitor.source.command = ["no-such-perf"]
    answer = ask(kind="list")
    assert answer["events"] == []
    assert "no-such-perf was not found" in answer["error"]


def test_an_event_is_tried_before_it_is_counted(ask, monitor):
    answer = ask(kind="try", event="r1a8")
    assert (answer["kind"], answer["event"], answer["verdict"]) == ("fit", "r1a8", "fits")
    assert "all 2 hardware events were counted" in answer["words"], "nothing runs: all are tried"
    assert monitor.events == ("cycles", "page-faults")


def test_events_are_added_and_taken_away(ask, monitor):
    name = "cpu/event=0x3c,umask=0x0/"
    assert ask(kind="add", event=name) == {"kind": "added", "event": name}
    assert monitor.events == ("cycles", "page-faults", name)
    assert "counted already" in ask(kind="add", event=name)["words"]
    assert ask(kind="remove", event="cycles")["kind"] == "removed"
    assert ask(kind="remove", event="page-faults")["kind"] == "removed"
    answer = ask(kind="remove", event=name)
    assert answer["kind"] == "refused"
    assert "last event" in answer["words"]
    assert monitor.events == (name,)


@pytest.mark.parametrize(
    "event", ["-o /tmp/x", "--output=x", "a b", "cycles,instructions", "a@@b", "", None, 5, ["a"]]
)
@pytest.mark.parametrize("kind", ["try", "add"])
def test_hostile_text_from_a_page_is_refused(ask, monitor, kind, event):
    assert ask(kind=kind, event=event)["kind"] == "refused"
    assert monitor.events == ("cycles", "page-faults")
    assert monitor.faults == ()


def test_a_set_is_counted_saved_and_deleted(ask, monitor):
    save_event_set("mine", ["page-faults", "cs"])
    told = ask(kind="sets")["sets"]
    assert [name for name, _, own in told if own] == ["mine"]
    assert {"tlb", "default"} <= {name for name, _, own in told if not own}
    assert ask(kind="use set", name="mine")["kind"] == "done"
    assert monitor.events == ("page-faults", "cs")
    assert ask(kind="save set", name="other")["kind"] == "done"
    assert event_sets()["other"] == ("page-faults", "cs")
    assert ask(kind="delete set", name="mine")["kind"] == "done"
    assert "mine" not in event_sets()
    assert "no set 'mine'" in ask(kind="use set", name="mine")["words"]
    assert "calls an event" in ask(kind="save set", name="cycles")["words"]
    assert "comes with perfwidgets" in ask(kind="save set", name="tlb")["words"]
    assert ask(kind="save set", name=["x"])["kind"] == "refused"


def test_a_broken_file_of_sets_is_told(ask, tmp_path):
    (tmp_path / "perfwidgets").mkdir()
    (tmp_path / "perfwidgets/event-sets.json").write_text("{")
    assert "is no JSON" in ask(kind="sets")["words"]


def test_a_defect_of_ours_is_answered_and_kept(ask, monitor, monkeypatch):
    monkeypatch.setattr(type(monitor), "configure", lambda *_, **__: 1 / 0)
    assert "ZeroDivisionError" in ask(kind="add", event="r1")["words"]
    assert [fault.where for fault in monitor.faults] == ["adding events"]


def test_where_no_perf_runs_nothing_is_offered():
    selector = EventSelector(Monitor(Synthetic()))
    assert not selector.adder.offered
    selector.close()


def test_what_is_counted_follows_the_monitor(monitor):
    with EventSelector(monitor) as selector:
        assert selector.adder.counted == ["cycles", "page-faults"]
        monitor.configure(events=["page-faults"])
        monitor.tick()
        assert selector.adder.counted == ["page-faults"]
