"""Each front end and kernel that we promise, installed and opened: ``python -m tests.matrix [NAME …]``.

For each combination a fresh virtual environment gets a wheel of the working tree, its server is
started, and a page in Chromium runs the dashboard. Chart and numbers must change, also during a
busy cell of pure Python, the console must be free of complaints of ours, and the server must end
with no perf left. Playwright and Chromium are those of the Python that runs this.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "browser"))

from conftest import CHROMIUM, FLAGS
from environments import COMBINATIONS, REPOSITORY, build_wheel, install, versions
from lab import notebook_of
from own_server import OwnServer
from pages import Seen, cells_of, look
from playwright.sync_api import sync_playwright

PICTURES = REPOSITORY / "build" / "matrix"
_MODULES = {"lab": "jupyterlab", "notebook": "notebook", "voila": "voila"}
_PAGES = {"lab": "lab/tree/matrix.ipynb", "notebook": "notebooks/matrix.ipynb", "voila": ""}


def run(name: str, wheel: Path, folder: Path) -> bool:
    """Install and open one combination; say what came of it."""
    combination = COMBINATIONS[name]
    shutil.rmtree(folder / name / "run", ignore_errors=True)
    python = install(combination, wheel, folder / name / "environment")
    installed = ", ".join(f"{key} {value}" for key, value in versions(python).items())
    say(f"{name}: {installed}")
    app = combination.app
    server = _server(python, app, folder / name / "run")
    try:
        server.start()
        seen = _open(f"{server.url}{_PAGES[app]}?token={server.token}", app, name)
        server.end()
        is_clean = server.has_ended_clean()
    finally:
        server.sweep()
    say(told(name, seen, is_clean=is_clean))
    return seen.is_live and is_clean


def _server(python: Path, app: str, folder: Path) -> OwnServer:
    options = ["matrix.ipynb"] if app == "voila" else []
    server = OwnServer(folder, _MODULES[app], options, python)
    (server.work / "matrix.ipynb").write_text(json.dumps(notebook_of(cells_of(app))))
    return server


def _open(url: str, app: str, name: str) -> Seen:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            return look(browser, url, app, PICTURES / f"{name}.png")
        finally:
            browser.close()


def told(name: str, seen: Seen, *, is_clean: bool) -> str:
    """One combination's figures."""
    verdict = "as it should be" if seen.is_live and is_clean else "NOT SO"
    lines = [
        f"{name}: {seen.redraws:.1f} redraws and {seen.numbers:.1f} new numbers a second, "
        f"{seen.busy_redraws:.1f} and {seen.busy_numbers:.1f} during a busy cell; "
        f"{len(seen.complaints)} complaints of ours, {len(seen.others)} of others; "
        f"{'no perf' if is_clean else 'A PERF'} left: {verdict}"
    ]
    others = [f"(of others) {text.splitlines()[0][:150]}" for text in dict.fromkeys(seen.others)]
    return "\n  ".join([*lines, *seen.complaints, *others])


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run them; 0 where all are as they should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(COMBINATIONS)}")
    parser.add_argument("--keep", type=Path, help="keep the environments in this folder")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # not without what was started
    names = arguments.names or list(COMBINATIONS)
    if unknown := set(names) - set(COMBINATIONS):
        parser.error(f"there is no {', '.join(sorted(unknown))}: give {', '.join(COMBINATIONS)}")
    PICTURES.mkdir(parents=True, exist_ok=True)
    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        wheel = build_wheel(Path(temporary) / "wheel")
        for name in names:
            try:
                if not run(name, wheel, folder):
                    failed.append(name)
            except Exception as error:
                say(f"{name}: {type(error).__name__}: {error}")
                failed.append(name)
    say(f"{len(names) - len(failed)} of {len(names)} as they should be {' '.join(failed)}".strip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
