"""A small project of a user's, whose notebook is validated as the README tells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "tests" / "data" / "example_project"


def recipe(name: str) -> str:
    """The commands of the README between two markers."""
    text = (ROOT / "README.md").read_text()
    found = re.search(rf"<!-- {name} -->\n```bash\n(.+?)\n```", text, re.DOTALL)
    assert found, f"README.md holds no {name}"
    return found[1]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECT, tmp_path / "project"))


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with this Python, a shell, and no perf."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("python", "jupyter", "perfwidgets"):
        script = folder / name  # no link: Python would not find its virtual environment
        script.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).parent / name}" "$@"\n')
        script.chmod(0o755)
    return folder


def run(command: str, project: Path, path: str) -> str:
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=project,
        env={**os.environ, "PATH": path, "PYTEST_ADDOPTS": "-p no:cacheprovider -c /dev/null"},
        capture_output=True,
        text=True,
        check=False,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def strict(command: str) -> str:
    """The command with this environment's kernel, whatever kernels the machine has."""
    return command.replace("--nbval ", "--nbval --nbval-current-env --rootdir . ")


def test_strict_nbval_passes_twice_without_perf(project: Path, tools: Path):
    assert shutil.which("perf", path=str(tools)) is None
    for _ in range(2):
        assert "8 passed" in run(strict(recipe("ci-recipe")), project, str(tools))


def test_outputs_that_differ_are_found(project: Path, tools: Path):
    notebook = project / "analysis.ipynb"
    text = notebook.read_text()
    assert "touch(2000)" in text
    notebook.write_text(text.replace("page-faults < 2100", "page-faults < 2200"))
    command = strict(recipe("ci-recipe")) + " || echo FOUND"
    assert "FOUND" in run(command, project, str(tools))


def test_the_recipe_for_recording_makes_what_ci_then_passes(project: Path, tools: Path, need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")
    (project / "recording.jsonl.gz").unlink()
    live = f"{tools}:{os.environ['PATH']}"
    run(recipe("record-recipe"), project, live)
    assert (project / "recording.jsonl.gz").stat().st_size > 500
    assert "8 passed" in run(strict(recipe("ci-recipe")), project, str(tools))


def test_live_it_passes_lax(project: Path, tools: Path, need):
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")
    live = f"{tools}:{os.environ['PATH']}"
    lax = "python -m pytest --nbval-lax --nbval-current-env --rootdir . analysis.ipynb"
    assert "8 passed" in run(lax, project, live)


def test_live_tables_pass_with_the_sanitise_file(project: Path, tools: Path, need):
    """Words are compared, numbers are not."""
    need(shutil.which("perf"), "no perf on this machine: apt-get install linux-perf")
    live = f"{tools}:{os.environ['PATH']}"
    (project / "analysis.ipynb").unlink()
    cells = ["import perfwidgets", COUNTED]
    (project / "live.ipynb").write_text(notebook_of(cells))
    run("jupyter nbconvert --to notebook --execute --inplace live.ipynb", project, live)
    command = (
        "python -m pytest --nbval --nbval-current-env --rootdir . live.ipynb "
        '--nbval-sanitize-with="$(perfwidgets nbval-sanitize)"'
    )
    assert "2 passed" in run(command, project, live)
    stored = (project / "live.ipynb").read_text()
    assert "one thread" in stored
    (project / "live.ipynb").write_text(stored.replace("one thread", "two threads"))
    assert "FOUND" in run(command + " || echo FOUND", project, live)


COUNTED = """
with perfwidgets.count("work", events="task-clock,page-faults", threads="this") as c:
    total = sum(n * n for n in range(3_000_000))
c
"""


def notebook_of(cells: list[str]) -> str:
    import nbformat  # with nbconvert

    code = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells]
    notebook = nbformat.v4.new_notebook(cells=code)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata["kernelspec"] = kernel
    return str(nbformat.writes(notebook))
