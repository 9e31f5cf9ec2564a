"""Fixtures: JupyterLab for the session, and ``lab`` for each test."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lab import Lab, Server, serve
from playwright.sync_api import BrowserContext

CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
FLAGS = [
    "--no-sandbox",  # a must for root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # a container's /dev/shm is small
]


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], need: Callable[[object, str], None]
) -> dict[str, Any]:
    need(CHROMIUM, "no chromium on this machine: apt-get install chromium")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Replace pytest-playwright's own, a method of a plugin: pytest 9.1 and later warn of that."""


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, need: Callable[[object, str], None]
) -> Iterator[Server]:
    installed = importlib.util.find_spec("jupyterlab")
    need(installed, 'no JupyterLab in this Python: pip install "perfwidgets[lab]"')
    with serve(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def lab(context: BrowserContext, server: Server) -> Iterator[Lab]:
    """Notebooks in the browser; their pages are closed and their kernels ended after the test."""
    lab = Lab(server, context)
    try:
        yield lab
    finally:
        lab.close()
