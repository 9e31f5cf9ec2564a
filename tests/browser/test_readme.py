"""The README's first command, in a fresh copy and a fresh virtual environment."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from lab import MARKER, Lab, Server, address, kill_marked, wait_for
from test_dashboard import HISTORY, wait_live

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
COPIED = ("perfwidgets", "notebooks", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """The server that the README's command starts, as it says it, but for the browser."""
    if not os.environ.get("CI"):
        pytest.skip("installs JupyterLab anew, which takes minutes: set CI=1 to run it")
    readme = (ROOT / "README.md").read_text()
    command = re.search(r"<!-- lab-command -->\n```bash\n(.+)\n```", readme)
    assert command, "README.md holds no lab command of one line"
    clone, runtime = tmp_path / "clone", tmp_path / "runtime"
    clone.mkdir()
    runtime.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, clone / name)
    marker = secrets.token_hex(8)
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("JUPYTER", "PYTHON", "VIRTUAL_ENV"))
    }
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", f"{command[1]} --no-browser --expose-app-in-browser --ip=127.0.0.1"],
            cwd=clone,
            env={
                **kept,
                "JUPYTER_RUNTIME_DIR": str(runtime),
                "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
                "JUPYTER_DATA_DIR": str(tmp_path / "data"),
                "IPYTHONDIR": str(tmp_path / "ipython"),
                "JUPYTER_TOKEN": marker,
                MARKER: marker,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        started: list[str] = []

        def answers() -> bool:
            for file in runtime.glob("jpserver-*.json"):
                with suppress(OSError, json.JSONDecodeError):
                    if url := address(file):
                        started.append(url)
            return bool(started) or process.poll() is not None

        wait_for(answers, 400)
        assert started, f"the README's command did not start JupyterLab:\n{log.read_text()}"
        yield Server(started[0], marker, clone, tmp_path / "config", marker), log
    finally:
        process.terminate()
        wait_for(lambda: not kill_marked(marker), 10)
        process.wait(10)


def test_first_command_opens_the_live_dashboard(context, fresh):
    server, log = fresh
    lab = Lab(server, context)
    try:
        notebook = lab.visit("perfwidgets.ipynb")
        assert "/lab/tree/perfwidgets.ipynb" in log.read_text(), "the address opens the notebook"
        code = notebook.page.evaluate(
            "() => { const w = [...jupyterapp.shell.widgets('main')].find(w => w.context);"
            "return w.content.widgets.findIndex(c => c.model.type === 'code'); }"
        )
        notebook.run_and_wait(code)
        wait_live(notebook)
        notebook.watch(HISTORY).wait(4)
        pictures = ROOT / "build" / "screenshots"
        pictures.mkdir(parents=True, exist_ok=True)
        notebook.screenshot(pictures / "readme.png")
        assert len(lab.children_named("perf")) == 1
        lab.assert_quiet()
    finally:
        lab.close()
