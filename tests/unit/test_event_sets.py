"""Sets of events under a name, kept in a file that people read."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import perfwidgets
from perfwidgets.errors import ArgumentError, PerfwidgetsError
from perfwidgets.events import DEFAULT_EVENTS, lookup
from perfwidgets.saved_sets import BUILT_IN_SETS, delete_event_set, event_sets, save_event_set
from perfwidgets.sources.perf_stat import PerfStat


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "perfwidgets" / "event-sets.json"


def test_the_families_are_there_without_a_file(file):
    assert event_sets() == dict(BUILT_IN_SETS)
    assert list(BUILT_IN_SETS) == ["default", "cpu", "cache", "tlb", "software"]
    assert BUILT_IN_SETS["default"] == DEFAULT_EVENTS
    assert {lookup(event).family for event in BUILT_IN_SETS["tlb"]} == {"tlb"}
    assert not file.exists()


def test_a_set_is_kept_and_read_by_hand(file):
    save_event_set("my tlb", "dTLB-loads,cpu/event=0x3c,umask=0x0/")
    save_event_set("b", ["cycles"])
    assert json.loads(file.read_text()) == {
        "my tlb": ["dTLB-loads", "cpu/event=0x3c,umask=0x0/"],
        "b": ["cycles"],
    }
    assert len(file.read_text().splitlines()) > 4
    assert event_sets()["my tlb"] == ("dTLB-loads", "cpu/event=0x3c,umask=0x0/")
    assert PerfStat(event_sets()["b"]).events == ("cycles",)
    assert os.listdir(file.parent) == [file.name]
    delete_event_set("my tlb")
    assert list(event_sets()) == [*BUILT_IN_SETS, "b"]


def test_a_set_is_replaced_only_when_asked_for():
    save_event_set("mine", ["cycles"])
    save_event_set("mine", ["cycles"])
    with pytest.raises(ArgumentError, match="There is a set 'mine' of other events"):
        save_event_set("mine", ["page-faults"])
    assert event_sets()["mine"] == ("cycles",)
    save_event_set("mine", ["page-faults"], overwrite=True)
    assert event_sets()["mine"] == ("page-faults",)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "no name"),
        (" x", "no name"),
        (5, "no name"),
        ("x" * 41, "too long"),
        ("a\nb", "control characters"),
        ("cycles", "calls an event"),
        ("cs", "calls an event"),
        ("cycles:u", "calls an event"),
        ("cpu_core/cycles/", "calls an event"),
        ("tlb", "comes with perfwidgets"),
    ],
)
def test_a_name_that_means_something_else_is_refused(file, name, message):
    with pytest.raises(ArgumentError, match=message):
        save_event_set(name, ["cycles"])
    assert not file.exists()


@pytest.mark.parametrize("events", [[], "", ["-o x"], ["cyles"], 5, ["cycles"] * 201])
def test_what_is_no_list_of_events_is_refused(file, events):
    with pytest.raises(ArgumentError):
        save_event_set("mine", events)
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("", "is no JSON"),
        ("[1]", "no object"),
        ('{"a": "cycles"}', "not a list"),
        ('{"a": []}', "is empty"),
        ('{"a": ["-o x"]}', "starts with '-'"),
        ('{"a": [5]}', "is not an event's name"),
        ('{"cycles": ["page-faults"]}', "calls an event"),
        ('{"tlb": ["page-faults"]}', "comes with perfwidgets"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_a_broken_file_is_told_of_and_never_overwritten(file, text, message):
    file.parent.mkdir(parents=True)
    file.write_text(text)
    for change in (
        event_sets,
        lambda: save_event_set("mine", ["cycles"]),
        lambda: save_event_set("mine", ["cycles"], overwrite=True),
        lambda: delete_event_set("a"),
    ):
        with pytest.raises(PerfwidgetsError, match=message) as caught:
            change()
        assert str(file) in str(caught.value)
    assert file.read_text() == text
    assert os.listdir(file.parent) == [file.name]


def test_what_is_not_there_cannot_be_deleted():
    with pytest.raises(ArgumentError, match="no set of one's own called 'mine'"):
        delete_event_set("mine")
    with pytest.raises(ArgumentError, match="stays"):
        delete_event_set("tlb")


def test_a_folder_that_cannot_be_made_says_so(tmp_path, monkeypatch):
    (tmp_path / "plain").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "plain"))
    with pytest.raises(PerfwidgetsError, match="cannot be written"):
        save_event_set("mine", ["cycles"])


def test_a_full_disk_leaves_the_file_as_it_was(file, monkeypatch):
    save_event_set("mine", ["cycles"])
    before = file.read_text()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PerfwidgetsError, match="No space left"):
        save_event_set("other", ["page-faults"])
    assert file.read_text() == before
    assert os.listdir(file.parent) == [file.name]


def test_a_relative_folder_is_ignored_as_the_specification_has_it(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "somewhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    save_event_set("mine", ["cycles"])
    assert (tmp_path / ".config/perfwidgets/event-sets.json").exists()


def test_kernels_that_save_at_once_lose_nothing(file):
    code = (
        "import sys; from perfwidgets import save_event_set\n"
        "for i in range(20): save_event_set(f'{sys.argv[1]} {i}', ['cycles'])"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "abc"]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert len(event_sets()) == len(BUILT_IN_SETS) + 60


def test_the_public_names_are_these():
    assert perfwidgets.event_sets is event_sets
    assert perfwidgets.save_event_set is save_event_set
    assert perfwidgets.delete_event_set is delete_event_set
