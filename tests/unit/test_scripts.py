"""The tests of the scripts that run in the browser, which need Node.js and no browser."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script(script: Path, need: Callable[[object, str], None]) -> None:
    node = shutil.which("node")
    need(node, "no Node.js on this machine: apt-get install nodejs")
    command = [str(node), "--test", "--test-reporter=spec", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{script.name}\n{done.stdout}{done.stderr}", pytrace=False)
