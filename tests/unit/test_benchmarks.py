"""The benchmarks' command starts; what they measure is nobody's test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("how", [["tests/benchmarks"], ["-m", "tests.benchmarks"]])
def test_the_command_names_what_it_can_measure(how):
    command = [sys.executable, *how, "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert {"parse", "latency", "traffic", "kernel", "browser"} <= set(done.stdout.split())


def test_a_name_that_is_none_is_refused():
    command = [sys.executable, "tests/benchmarks", "nosuch"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "there is no 'nosuch'; there are parse" in done.stderr
