"""``perfwidgets nbval-sanitize``: where the sanitise file for nbval is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_command", "sanitize_file"]


def sanitize_file() -> Path:
    """Return the file for ``pytest --nbval-sanitize-with``."""
    return Path(__file__).parent / "nbval-sanitize.cfg"


def add_command(commands: Any) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "nbval-sanitize",
        help="print the path of a sanitise file for notebooks with live counts",
        description='Use it as: pytest --nbval --nbval-sanitize-with="$(perfwidgets nbval-sanitize)"',
    )
    command.set_defaults(run=_run)


def _run(_arguments: argparse.Namespace) -> int:
    print(sanitize_file())  # noqa: T201  (the command's output)
    return 0
