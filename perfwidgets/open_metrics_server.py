"""Serves running totals to Prometheus, on threads that counting knows nothing of."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import ipaddress
import os
import re
import socket
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any, Final, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from perfwidgets.errors import ArgumentError, PerfwidgetsError, PerfwidgetsWarning
from perfwidgets.open_metrics import RunningTotals

__all__ = ["LOOPBACK", "MetricsServer"]

LOOPBACK: Final = "127.0.0.1"
#: a client that says nothing for so long (s) is hung up on
_PATIENCE: Final = 10.0
#: scrapers are few: whoever opens more connections than this is hung up on
_MOST_AT_ONCE: Final = 32

#: a Host header: ``localhost:7373``, ``[::1]:7373``
_HOST: Final = re.compile(r"(?:\[(?P<address>[^]]*)\]|(?P<name>[^:\[\]]*))(?::[0-9]*)?")
_Application = Callable[..., Iterable[bytes]]


class MetricsServer:
    """Answers each scrape with the running totals, until it is closed.

    Parameters
    ----------
    totals
        What is served.
    port
        0 for any that is free.
    address
        Where to listen: only this machine can reach the default.

    Attributes
    ----------
    port : int
        The port that it listens on.
    url : str
        Where the page is, such as ``http://127.0.0.1:7373/metrics``.

    Raises
    ------
    ArgumentError
        If the port or the address is none, is in use or may not be used.
    PerfwidgetsError
        If prometheus_client is not installed.

    Warns
    -----
    PerfwidgetsWarning
        If other machines can reach the address.
    """

    def __init__(self, totals: RunningTotals, port: int = 0, address: str = LOOPBACK) -> None:
        if importlib.util.find_spec("prometheus_client") is None:
            raise PerfwidgetsError(
                "Serving metrics needs prometheus_client, which is not installed",
                "Install it: pip install 'perfwidgets[prometheus]'",
            )
        from perfwidgets.open_metrics_page import page  # noqa: PLC0415  (only who serves needs it)

        self._server = _bind(check_port(port), address)
        self._owner, self._closed = os.getpid(), threading.Event()
        self.address = str(self._server.server_address[0])
        self.port = int(self._server.server_address[1])
        application = page(totals)
        if ipaddress.ip_address(self.address).is_loopback:
            application = _for_this_machine(application, address)
        else:
            _warn(self.address, self.port)
        self._server.set_app(application)
        self._thread = threading.Thread(target=self._serve, name="perfwidgets metrics", daemon=True)
        self._thread.start()
        _servers.add(self)

    def __repr__(self) -> str:
        return f"<metrics at {self.url}{', closed' if self.closed else ''}>"

    @property
    def url(self) -> str:
        """Where the page is."""
        is_any = ipaddress.ip_address(self.address).is_unspecified
        host = socket.gethostname() if is_any else self.address
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/metrics"

    @property
    def closed(self) -> bool:
        """Whether it answers no more."""
        return self._closed.is_set()

    def close(self) -> None:
        """Answer no more, and free the port."""
        if self.closed:
            return
        self._closed.set()
        _servers.discard(self)
        if self._owner == os.getpid():
            with contextlib.suppress(OSError):  # it wakes the thread, and says "not connected"
                self._server.socket.shutdown(socket.SHUT_RDWR)
            if threading.current_thread() is not self._thread:
                self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _serve(self) -> None:
        while not self.closed:
            self._server.handle_request()  # each on a thread of its own


#: those that listen, so that a forked child lets go of their ports
_servers: weakref.WeakSet[MetricsServer] = weakref.WeakSet()


def _close_in_child() -> None:
    for server in list(_servers):
        server.close()


os.register_at_fork(after_in_child=_close_in_child)


class _Handler(WSGIRequestHandler):
    timeout = _PATIENCE

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (its own name)
        """A scrape every few seconds is no news."""


def _for_this_machine(application: _Application, name: str) -> _Application:
    """Let in only who asks for this machine by a name or address that none but it can have.

    A web page may have a name of its own lead to this machine ("DNS rebinding"), and so read what
    is meant for programs here; the browser then names the page's host, not ours.
    """

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = environ.get("HTTP_HOST")  # no browser leaves it out
        if asked is None or _is_this_machine(asked, name):
            return application(environ, start_response)
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"Only for this machine: ask for {LOOPBACK} or localhost.\n".encode()]

    return guarded


def _is_this_machine(asked: str, name: str) -> bool:
    """Whether a Host header names the loopback, or the name that it was asked to listen at."""
    found = _HOST.fullmatch(asked.strip())
    host = (found["address"] or found["name"]).rstrip(".").lower() if found else ""
    if host in ("localhost", name.lower()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        self._room = threading.BoundedSemaphore(_MOST_AT_ONCE)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer on a thread of its own, if there are not too many."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """On that thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def server_bind(self) -> None:
        """As the parent's, but for asking a name server what we are called."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or never asks, is not our error."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Server6(_Server):
    address_family = socket.AF_INET6


def check_port(port: object) -> int:
    """Return a usable port.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65_535:
        raise ArgumentError(
            f"{port!r} is no port", "Give a number from 1 to 65535, or 0 for any that is free."
        )
    return port


def _bind(port: int, address: str) -> _Server:
    if not isinstance(address, str) or not address:
        raise ArgumentError(
            f"{address!r} is no address", f'Give a text, such as "{LOOPBACK}" (this machine only).'
        )
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
        family, *_, place = found[0]
        server = _Server6 if family == socket.AF_INET6 else _Server
        return server((str(place[0]), port), _Handler)
    except (OSError, UnicodeError) as error:
        raise _unusable(port, address, error) from error


def _unusable(port: int, address: str, error: Exception) -> ArgumentError:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return ArgumentError(
            f"Port {port} of {address} is in use",
            "Give another port, or 0 for any that is free.",
        )
    if number == errno.EACCES:
        return ArgumentError(
            f"Port {port} of {address} may not be used by this user",
            "Give a port from 1024 up, or 0 for any that is free.",
        )
    reason = getattr(error, "strerror", None) or error
    return ArgumentError(
        f"{address!r} is no address to listen on here ({reason})",
        f'Give one of this machine\'s own, such as "{LOOPBACK}" (this machine only).',
    )


def _warn(address: str, port: int) -> None:
    warnings.warn(
        f"Whoever reaches port {port} at {address} can read the counters: there is neither a "
        f"password nor encryption. Listen on {LOOPBACK} (the default), or see to it that only "
        "Prometheus gets through.",
        PerfwidgetsWarning,
        stacklevel=4,
    )
