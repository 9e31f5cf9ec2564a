"""How perf is called, and that no shell of ours ever is."""

from __future__ import annotations

import math
import os
import pathlib
import shlex
import warnings
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfwidgets import PerfStat, VmStat, cores
from perfwidgets.errors import ArgumentError, CoreListError, IntervalError, PerfwidgetsWarning
from perfwidgets.perf_command import is_local, perf_argv, split_command


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("perf", ["perf"]),
        ("ssh host perf", ["ssh", "host", "perf"]),
        ("'/a b/perf' -x", ["/a b/perf", "-x"]),
        (["docker", "exec", "-i", "c", "perf"], ["docker", "exec", "-i", "c", "perf"]),
        (("perf",), ["perf"]),
        (pathlib.Path("/usr/bin/perf"), ["/usr/bin/perf"]),
        ([pathlib.Path("/usr/bin/perf"), "-v"], ["/usr/bin/perf", "-v"]),
    ],
)
def test_the_words_of_a_command(command, words):
    assert split_command(command) == words


def test_a_path_with_blanks_is_one_word(tmp_path):
    path = tmp_path / "my perf"
    path.touch()
    assert split_command(str(path)) == [str(path)]


@pytest.mark.parametrize(
    "command",
    ["", "  ", [], [""], ["", "perf"], "a'b", None, 5, b"perf", ["perf", 5], ["a\0b"], "a\0b"],
)
def test_no_command(command):
    with pytest.raises(ArgumentError) as caught:
        split_command(command)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("command", "local"),
    [
        (["perf"], True),
        (["/usr/bin/perf"], True),
        (["perf_6.1"], True),
        (["perf-6.12"], True),
        (["/tmp/wrapper"], False),
        (["ssh", "host", "perf"], False),
        (["sudo", "perf"], False),
    ],
)
def test_whose_cores_they_are(command, local):
    assert is_local(command) is local


@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=5)
)
def test_ssh_hands_each_argument_on_whole(arguments):
    line = " ".join(perf_argv(["/usr/bin/ssh", "host", "perf"], arguments)[3:])
    assert shlex.split(line) == arguments
    assert perf_argv(["perf"], arguments) == ["perf", *arguments]


def test_the_call_is_that_of_the_design():
    source = PerfStat(
        ["cycles", "cpu/a=1,b=2/"], cores=[0], interval=0.25, per_core=True, cgroup="x"
    )
    assert source.arguments(source.events) == [
        *("stat", "-I", "250", "-x", "@@", "--no-big-num", "--log-fd", "1", "-a", "-C", "0", "-A"),
        *("-e", "cycles", "-e", "cpu/a=1,b=2/", "-G", "x", "--", "cat"),
    ]
    own = PerfStat("cs", pid="self")
    assert own.arguments(["cs"])[8:10] == ["-p", str(os.getpid())]


@pytest.mark.parametrize(
    "interval",
    [0, 0.0099, -1, math.nan, math.inf, -math.inf, 86_401, "1", b"1", None, True, [1], 1j, 10**400],
)
@pytest.mark.parametrize("source", [PerfStat, VmStat])
def test_intervals_that_are_refused(source, interval):
    with pytest.raises(IntervalError) as caught:
        source(interval=interval)
    assert "0.01" in caught.value.remedy


@pytest.mark.parametrize("source", [PerfStat, VmStat])
def test_a_short_interval_warns_of_its_cost(source):
    with pytest.warns(PerfwidgetsWarning, match=r"below 0\.1 s") as caught:
        assert source(interval=0.01).interval == 0.01
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert source(interval=0.1).interval == 0.1
        assert source(interval=Decimal("0.2504")).interval == 0.25


@pytest.mark.parametrize("pid", [0, -1, True, 1.5, "1", "me", 2**31])
def test_no_process(pid):
    with pytest.raises(ArgumentError):
        PerfStat(pid=pid)


@pytest.mark.parametrize("cgroup", ["", "-x", "a,b", "a@@b", "a\nb", 5])
def test_no_cgroup(cgroup):
    with pytest.raises(ArgumentError):
        PerfStat(cgroup=cgroup)


@pytest.mark.parametrize("other", [{"per_core": True}, {"cgroup": "x"}])
def test_pid_with_what_perf_refuses_beside_it(other):
    with pytest.raises(ArgumentError, match="which perf refuses"):
        PerfStat(pid="self", **other)


def test_cores_are_checked_here_and_left_to_another_host_there(monkeypatch):
    monkeypatch.setattr(cores, "online_cores", lambda: [0, 1])
    with pytest.raises(CoreListError, match="It has the cores 0-1"):
        PerfStat(cores="0,7")
    assert PerfStat(cores="0,7", command="ssh host perf").cores == "0,7"


@pytest.mark.parametrize("path", ["", "a\0b", 5, None, b"/proc/vmstat"])
def test_no_path(path):
    with pytest.raises(ArgumentError):
        VmStat(path=path)


def test_replace_keeps_what_is_not_given_and_checks_what_is():
    source = PerfStat("cs,page-faults", cores="0", interval=0.5, command="ssh h perf")
    source.version = "6.1"
    other = source.replace(interval=1, events="cs")
    assert (other.events, other.interval, other.cores) == (("cs",), 1.0, "0")
    assert other.command == source.command
    assert other.version == "6.1"
    assert source.replace(command="perf").version is None
    with pytest.raises(ArgumentError):
        source.replace(interval=0)
    assert VmStat(path="/x").replace(interval=2).path == pathlib.Path("/x")
