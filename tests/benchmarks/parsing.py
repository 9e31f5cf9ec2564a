"""Perf's text of 128 CPUs and 17 events, an interval at a time."""

from __future__ import annotations

import io
import time

import pandas as pd
from measuring import Line, interleaved, ratio, some_blocks

from perfwidgets.events import DEFAULT_EVENTS
from perfwidgets.perf_csv import IntervalAssembler

CPUS, ROUNDS = 128, 150


def line_by_line(text: bytes) -> dict[tuple[str, str], int | float]:
    """What one would write: counts by event and CPU."""
    counts = {}
    for line in text.decode().splitlines():
        fields = line.split("@@")
        value = fields[2]
        counts[fields[4], fields[1]] = int(value) if value.isdigit() else float(value)
    return counts


def barest(text: bytes) -> None:
    """Less than that: the numbers are thrown away."""
    for line in text.decode().splitlines():
        value = line.split("@@")[2]
        int(value) if value.isdigit() else float(value)


def parsing() -> list[Line]:
    """Parse a block: the assembler, pandas, and two loops."""
    texts = some_blocks(CPUS, ROUNDS + 1)
    # its C engine knows separators of one character only
    others = [text.decode().replace("@@", ";") for text in texts]
    assembler = IntervalAssembler(DEFAULT_EVENTS, interval=0.1)
    assembler.feed(texts[0])
    assembler.flush()

    def ours(number: int) -> None:
        (sample,) = assembler.feed(texts[number + 1])
        assert sample["cycles"].count
        assert len(sample["cycles"].parts) == CPUS

    taken = interleaved(
        ROUNDS,
        time.thread_time,  # others may run meanwhile
        ours=ours,
        loop=lambda n: line_by_line(texts[n + 1]),
        pandas=lambda n: pd.read_csv(io.StringIO(others[n + 1]), sep=";", header=None),
        barest=lambda n: barest(texts[n + 1]),
        split=lambda n: texts[n + 1].split(b"@@"),
    )
    to_pandas, to_loop = ratio(taken["ours"], taken["pandas"]), ratio(taken["ours"], taken["loop"])
    to_barest, floor = ratio(taken["ours"], taken["barest"]), ratio(taken["split"], taken["loop"])
    least = min(taken["ours"]) / min(taken["loop"])
    measured = f"a sample of {CPUS} CPUs x 17 events, sums made"
    remark = (
        f"bytes.split alone takes {floor:.2f} of the loop; "
        f"ours is {to_barest:.2f} of a loop that drops its numbers; the quickest of {ROUNDS} "
        f"rounds {least:.2f}"
    )
    return [
        Line("parse", measured, "pandas.read_csv", f"{to_pandas:.2f}", "<= 1.0", to_pandas <= 1.0),
        Line(
            "parse", measured, "split and int", f"{to_loop:.2f}", "<= 0.65", to_loop <= 0.65, remark
        ),
    ]
