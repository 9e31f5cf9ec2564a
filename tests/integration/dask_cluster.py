"""A real scheduler and real workers, each a process that poses as a host."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from processes import until

#: what a worker's name poses as: ``node1-a`` and ``node1-b`` are two workers of ``node1``


def host_of(worker: Any) -> str:
    """The host that a worker poses as."""
    return str(worker.name).split("-")[0]


class DaskCluster:
    """Processes of one cluster, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port = 0

    def start_scheduler(self) -> None:
        """Start the scheduler; again on the same port."""
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        self._start(
            "scheduler",
            *("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"),
            *("--scheduler-file", str(file)),
        )
        until(lambda: self.address, 30, "the scheduler does not come up")
        self.port = int(self.address.rpartition(":")[2])

    @property
    def address(self) -> str:
        """Where the scheduler is; empty before it is up."""
        try:
            return str(json.loads((self.folder / "scheduler.json").read_text())["address"])
        except (FileNotFoundError, ValueError):  # it may be written just now
            return ""

    def start_worker(self, name: str, **environment: str) -> None:
        """Start a worker that poses as the host of this name."""
        self._start(
            name,
            *("worker", self.address, "--name", name, "--no-nanny", "--no-dashboard"),
            *("--nthreads", "1", "--memory-limit", "0"),
            *("--local-directory", str(self.folder / name)),
            **environment,
        )

    def _start(self, name: str, *words: str, **environment: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
                start_new_session=True,
                cwd=self.folder,  # else our own perfwidgets would come first
            )

    def kill(self, name: str) -> int:
        """Kill a process without a word; return what its id was."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()
        return process.pid

    def stop(self) -> None:
        """Kill all that is left."""
        for name in list(self.processes):
            self.kill(name)


def tools_without_perf(folder: Path) -> str:
    """A PATH with what a worker needs, and no perf."""
    folder.mkdir()
    for name in ("sh", "env", "cat", "uname"):
        (folder / name).symlink_to(str(shutil.which(name)))
    assert shutil.which("perf", path=str(folder)) is None
    return str(folder)


def other_perfwidgets(folder: Path, text: str) -> str:
    """A folder for PYTHONPATH whose perfwidgets is this text."""
    (folder / "perfwidgets").mkdir(parents=True)
    (folder / "perfwidgets" / "__init__.py").write_text(text)
    return str(folder)
