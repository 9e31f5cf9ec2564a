"""`check` and its command line, against a perf that prints what real ones print elsewhere."""

from __future__ import annotations

import json
import re
import sys

import pytest

from perfwidgets.__main__ import main
from perfwidgets.availability import Cause, Host, check
from perfwidgets.availability.hints import HINTS, is_hardware
from perfwidgets.errors import ArgumentError, EventNameError
from perfwidgets.events import DEFAULT_EVENTS, EVENTS

FAKE = """#!{python} -ES
import json, sys
if "--version" in sys.argv:
    print("perf version 6.8.12")
    sys.exit()
table = json.loads({table!r})
events = [event for option, event in zip(sys.argv, sys.argv[1:]) if option == "-e"]
for event in events:
    for printed, value, pct in table.get(event, [[event, "<not supported>", "100.00"]]):
        if len(events) == 1 and value == "alone":
            value = "5"
        value = "<not counted>" if value == "alone" else value
        print("@@".join(["0.100123", value, "", printed, "1", pct, "", ""]))
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def fake_perf(tmp_path, monkeypatch):
    """Return ``fake_perf(table, **facts)``: the path of a perf on a machine of those facts."""

    def make(table, **facts):
        path = tmp_path / "perf"
        path.write_text(FAKE.format(python=sys.executable, table=json.dumps(table)))
        path.chmod(0o755)
        host = Host(**{"pmu": ("cpu",), "paranoid": -1, "root": True, "watchdog": False, **facts})
        monkeypatch.setattr(Host, "local", classmethod(lambda _: host))
        return str(path)

    return make


def counted(event, pct="100.00"):
    return [[event, "12345", pct]]


def test_what_zen_lacks_is_explained(fake_perf):
    table = {event: counted(event) for event in ("cycles", "branches")}
    perf = fake_perf(table, vendor="AuthenticAMD")
    found = check(["cycles", "branches", "LLC-loads", "dTLB-stores"], command=perf)
    assert found.countable == ("cycles", "branches")
    assert found["LLC-loads"].cause is Cause.NOT_ON_CPU
    assert "AMD Zen" in found["LLC-loads"].reason
    assert "cache-misses" in found["LLC-loads"].remedy
    assert found["dTLB-stores"].cause is Cause.NOT_ON_CPU
    assert found.perf_version == "6.8.12"


def test_what_intel_lacks_is_explained_also_under_modifiers(fake_perf):
    perf = fake_perf({"cycles": counted("cycles")}, vendor="GenuineIntel")
    found = check(["cycles", "iTLB-loads:u", "L1-icache-loads"], command=perf)
    assert "iTLB-load-misses" in found["iTLB-loads:u"].remedy
    assert "L1-icache-load-misses" in found["L1-icache-loads"].remedy


def test_an_event_of_one_core_type_counts_partly(fake_perf):
    rows = [
        ["cpu_core/LLC-loads/", "7", "99.00"],
        ["cpu_atom/LLC-loads/", "<not supported>", "0.00"],
    ]
    both = [["cpu_core/cycles:u/", "7", "99.00"], ["cpu_atom/cycles/u", "8", "99.00"]]
    perf = fake_perf({"LLC-loads": rows, "cycles": both}, pmu=("cpu_core", "cpu_atom"))
    found = check(["cycles", "LLC-loads"], command=perf)
    assert found["cycles"].cause is Cause.COUNTABLE
    assert found["cycles"].user_mode_only
    assert found["LLC-loads"].countable
    assert found["LLC-loads"].cause is Cause.PARTLY
    assert "cpu_core/LLC-loads/" in found["LLC-loads"].reason
    assert "cpu_atom" not in found["LLC-loads"].reason


@pytest.mark.parametrize(("watchdog", "remedy"), [(True, "nmi_watchdog=0"), (False, "profilers")])
def test_no_counter_is_free(fake_perf, watchdog, remedy):
    table = {"cycles": counted("cycles"), "branches": [["branches", "<not counted>", "0.00"]]}
    found = check(["cycles", "branches"], command=fake_perf(table, watchdog=watchdog))
    assert found["branches"].cause is Cause.NO_COUNTER
    assert not found["branches"].countable
    assert remedy in found["branches"].remedy


def test_an_event_that_only_lacked_room_is_countable(fake_perf):
    table = {"cycles": counted("cycles"), "branches": [["branches", "alone", "50.00"]]}
    found = check(["cycles", "branches"], command=fake_perf(table))
    assert found["branches"].countable
    assert "fewer events" in found["branches"].reason


def test_a_pmu_that_stays_at_zero_is_none(fake_perf):
    table = {"cycles": [["cycles", "0", "100.00"]], "cpu-clock": counted("cpu-clock")}
    found = check(["cycles", "cpu-clock"], command=fake_perf(table))
    assert found["cycles"].cause is Cause.STAYS_ZERO
    assert found.available


def test_cycles_at_zero_is_not_confused_with_an_event_that_may_be_zero(fake_perf):
    table = {"major-faults": [["major-faults", "0", "100.00"]]}
    assert check("major-faults", command=fake_perf(table)).available


def test_without_a_pmu_nothing_hardware_is_countable(fake_perf):
    table = {"cpu-clock": counted("cpu-clock")}
    found = check(command=fake_perf(table, pmu=()))
    assert found.countable == ("cpu-clock",)
    assert {found[e].cause for e in ("cycles", "LLC-loads", "iTLB-loads")} == {Cause.NO_PMU}
    assert found["page-faults"].cause is Cause.NOT_SUPPORTED
    assert found.counters is None
    assert "sysctl" not in repr(found)


def test_the_free_counters_are_counted(fake_perf):
    table = {"branches": counted("branches", "30.00")}  # of each of 20: 6 counters
    assert check("branches", command=fake_perf(table)).counters == 6
    table = {"cycles": counted("cycles", "35.00")}  # which have a counter of their own beside them
    assert check("cycles", command=fake_perf(table)).counters == 6


def test_where_nothing_counts_the_whole_has_a_reason(fake_perf):
    found = check("cycles", command=fake_perf({}, pmu=()))
    assert not found.available
    assert "no PMU" in found.reason
    assert found.to_dict()["available"] is False


def test_names_are_checked_before_anything_runs():
    with pytest.raises(EventNameError, match="cycles"):
        check(["cylces"], command="/nonexistent/perf")
    with pytest.raises(EventNameError):
        check([], command="/nonexistent/perf")
    with pytest.raises(ArgumentError):
        check(command=[])


def test_the_text_and_the_table_are_stable_and_escaped(fake_perf):
    name = "cpu/event=<script>/"
    perf = fake_perf({"cycles": counted("cycles", "100.00")})
    found = check(["cycles", name], command=perf)
    assert repr(found) == repr(check(["cycles", name], command=perf))
    assert "12345" not in repr(found)
    page = found._repr_html_()
    assert "<script>" not in page
    assert "cpu/event=&lt;script&gt;/" in page
    assert page.count("<tr>") == 3


def test_the_dictionary_is_ready_for_json(fake_perf):
    found = check(["cycles", "LLC-loads"], command=fake_perf({"cycles": counted("cycles")}))
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["available"] is True
    assert plain["events"]["LLC-loads"]["cause"] == "not on this CPU"
    assert list(plain["events"]) == ["cycles", "LLC-loads"]


@pytest.mark.parametrize("hint", HINTS, ids=lambda hint: f"{hint.vendor}-{hint.events}")
def test_hints_are_for_events_of_hardware(hint):
    fitting = [name for name in EVENTS if re.fullmatch(hint.events, name)]
    assert hint.vendor == "Apple" or all(map(is_hardware, fitting))
    assert not hint.why.endswith(".")
    assert not hint.remedy.endswith(".")


def test_a_hint_is_worded_as_likely(fake_perf):
    perf = fake_perf({"cycles": counted("cycles")}, vendor="GenuineIntel")
    found = check(["cycles", "L1-icache-loads"], command=perf)
    expected = "likely: Intel CPUs since Skylake have no such event"
    assert found["L1-icache-loads"].reason == expected


# -- the command line


def test_check_prints_json(fake_perf, capsys):
    perf = fake_perf({"cycles": counted("cycles")})
    options = ["--json", "--command", perf, "-e", "cycles,LLC-loads", "-e", "branches"]
    assert main(["check", *options]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert list(plain["events"]) == ["cycles", "LLC-loads", "branches"]


def test_check_prints_a_table_of_the_usual_events(fake_perf, capsys):
    assert main(["check", "--command", fake_perf({"cycles": counted("cycles")})]) == 0
    out = capsys.readouterr().out
    assert all(event in out for event in DEFAULT_EVENTS)


def test_check_tells_by_its_status_that_nothing_counts(capsys):
    assert main(["check", "--command", "/nonexistent/perf"]) == 1
    assert "/nonexistent/perf was not found" in capsys.readouterr().out


def test_check_tells_by_its_status_that_a_name_is_none(capsys):
    assert main(["check", "-e", "cylces"]) == 2
    assert "cycles" in capsys.readouterr().err
