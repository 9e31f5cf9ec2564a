"""The arm64 guests with a PMU (tests/pmu_guest): built once a machine, started once a session."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "pmu_guest"
#: a guest ends after this long, even if the tests that started it were killed
MAX_SECONDS = 3600
BUILD_SECONDS = 600


class GuestError(Exception):
    """The guest cannot be had on this machine."""


@dataclass(frozen=True)
class Guest:
    """One running guest."""

    name: str

    def command(self, perf: str = "perf") -> list[str]:
        """How to call a perf in the guest: ``perf`` (6.1), ``perf-6.1`` or ``perf-6.12``."""
        return ["env", f"PMU_VM={self.name}", f"PMU_PERF={perf}", str(FOLDER / "guest-perf")]

    def run(self, *words: str) -> str:
        """Run any command in the guest, such as ``load 2 10``; return its output."""
        environment = {**os.environ, "PMU_VM": self.name}
        return subprocess.run(
            [FOLDER / "guest-run", *words],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout


class Guests:
    """The guests of a session, each started when it is first asked for."""

    def __init__(self, need: Callable[[object, str], None]) -> None:
        self._need = need
        self._started: list[str] = []
        self._failed = ""

    @cached_property
    def ic(self) -> Guest:
        """Two CPUs that count cycles and instructions."""
        return self._start("ic", "--smp", "2", "--icount", "3")

    @cached_property
    def four(self) -> Guest:
        """Four CPUs that count cycles, not instructions."""
        return self._start("four", "--smp", "4")

    def _start(self, name: str, *options: str) -> Guest:
        full_name = f"pytest-{os.getpid()}-{name}"
        limit = ("--max-seconds", str(MAX_SECONDS))
        self._need(not self._failed, self._failed)
        try:
            _call("start", "--name", full_name, *limit, *options, seconds=150)
        except GuestError as error:
            self._failed = f"no guest with a PMU: {error}"
            self._need(False, self._failed)
        self._started.append(full_name)
        return Guest(full_name)

    def stop(self) -> None:
        """End all that were started."""
        while self._started:
            _call("stop", "--name", self._started.pop(), seconds=30)


def build() -> None:
    """Build the guest unless that was done; raise `GuestError` where it cannot be."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(os.environ.get("PMU_VM_CACHE") or home / "pmu-guest")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all((cache / "out" / file).exists() for file in ("vmlinuz", "initramfs.cpio")):
            _call("build", seconds=BUILD_SECONDS)


def _call(script: str, *options: str, seconds: float) -> None:
    try:
        subprocess.run(
            [FOLDER / script, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=True,
            text=True,
            timeout=seconds,
        )
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:] or ["it said nothing"]
        raise GuestError(f"pmu_guest/{script} failed: {last[0]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GuestError(f"pmu_guest/{script}: {error}") from error
