"""What is shipped: the sdist, the wheel that is built of it, and a new environment with it alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

import perfwidgets

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CORE = {"anyio", "anywidget", "bqplot", "ipywidgets", "numpy", "traitlets"}
#: what the core needs of others, pandas by bqplot; of a server, a kernel or a browser nothing
BEYOND_CORE = {
    *("asttokens", "bqscales", "colorama", "comm", "decorator", "executing", "exceptiongroup"),
    *("idna", "ipython", "ipython-pygments-lexers", "jedi", "jupyterlab-widgets"),
    *("matplotlib-inline", "pandas", "parso", "pexpect", "prompt-toolkit", "psutil", "psygnal"),
    *("ptyprocess", "pure-eval", "pygments", "python-dateutil", "pytz", "six", "sniffio"),
    *("stack-data", "traittypes", "typing-extensions", "tzdata", "wcwidth", "widgetsnbextension"),
}
TOOLS = {"pip", "setuptools", "perfwidgets"}
EACH_NAME = """
import json, perfwidgets
found = {}
for name in perfwidgets.__all__:
    try:
        getattr(perfwidgets, name)
        found[name] = "imported"
    except Exception as error:
        found[name] = f"{type(error).__name__}: {error}"
print(json.dumps([perfwidgets.__file__, perfwidgets.__version__, found]))
"""
PARQUET = """
import perfwidgets, sys
history = perfwidgets.Monitor(perfwidgets.Synthetic()).history
try:
    history.to_parquet(sys.argv[1])
except perfwidgets.PerfwidgetsError as error:
    print(error)
"""
DASHBOARD = """
import perfwidgets
with perfwidgets.Dashboard(perfwidgets.Synthetic()) as dashboard:
    dashboard.monitor.wait_for_sample(60)
    dashboard.snapshot("picture.html")
    print("snapshot", "<svg" in open("picture.html").read())
    print("scripts", len(dashboard.status._feed._esm) > 100_000, len(dashboard.metrics.get_state()) > 1)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, need: Callable[[object, str], None]) -> Path:
    """The folder of the sdist and of the wheel that is built of that sdist."""
    for tool in ("build", "hatchling"):
        need(find_spec(tool), f'no {tool} in this Python: pip install "perfwidgets[test]"')
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT]
    run(command, folder)
    return folder


@pytest.fixture(scope="module")
def environment(
    built: Path, tmp_path_factory: pytest.TempPathFactory, need: Callable[[object, str], None]
) -> Path:
    """The programs of a new environment, outside of the repository, with the core alone."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run([sys.executable, "-m", "venv", folder], built)
    install = [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*install, wheel_in(built)], capture_output=True, text=True, check=False)
    lacking = re.search("No matching distribution|Could not find a version", done.stderr)
    offline = lacking and "Connection" in done.stderr
    need(not offline, "no package registry to be reached")
    assert done.returncode == 0, done.stderr
    return folder / "bin"


def run(command: list[object], folder: Path, code: int = 0, **environment: str) -> str:
    """Run a program away from the repository, and return what it printed."""
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def wheel_in(folder: Path) -> Path:
    (wheel,) = folder.glob("*.whl")
    return wheel


def files_of_the_package() -> set[str]:
    found = (ROOT / "perfwidgets").rglob("*")
    return {
        str(path.relative_to(ROOT))
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_each_file_of_the_package_and_no_other(built: Path):
    with zipfile.ZipFile(wheel_in(built)) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == files_of_the_package()
    static = {Path(name).suffix for name in names if "/static/" in name}
    assert static == {".js", ".css"}
    assert "perfwidgets/py.typed" in names


def test_the_sdist_holds_the_tests_and_no_litter(built: Path):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert files_of_the_package() <= names
    for wanted in ("README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "tests/conftest.py"):
        assert wanted in names
    assert "notebooks/01-start-here.ipynb" in names
    litter = ("__pycache__", ".ipynb_checkpoints", ".pyc", "_cache/", "build/screenshots")
    assert [name for name in names if any(part in name for part in litter)] == []


def test_the_version_is_said_in_one_place_and_the_changelog_tells_of_it(built: Path):
    version = perfwidgets.__version__
    assert "version" not in PROJECT
    assert PROJECT["dynamic"] == ["version"]
    assert f"perfwidgets-{version}-py3-none-any.whl" == wheel_in(built).name
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert newest[1] == version
    sources = [path for path in (ROOT / "perfwidgets").rglob("*.py") if path.name != "__init__.py"]
    assert [path for path in sources if f'"{version}"' in path.read_text()] == []


def test_the_classifiers_name_the_pythons_that_are_meant():
    said = {c.rpartition(" ")[2] for c in PROJECT["classifiers"] if "Python :: 3." in c}
    least = PROJECT["requires-python"].removeprefix(">=")
    assert min(said, key=lambda version: int(version.partition(".")[2])) == least
    assert not [c for c in PROJECT["classifiers"] if c.startswith("License ::")], "license says it"


def test_the_core_is_light(environment: Path, tmp_path: Path):
    direct = {re.split(r"[<>=!~ \[;]", each)[0] for each in PROJECT["dependencies"]}
    assert direct == CORE
    listed = run([environment / "pip", "list", "--format=json"], tmp_path)
    installed = {each["name"].lower().replace("_", "-") for each in json.loads(listed)}
    assert installed >= CORE
    assert installed - CORE - TOOLS <= BEYOND_CORE


def test_each_public_name_is_there_without_the_extras(environment: Path, tmp_path: Path):
    printed = run([environment / "python", "-c", EACH_NAME], tmp_path)
    home, version, found = json.loads(printed)
    assert ROOT not in Path(home).parents
    assert version == perfwidgets.__version__
    assert set(found) == set(perfwidgets.__all__)
    # a name that needs an extra says which
    unclear = {n: e for n, e in found.items() if e != "imported" and "perfwidgets[" not in e}
    assert unclear == {}


def test_what_needs_an_extra_says_which(environment: Path, tmp_path: Path):
    table = tmp_path / "table.parquet"
    printed = run([environment / "python", "-c", PARQUET, table], tmp_path)
    assert "perfwidgets[parquet]" in printed
    assert not table.exists()
    assert "perfwidgets[lab]" in run([environment / "perfwidgets", "lab"], tmp_path, code=2)


def test_check_runs_from_the_wheel(environment: Path, tmp_path: Path):
    absent = run([environment / "perfwidgets", "check", "--command", "/nowhere/perf"], tmp_path, 1)
    assert "not found" in absent
    said = json.loads(run([environment / "perfwidgets", "check", "--json"], tmp_path))
    assert said["available"] is True
    assert "perfwidgets " + perfwidgets.__version__ in run(
        [environment / "perfwidgets", "--version"], tmp_path
    )


def test_the_dashboard_stands_in_the_new_environment(environment: Path, tmp_path: Path):
    printed = run([environment / "python", "-c", DASHBOARD], tmp_path, IPYTHONDIR=str(tmp_path))
    assert "snapshot True" in printed
    assert "scripts True True" in printed
