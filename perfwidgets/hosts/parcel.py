"""What is counted on the workers, as it is sent there and named."""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
from collections.abc import Callable
from typing import Any

from perfwidgets import __version__
from perfwidgets.errors import ArgumentError
from perfwidgets.sources.base import Source

__all__ = ["Parcel", "check_client", "check_source"]


class Parcel:
    """A source and what names hosts, pickled; equal ones of all notebooks have one name.

    Parameters
    ----------
    source
        What counts each host.
    host_of
        What names the host of a worker; `None` for its host name.
    """

    def __init__(self, source: Source, host_of: Callable[[Any], str] | None) -> None:
        import cloudpickle  # noqa: PLC0415  (comes with distributed)

        try:
            self.source = pickle.dumps(source)
            self.host_of = None if host_of is None else cloudpickle.dumps(host_of)
        except Exception as error:
            raise ArgumentError(
                f"{source!r} cannot be sent to workers ({error})", "Give PerfStat or VmStat."
            ) from error
        digest = hashlib.sha256(f"{__version__} {_described(source)}".encode())
        digest.update(_described(host_of).encode() if _is_plain(host_of) else self.host_of or b"")
        self.name = f"perfwidgets-{source.kind}-{digest.hexdigest()[:16]}"


def _described(value: object) -> str:
    """What an object is made of; equal texts for equal ones, which pickles need not be."""
    reduced = value.__reduce_ex__(4)
    if isinstance(reduced, str):
        return reduced
    made, arguments = reduced[:2]
    return f"{made.__module__}.{made.__qualname__}{arguments!r}"


def _is_plain(host_of: object) -> bool:
    """Whether it says what it is made of, as `operator.attrgetter` does."""
    return type(host_of).__module__ == "operator"


def check_client(client: Any) -> Any:
    """Return a Dask client.

    Raises
    ------
    ArgumentError
        If it is none, or Dask is not there.
    """
    if importlib.util.find_spec("distributed") is None:
        raise ArgumentError(
            "Dask's distributed is not installed here",
            'Install it: pip install "perfwidgets[dask]"',
        )
    from distributed import Client  # noqa: PLC0415  (takes half a second, and few ask for it)

    if not isinstance(client, Client):
        raise ArgumentError(
            f"{client!r} is no Dask client", "Give a distributed.Client, as in Client(cluster)."
        )
    return client


def check_source(source: Any, kind: str) -> Source:
    """Return a source that can count on workers."""
    if getattr(source, "kind", None) != kind or isinstance(source, type):
        raise ArgumentError(
            f"{source!r} is no source of {kind}", "Give PerfStat for counters, VmStat for memory."
        )
    if not getattr(source, "live", True) or source.interval is None or hasattr(source, "hosts"):
        raise ArgumentError(
            f"{source!r} cannot be counted on workers",
            "Give PerfStat for counters, VmStat for memory.",
        )
    checked: Source = source
    return checked
