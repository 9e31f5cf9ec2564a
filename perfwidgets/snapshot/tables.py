"""Tables of the latest counts and metrics, as HTML that needs no style sheet."""

from __future__ import annotations

import numpy as np

from perfwidgets.events import FAMILIES
from perfwidgets.metrics import MetricValue
from perfwidgets.snapshot.captured import Captured, Counted
from perfwidgets.snapshot.markup import Markup, join, tag
from perfwidgets.snapshot.plot import BLUE, path, stroke
from perfwidgets.snapshot.series import Series
from perfwidgets.snapshot.words import full, listed, percent, seconds, si, state

__all__ = ["counts_table", "metrics_table", "sparkline"]

_WIDE, _TALL = 90, 16
_TABLE = "border-collapse:collapse;margin:8px 0;font-size:13px"
_NUMBER = "text-align:right;padding:1px 8px;font-variant-numeric:tabular-nums"
_WORDS = "text-align:left;padding:1px 8px"
_LINE = "border-top:1px solid rgba(128,128,128,.35)"
_FAMILY = "text-align:left;padding:6px 8px 1px;font-size:11px;opacity:.75"
_LISTED = 8


def counts_table(captured: Captured) -> Markup:
    """A row for each event: count, rate, history, and how well it was counted."""
    sample = captured.sample
    interval = sample.duration if sample is not None else None
    count = f"count in {seconds(interval)}" if interval else "count"
    titles = ("event", count, "per second", "history", "state")
    styles = (_WORDS, _NUMBER, _NUMBER, _WORDS, _WORDS)
    head = [
        tag("th", title, scope="col", style=style)
        for title, style in zip(titles, styles, strict=True)
    ]
    rows: list[Markup] = []
    family = ""
    for event in captured.events:
        if event.family != family:
            family = event.family
            title = tag("th", FAMILIES[family], colspan=5, scope="colgroup", style=_FAMILY)
            rows.append(tag("tr", title))
        rows.append(_count_row(captured, event))
    return tag(
        "table",
        tag("caption", "Latest counts", style="text-align:left;font-weight:600"),
        tag("thead", tag("tr", *head)),
        tag("tbody", *rows),
        style=_TABLE,
    )


def _count_row(captured: Captured, event: Counted) -> Markup:
    reading = event.reading
    unit = f" {event.unit}" if event.unit else ""
    has = reading is not None and reading.count is not None
    sign, words = state(reading)
    name = event.key + (f" ({event.note})" if event.note else "")
    return tag(
        "tr",
        tag("th", name, scope="row", style=f"{_WORDS};font-weight:400"),
        tag("td", full(reading.count if reading else None) + unit * has, style=_NUMBER),
        tag("td", si(reading.rate if reading else None), style=_NUMBER),
        tag("td", sparkline(captured.series(event.key), captured.span), style=_WORDS),
        tag("td", f"{sign} {words}", style=_WORDS),
        style=_LINE,
    )


def sparkline(series: Series, span: tuple[float, float]) -> Markup:
    """A line as small as a word; nothing where there is no value."""
    if not series.known.size:
        return Markup("")
    thin = series.thinned(_WIDE)
    start, end = span
    top = float(max(series.known.max(), 0)) or 1.0
    x = (_WIDE * (thin.times - start) / max(end - start, 1e-9)).tolist()
    y = (_TALL - 1 - (_TALL - 2) * np.maximum(thin.values, 0) / top).tolist()
    return tag(
        "svg",
        stroke(path(x, y), BLUE, 1.2),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDE} {_TALL}",
        width=_WIDE,
        height=_TALL,
        aria_hidden="true",
    )


def metrics_table(captured: Captured) -> Markup:
    """A row for each metric with a value, and why the others have none; empty without metrics."""
    known = [metric for metric in captured.metrics if metric.value is not None]
    lacking = [metric for metric in captured.metrics if metric.value is None]
    parts = []
    if known:
        parts.append(
            tag(
                "table",
                tag("caption", "Metrics", style="text-align:left;font-weight:600"),
                tag("tbody", *(_metric_row(metric) for metric in known)),
                style=_TABLE,
            )
        )
    if lacking:
        parts.append(
            tag(
                "details",
                tag("summary", f"No value: {listed([m.name for m in lacking], _LISTED)}"),
                *(tag("div", f"{metric.name}: {metric.reason}") for metric in lacking),
                style="font-size:12px;margin:4px 0",
            )
        )
    return join(*parts)


def _metric_row(metric: MetricValue) -> Markup:
    name = metric.name + (f" ({metric.note})" if metric.note else "")
    scaled = f"weakest count {percent(metric.running)}" if metric.running < 1 else "counted"
    unit = "" if metric.unit in metric.name else metric.unit
    return tag(
        "tr",
        tag("th", name, scope="row", style=f"{_WORDS};font-weight:400"),
        tag("td", si(metric.value), style=_NUMBER),
        tag("td", unit, style=_WORDS),
        tag("td", scaled, style=_WORDS),
        style=_LINE,
    )
