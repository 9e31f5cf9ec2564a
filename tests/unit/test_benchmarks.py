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


def test_a_table_in_markdown_says_what_stands_in_the_way_of_what_is_not_reached():
    code = """
from tests.benchmarks import __main__ as benchmarks
from measuring import Line
met = Line("parse", "a | b", "pandas", "0.5", "<= 1.0", True, "remark", "not told")
missed = Line("models", "CPU", "perf", "2", "<= 1.0", False, "", "a loop: 0.7")
print(benchmarks.markdown([met, missed]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    _, rule, met, missed = done.stdout.splitlines()
    assert set(rule) == set("|- ")
    assert met == "| parse | a \\| b | 0.5 | <= 1.0 | pandas | yes | remark |"
    assert missed == "| models | CPU | 2 | <= 1.0 | perf | **no** | The limit: a loop: 0.7 |"
