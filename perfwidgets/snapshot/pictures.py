"""The plots of what was captured: one event or metric, and memory activity."""

from __future__ import annotations

from collections.abc import Sequence

from perfwidgets.metrics import BoundMetric
from perfwidgets.samples import Status
from perfwidgets.snapshot.captured import Captured
from perfwidgets.snapshot.plot import Line, Plot, cell_words
from perfwidgets.snapshot.series import Series, event_series
from perfwidgets.snapshot.words import clock, lasted, listed, percent, si

__all__ = ["MEMORY_LINES", "history_plot", "memory_plot", "title_of", "when"]

#: event -> what it is called, the colour and the dashes of its line
MEMORY_LINES = {
    "pgpgin": ("in", "#00916b", None),
    "pgpgout": ("out", "#D55E00", "5 2"),
    "pswpin": ("swap in", "#00916b", "1.5 3"),
    "pswpout": ("swap out", "#D55E00", "1.5 3"),
}
#: of a moment in words, the characters of its day
_DAY = len("2026-01-31 ")
#: cells and marks that are named in a description
_NAMED = 20


def when(span: tuple[float, float], *, of_clock: bool) -> str:
    """How long a history is, and of when."""
    start, end = span
    if of_clock:
        first, last = clock(start), clock(end)
        same_day = first[:_DAY] == last[:_DAY]
        return (
            f"{lasted(end - start)}, from {first.removesuffix(' UTC')} to {last[_DAY * same_day :]}"
        )
    return f"{lasted(end - start)}, from second {start:.6g} to second {end:.6g}"


def title_of(captured: Captured, key: str) -> str:
    """What is drawn, with its unit."""
    metric = captured.is_metric(key)
    if metric is not None:
        unit = metric.metric.unit
        words = "per second" if unit == "/s" else ("" if unit in metric.name else unit)
        return ", ".join(filter(None, [metric.name, words, metric.note]))
    event = next((event for event in captured.events if event.key == key), None)
    unit = event.unit if event is not None else ""
    return f"{key}, {unit} per second" if unit else f"{key}, per second"


def history_plot(captured: Captured) -> Plot | None:
    """The history of the event or metric that is drawn; `None` where nothing was counted."""
    if captured.event is None or captured.sample is None:
        return None
    series = captured.series(captured.event)
    metric = captured.is_metric(captured.event)
    nothing = "" if series.known.size else _why_nothing(captured, metric)
    scaled = ""
    if series.known.size and series.share < 1:
        what = "its weakest count" if metric is not None else "counted"
        scaled = f"{what} {percent(series.share)} of the time at the least, scaled by perf"
    return Plot(
        title_of(captured, captured.event),
        nothing or scaled,
        ". ".join(filter(None, [*_in_words(captured, series), scaled, nothing])),
        [Line(series)],
        captured.span,
        captured.cells_seen,
        captured.marks_seen,
    )


def memory_plot(captured: Captured) -> Plot | None:
    """Paging and swap; swap only where there was any; `None` where nothing was counted."""
    if captured.memory is None or not len(captured.memory_rows.times):
        return None
    lines, said = [], []
    for event, (name, color, dash) in MEMORY_LINES.items():
        series = event_series(captured.memory_rows, event)
        if event.startswith("pswp") and not (series.known > 0).any():
            continue
        lines.append(Line(series, color, dash))
        said.append(f"{name} {_ends(series)} KB/s")
    on_axis = captured.shares_time
    return Plot(
        "Paging activity, KB/s",
        "from /proc/vmstat, not memory bandwidth; " + _legend(lines),
        f"{when(captured.memory_span, of_clock=captured.memory_of_clock)}; " + "; ".join(said),
        lines,
        captured.memory_span,
        captured.cells_seen if on_axis else (),
        captured.marks_seen if on_axis else (),
        height=190,
    )


def _legend(lines: Sequence[Line]) -> str:
    words = {None: "in: full line", "5 2": "out: dashed"}
    some_swap = any(line.dash not in words for line in lines)
    return ", ".join(words.values()) + (", swap: dotted" if some_swap else ", no swap")


def _in_words(captured: Captured, series: Series) -> list[str]:
    words = [when(captured.span, of_clock=captured.of_clock)]
    if series.known.size:
        words.append(f"{len(series.known)} values {_ends(series)}, the last {si(series.known[-1])}")
        words.append(f"{series.gaps or 'no'} gap{'s' if series.gaps > 1 else ''}")
    cells = [cell_words(cell) for cell in captured.cells_seen]
    marks = [mark.label for mark in captured.marks_seen]
    if cells:
        words.append(f"Cells: {listed(cells, _NAMED)}")
    if marks:
        words.append(f"Marks: {listed(marks, _NAMED)}")
    return words


def _ends(series: Series) -> str:
    if not series.known.size:
        return "without a value"
    return f"between {si(float(series.known.min()))} and {si(float(series.known.max()))}"


def _why_nothing(captured: Captured, metric: BoundMetric | None) -> str:
    if metric is not None:
        value = next((v for v in captured.metrics if v.name == metric.name), None)
        return (value.reason if value is not None else metric.reason) or "no value in this time"
    event = next((e for e in captured.events if e.key == captured.event), None)
    if event is None:
        return "not among the events counted"
    if event.status is Status.NOT_SUPPORTED:
        return "not supported here"
    return "not counted in this time"
