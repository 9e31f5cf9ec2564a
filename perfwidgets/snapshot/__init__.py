"""What a monitor held at a moment, as an ordinary output and as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from perfwidgets.errors import ArgumentError
from perfwidgets.models.monitor import Monitor
from perfwidgets.snapshot.captured import Captured
from perfwidgets.snapshot.capturing import capture
from perfwidgets.snapshot.fragment import PARTS, as_html, as_text
from perfwidgets.snapshot.page import as_page
from perfwidgets.snapshot.standalone import as_svg

__all__ = ["Snapshot"]

_SUFFIXES = {".html": "a page", ".htm": "a page", ".svg": "a picture"}


class Snapshot:
    """A static picture of what a monitor held: a plot, tables, and all of it in words.

    Displayed, it is ordinary HTML with SVG, without a script: it stays in a saved notebook, in
    what ``nbconvert`` makes of it, and where nothing runs. `save` writes files. Later samples do
    not change it. `Dashboard.snapshot` and that of each view make one.

    ::

        Snapshot.of(monitor, event="page-faults").save("faults.html")
    """

    def __init__(self, captured: Captured, parts: tuple[str, ...] = PARTS) -> None:
        self._captured = captured
        self._parts = parts

    @classmethod
    def of(
        cls,
        monitor: Monitor,
        *,
        event: str | None = None,
        window: float | None = None,
        parts: tuple[str, ...] = PARTS,
        chosen: str | None = None,
    ) -> Self:
        """Take a snapshot; on any thread, of a monitor that runs or has been stopped.

        Parameters
        ----------
        monitor
            What to take it of.
        event
            The event or metric whose history is drawn; `None` for one that counts.
        window
            How far back, in seconds; `None` for all that the monitor holds.
        parts
            What it shows, of ``"history"``, ``"counts"``, ``"metrics"`` and ``"memory"``.
        chosen
            What is drawn where no `event` is given, if it can be counted.

        Raises
        ------
        ArgumentError
            If there is no such event, metric or part, or `window` is no positive number.
        """
        if not isinstance(monitor, Monitor):
            raise ArgumentError(
                f"{monitor!r} is not a monitor",
                "Give a Monitor, as in `Snapshot.of(dashboard.monitor)`.",
            )
        unknown = [part for part in parts if part not in PARTS]
        if unknown or not parts:
            raise ArgumentError(
                f"A snapshot has no part {unknown[0]!r}" if unknown else "No part was asked for",
                f"Its parts are {', '.join(PARTS)}.",
            )
        captured = capture(monitor, event, chosen, window)
        if "memory" not in parts:
            captured = captured.of_counters()
        elif set(parts) == {"memory"}:
            captured = captured.of_memory()
        return cls(captured, tuple(parts))

    def __repr__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """All of it in words."""
        return as_text(self._captured, self._parts)

    def to_html(self) -> str:
        """Return an element for any page: no script, no style sheet, nothing to be loaded."""
        return str(as_html(self._captured, self._parts))

    def to_svg(self) -> str:
        """Return the plots as one SVG document; where there are none, the words."""
        return as_svg(self._captured, self._parts)

    def to_page(self) -> str:
        """Return an HTML document in which events are chosen, read and zoomed into, offline."""
        return as_page(self._captured, self._parts)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a file; one that is there already is replaced.

        Parameters
        ----------
        path
            Its suffix says what is written: ``.html`` a page of its own, which needs no network
            and no kernel; ``.svg`` the picture alone.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ArgumentError
            If the suffix is another, or the file cannot be written.
        """
        file = check_path(path)
        text = self.to_svg() if file.suffix.lower() == ".svg" else self.to_page()
        try:
            file.write_text(text, "utf-8")
        except OSError as error:
            raise ArgumentError(
                f"{os.fspath(file)!r} cannot be written: {error.strerror or error}",
                "Give a file in a folder that exists and that you may write to.",
            ) from error
        return file

    def saved(self, path: str | os.PathLike[str] | None) -> Self:
        """Write a file, if one is given, and return the snapshot."""
        if path is not None:
            self.save(path)
        return self

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": self.text, "text/html": self.to_html()}


def check_path(path: object) -> Path:
    """Return the path of a file that can be written, by its suffix.

    Raises
    ------
    ArgumentError
        If it is no path, or has another suffix.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise ArgumentError(f"{path!r} is not a path", 'Give one such as "counts.html".')
    file = Path(path)
    if file.suffix.lower() not in _SUFFIXES:
        raise ArgumentError(
            f"{os.fspath(file)!r} ends in neither .html nor .svg",
            'Give a path such as "counts.html" for a page, "counts.svg" for a picture.',
        )
    return file
