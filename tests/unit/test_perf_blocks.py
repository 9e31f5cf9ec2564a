"""Rows read in columns are the same as rows read one by one, whatever stands in the text."""

from __future__ import annotations

import copy
import pickle
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_perf_csv import outputs

from perfwidgets.perf_blocks import Block
from perfwidgets.perf_csv import IntervalAssembler
from perfwidgets.samples import ColumnParts, Status

DATA = Path(__file__).parent.parent / "data"
VALUES = ["7", "0", "12.50", "<not counted>", "<not supported>", "18446744073709551615"]
VALUES += ["999999999999999", "0" * 20 + "5", "0.000001", "5.00"]
ODD = ["-3", "", "1_0", "+4", " 8", "1e3", "3,5", "x", "nan", "<not", "9" * 31, "1 2"]
SHARES = ["100.00", "99.99", "25.00", "0.00", "7.1"]


class RowByRow(IntervalAssembler):
    """Never reads in columns."""

    def _take_block(self, lines, head, done):
        return False

    def whole(self, data):
        return None


def fed(kind, data, cuts, separator="@@", events=("a", "b")):
    assembler = kind(events, separator=separator, interval=0.1)
    samples = []
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        samples.append(assembler.feed(data[start:stop]))
    samples.append([assembler.end()])
    return [flat for samples in samples for flat in map(plain, samples)], assembler.notes


def plain(sample):
    return sample and (
        sample.time,
        sample.duration,
        [(r, repr(r.count), [(k, p, repr(p.count)) for k, p in r.parts.items()]) for r in sample],
    )


def same_both_ways(data, cuts, **options):
    in_columns, notes = fed(IntervalAssembler, data, cuts, **options)
    row_by_row, others = fed(RowByRow, data, cuts, **options)
    assert in_columns == row_by_row
    assert notes == others


@st.composite
def streams(draw):
    """Intervals of the same rows, with some damage here and there."""
    labels = draw(
        st.sampled_from([[""], ["CPU0@@", "CPU1@@", "CPU12@@"], ["S0-D0@@4@@", "S1@@4@@"]])
    )
    keys = [
        (e, x)
        for e in draw(st.sampled_from([["a"], ["a", "b"], ["a", "a", "b [pmu]"]]))
        for x in labels
    ]
    if draw(st.booleans()):
        keys.sort(key=lambda key: key[1])
    text = []
    odd = draw(st.sampled_from([0, 0, 0, 30]))
    rng = random.Random(draw(st.integers(0, 2**32)))
    for step in range(1, draw(st.integers(2, 6))):
        time = f"{step * 0.1:.9f}".rjust(draw(st.sampled_from([0, 16])))
        for event, label in keys:
            value = rng.choice(ODD if rng.random() * 100 < odd / 10 else VALUES)
            share = rng.choice(SHARES if rng.random() < 0.5 else SHARES[:1])
            unit = "msec" if event == "a" else ""
            metric = rng.choice(["@@", "1.0@@K/sec", "@@"])
            text.append(
                f"{time}@@{label}{value}@@{unit}@@{event}@@{rng.randint(0, 9**9)}@@{share}@@{metric}\n"
            )
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = rng.randrange(len(text))
        line, other = text[at], rng.choice(text)
        cut = rng.randrange(len(line) + 1)
        text[at] = rng.choice(
            [
                "",
                line * 2,
                line + other,
                line[:cut],
                line[:cut] + "\n" + line[cut:],
                line[:cut] + "@@" + line[cut:],
                line.rstrip("\n") + "@@1@@2\n",
                line.rstrip("\n") + other,
                line.replace("@@", "@", 1),
                line[:-3] + "\n" + line[:20] + "@@" + line[-3:],
                "Events disabled\n",
                "\n",
                line[:cut] + line[cut + 1 :],
            ]
        )
    return "".join(text).encode()


@settings(max_examples=1500, deadline=None)
@given(streams(), st.data())
def test_columns_give_what_rows_give(data, draw):
    places = st.integers(0, len(data))
    ends = [i + 1 for i, byte in enumerate(data) if byte == 10]
    cuts = draw.draw(st.one_of(st.lists(places, max_size=8), st.just(ends), st.just(ends[2::3])))
    same_both_ways(data, sorted(cuts))


def test_parts_of_one_reading_may_have_units_of_their_own():
    lines = [
        f"0.0{n}0000000,CPU{cpu},<not counted>,{unit},cycles,500,0.00,,\n"
        for n in (1, 2, 3)
        for cpu, unit in ((0, ""), (1, "msec"), (17, ""))
    ]
    same_both_ways("".join(lines).encode(), [], separator=",", events=())


@settings(max_examples=200, deadline=None)
@given(outputs(), st.data())
def test_all_modes_give_the_same_both_ways(output, data):
    separator, _, text, _ = output
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=12)))
    same_both_ways(raw, cuts, separator=separator, events=())


@pytest.mark.parametrize(
    "path", [p for p in sorted(DATA.glob("*/*.csv")) if p.stat().st_size], ids=lambda p: p.name
)
def test_recordings_give_the_same_both_ways(path):
    data = path.read_bytes()
    rng = random.Random(path.name)
    for separator in ("@@", ",", ";"):
        cuts = sorted(rng.randint(0, len(data)) for _ in range(8))
        same_both_ways(data, cuts, separator=separator, events=())


def rows(time, count=2, value="5"):
    keys = [("a", cpu) for cpu in range(count)] + [("b", cpu) for cpu in range(count)]
    lines = (f"{time:.9f}@@CPU{c}@@{value}@@@@{e}@@1@@100.00@@@@\n" for e, c in keys)
    return "".join(lines).encode()


def test_the_second_interval_is_read_in_columns_and_looks_the_same():
    assembler = IntervalAssembler(["a", "b"])
    assembler.feed(rows(0.1))
    first = assembler.flush()
    (second,) = assembler.feed(rows(0.2))
    assert not isinstance(first["a"].parts, ColumnParts)
    assert isinstance(second["a"].parts, ColumnParts)
    assert second["a"].count == 10
    assert second["a"].parts == first["a"].parts or second["a"].rate != first["a"].rate
    assert second["a"].parts["CPU1"].count == 5
    assert "2 parts" in repr(second["a"].parts)
    with pytest.raises(TypeError):
        second["a"].parts["CPU1"] = None
    with pytest.raises(KeyError):
        second["a"].parts["CPU9"]
    for copied in (copy.deepcopy(second), pickle.loads(pickle.dumps(second))):
        assert copied.readings == second.readings
        assert copied["a"].parts["CPU0"].status is Status.COUNTED


def test_many_intervals_at_once_are_read_in_columns(monkeypatch):
    taken = []
    take = Block.take
    monkeypatch.setattr(Block, "take", lambda *a: taken.append(take(*a)) or taken[-1])
    assembler = IntervalAssembler(["a", "b"])
    samples = assembler.feed(b"".join(rows(n / 10, 128) for n in range(1, 30)))
    assert len(samples) == 29
    samples += assembler.feed(b"".join(rows(n / 10, 128) for n in range(30, 60)))
    assert len(samples) == 59
    assert all(sample["a"].count == 640 for sample in samples)
    assert sum(taken) >= 50 * 256
    assert isinstance(samples[-1]["a"].parts, ColumnParts)
