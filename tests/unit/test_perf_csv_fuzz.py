"""Damaged lines: never an exception, never a count that is not in the text.

50,000 lines in the ordinary run; PERFWIDGETS_FUZZ_LINES sets another number, and as a script
(``python tests/unit/test_perf_csv_fuzz.py``) it is a million.
"""

from __future__ import annotations

import os
import random
import re
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfwidgets.perf_csv import IntervalAssembler, read_perf_csv
from perfwidgets.perf_json import read_perf_json
from perfwidgets.perf_rows import Row, RowParser

DATA = Path(__file__).parent.parent / "data"
LINES = int(os.environ.get("PERFWIDGETS_FUZZ_LINES", "50_000"))
DIGITS = re.compile(rb"[0-9]+")
SPICE = [
    b"\0",
    b"\xff",
    b"\xc3",
    b"9" * 5000,
    b"inf",
    b"nan",
    b"-",
    b"1e5",
    b",",
    b";",
    b"@@",
    b"/",
]
SPICE += [
    b"\t",
    b"%",
    b"<not counted>",
    b"CPU0",
    b"\r",
    b"\x0c",
    b"\xe2\x80\xa8",
    b"0.1",
    b"summary",
]


def corpus():
    lines = set()
    for path in sorted(DATA.glob("*/*")):
        if path.suffix != ".md":
            lines.update(path.read_bytes().split(b"\n"))
    return sorted(line for line in lines if line)


def damaged(line, other, rng):
    for _ in range(rng.randint(1, 4)):
        at, to = sorted((rng.randint(0, len(line)), rng.randint(0, len(line))))
        kind = rng.randrange(6)
        if kind == 0:
            line = line[:at] + line[to:]
        elif kind == 1:
            line = line[:at] + rng.choice(SPICE) + line[at:]
        elif kind == 2:
            line = line[:at] + bytes([rng.randrange(256)]) + line[at + 1 :]
        elif kind == 3:
            line = line[:to] + line[at:]
        elif kind == 4:
            line = line[:at] + other[rng.randint(0, len(other)) :]
        else:
            line = line[:at]
    return line.replace(b"\n", b" ")


def leaves(reading):
    for part in reading.parts.values():
        yield from leaves(part)
    if not reading.parts:
        yield reading


def check_counts(samples, text):
    """Every count is written in the text, digit for digit."""
    numbers = set(DIGITS.findall(text))
    for sample in samples:
        for reading in sample:
            for leaf in leaves(reading):
                assert 0.0 <= leaf.running <= 1.0
                if leaf.count is None:
                    assert leaf.rate is None
                    continue
                shown = f"{abs(leaf.count):.20f}" if isinstance(leaf.count, float) else None
                digits = str(abs(leaf.count)) if shown is None else shown.split(".")[0]
                known = digits.encode() in numbers or any(
                    int(n) == int(digits) for n in numbers if len(n) <= 30
                )
                assert known or len(digits) > 15, (leaf, text)


def fuzz(count, seed):
    rng = random.Random(seed)
    lines = corpus()
    done = 0
    while done < count:
        block = [damaged(rng.choice(lines), rng.choice(lines), rng) for _ in range(20)]
        block[::3] = [rng.choice(lines) for _ in block[::3]]
        data = b"\n".join(block) + b"\n"
        separator = rng.choice([None, None, ",", ";", "@@", "\t", " ", ":", "/", "."])
        reader = read_perf_csv(block, separator=separator)
        samples = list(reader)
        check_counts([*samples, *filter(None, [reader.summary])], data)
        assert all(len(note.text) <= 500 for note in reader.notes)
        check_counts(list(read_perf_json(block)), data)
        assembler = IntervalAssembler(("cycles", "faults"), separator=separator or ";")
        live = []
        for start in range(0, len(data), 333):
            live += assembler.feed(data[start : start + 333])
        live += filter(None, [assembler.end()])
        check_counts(live, data)
        done += len(block)
    return done


@pytest.mark.timeout(600)  # as many lines as the environment asks for
def test_damaged_lines():
    assert fuzz(LINES, seed=1) >= LINES


def rows_of_the_recordings():
    for separator in (",", ";", "@@", "\t"):
        for line in corpus():
            text = line.decode("utf-8", "backslashreplace")
            row = RowParser(separator).parse(text)
            if isinstance(row, Row) and row.time is not None:
                yield separator, text, row


def test_a_row_cut_short_never_gives_another_count():
    seen = 0
    for separator, text, row in list(rows_of_the_recordings())[::7]:
        for stop in range(len(text)):
            cut = RowParser(separator).parse(text[:stop])
            if isinstance(cut, Row):
                assert cut._replace(running=row.running) == row
                seen += 1
    assert seen > 1000


def test_two_rows_run_together_never_give_a_third_count():
    rows = list(rows_of_the_recordings())
    rng = random.Random(2)
    for _ in range(20_000):
        separator, text, row = rng.choice(rows)
        _, other, second = rng.choice(
            [r for r in rng.sample(rows, 40) if r[0] == separator] or [rows[0]]
        )
        glued = RowParser(separator).parse(text[: rng.randint(0, len(text))] + other)
        if isinstance(glued, Row) and glued.value is not None:
            # where the first was cut within its value, the digits themselves run together
            known = {row.value, second.value}
            joined = re.sub(r"\D", "", str(glued.value))
            assert glued.value in known or joined in re.sub(r"\D", "", text + other)


@pytest.mark.parametrize(
    "line",
    [
        "\0" * 1_000_000,
        "," * 1_000_000,
        "/" * 1_000_000,
        "0.5," + "-1" * 500_000,
        "0.5;" + "1;" * 500_000,
        "0.5,1,," + "a/b,c" * 200_000,
        "9" * 1_000_000,
        "0." + "9" * 1_000_000 + ",5,,cycles,1,100.00,,",
        "time" + "," * 1_000_000 + "x",
        '{"interval" : ' + "[" * 500_000,
        '{"interval" : 0.1, "thread" : "' + '", "' * 200_000,
        "0.5," + "e," * 250 + "x,x",
    ],
    ids=range(12),
)
def test_a_line_of_a_million_characters_takes_no_second(line):
    started = time.perf_counter()
    for separator in (None, ",", ";"):
        assert list(read_perf_csv([line], separator=separator)) == []
    assert list(read_perf_json([line])) == []
    assert time.perf_counter() - started < 4.0  # generous: a slow machine, four readings


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=200), st.text(max_size=200))))
def test_anything_at_all(lines):
    reader = read_perf_csv(lines)
    assert len(list(reader)) + len(reader.notes) <= len(lines)
    list(read_perf_json(lines))


if __name__ == "__main__":
    begun = time.perf_counter()
    number = fuzz(LINES if "PERFWIDGETS_FUZZ_LINES" in os.environ else 1_000_000, seed=None)
    sys.stdout.write(f"{number} damaged lines in {time.perf_counter() - begun:.0f} s\n")
