"""Arithmetic over counts, as text: read once, without `eval`, into a program that can be sent.

A program is a list in postfix order: numbers, names of inputs, and operators, of which ``~``
negates, ``<`` takes the lesser and ``>`` the greater of two. ``instructions / cycles`` becomes
``["instructions", "cycles", "/"]``. The browser runs the same programs (static/metrics.js).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from perfwidgets.errors import ArgumentError
from perfwidgets.events import EVENTS, check_event_name

__all__ = ["SECONDS", "Expression", "is_simple_name", "parse_formula"]

#: the input that is no event: the measured time
SECONDS = "seconds"

_LONGEST = 1000
_DEEPEST = 50
_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<pmu>[A-Za-z_]\w*/[^/\s()+*]+/[A-Za-z]*)
    |(?P<name>[A-Za-z_][\w.]*(?:-[\w.]+)*(?::[A-Za-z_]\w*)*)
    |(?P<sign>[-+*/(),])""",
    re.ASCII | re.VERBOSE,
)
_SIMPLE = re.compile(r"[A-Za-z_][\w.]*(?:-[\w.]+)*", re.ASCII)
_FUNCTIONS = {"min": "<", "max": ">"}
_Program = list[float | str]
_OPERATORS = frozenset("+-*/<>~")
_ALLOWED = (
    "Write numbers, events, `seconds`, + - * / ( ), min(,) and max(,), with blanks around "
    "operators: a hyphen inside a word belongs to the name."
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula that was read.

    Attributes
    ----------
    text
        As it was written.
    program
        In postfix order: numbers, names, operators.
    """

    text: str
    program: tuple[float | str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names in the program, each once: events, and `SECONDS` where it is used."""
        names = [i for i in self.program if isinstance(i, str) and i not in _OPERATORS]
        return tuple(dict.fromkeys(names))

    @property
    def needs(self) -> tuple[str, ...]:
        """The events in it, each once, in their order."""
        return tuple(name for name in self.inputs if name != SECONDS)

    def value(self, values: Mapping[str, float]) -> float:
        """Compute it.

        Parameters
        ----------
        values
            A number for each of `inputs`.

        Raises
        ------
        KeyError
            If an input has no number.
        ZeroDivisionError
            If something is divided by zero; its text says what is.
        OverflowError
            If a result has no finite value.
        """
        stack: list[float] = []
        for place, item in enumerate(self.program):
            if not isinstance(item, str):
                stack.append(item)
            elif item == "~":
                stack.append(-stack.pop())
            elif item in _OPERATORS:
                right, left = stack.pop(), stack.pop()
                if item == "/" and right == 0:
                    raise ZeroDivisionError(f"{in_words(self.program[:place])} is 0")
                stack.append(_computed(item, left, right))
            else:
                stack.append(float(values[item]))
        if not math.isfinite(stack[0]):
            raise OverflowError("the result is no finite number")
        return stack[0]

    def renamed(self, names: Mapping[str, str]) -> tuple[float | str, ...]:
        """The program with other names for some of its inputs."""
        return tuple(names.get(i, i) if isinstance(i, str) else i for i in self.program)


def _computed(operator: str, left: float, right: float) -> float:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "/":
        return left / right
    return min(left, right) if operator == "<" else max(left, right)


def in_words(program: tuple[float | str, ...]) -> str:
    """What the last operand of an unfinished program stands for, as it could be written."""
    stack: list[str] = []
    for item in program:
        if not isinstance(item, str):
            stack.append(str(int(item)) if item.is_integer() else str(item))
        elif item == "~":
            stack.append(f"-{stack.pop()}")
        elif item in _OPERATORS:
            right, left = stack.pop(), stack.pop()
            function = {"<": "min", ">": "max"}.get(item)
            both = f"{function}({left}, {right})" if function else f"({left} {item} {right})"
            stack.append(both)
        else:
            stack.append(item)
    words = stack[-1]
    return words[1:-1] if words.startswith("(") else words


def is_simple_name(name: str) -> bool:
    """Whether `name` can stand in a formula."""
    return _SIMPLE.fullmatch(name) is not None and name not in (*_FUNCTIONS, SECONDS)


def parse_formula(text: object, known: Mapping[str, Expression] | None = None) -> Expression:
    """Read `text`.

    Parameters
    ----------
    text
        The formula.
    known
        Names that stand for formulas themselves.

    Raises
    ------
    ArgumentError
        If it cannot be read, names no event, or divides by the number 0.
    """
    if not isinstance(text, str) or not text.strip():
        raise ArgumentError(f"{text!r} is no formula", 'Give one such as "instructions / cycles".')
    if len(text) > _LONGEST:
        raise ArgumentError(
            f"The formula is {len(text):,} characters long", f"{_LONGEST:,} are allowed."
        )
    expression = Expression(text, tuple(_Parser(text, known or {}).program()))
    if not expression.needs:
        raise ArgumentError(f"The formula {text!r} names no event", _ALLOWED)
    return expression


class _Parser:
    """Reads sums of products of operands, from left to right."""

    def __init__(self, text: str, known: Mapping[str, Expression]) -> None:
        self._text = text
        self._known = known
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def program(self) -> _Program:
        program = self._sum()
        if self._next():
            raise self._error(f"has {self._next()!r} where it should end or an operator stand")
        return program

    def _sum(self) -> _Program:
        return self._chain("+-", self._product)

    def _product(self) -> _Program:
        return self._chain("*/", self._operand)

    def _chain(self, operators: str, part: Callable[[], _Program]) -> _Program:
        program = part()
        while (operator := self._next()) and operator in operators:
            self._at += 1
            right = part()
            if operator == "/" and right == [0.0]:
                raise self._error("divides by 0")
            program += [*right, operator]
        return program

    def _operand(self) -> _Program:
        word = self._next()
        self._at += 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"is nested more than {_DEEPEST} deep")
        if word == "-":
            program = [*self._operand(), "~"]
        elif word == "(":
            program = self._sum()
            self._expect(")")
        elif word in _FUNCTIONS and self._next() == "(":
            program = self._function(_FUNCTIONS[word])
        elif not word:
            raise self._error("ends where a number or a name should stand")
        elif word in "+*/),":
            raise self._error(f"has {word!r} where a number or a name should stand")
        else:
            program = self._leaf(word)
        self._depth -= 1
        return program

    def _function(self, operator: str) -> _Program:
        self._at += 1
        program = self._sum()
        self._expect(",")
        program += [*self._sum(), operator]
        while self._next() == ",":
            self._at += 1
            program += [*self._sum(), operator]
        self._expect(")")
        return program

    def _leaf(self, word: str) -> _Program:
        if word[0].isdigit() or word[0] == ".":
            if not math.isfinite(float(word)):
                raise self._error(f"has {word!r}, which is too large")
            return [float(word)]
        if word in self._known:
            return list(self._known[word].program)
        return [word if word == SECONDS else check_event_name(word)]

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _expect(self, word: str) -> None:
        found = self._next()
        if found != word:
            raise self._error(
                f"has {found!r} where {word!r} should stand" if found else f"lacks a {word!r}"
            )
        self._at += 1

    def _error(self, what: str) -> ArgumentError:
        return ArgumentError(f"The formula {self._text!r} {what}", _ALLOWED)


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ArgumentError(
                f"The formula {text!r} has {text[at]!r}, which means nothing here", _ALLOWED
            )
        token = match.group()
        # ``instructions/cycles/2`` divides twice: before the slash stands an event, and no PMU
        if match.lastgroup == "pmu" and token.split("/")[0] in (*EVENTS, SECONDS):
            token = token.split("/")[0]
        at += len(token)
        if match.lastgroup != "blank":
            yield token
