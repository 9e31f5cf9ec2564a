"""Pictures of the dashboard, and how two of them differ."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lab import Lab, Notebook, Theme, wait_for
from PIL import Image
from playwright.sync_api import Locator

REFERENCES = Path(__file__).with_name("pictures")
DIFFERENCES = Path(__file__).parents[2] / "build" / "screenshots"
FONT = "Liberation Sans"  # that Chromium's own packages bring along
COLORS = (255, 128, 64, 32)  # of a reference: as many as leave it small
LARGEST = 100_000  # bytes of one
STRONG = 64  # of 255: edges of letters may be that much lighter or darker
NEAR = 1  # px that a line or a letter may have moved
TILE = 16  # px
MOST = 10  # px of a tile that may differ: more is something that can be seen
SLACK = 3  # px by which the whole may be higher or lower
SAMPLES = 241  # of still.py
STORE = "[...(globalThis[Symbol.for('perfwidgets.stores')]?.values() ?? [])].at(-1)"
STYLE = f"""
:root, body {{ --jp-ui-font-family: "{FONT}"; --jp-ui-font-size1: 13px; }}
.perfwidgets .pw-cost {{ visibility: hidden; }}
.pw-dashboard {{ width: WIDTHpx !important; box-sizing: border-box; }}
"""
# Digits that wait until they may change are drawn at once; nothing comes that would draw them.
DRAW = f"""async () => {{
  const store = {STORE};
  store.silence = () => 0; // no interval ends any more, and the page should not say so
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  for (const view of store.views) {{
    for (const own of Object.values(view)) if (own?.milliseconds) own.reset();
    view.drawn = 0;
  }}
  store.changed();
  for (let i = 0; i < 4; i++) await frame();
}}"""


@dataclass(frozen=True)
class Scene:
    """What a picture shows: options of `still.dashboard`, and what is done in the page then."""

    name: str
    options: str = ""
    theme: Theme = "light"
    width: int = 1100
    act: str = ""
    """JavaScript that is given the store."""
    running: str = ""
    """A cell that runs meanwhile, until it is interrupted."""


SCENES = [
    Scene("light"),
    Scene("dark", theme="dark"),
    Scene("narrow", width=460),
    Scene("unavailable", options="perf=False"),
    Scene("busy", options="busy=True", running="import time; time.sleep(600)", width=900),
    Scene("zoomed", act="store.view.show(store.now() - 32, store.now() - 14)", width=900),
    Scene("256-cores", options="cores=256"),
]


def still_cell(scene: Scene) -> str:
    """What makes the scene's dashboard in the kernel."""
    folder = str(Path(__file__).parent)
    return (
        f"import sys\nsys.path.insert(0, {folder!r})\nimport still\n"
        f"dashboard = still.dashboard({scene.options})"
    )


def show(lab: Lab, scene: Scene) -> Notebook:
    """Open a notebook with the scene, and wait until all of it is drawn."""
    code = still_cell(scene)
    notebook = lab.open(
        [f"{code}\ndashboard", *([scene.running] if scene.running else [])], theme=scene.theme
    )
    page = notebook.page
    page.set_viewport_size({"width": 1400, "height": 2600})
    page.add_style_tag(content=STYLE.replace("WIDTH", str(scene.width)))
    page.emulate_media(reduced_motion="reduce")
    notebook.run_and_wait(0)
    begin(notebook, counts="perf=False" not in scene.options)
    if scene.running:
        notebook.run(1)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]").wait_for()
    if scene.act:
        page.evaluate(f"() => {{ const store = {STORE}; {scene.act}; }}")
    page.evaluate("harness.settled()")
    return notebook


def begin(notebook: Notebook, *, counts: bool = True) -> None:
    """Have the samples come, and wait for the last."""
    notebook.page.wait_for_function(f"{STORE}?.layout.id >= 0")
    assert notebook.python("dashboard.monitor.start().faults") == []
    rows = ("counters", "memory") if counts else ("memory",)
    for each in rows:
        notebook.page.wait_for_function(f"{STORE}.{each}.next === {SAMPLES}")


def take(notebook: Notebook) -> Image.Image:
    """A picture of the dashboard, once it stands still."""
    dashboard: Locator = notebook.page.locator(".pw-dashboard")
    shots: list[bytes] = []

    def same() -> bool:
        notebook.page.evaluate(DRAW)
        shots.append(dashboard.screenshot(animations="disabled", caret="hide"))
        return len(shots) > 1 and shots[-1] == shots[-2]

    assert wait_for(same, 60), "the picture does not come to rest"
    return Image.open(io.BytesIO(shots[-1])).convert("RGB")


def differences(reference: Image.Image, picture: Image.Image) -> list[tuple[int, int]]:
    """The places, in px, of the tiles in which two pictures visibly differ.

    A pixel differs if nothing near it, in the other picture, is like it: what has moved by a
    pixel, or has other soft edges, is the same; what has moved further or is absent is not.
    """
    if (
        abs(reference.width - picture.width) > SLACK
        or abs(reference.height - picture.height) > SLACK
    ):
        return [(0, 0)]
    size = (min(reference.width, picture.width), min(reference.height, picture.height))
    a, b = (np.asarray(each.crop((0, 0, *size)), dtype=np.int16) for each in (reference, picture))
    different = unlike(a, b) | unlike(b, a)
    high, wide = (-(-n // TILE) for n in different.shape)
    padded = np.zeros((high * TILE, wide * TILE), dtype=bool)
    padded[: different.shape[0], : different.shape[1]] = different
    tiles = padded.reshape(high, TILE, wide, TILE).sum(axis=(1, 3))
    return [(int(x) * TILE, int(y) * TILE) for y, x in np.argwhere(tiles > MOST)]


def unlike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where no pixel of `b` that is near has the colour of that of `a`."""
    least = np.full(a.shape[:2], 255, dtype=np.int16)
    padded = np.pad(b, ((NEAR, NEAR), (NEAR, NEAR), (0, 0)), mode="edge")
    for down in range(2 * NEAR + 1):
        for right in range(2 * NEAR + 1):
            other = padded[down : down + a.shape[0], right : right + a.shape[1]]
            np.minimum(least, np.abs(a - other).max(axis=2), out=least)
    return least > STRONG


def marked(picture: Image.Image, tiles: list[tuple[int, int]]) -> Image.Image:
    """The picture, pale but for the tiles that differ, which are framed in red."""
    shown = Image.blend(picture, Image.new("RGB", picture.size, "white"), 0.7)
    for x, y in tiles:
        box = (x, y, min(x + TILE, picture.width), min(y + TILE, picture.height))
        framed = Image.new("RGB", (box[2] - box[0], box[3] - box[1]), "red")
        inner = (box[0] + 1, box[1] + 1, max(box[2] - 1, box[0] + 2), max(box[3] - 1, box[1] + 2))
        framed.paste(picture.crop(inner), (1, 1))
        shown.paste(framed, box[:2])
    return shown


def keep(picture: Image.Image, path: Path) -> None:
    """Write a reference, small."""
    path.parent.mkdir(exist_ok=True)
    for colors in COLORS:
        few = picture.quantize(colors, kmeans=3, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        if path.stat().st_size < LARGEST:
            return
    raise AssertionError(f"{path} is larger than {LARGEST} bytes in any number of colours")
