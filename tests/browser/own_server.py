"""A server of one's own: of any front end, with files in a folder, killed and started again at will."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lab import MARKER, SETTINGS, Server, free_port, kill_marked, marked_processes, wait_for

#: how long it may take to begin, and to end (s), and what its kernels started after it
_START = 90
_END = 30
_SOON = 5


class OwnServer:
    """A server that keeps its address, its token and its files when it is started again.

    Parameters
    ----------
    folder
        Where all its files go: what it serves is in ``work``.
    module, options
        The front end, as after ``python -m``.
    python
        Whose front end it is.
    """

    def __init__(
        self,
        folder: Path,
        module: str = "jupyterlab",
        options: Sequence[str] = ("--expose-app-in-browser",),
        python: str | Path = sys.executable,
    ) -> None:
        self.work, self._config = folder / "work", folder / "config"
        self.log = folder / "server.log"
        self.marker, self.token, self._port = (
            secrets.token_hex(8),
            secrets.token_hex(16),
            free_port(),
        )
        self._command = [str(python), "-m", module, *options]
        self._command += ["--no-browser", f"--port={self._port}"]
        if module != "voila":
            self._command += ["--ip=127.0.0.1", *(["--allow-root"] if os.geteuid() == 0 else [])]
        for each in (self.work, self._config / "labconfig"):
            each.mkdir(parents=True)
        settings = self._config / "labconfig/default_setting_overrides.json"
        settings.write_text(json.dumps(SETTINGS))
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "PYTHON"))
        } | {
            "JUPYTER_CONFIG_DIR": str(self._config),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_TOKEN": self.token,
            MARKER: self.marker,
        }

    @property
    def url(self) -> str:
        """Its address, with a slash at the end."""
        return f"http://127.0.0.1:{self._port}/"

    @property
    def server(self) -> Server:
        """What `Lab` opens notebooks on."""
        return Server(self.url, self.token, self.work, self._config, self.marker)

    def start(self) -> None:
        """Start it; return when it answers."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.work,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(lambda: self._answers() or self._process.poll() is not None, _START)
        if self._process.poll() is not None or not self._answers():
            raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-4000:]}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the server alone; what its kernels do is their business."""
        self._process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END)

    def perfs(self) -> list[str]:
        """The command lines of the perf processes that its kernels started."""
        lines = marked_processes(self.marker).values()
        return [" ".join(words) for words in lines if Path(words[0]).name == "perf"]

    def has_ended_clean(self) -> bool:
        """Whether it has ended, and all perf with it, soon."""
        return wait_for(lambda: not self.perfs(), _SOON) and self._process.poll() is not None

    def sweep(self) -> None:
        """End it, and whatever descends from it."""
        self.end()
        wait_for(lambda: not kill_marked(self.marker), 10)
        self._process.wait(_END)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 2):
            return True
        return False
