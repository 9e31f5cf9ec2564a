"""``perfwidgets lab``: the dashboard in a JupyterLab, from nothing."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from perfwidgets.errors import PerfwidgetsError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["add_command"]

DESCRIPTION = """\
Write a notebook with the dashboard, if there is none yet, and open it in JupyterLab.
Options that are not listed here go to JupyterLab: "jupyter lab --help" tells them."""
TEXT = """\
# Hardware counters, live
Run the cell below (Shift+Enter). The dashboard keeps counting while later cells run."""
CODE = """\
import perfwidgets

dashboard = perfwidgets.Dashboard()
dashboard"""

# With these, the folder that JupyterLab serves may be another than the notebook's.
ROOT_OPTIONS = ("--notebook-dir", "--ServerApp.root_dir", "--ServerApp.preferred_dir")


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of ``perfwidgets lab``."""
    parser = commands.add_parser(
        "lab",
        help="open a notebook with the dashboard in JupyterLab",
        usage="perfwidgets lab [-h] [--notebook PATH] [JUPYTER LAB OPTIONS ...]",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--notebook",
        type=Path,
        default=Path("perfwidgets.ipynb"),
        metavar="PATH",
        help="the notebook; an existing one is opened as it is (default: %(default)s)",
    )
    parser.set_defaults(run=run, passed_on=())


def run(arguments: argparse.Namespace) -> NoReturn:
    """Write the notebook, and become JupyterLab."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise PerfwidgetsError(
            f"JupyterLab is not installed for {sys.executable}",
            'Install it with: pip install "perfwidgets[lab]"',
        )
    write_notebook(arguments.notebook)
    command = lab_command(arguments.notebook, arguments.passed_on, root=os.geteuid() == 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, command)  # noqa: S606


def write_notebook(path: Path) -> None:
    """Write a notebook with the dashboard, unless there is a file already."""
    try:
        with path.open("x", encoding="utf-8") as file:
            json.dump(dashboard_notebook(), file, indent=1)
            file.write("\n")
    except FileExistsError:
        if not path.is_file():
            raise PerfwidgetsError(
                f"{path} is there, but is no notebook", "Name another with --notebook PATH"
            ) from None
        sys.stderr.write(f"perfwidgets: opening {path} as it is\n")
    except OSError as error:
        raise PerfwidgetsError(
            f"{path} cannot be written: {error.strerror}",
            "Change to a folder of your own, or name a notebook in one with --notebook PATH",
        ) from error
    else:
        sys.stderr.write(f"perfwidgets: wrote {path}\n")


def lab_command(notebook: Path, options: Sequence[str], *, root: bool) -> list[str]:
    """Return the command that opens a notebook in the JupyterLab of this Python."""
    command = [sys.executable, "-m", "jupyterlab", os.path.abspath(notebook)]
    if not any(option.startswith(ROOT_OPTIONS) for option in options):
        # The addresses that JupyterLab prints lead to the notebook then, not to its start page.
        command.append(f"--LabApp.default_url=/lab/tree/{quote(notebook.name)}")
    command += options
    if root and "--allow-root" not in options:
        sys.stderr.write("perfwidgets: adding --allow-root, as this is root\n")
        command.append("--allow-root")
    return command


def dashboard_notebook() -> dict[str, Any]:
    """Return the notebook: a line to read and one cell to run."""
    return {
        "cells": [
            {"cell_type": "markdown", "id": "about", "metadata": {}, "source": TEXT},
            {
                "cell_type": "code",
                "execution_count": None,
                "id": "dashboard",
                "metadata": {},
                "outputs": [],
                "source": CODE,
            },
        ],
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
