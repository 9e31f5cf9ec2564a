"""A real JupyterLab server, and notebooks in it that a test runs through a browser."""

from __future__ import annotations

import ast
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request

Theme = Literal["light", "dark"]
THEMES: dict[Theme, str] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
LINE = ".bqplot path.line"
MARKER = "PERFWIDGETS_TEST_SERVER"
START_SECONDS = 60
STOP_SECONDS = 10
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/application-extension:shell": {"startMode": "single"},
}
HARMLESS = {  # what JupyterLab writes of itself: the pattern, and when
    r"Connection lost, reconnecting in \d+ seconds.*jlab_core": "a kernel is restarted",
    # we have none
    r"Plugin \S+ .*(took [\d.]+ms|is taking too long) to activate.*jlab_core": "the machine is busy",
}


@dataclass(frozen=True)
class Server:
    """A running server. Every process that it starts inherits `marker` in its environment."""

    url: str
    token: str
    folder: Path
    config: Path
    marker: str

    def request(self, method: str, path: str) -> Any:
        """Ask the server's REST API."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.loads(response.read() or b"null")

    def shut_down_kernels(self) -> None:
        """End all kernels, and wait until they are gone."""
        for session in self.request("GET", "api/sessions"):
            self.request("DELETE", f"api/sessions/{session['id']}")

    def set_theme(self, theme: Theme) -> None:
        """Make a theme that of the pages opened from now on."""
        folder = self.config / "lab/user-settings/@jupyterlab/apputils-extension"
        folder.mkdir(parents=True, exist_ok=True)
        settings = json.dumps({"theme": THEMES[theme]})
        (folder / "themes.jupyterlab-settings").write_text(settings)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Start a JupyterLab of this Python that keeps all its files in a folder, and end it."""
    notebooks, config, runtime = folder / "notebooks", folder / "config", folder / "runtime"
    for each in (notebooks, config / "labconfig", runtime):
        each.mkdir(parents=True)
    (config / "labconfig/default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    marker = secrets.token_hex(8)
    token = secrets.token_hex(16)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")} | {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_TOKEN": token,
        MARKER: marker,
    }
    options = ["--no-browser", "--expose-app-in-browser", f"--port={free_port()}", "--ip=127.0.0.1"]
    if os.geteuid() == 0:
        options.append("--allow-root")
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=notebooks,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        started = runtime / f"jpserver-{process.pid}.json"
        wait_for(lambda: address(started) or process.poll() is not None, START_SECONDS)
        url = address(started)
        assert url, f"JupyterLab did not start:\n{log.read_text()}"
        yield Server(url, token, notebooks, config, marker)
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        # Kernels have sessions of their own, so that there is no one group to kill.
        wait_for(lambda: not kill_marked(marker), STOP_SECONDS)
        process.wait(STOP_SECONDS)


def address(started: Path) -> str | None:
    """Return the address that a server has written to a file, once it answers there."""
    with suppress(OSError, ValueError):  # no file yet, half of it, nobody listens yet
        url: str = json.loads(started.read_text())["url"]
        with urllib.request.urlopen(url + "api", timeout=5):
            return url
    return None


def free_port() -> int:
    """Return a port that was free a moment ago; the server takes the next one if it no longer is."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    """Ask until a condition holds, and return whether it does."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def marked_processes(marker: str) -> dict[int, list[str]]:
    """Return the command lines of the processes that descend from a server, orphans too."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{MARKER}={marker}".encode() in (process / "environ").read_bytes().split(b"\0"):
                command = (process / "cmdline").read_bytes().decode(errors="replace")
                found[int(process.name)] = command.rstrip("\0").split("\0")
    return found


def kill_marked(marker: str) -> bool:
    """Kill the processes that descend from a server, and return whether there were any."""
    processes = marked_processes(marker)
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(processes)


@dataclass
class Redraws:
    """Counts the writes of an attribute in the page, one for each redraw of a figure."""

    page: Page
    index: int

    def times(self) -> list[float]:
        """Return when each redraw was, in seconds."""
        times = self.page.evaluate("index => harness.times(index)", self.index)
        return [milliseconds / 1000 for milliseconds in times]

    def count(self) -> int:
        """Return how many there were since the watch began."""
        return len(self.times())

    def longest_gap(self) -> float:
        """Return the longest time between two of them, in seconds."""
        times = self.times()
        return max((b - a for a, b in pairwise(times)), default=float("inf"))

    def wait(self, more: int = 1, seconds: float = 30) -> None:
        """Wait until there were so many more than now."""
        self.page.wait_for_function(
            "([index, count]) => harness.times(index).length >= count",
            arg=[self.index, self.count() + more],
            timeout=seconds * 1000,
        )


@dataclass
class Notebook:
    """A notebook open in one page. Cells are numbered from 0."""

    page: Page
    name: str

    def run(self, cell: int) -> None:
        """Start a cell, and return at once."""
        self.page.evaluate("cell => harness.run(cell)", cell)

    def run_and_wait(self, cell: int, seconds: float = 60) -> None:
        """Run a cell to its end; an error that it shows fails the test."""
        self.run(cell)
        self.wait_idle(seconds)
        errors = self.page.evaluate("cell => harness.errors(cell)", cell)
        assert not errors, f"cell {cell}: {errors}"

    def wait_idle(self, seconds: float = 60) -> None:
        """Wait until all cells have ended and the kernel is idle."""
        self.page.evaluate("seconds => harness.idle(seconds)", seconds)

    def wait_drawn(self, lines: int = 1) -> None:
        """Wait until so many lines are drawn in the page."""
        self.page.wait_for_function(
            "([line, count]) => [...document.querySelectorAll(line)]"
            ".filter(path => path.getAttribute('d')).length >= count",
            arg=[LINE, lines],
        )

    def wait_text(self, selector: str, text: str, seconds: float = 30) -> None:
        """Wait until one of these elements holds `text`.

        They are kept in sight: what a click, or JupyterLab at the end of a cell, has scrolled out
        of the window is not drawn until it is seen.
        """
        self.page.wait_for_function(
            """([selector, text]) => {
                const found = [...document.querySelectorAll(selector)];
                const holds = (each) => each.checkVisibility() && each.textContent.includes(text);
                if (found.some(holds)) return true;
                found[0]?.scrollIntoView({ block: "nearest" });
                return false;
            }""",
            arg=[selector, text],
            polling=100,
            timeout=seconds * 1000,
        )

    def watch(self, selector: str = LINE, attribute: str = "d") -> Redraws:
        """Count from now on, until the page is reloaded, the redraws of what a selector finds."""
        index = self.page.evaluate("args => harness.watch(...args)", [selector, attribute])
        return Redraws(self.page, index)

    def output(self, cell: int) -> Locator:
        """Return a locator of the output area of a cell."""
        return self.page.locator(f'[data-windowed-list-index="{cell}"] .jp-Cell-outputArea')

    def outputs(self, cell: int) -> str:
        """Return the text that a cell's output shows."""
        text: str = self.page.evaluate("cell => harness.text(cell)", cell)
        return text

    def python(self, expression: str) -> Any:
        """Return the value, by way of JSON, of an expression in the kernel, once that is free.

        What JSON lacks comes as its repr. Threads that print do so nowhere from then on, until
        the next cell runs: IPython sends their text to the last request.
        """
        code = f'__import__("json").dumps(({expression}), default=repr)'
        answer = self.page.evaluate("code => harness.evaluate(code)", code)
        assert answer["status"] == "ok", f"{expression}: {answer['ename']}: {answer['evalue']}"
        return json.loads(ast.literal_eval(answer["data"]["text/plain"]))

    def reload(self, *, idle: bool = True) -> None:
        """Save the notebook and load the page anew; do not wait for a busy kernel if not `idle`."""
        self.page.evaluate("harness.save()")
        self.page.reload(wait_until="domcontentloaded")
        self.wait_ready(idle=idle)

    def wait_ready(self, *, idle: bool = True) -> None:
        """Wait until the notebook is shown and its kernel connected."""
        self.page.evaluate("harness.ready()")
        if idle:
            self.wait_idle()

    def restart_kernel(self) -> None:
        """Restart the kernel, without a dialog; the outputs stay."""
        self.page.evaluate("harness.restart()")

    def interrupt(self) -> None:
        """Interrupt the cell that runs."""
        self.page.evaluate("harness.interrupt()")

    def new_view_of_output(self, cell: int) -> Locator:
        """Do "Create New View for Output", and return a locator of the new view."""
        self.page.evaluate("cell => harness.newView(cell)", cell)
        view = self.page.locator(".jp-LinkedOutputView").last
        view.wait_for()
        return view

    def set_theme(self, theme: Theme) -> None:
        """Change the theme of the page, and wait until it is there."""
        self.page.evaluate("name => harness.theme(name)", THEMES[theme])

    def set_width(self, pixels: int) -> None:
        """Change the width of the page, and wait until its figures have followed."""
        size = self.page.viewport_size
        assert size
        self.page.set_viewport_size({"width": pixels, "height": size["height"]})
        self.page.evaluate("harness.settled()")

    def screenshot(self, path: Path | str) -> None:
        """Write a picture of the page."""
        self.page.screenshot(path=path)


@dataclass
class Lab:
    """Opens notebooks in the browser, and keeps what their pages complain of."""

    server: Server
    context: BrowserContext
    console: list[str] = field(default_factory=list)
    """Errors and warnings of the pages, and requests that leave this machine."""
    opened: int = 0

    def __post_init__(self) -> None:
        self.context.add_init_script(path=Path(__file__).with_name("page.js"))

    def open(self, cells: Sequence[str], theme: Theme = "light", width: int = 1400) -> Notebook:
        """Write a notebook of code cells, and open it with a kernel of its own."""
        name = f"notebook-{secrets.token_hex(4)}.ipynb"
        (self.server.folder / name).write_text(json.dumps(notebook_of(cells)))
        self.server.set_theme(theme)
        return self.visit(name, width)

    def visit(self, name: str, width: int = 1400) -> Notebook:
        """Open a notebook that is there, in a new page: a second time, it shares its kernel."""
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": 1000})
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._complain(f"page error: {error}"))
        page.on("request", self._on_request)
        self.opened += 1
        workspace = f"{Path(name).stem}-{self.opened}"  # a fresh one has nothing to restore
        page.goto(
            f"{self.server.url}doc/workspaces/{workspace}/tree/{name}?token={self.server.token}",
            wait_until="domcontentloaded",
        )
        notebook = Notebook(page, name)
        notebook.wait_ready()
        return notebook

    def assert_quiet(self) -> None:
        """Fail if a page wrote an error or a warning, or asked anything of another machine."""
        for page in self.context.pages:
            page.evaluate("0")  # what the page wrote before has then arrived
        assert not self.console, "\n".join(self.console)

    def children_named(self, name: str) -> list[int]:
        """Return the processes of this name that kernels started, those that lost their parent too."""
        commands = marked_processes(self.server.marker)
        return [pid for pid, command in commands.items() if Path(command[0]).name == name]

    def close(self) -> None:
        """Close the pages, then end the kernels."""
        for page in self.context.pages:
            page.close()
        self.server.shut_down_kernels()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complain(f"{message.type}: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self._complain(f"request: {request.url}")

    def _complain(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in HARMLESS):
            self.console.append(text)


def notebook_of(cells: Sequence[str]) -> dict[str, Any]:
    """Return a notebook of code cells."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(cells)
        ],
    }
