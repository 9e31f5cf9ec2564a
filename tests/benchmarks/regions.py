"""What a region costs: around the code, inside it, and what it counts of itself."""

from __future__ import annotations

import mmap
import statistics
import subprocess
import time

from measuring import Line, interleaved, ratio

import perfwidgets
from perfwidgets.regions import REGION_EVENTS, Region

ROUNDS, PAGES = 40, 20_000


def work(_: int = 0) -> int:
    """Some milliseconds of computing."""
    return sum(number * number for number in range(200_000))


def touch(pages: int) -> None:
    with mmap.mmap(-1, pages * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        for place in range(0, pages * mmap.PAGESIZE, mmap.PAGESIZE):
            memory[place] = 1


def perf_alone(_: int) -> None:
    """What any exact count costs: a perf of the same events that starts and ends."""
    words = [word for event in REGION_EVENTS for word in ("-e", event)]
    subprocess.run(["perf", "stat", *words, "true"], check=True, capture_output=True)


def regions() -> list[Line]:
    """An empty region against none and against perf alone; the code inside; what is counted."""
    empty = perfwidgets.count("empty", threads="this")
    with empty:  # the first finds out what its kind costs
        pass

    def empty_region(_: int) -> None:
        with empty:
            pass

    taken = interleaved(ROUNDS, empty=empty_region, perf=perf_alone)
    return [_around(taken), _inside(), _of_itself(empty), _exact()]


def _around(taken: dict[str, list[float]]) -> Line:
    to_perf = ratio(taken["empty"], taken["perf"])
    milliseconds = statistics.median(taken["empty"]) * 1e3
    name, measured = "an empty region", f"entered and left, {len(REGION_EVENTS)} events"
    remark = f"{milliseconds:.1f} ms around the code, none of it inside"
    reference = "`perf stat … true`"
    return Line(name, measured, reference, f"{to_perf:.2f}", "<= 1.5", to_perf <= 1.5, remark)


def _inside() -> Line:
    """The same code in an open region and in none, by its own clock."""
    inside: list[float] = []
    outside: list[float] = []
    for _ in range(ROUNDS):
        with perfwidgets.count(threads="this"):
            inside.append(_seconds())
        with perfwidgets.count(threads="this"):
            pass  # a perf has just come and gone, as before the other
        outside.append(_seconds())
    slower = ratio(inside, outside)
    measured = "computing, its own time"
    return Line(
        "inside a region", measured, "in no region", f"{slower:.3f}", "<= 1.03", slower <= 1.03
    )


def _seconds() -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _of_itself(empty: Region) -> Line:
    """The counts of an empty region; without one there are none."""
    counts = {
        event: statistics.median(run[event].count or 0 for run in empty.runs)
        for event in ("context-switches", "page-faults", "task-clock")
    }
    result = (
        f"{counts['context-switches']:.0f} switches, {counts['page-faults']:.0f} faults, "
        f"{counts['task-clock']:.2f} ms of CPU"
    )
    reached = counts["context-switches"] <= 2 and counts["page-faults"] <= 5
    name, measured = "a region counts of itself", f"median of {len(empty.runs)} empty ones"
    return Line(name, measured, "none: nothing", result, "<= 2, <= 5", reached)


def _exact() -> Line:
    region = perfwidgets.count(threads="this")
    for _ in range(5):
        with region:
            touch(PAGES)
    share = max(abs((run["page-faults"].count or 0) / PAGES - 1) for run in region.runs)
    measured = f"page-faults of {PAGES:,} pages touched, five times"
    return Line(
        "exact counts", measured, "the pages", f"off by {share:.3%}", "<= 1%", share <= 0.01
    )
