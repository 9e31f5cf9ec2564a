"""The command line: ``perfwidgets`` and ``python -m perfwidgets``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from perfwidgets import (
    __version__,
    check_command,
    lab,
    record_command,
    sanitize_command,
    serve_command,
)
from perfwidgets.errors import PerfwidgetsError

# Each module has add_command(commands), which adds its parser with a default `run`: what that
# returns, given the arguments, is the exit code. One that takes options of another program has a
# default `passed_on` too. None imports ipywidgets or bqplot.
COMMANDS = (check_command, record_command, serve_command, sanitize_command, lab)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="perfwidgets",
        description="Hardware counters of the machine, live in Jupyter.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        module.add_command(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code: 2 if it cannot be done, with what to do on stderr."""
    parser = build_parser()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown and not hasattr(arguments, "passed_on"):
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    arguments.passed_on = unknown
    try:
        code: int = arguments.run(arguments)
    except PerfwidgetsError as error:
        sys.stderr.write(f"perfwidgets: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
