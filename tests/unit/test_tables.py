"""Histories as tables, there and back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from perfwidgets import ArgumentError, History, Reading, Sample, Status


@pytest.fixture
def history():
    history = History(60.0, 0.25)
    for n in range(1, 5):
        readings = (
            Reading("cpu-clock", 250.5 * n, 1002.0 * n, "msec", Status.COUNTED, 1.0),
            Reading("cycles", 10**9 * n, 4e9 * n, None, Status.COUNTED, 0.54),
            Reading("LLC-loads", None, None, None, Status.NOT_SUPPORTED, 0.0),
        )
        history.append(Sample(n * 0.25, 1.7e9 + n * 0.25, 0.25, readings))
    history.gap()
    return history


def test_wide_has_a_row_for_each_interval_with_timestamps(history):
    table = history.to_pandas("rates")
    assert list(table.columns) == ["duration", "cpu-clock", "cycles", "LLC-loads"]
    assert table.index[0] == pd.Timestamp(1.7e9 + 0.25, unit="s", tz="UTC")
    assert table["cycles"].iloc[1] == 8e9
    assert table["LLC-loads"].isna().all()
    assert table.iloc[-1].isna().all(), "a gap"


def test_long_has_units_shares_and_states(history):
    table = history.to_pandas(form="long")
    cycles = table[table["event"] == "cycles"].iloc[0]
    assert (cycles["count"], cycles["status"]) == (10**9, "counted")
    assert cycles["running"] == pytest.approx(0.54)
    assert table[table["event"] == "cpu-clock"]["unit"].iloc[0] == "msec"
    assert table[table["event"] == "LLC-loads"]["status"].iloc[0] == "not supported"
    with pytest.raises(ArgumentError, match="wide"):
        history.to_pandas(form="broad")


def test_numpy_has_times_in_seconds(history):
    array = history.to_numpy()
    assert array["time"][0] == 1.7e9 + 0.25
    assert array["cycles"][:4].tolist() == [1e9, 2e9, 3e9, 4e9]
    assert math.isnan(array["cycles"][4])


def test_csv_there_and_back(history, tmp_path):
    history.to_csv(tmp_path / "t.csv", "counts")
    back = pd.read_csv(tmp_path / "t.csv")
    array = history.to_numpy()
    assert list(back.columns) == list(array.dtype.names)
    for name in array.dtype.names:
        np.testing.assert_array_equal(back[name].to_numpy(float), array[name])


def test_parquet_there_and_back(history, tmp_path):
    for values in ("counts", "rates", "running"):
        history.to_parquet(tmp_path / "t.parquet", values)
        back = pd.read_parquet(tmp_path / "t.parquet")
        pd.testing.assert_frame_equal(back, history.to_pandas(values), check_freq=False)
