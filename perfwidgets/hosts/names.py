"""What the host is called that a command leads to."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from typing import Final

__all__ = ["host_of", "unique"]

#: ssh's options that take a word
_SSH_WITH_WORD: Final = frozenset("BbcDEeFIiJLlmOopQRSWw")
_CONTAINERS: Final = frozenset(("docker", "podman", "nerdctl", "kubectl"))
#: those of containers' `exec`
_EXEC_WITH_WORD: Final = frozenset(
    (
        *("-u", "--user", "-e", "--env", "--env-file", "-w", "--workdir", "--detach-keys"),
        *("-n", "--namespace", "-c", "--container", "--context"),
    )
)


def host_of(command: Sequence[str]) -> str:
    """Return the name of the machine or container where `command` runs perf.

    Of ssh the destination, without the user; of ``docker exec`` the container; else this host.
    """
    for place, word in enumerate(command):
        program = os.path.basename(word)
        rest = command[place + 1 :]
        if program == "ssh" and (found := _destination(rest)):
            return found
        if program in _CONTAINERS and "exec" in rest:
            found = _first(rest[list(rest).index("exec") + 1 :], _EXEC_WITH_WORD)
            if found:
                return found
    return socket.gethostname()


def unique(names: Iterable[str]) -> list[str]:
    """``a, b, a`` as ``a, b, a #2``."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return found


def _destination(words: Sequence[str]) -> str:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-") and len(word) > 1:
            # `-p 22` takes the next word, `-p22` has it; flags may stand together, as in `-4p 22`
            first = next((i for i, c in enumerate(word[1:], 1) if c in _SSH_WITH_WORD), None)
            skip = first == len(word) - 1
        else:
            return _bare(word)
    return ""


def _bare(destination: str) -> str:
    """``ssh://user@node7:22`` and ``user@node7`` as ``node7``."""
    is_url = destination.startswith("ssh://")
    host = destination.removeprefix("ssh://").rpartition("@")[2]
    if is_url:
        host = host.partition("/")[0]
        name, colon, port = host.rpartition(":")
        if colon and port.isdigit():
            host = name
    return host


def _first(words: Sequence[str], with_word: frozenset[str]) -> str:
    """The first word that is no option."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in with_word
        else:
            return word
    return ""
