"""What a snapshot shows, as HTML without script or style sheet, and as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from perfwidgets.hosts.state import HostState
from perfwidgets.samples import Status
from perfwidgets.snapshot.captured import Captured
from perfwidgets.snapshot.markup import Markup, tag
from perfwidgets.snapshot.pictures import history_plot, memory_plot, when
from perfwidgets.snapshot.plot import Plot, cell_words
from perfwidgets.snapshot.series import event_series
from perfwidgets.snapshot.tables import counts_table, metrics_table
from perfwidgets.snapshot.words import full, listed, percent, seconds, si, state

__all__ = ["PARTS", "as_html", "as_text", "headline", "plots"]

#: what a snapshot may show
PARTS = ("history", "counts", "metrics", "memory")
_STATES = {
    "idle": "not started",
    "starting": "starting when this was taken",
    "running": "running when this was taken",
}
_NAMED = 12
_PICTURE = "max-width:100%;height:auto;display:block;overflow:visible"


def plots(captured: Captured, parts: tuple[str, ...]) -> dict[str, Plot]:
    """The plots among `parts`, by name."""
    found = {
        "history": history_plot(captured) if "history" in parts else None,
        "memory": memory_plot(captured) if "memory" in parts else None,
    }
    return {name: plot for name, plot in found.items() if plot is not None}


def headline(captured: Captured) -> str:
    """What there was, and of when."""
    if captured.why_nothing[0]:
        return "Snapshot: nothing was counted"
    if captured.sample is None or not len(captured.rows.times):
        what, samples = "of paging activity", len(captured.memory_rows.times)
        span, of_clock = captured.memory_span, captured.memory_of_clock
    else:
        events = len(captured.events)
        what = f"of {events} event{'s' if events != 1 else ''}"
        rows = captured.rows
        # a row without counts and duration marks a gap
        samples = int((np.isfinite(rows.counts).any(axis=1) | (rows.durations > 0)).sum())
        span, of_clock = captured.span, captured.of_clock
    number = f"{samples:,} sample{'s' if samples != 1 else ''}"
    return f"Snapshot: {number} {what} over {when(span, of_clock=of_clock)}"


def as_html(captured: Captured, parts: tuple[str, ...]) -> Markup:
    """An element that stands in any page."""
    drawn = plots(captured, parts)
    some = not captured.why_nothing[0]
    return tag(
        "div",
        tag("div", tag("strong", headline(captured))),
        tag("div", _facts(captured), style="font-size:12px;opacity:.8"),
        *(_notice(reason, remedy) for reason, remedy in _troubles(captured)),
        *([_picture("history", drawn["history"])] if "history" in drawn else []),
        *(tag("div", line, style="font-size:12px") for line in _events_in_words(captured)),
        *([counts_table(captured)] if "counts" in parts and captured.sample else []),
        *([metrics_table(captured)] if "metrics" in parts and some else []),
        *([_picture("memory", drawn["memory"])] if "memory" in drawn else []),
        *([tag("div", _memory(captured))] if "memory" in parts and some else []),
        style="font-family:system-ui,sans-serif;font-size:13px;line-height:1.45;max-width:760px",
    )


def as_text(captured: Captured, parts: tuple[str, ...]) -> str:
    """The same in words, a line for each event that has a count."""
    lines = [headline(captured), _facts(captured)]
    lines += [_sentence(reason, remedy) for reason, remedy in _troubles(captured)]
    drawn = plots(captured, parts)
    if "history" in drawn:
        lines.append(f"{drawn['history'].title}: {drawn['history'].description}")
    else:
        lines += _events_in_words(captured)
    if captured.why_nothing[0]:
        return "\n".join(lines)
    if "counts" in parts:
        lines += _counts(captured)
    if "metrics" in parts:
        lines += _metrics(captured)
    if "memory" in parts:
        lines.append(_memory(captured))
    return "\n".join(line for line in lines if line)


def _picture(name: str, plot: Plot) -> Markup:
    return tag("div", plot.svg(style=_PICTURE), data_pw_plot=name, style="margin:8px 0")


def _facts(captured: Captured) -> str:
    words = _STATES.get(captured.state, captured.state)
    return " · ".join([words, *captured.facts])


def _troubles(captured: Captured) -> Iterator[tuple[str, str]]:
    """Reasons and remedies: of nothing at all, of what has ended, of what is not supported."""
    nothing = captured.why_nothing
    if nothing[0]:
        yield nothing
        return
    for error in (captured.error, captured.memory_error):
        if error is not None:
            yield error.reason, error.remedy
    yield from _hosts_away(captured.hosts)
    unsupported = captured.unsupported
    if unsupported:
        names = listed([event.key for event in unsupported], 3)
        hardware = [event for event in captured.events if event.family != "software"]
        none_counts = all(event in unsupported for event in hardware)
        yield f"Not supported where this was taken: {names}", captured.no_pmu * none_counts


def _hosts_away(hosts: Iterable[HostState]) -> Iterator[tuple[str, str]]:
    """Why hosts are not counted, those with one reason together."""
    names: dict[tuple[str, str], list[str]] = {}
    for host in hosts:
        if host.error is not None:
            names.setdefault((host.error.reason, host.error.remedy), []).append(host.name)
    for (reason, remedy), away in names.items():
        yield f"Not available on {listed(away, 3)}: {reason}", remedy


def _notice(reason: str, remedy: str) -> Markup:
    style = "border-left:3px solid #b8860b;padding:2px 10px;margin:8px 0"
    return tag("div", _sentence(reason, remedy), style=style)


def _sentence(reason: str, remedy: str) -> str:
    texts = [text[0].upper() + text[1:].rstrip(".") + "." for text in (reason, remedy) if text]
    return " ".join(texts)


def _events_in_words(captured: Captured) -> list[str]:
    """The cells and marks within the history."""
    cells = [cell_words(cell) for cell in captured.cells_seen]
    marks = [mark.label for mark in captured.marks_seen]
    lines = []
    if cells:
        lines.append(f"Cells: {listed(cells, _NAMED)}")
    if marks:
        lines.append(f"Marks: {listed(marks, _NAMED)}")
    return lines


def _counts(captured: Captured) -> Iterator[str]:
    sample = captured.sample
    took = f" in {seconds(sample.duration)}" if sample is not None and sample.duration else ""
    for event in captured.events:
        reading = event.reading
        if reading is None or reading.count is None:
            continue
        unit = f" {event.unit}" if event.unit else ""
        rate = f" ({si(reading.rate)}/s)" if reading.rate is not None else ""
        yield f"  {event.key}: {full(reading.count)}{unit}{took}{rate}, {state(reading)[1]}"
    for status in (Status.NOT_COUNTED, Status.MISSING, Status.NOT_SUPPORTED):
        names = [e.key for e in captured.events if e.status is status]
        if names:
            yield f"  {status.value}: {', '.join(names)}"


def _metrics(captured: Captured) -> Iterator[str]:
    for metric in captured.metrics:
        if metric.value is None:
            continue
        scaled = f", weakest count {percent(metric.running)}" if metric.running < 1 else ""
        note = f" ({metric.note})" if metric.note else ""
        yield f"  {metric.name}{note}: {si(metric.value)} {metric.unit}".rstrip() + scaled
    lacking = [metric.name for metric in captured.metrics if metric.value is None]
    if lacking:
        yield f"  metrics without a value: {listed(lacking, _NAMED)}"


def _memory(captured: Captured) -> str:
    rows = captured.memory_rows
    rated = np.flatnonzero(rows.durations > 0)  # the last interval is often too short for rates
    if not rated.size:
        return ""
    rates = {event: float(event_series(rows, event).values[rated[-1]]) for event in rows.events}
    paging = f"in {si(rates.get('pgpgin'))} KB/s, out {si(rates.get('pgpgout'))} KB/s"
    swap = f"swap in {si(rates.get('pswpin'))} KB/s, out {si(rates.get('pswpout'))} KB/s"
    faults = f"faults {si(rates.get('pgfault'))}/s, major {si(rates.get('pgmajfault'))}/s"
    return f"Paging activity, latest: {paging}, {swap}, {faults}"
