"""``%perfstat``, ``%%perfstat`` and ``%%perfcompare``; ``%load_ext perfwidgets`` brings them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import IPython.display
from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_cell_magic, magics_class

from perfwidgets.errors import ArgumentError, BudgetExceededError
from perfwidgets.regions import Region, RegionResult, compare, count
from perfwidgets.regions.region import REGION_EVENTS

__all__ = ["PerfMagics"]

_show: Callable[[object], None] = IPython.display.display

_VARIANT = re.compile(r"^#\s*variant\s*:\s*(?P<name>\S.*?)\s*$", re.MULTILINE)
_LABEL = 60


@magics_class
class PerfMagics(Magics):
    """Counts of a cell, a statement, or variants of a cell."""

    @property
    def _names(self) -> dict[str, Any]:
        """The notebook's variables."""
        assert self.shell is not None
        names: dict[str, Any] = self.shell.user_ns
        return names

    @line_cell_magic
    def perfstat(self, line: str, cell: str | None = None) -> RegionResult | None:
        """Count exactly what a statement (``%perfstat``) or a cell (``%%perfstat``) does.

        ::

            %perfstat [options] statement
            %%perfstat [options]

        The counts are this kernel's own process', as by `perfwidgets.count`. The value of the last
        expression is displayed; the result is returned, so that ``_`` and ``Out`` hold it.

        Options
        -------
        -e EVENTS
            Events to count, as `perf list` has them, with commas between.
        -r N
            Run it so many times; counts are means, with their spread.
        -q
            Show no table and return nothing: for use with ``-o``.
        -o NAME
            Keep the result in this variable, also when the code raises.
        -l LABEL, --label LABEL
            What the region is called; the first line of code by default.
        --threads all|this
            All threads of the process and what they start, or the main one alone.
        --max CONDITION
            Such as ``--max "instructions < 2e9"``; may be given several times. One that does not
            hold raises `BudgetExceededError`; one that needs what this machine cannot count is
            skipped, and says so.
        --strict
            A condition that cannot be checked fails too.
        """
        options, rest = _options(self, line, "qr:e:o:l:", "label=", "threads=", "max=", "strict")
        code = rest if cell is None else cell
        if cell is not None and rest:
            raise UsageError(f"%%perfstat takes no code on its line, but it holds {rest!r}")
        if not code.strip():
            raise UsageError("There is no code to count: write it behind %perfstat")
        runs = _whole("-r", options.get("r", "1"))
        region = _region(options, code)
        work = _compiled(self.shell, code)
        value = None
        is_quiet = "q" in options
        try:
            for _ in range(runs):
                with region:
                    value = work()
        except BaseException:
            if not is_quiet and region.runs:
                _show(region)
            raise
        finally:
            if "o" in options:
                self._names[options["o"]] = region
        if value is not None and not code.rstrip().endswith(";"):
            _show(value)
        if options.get("max"):
            _check_budgets(region, options["max"], "strict" in options, is_quiet)
        return None if is_quiet else region

    @cell_magic
    def perfcompare(self, line: str, cell: str) -> Any:
        """Count variants of a cell in turns, and hold them against the first.

        ::

            %%perfcompare [-r ROUNDS] [-e EVENTS] [-o NAME] [-q] [--threads all|this]
            values = list(range(100_000))       # before the first variant: run once, not counted
            # variant: sum
            sum(values)
            # variant: loop
            total = 0
            for value in values:
                total += value

        The options are those of ``%%perfstat``; ``-r`` is 12 here. See `perfwidgets.compare`.
        """
        options, rest = _options(self, line, "qr:e:o:", "threads=")
        if rest:
            raise UsageError(f"%%perfcompare takes no code on its line, but it holds {rest!r}")
        setup, variants = _sections(cell)
        works = {name: _compiled(self.shell, code) for name, code in variants.items()}
        if setup.strip():
            _compiled(self.shell, setup)()
        try:
            found = compare(
                works,
                rounds=_whole("-r", options.get("r", "12")),
                events=options.get("e", REGION_EVENTS),
                threads=options.get("threads", "all"),
            )
        except ArgumentError as error:
            raise UsageError(str(error)) from error
        if "o" in options:
            self._names[options["o"]] = found
        return None if "q" in options else found


def _options(magics: Magics, line: str, short: str, *long: str) -> tuple[dict[str, Any], str]:
    """Options by name, and what is left of the line as it was written."""
    found, rest = magics.parse_options(
        line, short, *long, posix=False, strict=False, preserve_non_opts=True
    )
    options: dict[str, Any] = {}
    for name, value in dict(found).items():
        values = [_unquoted(each) for each in (value if isinstance(value, list) else [value])]
        options[name] = values if name == "max" else values[-1]
    if not str(options.get("o", "name")).isidentifier():
        raise UsageError(f"-o {options['o']} is no name of a variable")
    return options, rest.strip()


def _region(options: dict[str, Any], code: str) -> Region:
    """The region that `options` describe."""
    label = options.get("label") or options.get("l") or _first_line(code)
    events, threads = options.get("e", REGION_EVENTS), options.get("threads", "all")
    try:
        return count(label, events=events, threads=threads)
    except ArgumentError as error:
        raise UsageError(str(error)) from error


def _unquoted(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def _whole(option: str, text: str) -> int:
    if not text.isdigit() or not int(text):
        raise UsageError(f"{option} {text} is no whole number from 1 on")
    return int(text)


def _first_line(code: str) -> str:
    line = next(line.strip() for line in code.splitlines() if line.strip())
    return line if len(line) <= _LABEL else line[: _LABEL - 1] + "…"


def _compiled(shell: Any, code: str) -> Callable[[], Any]:
    """Return what runs `code` in the notebook, and returns the value of its last expression."""
    source = shell.transform_cell(code)
    name = shell.compile.cache(source)  # so that tracebacks show the code
    try:
        tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        body = shell.compile(tree, name, "exec")
        end = shell.compile(ast.Expression(last.value), name, "eval") if last else None
    except SyntaxError as error:
        if "await" in str(error) or "async" in str(error):
            error.add_note("Code that awaits is counted by `with perfwidgets.count():` in the cell")
        raise
    namespace = shell.user_ns

    def run() -> Any:
        exec(body, namespace)  # noqa: S102  (the notebook's own code)
        return eval(end, namespace) if end is not None else None  # noqa: S307

    return run


def _sections(cell: str) -> tuple[str, dict[str, str]]:
    """What stands before the first ``# variant: name``, and the code of each."""
    heads = list(_VARIANT.finditer(cell))
    names = [head["name"] for head in heads]
    if len(names) < 2 or len(set(names)) < len(names):
        raise UsageError(
            f"%%perfcompare found {len(names)} variants"
            + (", two of one name" if len(set(names)) < len(names) else "")
            + ": write a line '# variant: NAME' before each of two or more"
        )
    ends = [head.start() for head in heads[1:]] + [len(cell)]
    codes = {head["name"]: cell[head.end() : end] for head, end in zip(heads, ends, strict=True)}
    for name, code in codes.items():
        if not code.strip():
            raise UsageError(f"The variant {name!r} has no code")
    return cell[: heads[0].start()], codes


def _check_budgets(
    region: RegionResult, conditions: list[str], strict: bool, is_quiet: bool
) -> None:
    try:
        print(region.check(*conditions, strict=strict))  # noqa: T201  (the cell's own output)
    except BudgetExceededError:
        if not is_quiet:
            _show(region)
        raise
    except ArgumentError as error:
        raise UsageError(str(error)) from error
