"""Hostile files and names: none becomes a formula, markup or a bomb."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from scripted_source import reading, sample

from perfwidgets import read_perf_csv
from perfwidgets.models.history import History
from perfwidgets.perf_json import read_perf_json

STATIC = Path(__file__).parents[2] / "perfwidgets" / "widgets" / "static"


# -- formulas of spreadsheets


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_name_is_a_formula_in_a_spreadsheet(tmp_path, sign):
    history = History(60)
    names = [f'{sign}cmd|"/C calc"!A0', "cycles", "a=b", "branch-misses", "@" + sign]
    history.append(sample(1.0, *(reading(name, 5) for name in names)))
    history.to_csv(tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        head, row = csv.reader(file)
    assert not [name for name in head if name.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert head == [
        "time",
        "duration",
        f"'{names[0]}",
        "cycles",
        "a=b",
        "branch-misses",
        f"'@{sign}",
    ]
    assert row[2:] == ["5"] * 5


# -- scripts


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_scripts_make_no_markup_of_data(path):
    sinks = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser"
        r"|srcdoc|setHTML|\beval\(|new Function|\bimport\(|javascript:|__proto__"
    )
    assert not re.findall(sinks, path.read_text())


# -- bombs


BOMB = """
import math, resource, sys
from perfwidgets import Monitor, Replay
from perfwidgets.errors import PerfwidgetsError
resource.setrlimit(resource.RLIMIT_AS, (1400 << 20, 1400 << 20))
try:
    with Monitor(Replay(sys.argv[1], speed=math.inf), window=3600) as monitor:
        pass
    print(monitor.state, monitor.sample_count, len(monitor.history.events), len(monitor.faults))
except PerfwidgetsError as error:
    print("refused", len(str(error)))
"""


#: what it is -> the pieces of the file
BOMBS = {
    "a line without end": lambda: (b"1.0," * (1 << 18) for _ in range(100)),
    "a row of a million columns": lambda: [
        b"0.1,5,,cycles,1,100.00,,\n" + b"0.2" + b",5" * 4_000_000 + b"\n"
    ],
    "long names": lambda: (
        b"%d.0,5,,%s%d,1,100.00,,\n" % (n, b"n" * 4000, n) for n in range(1, 500)
    ),
    "a name of a megabyte": lambda: (
        b"%d.0,5,,%s,1,100.00,,\n" % (n, b"n" * ((1 << 20) - 100)) for n in range(1, 20)
    ),
    "another name in each interval": lambda: (
        b"%d.0,5,,event-%d,1,100.00,,\n" % (n, n) for n in range(1, 1200)
    ),
    "one interval without end": lambda: (
        b"0.1,5,,cycles%d,1,100.00,,\n" % (n % 1000) for n in range(450_000)
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_no_text_that_is_played_is_a_bomb(tmp_path, kind):
    with (tmp_path / "bomb.csv").open("wb") as file:
        file.writelines(BOMBS[kind]())
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BOMB), tmp_path / "bomb.csv"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith(("stopped", "refused")), done.stdout


@pytest.mark.parametrize("read", [read_perf_csv, read_perf_json])
def test_another_name_in_each_interval_is_no_quadratic_matter(read):
    """Each that came once would be missing in each interval from then on."""
    row = {
        read_perf_csv: "{n}.0,5,,event-{n},1,100.00,,",
        read_perf_json: '{{"interval" : {n}.0, "counter-value" : "5", "unit" : "", '
        '"event" : "event-{n}", "event-runtime" : 1, "pcnt-running" : 100.00}}',
    }[read]
    reader = read(row.format(n=n) for n in range(1, 3000))
    sizes = [len(sample.readings) for sample in reader]
    assert len(sizes) == 2999
    assert max(sizes) <= 1 + 512
    assert {note.text for note in reader.notes} == {"513 events are missing: no longer looked for"}


def test_an_event_that_is_left_out_for_a_while_is_missed_as_long():
    rows = [f"{n}.0,5,,event-{k},1,100.00,," for n in range(1, 9) for k in range(n % 2, 500)]
    found = [[r.event for r in sample if r.count is None] for sample in read_perf_csv(rows)]
    assert found == [[], [], *([["event-0"], []] * 3)]
