"""Combinations of versions, each installed with our wheel into a virtual environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

REPOSITORY = Path(__file__).parents[2]
#: what is reported of each environment
_SHOWN = ("jupyterlab", "notebook", "voila", "ipykernel", "ipywidgets", "anywidget", "bqplot")
_ASK = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Combination:
    """A front end, and what pip is asked for."""

    app: Literal["lab", "notebook", "voila"]
    requirements: tuple[str, ...]


COMBINATIONS = {
    "lab-4.2": Combination("lab", ("jupyterlab==4.2.*", "ipykernel==6.30.*")),
    "lab-ipykernel-7.3": Combination("lab", ("jupyterlab", "ipykernel==7.3.*")),
    "lab-ipykernel-7.4": Combination("lab", ("jupyterlab", "ipykernel==7.4.*")),
    "notebook-7": Combination("notebook", ("notebook>=7,<8",)),
    "voila": Combination("voila", ("voila", "ipykernel")),
}


def build_wheel(folder: Path) -> Path:
    """Build our wheel from the working tree."""
    _call(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, REPOSITORY)
    (wheel,) = folder.glob("perfwidgets-*.whl")
    return wheel


def install(combination: Combination, wheel: Path, folder: Path) -> Path:
    """Make the environment, or take the one that is there; return its Python."""
    python = folder / "bin" / "python"
    if not python.exists():
        _call(sys.executable, "-m", "venv", folder)
    pip = (python, "-m", "pip", "--disable-pip-version-check", "install", "-q")
    # pip takes a wheel of the same version for installed, however new it is
    _call(*pip, "--force-reinstall", "--no-deps", wheel)
    _call(*pip, wheel, *combination.requirements)
    return python


def versions(python: Path) -> dict[str, str]:
    """What came to be installed: name -> version."""
    answer = _call(python, "-c", _ASK, *_SHOWN)
    found: dict[str, str] = json.loads(answer)
    return found


def _call(*words: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, timeout=1200
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout
