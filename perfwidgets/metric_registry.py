"""What a metric is, and which there are."""

from __future__ import annotations

from dataclasses import dataclass, field

from perfwidgets.errors import ArgumentError
from perfwidgets.events import EVENTS
from perfwidgets.formula import SECONDS, Expression, is_simple_name, parse_formula
from perfwidgets.metric_table import BUILT_IN

__all__ = ["METRICS", "Metric", "add_metric", "parse"]

_LONGEST_NAME = 60


@dataclass(frozen=True)
class Metric:
    """A number that follows from counts.

    Parameters
    ----------
    name
        What it is called.
    expression
        How it is computed: events as perf names them, numbers, ``seconds`` (the measured time),
        ``+ - * / ( )``, ``min(,)``, ``max(,)`` and other metrics of simple names. Minus stands
        between blanks, since a hyphen inside a word belongs to the name.
    unit
        Of the value: ``%``, ``GHz``; empty for a plain number.
    help
        What it tells.
    source
        Where the formula is from.
    process_only
        Whether it means something only for a process, and nothing over a whole machine.

    Attributes
    ----------
    parsed : Expression
        The expression, read.

    Raises
    ------
    ArgumentError
        If the name or the expression cannot be used.
    """

    name: str
    expression: str
    unit: str = ""
    help: str = ""
    source: str = ""
    process_only: bool = False
    parsed: Expression = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        for what in ("unit", "help", "source"):
            if not isinstance(getattr(self, what), str):
                raise ArgumentError(
                    f"{what}={getattr(self, what)!r} is no text",
                    f"Give the metric's {what} as text.",
                )
        if self.name in _names_in(self.expression):
            raise ArgumentError(
                f"The metric {self.name!r} is computed from itself", "Give it another name."
            )
        object.__setattr__(self, "parsed", parse(self.expression))

    @property
    def needs(self) -> tuple[str, ...]:
        """The events it is computed from."""
        return self.parsed.needs


#: name -> the metrics that are computed, in the order in which they are shown
METRICS: dict[str, Metric] = {}


def parse(text: str) -> Expression:
    """Read an expression, in which metrics of simple names may stand.

    Parameters
    ----------
    text
        Such as ``1000 * branch-misses / instructions``.

    Raises
    ------
    ArgumentError
        If it cannot be read; it says what is wrong.
    """
    known = {name: m.parsed for name, m in METRICS.items() if is_simple_name(name)}
    return parse_formula(text, known)


def add_metric(
    name: str,
    expression: str,
    *,
    unit: str = "",
    help: str = "",  # noqa: A002
    source: str = "",
) -> Metric:
    """Have another metric computed, or one of that name in another way.

    ::

        perfwidgets.add_metric("stores share", "100 * L1-dcache-stores / instructions", unit="%")

    Parameters
    ----------
    name, expression, unit, help, source
        As of `Metric`.

    Returns
    -------
    Metric
        It is in `METRICS` from now on.

    Raises
    ------
    ArgumentError
        If the name or the expression cannot be used.
    """
    metric = Metric(name, expression, unit, help, source)
    METRICS[name] = metric
    return metric


def _names_in(expression: object) -> tuple[str, ...]:
    """The names in `expression`, before metrics among them are replaced by their formulas."""
    return parse_formula(expression, {name: Expression(name, (name,)) for name in METRICS}).inputs


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip() or name != name.strip():
        raise ArgumentError(f"{name!r} is no name of a metric", 'Give one such as "IPC".')
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise ArgumentError(
            f"The metric's name {name[:_LONGEST_NAME]!r} is too long or holds control characters",
            f"Up to {_LONGEST_NAME} characters are allowed.",
        )
    if name in EVENTS or name == SECONDS:
        raise ArgumentError(
            f"{name!r} is what perf calls an event" if name in EVENTS else f"{name!r} is taken",
            "Give the metric another name.",
        )


METRICS.update((row.name, Metric(*row)) for row in BUILT_IN)
