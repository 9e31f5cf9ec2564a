"""Lists of cores: every form that is taken, every one that is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfwidgets import cores
from perfwidgets.cores import check_cores, core_list, expand, online_cores
from perfwidgets.errors import CoreListError


@pytest.mark.parametrize(
    ("given_list", "text"),
    [
        (None, None),
        ("0-3,8", "0-3,8"),
        (" 8, 0-3 \n", "0-3,8"),
        ("0,1,2,3", "0-3"),
        (3, "3"),
        ([3, 1, 2, 1], "1-3"),
        (range(4), "0-3"),
        ({8, 0}, "0,8"),
        ((n for n in (0, 2)), "0,2"),
        (np.array([0, 1]), "0-1"),
        ("65535", "65535"),
    ],
)
def test_forms_that_are_taken(given_list, text):
    assert core_list(given_list) == text


@pytest.mark.parametrize(
    "bad",
    [
        *("", " ", ",", "0,", "a", "-1", "0-", "3-1", "0x1", "1.0", "0;1", "0 1", "65536"),
        *("0-99999999999999999999", "1" * 500, "²", "٣"),
        *([], [-1], [1.0], [True], True, 1.5, [None], ["0"], [65536], object(), b"0-1"),
    ],
)
def test_forms_that_are_refused(bad):
    with pytest.raises(CoreListError) as caught:
        core_list(bad)
    assert caught.value.reason
    assert caught.value.remedy
    assert len(str(caught.value)) < 300


@given(st.sets(st.integers(0, 65_535), min_size=1, max_size=50))
def test_there_and_back(numbers):
    assert set(expand(core_list(numbers))) == numbers
    assert core_list(core_list(numbers)) == core_list(numbers)


def test_absent_cores_are_refused_with_those_there(monkeypatch, tmp_path):
    (tmp_path / "online").write_text("0-1,4\n")
    monkeypatch.setattr(cores, "_ONLINE", tmp_path / "online")
    assert online_cores() == [0, 1, 4]
    check_cores(None)
    check_cores("0,4")
    with pytest.raises(CoreListError, match=r"Core 3 is absent .*It has the cores 0-1,4"):
        check_cores("0,3")
    with pytest.raises(CoreListError, match=r"Cores 2-3,9 are absent"):
        check_cores("0,2-3,9")


@pytest.mark.parametrize("content", [None, "garbage"])
def test_where_linux_does_not_tell_nothing_is_refused(monkeypatch, tmp_path, content):
    path = tmp_path / "online"
    if content:
        path.write_text(content)
    monkeypatch.setattr(cores, "_ONLINE", path)
    assert online_cores() is None
    check_cores("0-4000")
