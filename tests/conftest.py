"""What all tests share: the rule for what a machine may lack, and the order of the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

# chosen for this run, not for the pytests that tests start
os.environ.pop("PYTEST_ADDOPTS", None)

Need = Callable[[object, str], None]


@pytest.fixture(scope="session")
def need() -> Need:
    """Return ``need(condition, reason)``: a skip on a developer's machine, a failure in CI."""

    def need(condition: object, reason: str) -> None:
        if condition:
            return
        if os.environ.get("CI"):
            pytest.fail(f"CI is set, and there is {reason}", pytrace=False)
        pytest.skip(reason)

    return need


@pytest.fixture(scope="session", autouse=True)
def _own_ipython(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Shells and kernels keep their history here: a person's own is neither changed nor locked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.delenv("VIRTUAL_ENV", raising=False)  # another one's would be warned of
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Playwright's event loop stays "running" in the main thread until the session ends, and no
    # other test could then start one of its own: the browser's tests come last.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--remake-pictures",
        action="store_true",
        help="take the pictures anew that tests/browser/test_pictures.py compares with",
    )
