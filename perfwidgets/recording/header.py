"""The first line of a recording: what was asked for, and of which machine."""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from perfwidgets.errors import RecordingError
from perfwidgets.perf_command import is_local

__all__ = ["FORMAT", "VERSION", "Header", "cpu_model"]

FORMAT: Final = "perfwidgets recording"
VERSION: Final = "1.0"
_MAJOR: Final = 1
#: names beyond these are not kept: their number, and the characters of each
_MOST_EVENTS, _MOST_CHARACTERS = 100_000, 1000

_MODEL = re.compile(r"^(?:model name|Processor|cpu model|cpu)\s*:\s*(.*\S)", re.MULTILINE)
_VERSION = re.compile(r"([0-9]{1,9})\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording says of itself.

    Attributes
    ----------
    events
        The events asked for.
    interval
        Seconds asked for between samples; `None` if the source set its own pace.
    cores
        The cores asked for, as perf's list; `None` for all.
    per_core
        Whether each core was counted apart.
    perf_version, kernel, cpu
        perf's version, the kernel's release and the model of the processor; `None` if not known.
    created
        When it was begun, in Unix seconds; `None` if not known.
    hosts
        Of several hosts, their names as in the readings' parts; others may have joined later.
    version
        The version of the format.
    """

    events: tuple[str, ...] = ()
    interval: float | None = None
    cores: str | None = None
    per_core: bool = False
    perf_version: str | None = None
    kernel: str | None = None
    cpu: str | None = None
    created: float | None = None
    version: str = VERSION
    hosts: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: object = None) -> Header:
        """Describe what a source counts now, and this machine, if it counts here.

        Parameters
        ----------
        source
            Such as a `PerfStat`; `None` for the machine alone.
        """
        interval = getattr(source, "interval", None)
        # of another machine, or of one that a wrapper leads to, nothing is known here
        command = getattr(source, "command", None)
        hosts = tuple(getattr(source, "hosts", ()))
        is_here = not hosts and (command is None or is_local(command))
        return cls(
            events=tuple(getattr(source, "events", ())),
            interval=None if interval is None else float(interval),
            cores=getattr(source, "cores", None),
            per_core=bool(getattr(source, "per_core", False)),
            perf_version=getattr(source, "version", None),
            kernel=(platform.release() or None) if is_here else None,
            cpu=cpu_model() if is_here else None,
            created=time.time(),
            hosts=hosts,
        )

    def to_dict(self) -> dict[str, Any]:
        """The line, as a plain value."""
        return {
            "kind": "header",
            "format": FORMAT,
            "version": self.version,
            "created": self.created,
            "events": list(self.events),
            "interval": self.interval,
            "cores": self.cores,
            "per_core": self.per_core,
            "perf_version": self.perf_version,
            "kernel": self.kernel,
            "cpu": self.cpu,
            **({"hosts": list(self.hosts)} if self.hosts else {}),
        }

    @classmethod
    def from_dict(cls, line: Mapping[str, Any], shown: str) -> Header:
        """Read the line; `shown` is what the file is called in errors.

        Raises
        ------
        RecordingError
            If it is no header, or of a newer major version.
        """
        version = line.get("version")
        match = _VERSION.fullmatch(version) if isinstance(version, str) else None
        if line.get("format") != FORMAT or match is None:
            raise RecordingError(
                f"{shown} is no recording of perfwidgets", "Record with `perfwidgets record`."
            )
        if int(match[1]) > _MAJOR:
            raise RecordingError(
                f"{shown} has version {version} of the format, and this perfwidgets reads "
                f"{_MAJOR}.x",
                "Update perfwidgets: pip install --upgrade perfwidgets",
            )
        events, hosts = line.get("events"), line.get("hosts")
        return cls(
            events=_texts(events) if isinstance(events, list) else (),
            interval=_number(line.get("interval")),
            cores=_text(line.get("cores")),
            per_core=line.get("per_core") is True,
            perf_version=_text(line.get("perf_version")),
            kernel=_text(line.get("kernel")),
            cpu=_text(line.get("cpu")),
            created=_number(line.get("created")),
            version=match[0],
            hosts=_texts(hosts) if isinstance(hosts, list) else (),
        )


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(text for value in values[:_MOST_EVENTS] if (text := _text(value)) is not None)


def _text(value: object) -> str | None:
    return value[:_MOST_CHARACTERS] if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if 0 < number < 1e12 else None


def cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str | None:
    """Return the model of this machine's processor, if Linux tells."""
    try:
        with cpuinfo.open(errors="replace") as file:
            found = _MODEL.search(file.read(65_536))
    except OSError:
        return None
    return found[1] if found else None
