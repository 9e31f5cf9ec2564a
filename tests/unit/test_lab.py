"""``perfwidgets lab``, up to the point where it becomes JupyterLab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from perfwidgets import __version__
from perfwidgets.__main__ import main

Execs = list[list[str]]


@pytest.fixture(autouse=True)
def execs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Execs:
    """Work in an empty folder as an ordinary user, and keep what would have been started."""
    commands: Execs = []

    def execv(program: str, command: list[str]) -> None:
        assert program == sys.executable
        commands.append(command)
        raise SystemExit(0)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return commands


def lab(*arguments: str) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["lab", *arguments])


def test_the_notebook_is_written_and_opened(execs: Execs, tmp_path: Path) -> None:
    lab()
    path = tmp_path / "perfwidgets.ipynb"
    url = "--LabApp.default_url=/lab/tree/perfwidgets.ipynb"
    assert execs == [[sys.executable, "-m", "jupyterlab", str(path), url]]
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == ["markdown", "code"]
    code = ["import perfwidgets", "", "dashboard = perfwidgets.Dashboard()", "dashboard"]
    assert notebook.cells[1].source.splitlines() == code


def test_an_existing_notebook_is_left_alone(execs: Execs, tmp_path: Path) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text("mine")
    lab("--notebook", "mine.ipynb")
    assert path.read_text() == "mine"
    assert execs[0][3] == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_other_options_are_passed_on_in_order(execs: Execs, tmp_path: Path) -> None:
    lab("--no-browser", "--port", "8899", "--notebook=a b.ipynb", "--ip=0.0.0.0", "-y", "--version")
    options = ["--no-browser", "--port", "8899", "--ip=0.0.0.0", "-y", "--version"]
    url = "--LabApp.default_url=/lab/tree/a%20b.ipynb"
    assert execs[0][3:] == [str(tmp_path / "a b.ipynb"), url, *options]


def test_no_address_is_guessed_where_another_folder_is_served(execs: Execs) -> None:
    lab("--notebook-dir=/")
    assert execs[0][4:] == ["--notebook-dir=/"]


@pytest.mark.parametrize("given", [[], ["--allow-root"]])
def test_root_is_allowed_once_and_told(
    given: list[str],
    execs: Execs,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    lab(*given)
    assert execs[0].count("--allow-root") == 1
    assert ("--allow-root" in capsys.readouterr().err) == (not given)


def test_without_jupyterlab(
    execs: Execs,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["lab"]) == 2
    assert 'pip install "perfwidgets[lab]"' in capsys.readouterr().err
    assert execs == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["missing/a.ipynb", "file/a.ipynb", "folder", "forbidden.ipynb"])
def test_where_no_notebook_can_be_written(
    path: str, execs: Execs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").touch()
    Path("folder").mkdir()
    if path == "forbidden.ipynb":  # root may write anywhere

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    assert main(["lab", "--notebook", path]) == 2
    message = capsys.readouterr().err
    assert path in message
    assert "--notebook PATH" in message
    assert execs == []


@pytest.mark.parametrize("arguments", [[], ["nothing"]])
def test_a_command_is_needed(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        main(arguments)
    assert "usage: perfwidgets" in capsys.readouterr().err


def test_version_and_no_heavy_imports() -> None:
    code = (
        "import runpy, sys; sys.argv[1:] = ['--version']\n"
        "try: runpy.run_module('perfwidgets', run_name='__main__', alter_sys=True)\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'ipywidgets', 'bqplot', 'numpy'} & set(sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, f"perfwidgets {__version__}"), done.stderr
