"""Fixtures of the tests that run real programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from guest import GuestError, Guests, build


@pytest.fixture(scope="session")
def guest(need: Callable[[object, str], None]) -> Iterator[Guests]:
    """Guests with a PMU, ``guest.ic`` and ``guest.four``; skips where they cannot be had."""
    try:
        build()
    except GuestError as error:
        need(False, f"no guest with a PMU: {error}")
    guests = Guests(need)
    yield guests
    guests.stop()
