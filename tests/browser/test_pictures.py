"""The dashboard looks as it did: compared with pictures that somebody has looked at.

``python -m pytest tests/browser/test_pictures.py --remake-pictures`` takes the references anew.
What differs is shown in build/screenshots.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from lab import Lab
from pictures import (
    DIFFERENCES,
    FONT,
    REFERENCES,
    SCENES,
    Scene,
    differences,
    keep,
    marked,
    show,
    take,
)
from PIL import Image, ImageDraw, ImageFilter

pytestmark = [
    pytest.mark.browser,
    pytest.mark.browser_context_args(timezone_id="UTC", locale="en-US"),  # clock times are shown
]

MUTATIONS = {  # what a person would see at once
    "a column is gone": ".pw-table td.pw-number:nth-of-type(2) { visibility: hidden; }",
    "a column has moved": ".pw-table td.pw-number { padding-right: 12px !important; }",
    "a label is gone": ".pw-table:nth-child(2) h3 { visibility: hidden; }",
    "a line is gone": ".pw-bandwidth path.line { visibility: hidden; }",
    "the controls are pale": ".pw-controls { opacity: 0.4; }",
}


@pytest.fixture(autouse=True)
def _needs_the_font(need: Callable[[object, str], None]) -> None:
    matcher = shutil.which("fc-match")
    need(matcher, "no fc-match on this machine: apt-get install fontconfig")
    found = subprocess.run([str(matcher), FONT], capture_output=True, text=True, check=True).stdout
    need(FONT in found, f"no {FONT} on this machine: apt-get install fonts-liberation")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_dashboard_looks_as_it_did(lab: Lab, scene: Scene, pytestconfig: pytest.Config):
    reference = REFERENCES / f"{scene.name}.png"
    picture = take(show(lab, scene))
    lab.assert_quiet()
    if pytestconfig.getoption("remake_pictures"):
        keep(picture, reference)
        return
    tiles = differences(Image.open(reference).convert("RGB"), picture)
    if tiles:
        DIFFERENCES.mkdir(parents=True, exist_ok=True)
        picture.save(DIFFERENCES / f"picture-{scene.name}.png")
        marked(picture, tiles).save(DIFFERENCES / f"picture-{scene.name}-differs.png")
    assert not tiles, f"{len(tiles)} places differ from {reference}: see {DIFFERENCES}"


def test_what_a_person_would_see_is_seen(lab: Lab):
    notebook = show(lab, SCENES[0])
    before = take(notebook)
    assert differences(before, take(notebook)) == [], "the same is the same"
    for what, style in MUTATIONS.items():
        sheet = notebook.page.add_style_tag(content=style)
        assert differences(before, take(notebook)), what
        sheet.evaluate("sheet => sheet.remove()")
    assert differences(before, take(notebook)) == []


def drawn(at: tuple[float, float] = (20, 20), words: str = "cache") -> Image.Image:
    picture = Image.new("RGB", (120, 60), "white")
    ImageDraw.Draw(picture).text(at, words, fill="#1f2328")
    return picture


def test_soft_edges_and_a_pixel_are_no_difference():
    assert differences(drawn(), drawn().filter(ImageFilter.GaussianBlur(0.3))) == []
    assert differences(drawn(), drawn((21, 20))) == []


def test_what_has_gone_moved_or_grown_is_a_difference():
    assert differences(drawn(), drawn(words=""))
    assert differences(drawn(), drawn((20, 26)))
    assert differences(drawn(), drawn().resize((120, 80)))
