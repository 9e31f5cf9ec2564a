"""Imports in fresh processes."""

from __future__ import annotations

import subprocess
import sys

from measuring import Line, interleaved, ratio

ROUNDS = 15


def fresh(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def importing() -> list[Line]:
    """`import perfwidgets` against what it stands on."""
    taken = interleaved(
        ROUNDS,
        nothing=lambda _: fresh("pass"),
        ours=lambda _: fresh("import perfwidgets"),
        reference=lambda _: fresh("import anyio, traitlets, numpy"),
        monitor=lambda _: fresh("from perfwidgets import Monitor, PerfStat, VmStat"),
    )
    empty = sorted(taken["nothing"])[ROUNDS // 2]
    found, model = (
        ratio([t - empty for t in taken[name]], [t - empty for t in taken["reference"]])
        for name in ("ours", "monitor")
    )
    remark = f"Monitor, PerfStat and VmStat too: {model:.2f}; Python's own start taken off"
    target = "<= 1.3"
    reference = "import anyio, traitlets, numpy"
    return [
        Line(
            "import", "import perfwidgets", reference, f"{found:.2f}", target, found <= 1.3, remark
        )
    ]
