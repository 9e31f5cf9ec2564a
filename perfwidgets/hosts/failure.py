"""One error for all hosts, where none can count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from perfwidgets.errors import SourceError

__all__ = ["of_all"]

#: more hosts than these are not named one by one
_MOST_NAMED: Final = 3


def of_all(errors: Mapping[str, SourceError]) -> SourceError:
    """Return what is told where every host has an error: which, and what to do.

    It is permanent where all of them are.
    """
    reasons: dict[str, list[str]] = {}
    for name, error in errors.items():
        reasons.setdefault(error.reason, []).append(name)
    told = [f"on {_names(names)}: {reason}" for reason, names in reasons.items()]
    more = f"; and {len(told) - _MOST_NAMED} other reasons" if len(told) > _MOST_NAMED else ""
    first = next(iter(errors.values()))
    failure = SourceError(
        f"No host can be counted: {'; '.join(told[:_MOST_NAMED])}{more}", first.remedy
    )
    failure.permanent = all(error.permanent for error in errors.values())
    failure.__cause__ = first
    return failure


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    return shown if len(names) <= _MOST_NAMED else f"{shown} and {len(names) - _MOST_NAMED} others"
