"""What a region counted, as text and as a table for a notebook."""

from __future__ import annotations

import textwrap
from html import escape
from statistics import stdev
from typing import TYPE_CHECKING

from perfwidgets.regions import doubts

if TYPE_CHECKING:
    from perfwidgets.metrics import MetricValue
    from perfwidgets.regions.result import RegionResult
    from perfwidgets.samples import Reading

__all__ = ["as_html", "as_text", "number", "seconds_text", "share"]

_Row = tuple[str, ...]
#: remarks are wrapped to so many characters
_WIDTH = 100


def as_text(result: RegionResult) -> str:
    """Return a headline, a row for each count and each metric, and what is to be said of them."""
    head, rows = table(result)
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)] if rows else []
    lines = [headline(result)]
    for row in [head, *rows] if rows else []:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        lines.append("  ".join(["", row[0].ljust(len(first)), *others]).rstrip())
    for line in remarks(result):
        lines += textwrap.wrap(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join(lines)


def as_html(result: RegionResult) -> str:
    """Return the same as a plain table."""
    head, rows = table(result)
    left, right = " style='text-align:left'", " style='text-align:right'"

    def cells(tag: str, row: _Row) -> str:
        sides = [left] + [right] * (len(row) - 1)
        texts = zip(sides, row, strict=True)
        return "".join(f"<{tag}{side}>{escape(cell)}</{tag}>" for side, cell in texts)

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    counts = f"<thead><tr>{cells('th', head)}</tr></thead><tbody>{body}</tbody>"
    said = "".join(f"<div>{escape(line)}</div>" for line in remarks(result))
    return (
        f"<div><strong>{escape(headline(result))}</strong></div>"
        + (f"<table>{counts}</table>" if rows else "")
        + said
    )


def headline(result: RegionResult) -> str:
    """Return the label, the time taken and what was counted."""
    name = result.label or "region"
    if not result.runs:
        return f"{name}: not measured yet"
    threads = "all threads" if result.threads == "all" else "one thread"
    taken = seconds_text(result.duration)
    number_of_runs = len(result.runs)
    if number_of_runs > 1:
        spread = seconds_text(stdev(result.durations)) if len(result.durations) > 1 else "?"
        taken = f"{taken} ± {spread}, mean of {number_of_runs} runs"
    return f"{name}: {taken}, {threads}" + (", ended by an exception" if result.failed else "")


def table(result: RegionResult) -> tuple[_Row, list[_Row]]:
    """Return the titles and the rows of counts, then of metrics that have a value."""
    repeated, costed = len(result.runs) > 1, result.cost is not None
    head = ["event", "count", "±", "per second", "counted", "empty region"]
    rows = [_count_row(result, r) for r in result.readings if r.count is not None]
    rows += [_metric_row(m) for m in result.metrics if _is_shown(m)]
    kept = [place for place in range(6) if (place != 2 or repeated) and (place != 5 or costed)]
    return tuple(head[p] for p in kept), [tuple(row[p] for p in kept) for row in rows]


def remarks(result: RegionResult) -> list[str]:
    """Return what must be said beside the counts."""
    lines = []
    if result.error is not None:
        lines.append(f"not counted: {result.error}")
    if result.doubt:
        lines.append(f"{result.doubt}.")
    elif result.available and (near := doubts.near_cost(result)):
        lines.append(f"not well above the cost of measuring: {', '.join(near)}")
    if result.available:
        for (status, why), events in doubts.uncounted(result).items():
            lines.append(f"{status}: {', '.join(events)}" + (f" ({why})" if why else ""))
        if any(reading.scaled for reading in result.readings):
            lines.append("counted below 100%: scaled by perf, since events shared counters")
        if result.cost is None:
            lines.append("cost of measuring: not known, since other regions were open")
        if lacking := sum(metric.value is None for metric in result.metrics):
            lines.append(f"metrics that lack a count: {lacking} (see .metrics)")
    return lines


def number(value: float | None) -> str:
    """Return a count or a rate for a reader: 1,234 or 12.34."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3g}"


def seconds_text(seconds: float | None) -> str:
    """Return a time with its unit."""
    if seconds is None:
        return "unknown time"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:,.4g} {unit}" if seconds < 1e4 else f"{seconds:,.0f} s"
    return f"{seconds * 1e6:.3g} µs"


def share(running: float) -> str:
    """Return the share of time that was counted."""
    return f"{100 * running:.0f}%"


def _count_row(result: RegionResult, reading: Reading) -> _Row:
    unit = f" {reading.unit}" if reading.unit else ""
    spread = result.spread(reading.event)
    return (
        reading.event,
        number(reading.count) + unit,
        "" if spread is None else number(spread),
        number(reading.rate),
        share(reading.running),
        number(result.cost_of(reading.event)),
    )


def _is_shown(metric: MetricValue) -> bool:
    """Whether a metric has a value, and one that the rates of the counts do not tell already."""
    return metric.value is not None and metric.unit != "/s"


def _metric_row(metric: MetricValue) -> _Row:
    unit = f" {metric.unit}" if metric.unit else ""
    name = f"{metric.name} ({metric.note})" if metric.note else metric.name
    return name, f"{metric.value:.4g}{unit}", "", "", share(metric.running), ""
