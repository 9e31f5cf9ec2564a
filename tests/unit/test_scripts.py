"""The tests of the scripts that run in the browser, which need Node.js and no browser."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import perfwidgets.widgets
from perfwidgets.widgets.scripts import script

STATIC = Path(perfwidgets.widgets.__file__).parent / "static"
ENTRIES = sorted(path.stem for path in STATIC.glob("*.js") if "export default" in path.read_text())
SCRIPTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script(script: Path, need: Callable[[object, str], None]) -> None:
    node = shutil.which("node")
    need(node, "no Node.js on this machine: apt-get install nodejs")
    command = [str(node), "--test", "--test-reporter=spec", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{script.name}\n{done.stdout}{done.stderr}", pytrace=False)


@pytest.mark.parametrize("entry", ENTRIES)
def test_what_is_joined_for_a_widget_is_one_valid_module(
    entry: str, need: Callable[[object, str], None], tmp_path: Path
) -> None:
    """Two modules that declare one name would be an error in the browser alone."""
    node = shutil.which("node")
    need(node, "no Node.js on this machine: apt-get install nodejs")
    module = tmp_path / f"{entry}.mjs"
    module.write_text(script(entry))
    command = [str(node), "--check", str(module)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


def test_there_are_entries() -> None:
    assert {"feed", "history_chart", "counter_table"} <= set(ENTRIES)
