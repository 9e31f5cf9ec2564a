"""``perfwidgets check``: what can be counted here, and why not, on the command line."""

from __future__ import annotations

import argparse
import json
import sys

from perfwidgets.availability import check
from perfwidgets.events import DEFAULT_EVENTS

__all__ = ["add_command", "run"]


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of ``perfwidgets check``."""
    parser = commands.add_parser(
        "check",
        help="tell which events can be counted here, and why not",
        description="Count each event for a moment, and tell which can be counted and why not. "
        "Exit status: 0 if at least one can, 1 if none, 2 if an argument is unusable.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--command",
        default="perf",
        metavar="COMMAND",
        dest="perf_command",
        help="how perf is called, such as 'ssh HOST perf' (default: perf)",
    )
    parser.add_argument(
        "-e",
        "--event",
        action="append",
        metavar="EVENTS",
        dest="events",
        help="an event, or several with commas between; may be repeated (default: the usual 17)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what can be counted; return 0 if something can, else 1."""
    events = ",".join(arguments.events) if arguments.events else DEFAULT_EVENTS
    availability = check(events, command=arguments.perf_command)
    if arguments.json:
        text = json.dumps(availability.to_dict(), indent=2, ensure_ascii=False)
    else:
        text = repr(availability)
    sys.stdout.write(f"{text}\n")
    return 0 if availability.available else 1
