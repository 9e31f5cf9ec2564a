"""The commands that CI does not run to their end begin, and say what they take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tests.matrix", "nosuch"], "there is no nosuch: give lab-4.2,"),
        (["tests.soak", "--samples", "1"], "give at least 200 samples"),
    ],
)
def test_what_is_none_is_refused(words, said):
    command = [sys.executable, "-m", *words]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
