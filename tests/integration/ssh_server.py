"""A real sshd on loopback: its own keys, port and configuration, nothing of the system's."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import wait_until

#: sshd insists on this empty folder of root's, and packages leave it to the service to make it
_PRIVILEGE_FOLDER = Path("/run/sshd")
_CONFIGURATION = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
"""


def programs() -> list[str] | None:
    """The paths of sshd, ssh and ssh-keygen, or `None` where one is missing."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = [shutil.which(name, path=path) for name in ("sshd", "ssh", "ssh-keygen")]
    return [name for name in found if name] if all(found) else None


@dataclass(frozen=True)
class Server:
    """A running sshd."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    def command(self, *perf: str) -> list[str]:
        """How to call a perf through it."""
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "IdentityFile": f"{self.folder}/user",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": f"{self.folder}/known_hosts",
        }
        words = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        address = ["-p", str(self.port), "127.0.0.1"]
        return ["ssh", "-F", "/dev/null", *words, *address, *(perf or ("perf",))]

    def sessions(self) -> list[int]:
        """The process ids of the connections that it serves."""
        listing = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
            check=False,
            capture_output=True,
            text=True,
        )
        return [int(word) for word in listing.stdout.split()]

    def cut(self) -> None:
        """Kill all connections."""
        for pid in self.sessions():
            os.kill(pid, signal.SIGKILL)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Run an sshd that lets this user in with ``folder/user``."""
    sshd, _, keygen = programs() or ("sshd", "ssh", "ssh-keygen")
    for key in ("host", "user"):
        subprocess.run(
            [keygen, "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True, timeout=30
        )
    port = _free_port()
    public = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
    (folder / "sshd_config").write_text(_CONFIGURATION.format(port=port, folder=folder))
    made = _make_privilege_folder()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sshd, "-D", "-e", "-f", folder / "sshd_config"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: process.poll() is not None or _answers(port))
        assert _answers(port), (folder / "log").read_text()
        yield Server(process, port, folder)
    finally:
        process.terminate()
        process.wait(10)
        if made:
            _PRIVILEGE_FOLDER.rmdir()


def _make_privilege_folder() -> bool:
    if os.geteuid() != 0 or _PRIVILEGE_FOLDER.exists():
        return False
    _PRIVILEGE_FOLDER.mkdir(0o755)
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
