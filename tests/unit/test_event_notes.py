"""What is said of events beside their numbers."""

from __future__ import annotations

import re

import pytest

from perfwidgets.event_notes import NOTES, about, vendor_of_model, vendor_told_by
from perfwidgets.events import EVENTS
from perfwidgets.recording.header import Header
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.sources.synthetic import Synthetic
from perfwidgets.widgets.about import plain_about, vendor_of


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_each_event_has_a_sentence_a_unit_and_its_other_names(name):
    known = about(name)
    assert known.help.endswith(".")
    assert known.unit == ("msec" if name in {"cpu-clock", "task-clock"} else "count")
    assert set(known.aliases) == {*EVENTS[name].aliases, EVENTS[name].name} - {name}


@pytest.mark.parametrize("note", NOTES, ids=lambda note: f"{note.events} {note.vendor}")
def test_each_note_has_a_source_and_reads_after_its_event(note):
    assert note.source
    assert note.text[0].islower() or note.text.startswith("perf ")
    assert not note.text.endswith(".")
    re.compile(note.events)


def test_a_note_is_told_of_its_own_vendor_s_cpu_alone():
    assert [n.vendor for n in about("iTLB-loads", "GenuineIntel").notes] == ["GenuineIntel"]
    assert [n.vendor for n in about("iTLB-loads:u", "AuthenticAMD").notes] == ["AuthenticAMD"]
    assert about("iTLB-loads", "POWER").notes == ()
    assert about("cpu_core/iTLB-loads/", "GenuineIntel").notes
    assert {n.vendor for n in about("iTLB-loads").notes} == {"GenuineIntel", "AuthenticAMD"}


@pytest.mark.parametrize(
    ("name", "unit", "told"),
    [
        ("r1a8", "count", "raw event"),
        ("cpu/event=0x3c,umask=0x0/", "count", "raw event of a PMU"),
        ("sched:sched_switch", "count", "tracepoint"),
        ("power/energy-pkg/", "Joules", "Energy"),
        ("uncore_imc/cas_count_read/", "MiB", "memory controllers have read"),
        ("uncore_imc_0/cas_count_write/", "MiB", "memory controllers have written"),
        ("duration_time", "ns", "time"),
        ("mem_inst_retired.all_loads", "count", "perf list"),
    ],
)
def test_events_of_no_family_are_told_of_by_their_form(name, unit, told):
    assert about(name).unit == unit
    assert told in about(name).help


@pytest.mark.parametrize(
    ("model", "vendor"),
    [
        ("12th Gen Intel(R) Core(TM) i9-12900K", "GenuineIntel"),
        ("AMD EPYC 7763 64-Core Processor", "AuthenticAMD"),
        ("AMD Ryzen 9 7950X", "AuthenticAMD"),
        ("POWER10 (architected), altivec supported", "POWER"),
        ("ARMv8 Neoverse-N1", "Arm"),
        ("some processor", None),
        ("", None),
        (None, None),
    ],
)
def test_the_vendor_is_read_from_the_model_s_name(model, vendor):
    assert vendor_of_model(model) == vendor


def test_the_vendor_is_told_by_the_names_of_pmus():
    assert vendor_told_by(["page-faults", "cpu_atom/cycles/"]) == "GenuineIntel"
    assert vendor_told_by(["armv8_pmuv3_0/cycles/"]) == "Arm"
    assert vendor_told_by(["cycles"]) is None


def test_of_another_machine_or_made_up_counts_no_vendor_is_claimed():
    assert vendor_of(PerfStat(command=["ssh", "host", "perf"])) is None
    assert vendor_of(Synthetic()) is None

    class Played:
        class recording:  # noqa: N801
            header = Header(cpu="AMD EPYC 7763 64-Core Processor")

    assert vendor_of(Played()) == "AuthenticAMD"


def test_what_the_browser_is_told_has_no_empty_parts():
    assert set(plain_about("L1-dcache-loads", None)) == {"help", "counts"}
    plain = plain_about("cpu-cycles", None)
    assert plain["aliases"] == ["cycles"]
    [where, text, source] = plain["notes"][0]
    assert where == ""
    assert text
    assert source
