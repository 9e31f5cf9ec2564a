"""The tests of the scripts that run in the browser, which need Node.js and no browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import perfwidgets.widgets
from perfwidgets.widgets.scripts import feed_script, script, view_script

STATIC = Path(perfwidgets.widgets.__file__).parent / "static"
ENTRIES = sorted(path.stem for path in STATIC.glob("*.js") if "export default" in path.read_text())
SCRIPTS = sorted(Path(__file__).parent.glob("*.test.mjs"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_script(script: Path, need: Callable[[object, str], None]) -> None:
    done = node_of(need, "--test", "--test-reporter=spec", str(script))
    if done.returncode:
        pytest.fail(f"{script.name}\n{done.stdout}{done.stderr}", pytrace=False)


@pytest.mark.parametrize(
    "text", [feed_script, lambda: view_script("notice"), lambda: script("offline")]
)
def test_what_is_joined_is_one_valid_module(
    text: Callable[[], str], need: Callable[[object, str], None], tmp_path: Path
) -> None:
    """A name that is declared twice, or used before its module, is an error in the browser alone."""
    module = tmp_path / "joined.mjs"
    module.write_text(text())
    assert not (done := node_of(need, "--check", str(module))).returncode, done.stderr


def test_a_view_waits_until_the_feed_brings_all(
    need: Callable[[object, str], None], tmp_path: Path
) -> None:
    """Each entry is there under its name, whichever text is loaded first."""
    (tmp_path / "feed.mjs").write_text(feed_script())
    (tmp_path / "view.mjs").write_text(view_script("notice"))
    program = """
        const held = (globalThis[Symbol.for("perfwidgets.scripts")] = new Map());
        const view = (await import("./view.mjs")).default();
        const [[version, scripts]] = held;
        const before = scripts.made === undefined;
        (await import("./feed.mjs")).default();
        const names = Object.keys(await scripts.come).sort();
        console.log(JSON.stringify([before, held.size, Object.keys(view), names]));
    """
    (tmp_path / "both.mjs").write_text(program)
    done = node_of(need, str(tmp_path / "both.mjs"))
    assert json.loads(done.stdout) == [True, 1, ["initialize", "render"], ENTRIES], done.stderr


def node_of(need: Callable[[object, str], None], *words: str) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    need(node, "no Node.js on this machine: apt-get install nodejs")
    return subprocess.run([str(node), *words], capture_output=True, text=True, check=False)


def test_there_are_entries() -> None:
    assert {"feed", "history_chart", "counter_table"} <= set(ENTRIES)
