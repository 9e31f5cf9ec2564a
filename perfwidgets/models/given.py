"""What a monitor is given, checked before anything starts."""

from __future__ import annotations

from perfwidgets.errors import ArgumentError
from perfwidgets.sources.base import Source
from perfwidgets.sources.stand_in import stand_in

__all__ = ["check_window", "named", "of_kind"]


def named(sources: tuple[Source, ...]) -> dict[str, Source]:
    """Return the sources by name, one of each kind; a recording where one stands in for them."""
    if not sources:
        raise ArgumentError(
            "A monitor needs a source", "Give it one, as in `Monitor(PerfStat(), VmStat())`."
        )
    for source in sources:
        is_source = hasattr(source, "__anext__") and hasattr(source, "kind")
        if not is_source or isinstance(source, type):
            raise ArgumentError(
                f"{source!r} is not a source of samples",
                "Give it PerfStat, VmStat, Replay or Synthetic.",
            )
    for kind in ("counters", "memory"):
        if sum(source.kind == kind for source in sources) > 1:
            raise ArgumentError(
                f"Two sources of {kind} were given", "Give one of each kind to a monitor."
            )
    played = [stand_in(source) or source for source in sources]
    return {source.name: source for source in played}


def of_kind(sources: dict[str, Source], kind: str) -> str | None:
    """Return the name of the source of this kind, if there is one."""
    return next((name for name, source in sources.items() if source.kind == kind), None)


def check_window(window: float) -> float:
    """Return a usable number of seconds."""
    if isinstance(window, bool) or not isinstance(window, (int, float)) or not 1 <= window <= 1e7:
        raise ArgumentError(
            f"The window {window!r} is no usable number of seconds", "Give 1 to 10,000,000 seconds."
        )
    return float(window)
