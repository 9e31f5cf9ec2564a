"""Hostile input: nothing of ours becomes an option or a shell's word, and any text is read or refused.

A modest number of examples in the ordinary run; PERFWIDGETS_FUZZ_EXAMPLES sets another one.
"""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import subprocess
import sys

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from perfwidgets import PerfStat, read_perf_csv, read_recording
from perfwidgets.cores import core_list, expand
from perfwidgets.errors import ArgumentError, PerfwidgetsError
from perfwidgets.events import check_event_name
from perfwidgets.formula import parse_formula
from perfwidgets.models.history import History
from perfwidgets.perf_command import perf_argv, split_command
from perfwidgets.perf_csv import IntervalAssembler
from perfwidgets.perf_json import read_perf_json
from perfwidgets.samples import Sample, Status
from perfwidgets.sources.vmstat import parse_vmstat

EXAMPLES = int(os.environ.get("PERFWIDGETS_FUZZ_EXAMPLES", "150"))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

#: words that want to be an option, a shell's, or a terminal's
WORDS = st.one_of(
    st.sampled_from(
        [
            *("-o/tmp/x", "--output=/tmp/x", "-a", "--", "cycles -o x", "cycles\n-o", "cycles;id"),
            *(
                "$(id)",
                "`id`",
                "cycles|id",
                "cycles&id",
                "cycles>x",
                "a'b",
                'a"b',
                "a\\b",
                "*",
                "~",
            ),
            *("\x1b[31m", "a\0b", "\u202egro", "é", "{a,b}", "a@@b", "#", "!x", "sched:x", "%s"),
        ]
    ),
    st.text(max_size=30),
    st.text("cycles-:/=,.$`'\"\\;|&<>(){}[]*?~!#% \t\n\0@", max_size=30),
)


def told(error, most=10_000):
    """An error says what was wrong, in a bounded number of words."""
    assert 0 < len(str(error)) < most
    assert not isinstance(error, ArgumentError) or error.remedy


# -- words of a command


@fuzzed
@given(
    events=st.lists(WORDS, min_size=1, max_size=4),
    cores=st.none() | WORDS,
    cgroup=st.none() | WORDS,
    pid=st.none() | st.integers() | WORDS,
)
def test_no_argument_becomes_an_option_of_perf_or_a_word_of_a_shell(events, cores, cgroup, pid):
    try:
        source = PerfStat(
            events, cores=cores, cgroup=cgroup, pid=pid, command=["ssh", "host", "perf"]
        )
    except ArgumentError as error:
        told(error)
        return
    words = source.arguments(source.events)
    assert words[:9] == [
        *("stat", "-I", "1000", "-x", "@@", "--no-big-num", "--log-fd", "1"),
        words[8],
    ]
    values, expected = words[8:-2], iter(source.events)
    assert words[-2:] == ["--", "cat"]
    while values:
        option = values.pop(0)
        if option == "-a":
            continue
        value = values.pop(0)
        assert not value.startswith("-")
        assert "\0" not in value
        if option == "-e":
            assert value == next(expected)
        elif option == "-C":
            assert re.fullmatch(r"[0-9]+([-,][0-9]+)*", value)
        elif option == "-p":
            assert value.isdecimal()
        else:
            assert option == "-G"
    assert next(expected, None) is None
    # what a remote shell makes of it is what we meant
    assert shlex.split(" ".join(perf_argv(source.command, words)[2:])) == ["perf", *words]


@fuzzed
@given(
    st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=4)
)
def test_words_pass_through_one_ssh_and_through_two_and_whatever_calls_it(words):
    def shell(line):
        return shlex.split(line)

    once = perf_argv(["sshpass", "-f", "x", "ssh", "host", "perf"], words)[6:]
    assert shell(" ".join(once)) == words
    twice = perf_argv(["ssh", "gate", "/usr/bin/ssh", "host", "perf"], words)[5:]
    assert shell(" ".join(shell(" ".join(twice)))) == words


def test_a_real_shell_takes_them_so(tmp_path):
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')  # as sshd does
    ssh.chmod(0o755)
    show = tmp_path / "perf"
    show.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    show.chmod(0o755)
    hostile = ["$(touch pwned)", "`touch pwned`", "a;touch pwned", "a\nb", "'", '"', "*", "", "-x"]
    for hops in (1, 2):
        command = [str(ssh), "host"] * hops + [str(show)]
        said = subprocess.run(
            perf_argv(command, hostile),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=60,
            check=True,
        )
        assert json.loads(said.stdout) == hostile
    assert not (tmp_path / "pwned").exists()


@fuzzed
@given(WORDS | st.lists(WORDS, max_size=3))
def test_a_command_is_words_or_refused(command):
    try:
        words = split_command(command)
    except ArgumentError as error:
        told(error)
        return
    assert words
    assert all("\0" not in word for word in words)


# -- parsers


@fuzzed
@given(st.text("0123456789-, \t+_xe", max_size=40) | st.text(max_size=40))
@example("0-99999999999999999999")
@example("0-65535," * 1000)
@example("٣")
@example("1_0")
@example("9" * 100_000)
def test_any_list_of_cores_is_read_or_refused(text):
    try:
        found = core_list(text)
    except ArgumentError as error:
        told(error, 500)
        return
    assert found is not None
    assert re.fullmatch(r"[0-9]+([-,][0-9]+)*", found)
    assert core_list(found) == found
    assert len(expand(found)) <= 65_536


@fuzzed
@given(st.text("cyles1-9.eE+*/(),_ min@:{}[]'\"\\", max_size=60))
@example("(" * 400 + "cycles")
@example("-" * 900 + "cycles")
@example("1e308*1e308*cycles")
@example("min(" * 200 + "cycles")
@example("x" * 1_000_000)
def test_any_formula_is_read_and_computes_or_is_refused(text):
    try:
        expression = parse_formula(text)
    except ArgumentError as error:
        told(error)
        return
    values = dict.fromkeys(expression.inputs, 2.0)
    try:
        assert math.isfinite(expression.value(values))
    except (ZeroDivisionError, OverflowError) as error:
        told(error)


@fuzzed
@given(WORDS)
def test_a_name_that_is_taken_can_be_shown_and_handed_on(name):
    try:
        taken = check_event_name(name)
    except ArgumentError as error:
        told(error)
        return
    assert taken == name
    assert taken.isprintable()
    assert not re.search(r"\s", taken)


PIECES = st.sampled_from(
    [
        *(
            b"0.1",
            b"1.000000001",
            b"@@",
            b",",
            b";",
            b"\n",
            b"\r\n",
            b"5",
            b"9" * 400,
            b"-1",
            b"nan",
        ),
        *(
            b"cycles",
            b"CPU0",
            b"S0-D0-C1",
            b"<not counted>",
            b"<not supported>",
            b"100.00",
            b"1e999",
        ),
        *(
            b"\0",
            b"\xff\xfe",
            b"\x1b[0m",
            b"<b>",
            b"\xe2\x80\xae",
            b" ",
            b"\t",
            b"# started",
            b"inf",
        ),
    ]
)
TEXTS = st.lists(PIECES | st.binary(max_size=6), max_size=60).map(b"".join)


@fuzzed
@given(TEXTS, st.lists(st.integers(0, 200), max_size=5))
def test_any_output_of_perf_cut_anywhere_gives_samples_that_hold(output, cuts):
    rows = IntervalAssembler(["cycles"], separator="@@", interval=0.1)
    found = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(output)], strict=True):
        found += rows.feed(output[start:end])
    found += filter(None, [rows.flush(), rows.end()])
    check(found)


@fuzzed
@given(TEXTS)
def test_any_text_is_read_as_perf_s_or_noted(output):
    lines = output.split(b"\n")
    for read in (read_perf_csv, read_perf_json):
        reader = read(line.decode("utf-8", "replace") for line in lines)
        try:
            check(list(reader))
        except PerfwidgetsError as error:
            told(error)


def check(samples):
    """Each sample can be held, shown and sent."""
    history = History(60, 0.1)
    for one in samples:
        assert isinstance(one, Sample)
        for each in one:
            assert (each.count is None) == (each.status is not Status.COUNTED)
            assert each.rate is None or math.isfinite(each.rate)
            assert 0 <= each.running <= 1
        json.dumps(one.to_dict(), allow_nan=False)
        history.append(one)
    for event in history.events:
        rates = history.rates(event)
        assert len(rates) == len(history)
        assert (np.isnan(rates) | (rates >= 0)).all()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
KINDS = ["sample", "memory", "layout", "mark", "cell", "region", "gap", "state", "header", "other"]
KEYS = [
    "kind",
    "time",
    "timestamp",
    "duration",
    "id",
    "layout",
    "readings",
    "counts",
    "label",
    "values",
]


@fuzzed
@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON | st.sampled_from(KINDS), max_size=6)))
def test_any_line_of_a_recording_is_read_or_noted(tmp_path_factory, records):
    path = tmp_path_factory.getbasetemp() / "fuzzed.jsonl"
    head = {"format": "perfwidgets recording", "version": "1.0", "kind": "header", "events": ["a"]}
    lines = [json.dumps(one) for one in [head, *records]]
    path.write_text("\n".join(lines) + "\n")
    try:
        recording = read_recording(path)
    except PerfwidgetsError as error:
        told(error)
        return
    check([one for one in recording.samples if one.time >= 0])
    assert all(len(note.text) <= 500 for note in recording.notes)


@fuzzed
@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"pgpgin ", b"5", b"\n", b"-", b"\xb2"])).map(b"".join)
)
@example("pgpgin ²\n".encode())
@example(b"pgpgin " + b"9" * 5000)
def test_any_vmstat_is_numbers(text):
    assert all(type(value) is int and value >= 0 for value in parse_vmstat(text).values())
