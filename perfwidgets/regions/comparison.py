"""`compare`: variants of the same work, counted in turns and held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from perfwidgets.errors import ArgumentError
from perfwidgets.regions.counting import Threads
from perfwidgets.regions.frame import comparison_frame
from perfwidgets.regions.ratios import SECONDS, Ratio, ratios_of
from perfwidgets.regions.region import REGION_EVENTS, count
from perfwidgets.regions.result import RegionResult
from perfwidgets.regions.text import number, seconds_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Comparison", "compare"]


class Comparison(Mapping[str, Mapping[str, Ratio]]):
    """Ratios of variants against the first; a table when printed or displayed.

    ``comparison["by column"]["page-faults"].ratio``; the events' names and ``"seconds"``.

    Attributes
    ----------
    results : mapping of str to RegionResult
        What each variant counted, a run for each round.
    base : str
        The variant that the others are held against: the first.
    confidence : float
        Of each interval by itself; of many, some miss by chance.
    """

    def __init__(self, results: Mapping[str, RegionResult], confidence: float = 0.95) -> None:
        self.results: Mapping[str, RegionResult] = MappingProxyType(dict(results))
        self.confidence = confidence
        self.base = next(iter(self.results))
        base = self.results[self.base]
        self._ratios: dict[str, Mapping[str, Ratio]] = {
            name: MappingProxyType(ratios_of(base, result, confidence))
            for name, result in self.results.items()
            if name != self.base
        }

    def __getitem__(self, variant: str) -> Mapping[str, Ratio]:
        return self._ratios[variant]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ratios)

    def __len__(self) -> int:
        return len(self._ratios)

    @property
    def rounds(self) -> int:
        """How often each variant was counted."""
        return len(self.results[self.base].runs)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "base": self.base,
            "rounds": self.rounds,
            "confidence": self.confidence,
            "ratios": {
                variant: {
                    ratio.event: {
                        "ratio": ratio.ratio,
                        "low": ratio.low,
                        "high": ratio.high,
                        "verdict": ratio.verdict,
                        "reason": ratio.reason,
                    }
                    for ratio in ratios.values()
                }
                for variant, ratios in self.items()
            },
            "results": {name: result.to_dict() for name, result in self.results.items()},
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return a table: a row for each variant but the first, and event.

        Returns
        -------
        pandas.DataFrame
            Indexed by `variant` and `event`; columns `base` (the first variant's mean), `ratio`,
            `low`, `high`, `verdict`, `reason`.
        """
        return comparison_frame(self)

    def __repr__(self) -> str:
        lines = [self._title()]
        for variant in self:
            head, rows, uncounted = self._table(variant)
            widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
            lines.append(f"{variant} / {self.base}")
            for row in (head, *rows):
                cells = [
                    cell.ljust(width) if place in (0, len(row) - 1) else cell.rjust(width)
                    for place, (cell, width) in enumerate(zip(row, widths, strict=True))
                ]
                lines.append("  ".join(["", *cells]).rstrip())
            if uncounted:
                lines.append(f"  not counted: {', '.join(uncounted)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<div><strong>{escape(self._title())}</strong></div>"]
        for variant in self:
            head, rows, uncounted = self._table(variant)
            parts.append(f"<div>{escape(variant)} / {escape(self.base)}</div>")
            body = "".join(f"<tr>{_cells('td', row)}</tr>" for row in rows)
            parts.append(
                f"<table><thead><tr>{_cells('th', head)}</tr></thead><tbody>{body}</tbody></table>"
            )
            if uncounted:
                parts.append(f"<div>not counted: {escape(', '.join(uncounted))}</div>")
        return "".join(parts)

    def _title(self) -> str:
        return (
            f"{' against '.join([*self, self.base])}: {self.rounds} rounds in turns, "
            f"{self.confidence:.0%} intervals of the median ratio"
        )

    def _table(self, variant: str) -> tuple[tuple[str, ...], list[tuple[str, ...]], list[str]]:
        """Titles, a row for each event that was counted, and the others."""
        head = ("event", self.base, "ratio", "interval", "verdict")
        rows: list[tuple[str, ...]] = []
        uncounted: list[str] = []
        for each in self[variant].values():
            if each.ratio is None and not self._is_counted(variant, each.event):
                uncounted.append(each.event)
                continue
            interval = "" if each.low is None else f"{each.low:.3f} to {each.high:.3f}"
            base = self.base_of(each.event)
            shown = seconds_text(base) if each.event == SECONDS else number(base)
            ratio = "-" if each.ratio is None else f"{each.ratio:.3f}"
            verdict = each.verdict or f"no verdict: {each.reason}"
            rows.append((each.event, shown, ratio, interval, verdict))
        return head, rows, uncounted

    def base_of(self, event: str) -> float | None:
        """Return the first variant's mean count of an event, or its mean time in seconds."""
        base = self.results[self.base]
        return base.duration if event == SECONDS else base[event].count

    def _is_counted(self, variant: str, event: str) -> bool:
        if event == SECONDS:
            return True
        pair = (self.results[self.base], self.results[variant])
        return all(result[event].count is not None for result in pair)


def compare(
    variants: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 12,
    warmup: int = 1,
    events: Iterable[str] | str = REGION_EVENTS,
    threads: Threads = "all",
    confidence: float = 0.95,
    command: str | Sequence[str] = "perf",
) -> Comparison:
    """Count variants of the same work in turns, and hold them against the first.

    ::

        perfwidgets.compare({"by row": by_row, "by column": by_column})

    In each round every variant runs once, each time in another order, so that what drifts in the
    machine touches all alike. Ratios are taken within a round. A verdict is refused where the
    interval is wide (noise), an event was on a counter for less than half of the time (coverage),
    or counts are not well above those of an empty region.

    Parameters
    ----------
    variants
        Name -> what is called, without arguments; at least two.
    rounds
        How often each is counted; 95 % intervals need at least 6.
    warmup
        How often each is called before that.
    events, threads
        As for `count`.
    confidence
        Of each interval, above 0 and below 1.
    command
        As for `count`.

    Returns
    -------
    Comparison
        Of each variant with the first.

    Raises
    ------
    ArgumentError
        If an argument is unusable; nothing is called then.
    """
    _check(variants, rounds, warmup, confidence)
    chosen = events if isinstance(events, str) else tuple(events)
    regions = {
        name: count(name, events=chosen, threads=threads, command=command) for name in variants
    }
    for _ in range(warmup):
        for work in variants.values():
            work()
    names = list(variants)
    for turn in range(rounds):
        for name in _order(names, turn):
            try:
                with regions[name]:
                    variants[name]()
            except Exception as error:
                error.add_note(f"in the variant {name!r}, round {turn + 1} of {rounds}")
                raise
    return Comparison(regions, confidence)


def _order(names: Sequence[str], turn: int) -> list[str]:
    """Each variant first as often as any other, and each neighbourhood both ways round."""
    start = (turn // 2) % len(names)
    order = [*names[start:], *names[:start]]
    return order[::-1] if turn % 2 else order


def _check(variants: object, rounds: object, warmup: object, confidence: object) -> None:
    if (
        not isinstance(variants, Mapping)
        or len(variants) < 2
        or not all(isinstance(n, str) and callable(f) for n, f in variants.items())
    ):
        raise ArgumentError(
            "The variants are not at least two callables with a name each",
            'Give a dict such as {"by row": by_row, "by column": by_column}.',
        )
    for name, value, least in (("rounds", rounds, 1), ("warmup", warmup, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ArgumentError(
                f"{name}={value!r} is no usable number", f"Give a whole number from {least} on."
            )
    if not isinstance(confidence, float) or not 0 < confidence < 1:
        raise ArgumentError(
            f"confidence={confidence!r} lies not between 0 and 1", "Give one such as 0.95."
        )


def _cells(tag: str, row: Sequence[str]) -> str:
    left, right = " style='text-align:left'", " style='text-align:right'"
    sides = [left, *[right] * (len(row) - 2), left]
    return "".join(
        f"<{tag}{side}>{escape(cell)}</{tag}>" for side, cell in zip(sides, row, strict=True)
    )
