"""How perf is called: here, on another host, in a container. No shell is ever involved here."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

from perfwidgets.errors import ArgumentError

__all__ = ["is_local", "perf_argv", "split_command"]

_PERF_NAME = re.compile(r"^perf([_-]?\d[\w.-]*)?$")


def split_command(command: object) -> list[str]:
    """Return the words of `command`.

    Parameters
    ----------
    command
        A list of words (``["ssh", "host", "perf"]``), or a text: one word if it has no blanks or
        is the path of a file, else split as a shell would split it.

    Raises
    ------
    ArgumentError
        If it is empty, of another type, or holds a NUL.
    """
    if isinstance(command, str):
        try:
            words = [command] if os.path.exists(command) else shlex.split(command)
        except ValueError as error:
            raise ArgumentError(
                f"The command {command!r} cannot be split into words ({error})",
                'Give a list, such as ["ssh", "host", "perf"].',
            ) from None
    elif isinstance(command, os.PathLike):
        words = [os.fspath(command)]
    elif isinstance(command, Sequence) and all(isinstance(w, (str, os.PathLike)) for w in command):
        words = [os.fspath(word) for word in command]
    else:
        raise ArgumentError(
            f"{command!r} is no command", 'Give a text or a list, such as ["ssh", "host", "perf"].'
        )
    if not words or not words[0] or any("\0" in word for word in words):
        raise ArgumentError(
            f"The command {command!r} is empty or holds a NUL", 'Give the command, such as "perf".'
        )
    return words


def is_local(command: Sequence[str]) -> bool:
    """Whether `command` runs perf on this very machine, so that its cores are ours."""
    return len(command) == 1 and bool(_PERF_NAME.match(os.path.basename(command[0])))


def perf_argv(command: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """Return `command` with perf's `arguments`.

    ssh joins its words with blanks for the remote shell, so there each argument is quoted: also
    where something else calls ssh (``sshpass``, ``env``), and twice where one ssh calls another.
    """
    quoted = list(arguments)
    for word in command:
        if os.path.basename(word) == "ssh":
            quoted = [shlex.quote(argument) for argument in quoted]
    return [*command, *quoted]
