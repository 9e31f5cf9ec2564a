"""One command, one table: ``python -m tests.benchmarks`` or ``python tests/benchmarks``.

Each line is a ratio or a count against a reference that is measured in the same run, interleaved.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import textwrap
import time
import traceback
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
warnings.filterwarnings("ignore", module="bqscales|bqplot")

from measuring import Line, say  # noqa: E402

#: name -> module, function, what it needs
BENCHMARKS = {
    "parse": "parsing:parsing",
    "models": "pipeline:sources_and_models",
    "latency": "latency:to_the_model",
    "per-core": "pipeline:per_core",
    "memory": "pipeline:memory",
    "recording": "recording:recording",
    "regions": "regions:regions",
    "hosts": "hosts:hosts",
    "traffic": "traffic:traffic",
    "import": "importing:importing",
    "kernel": "kernel:kernel",
    "slow-down": "kernel:slow_down",
    "browser": "browser:browser",
}


def run(name: str) -> list[Line]:
    """The lines of a benchmark; one that cannot be run gives a line that says why."""
    module, _, function = BENCHMARKS[name].partition(":")
    say(f"{name} …")
    began = time.monotonic()
    try:
        lines: list[Line] = getattr(importlib.import_module(module), function)()
    except Exception as error:
        traceback.print_exc()
        return [Line(name, "not measured", "", type(error).__name__, "", False, str(error)[:200])]
    say(f"  {time.monotonic() - began:.0f} s")
    return lines


def table(lines: list[Line]) -> str:
    """Lines of text, aligned; remarks below theirs."""
    head = ("what", "measured", "reference", "result", "target", "reached")
    reached = {True: "yes", False: "NO", None: ""}
    cells = [
        (x.name, x.measured, x.reference, x.result, x.target, reached[x.reached]) for x in lines
    ]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    rule = "  ".join("-" * width for width in widths)

    def row(texts: tuple[str, ...]) -> str:
        return "  ".join(t.ljust(w) for t, w in zip(texts, widths, strict=True)).rstrip()

    out = [row(head), rule]
    for line, texts in zip(lines, cells, strict=True):
        out.append(row(texts))
        for text in filter(None, (line.remark, _limit(line))):
            out += textwrap.wrap(text, 110, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(out)


def markdown(lines: list[Line]) -> str:
    """The same for a page of text."""
    reached = {True: "yes", False: "**no**", None: ""}
    head = ("what", "measured", "result", "target", "reference in the same run", "reached", "notes")
    rows: list[tuple[str, ...]] = [head, ("---",) * len(head)]
    for x in lines:
        notes = ". ".join(filter(None, (x.remark, _limit(x))))
        rows.append(
            (x.name, x.measured, x.result, x.target, x.reference, reached[x.reached], notes)
        )
    escaped = ((text.replace("|", "\\|") for text in row) for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


def _limit(line: Line) -> str:
    """What stands in the way of a target that is not reached."""
    return f"The limit: {line.limit}" if line.limit and line.reached is False else ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="some of them; all by default")
    parser.add_argument("--list", action="store_true", help="name them and run none")
    parser.add_argument("--no-browser", action="store_true", help="all but the browser's")
    parser.add_argument("--markdown", action="store_true", help="write the table in Markdown")
    options = parser.parse_args()
    if options.list:
        sys.stdout.write("\n".join(BENCHMARKS) + "\n")
        return
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no {min(unknown)!r}; there are {', '.join(BENCHMARKS)}")
    names = options.names or [n for n in BENCHMARKS if n != "browser" or not options.no_browser]
    lines = [line for name in names for line in run(name)]
    sys.stdout.write((markdown if options.markdown else table)(lines) + "\n")


if __name__ == "__main__":
    main()
