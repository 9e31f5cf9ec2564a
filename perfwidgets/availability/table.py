"""What `check` found out, as text and as a table for a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from perfwidgets.availability.failure import Cause

if TYPE_CHECKING:
    from perfwidgets.availability.results import Availability, EventAvailability

__all__ = ["as_html", "as_text"]

_LEFT = " style='text-align:left'"


def as_text(found: Availability) -> str:
    """Return the verdict on each event, then each reason once."""
    width = max(map(len, found.events), default=0)
    whole = _sentence(found.reason, found.remedy)
    verdicts = [f"  {e.event:{width}}  {_verdict(e)}" for e in found.events.values()]
    reasons = [f"{', '.join(names)}:\n  {why}" for why, names in _reasons(found).items()]
    return "\n".join([_headline(found), *([whole] if whole else []), *verdicts, *reasons])


def as_html(found: Availability) -> str:
    """Return a table of events, verdicts and reasons."""
    whole = _sentence(found.reason, found.remedy)
    head = "".join(f"<th{_LEFT}>{title}</th>" for title in ("event", "counted", "why"))
    rows = "".join(_html_row(event) for event in found.events.values())
    return (
        f"<p>{escape(_headline(found))}</p>"
        + (f"<p>{escape(whole)}</p>" if whole else "")
        + f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _headline(found: Availability) -> str:
    version = f"perf {found.perf_version}" if found.perf_version else found.command[-1]
    line = f"{version}: {len(found.countable)} of {len(found.events)} events can be counted"
    if found.counters is not None:
        line += f", on {found.counters} programmable counters"
    return line


def _verdict(event: EventAvailability) -> str:
    mode = "in user mode only" if event.user_mode_only else ""
    if event.cause is Cause.COUNTABLE:
        return f"yes, {mode}" if mode else "yes"
    verdict = f"{'partly' if event.countable else 'no'}: {event.cause.value}"
    if event.own_processes:
        verdict += f" (own processes: yes{', ' if mode else ''}{mode})"
    return verdict


def _reasons(found: Availability) -> dict[str, list[str]]:
    """Each reason, with the events it is for."""
    groups: dict[str, list[str]] = {}
    for event in found.events.values():
        if event.reason and event.reason != found.reason:
            groups.setdefault(_sentence(event.reason, event.remedy), []).append(event.event)
    return groups


def _html_row(event: EventAvailability) -> str:
    why = escape(_sentence(event.reason, event.remedy))
    cells = (f"<code>{escape(event.event)}</code>", _verdict(event), why)
    return f"<tr>{''.join(f'<td{_LEFT}>{cell}</td>' for cell in cells)}</tr>"


def _sentence(reason: str, remedy: str) -> str:
    return f"{reason}. {remedy}" if reason and remedy else reason
