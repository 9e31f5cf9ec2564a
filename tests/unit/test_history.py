"""The ring buffer: bounded, gap-aware, and the same as a plain list would be."""

from __future__ import annotations

import math
import resource
import threading
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_source import reading, sample

from perfwidgets.models.history import History, unique_names
from perfwidgets.samples import Sample, Status
from perfwidgets.widgets.packing import as_bytes


def filled(n, *, window=1e6, step=1.0):
    history = History(window, step)
    for i in range(1, n + 1):
        history.append(sample(i * step, reading("cs", i), duration=step))
    return history


def test_counts_rates_and_times():
    history = filled(5, step=0.5)
    assert history.events == ("cs",)
    assert history.counts("cs").tolist() == [1, 2, 3, 4, 5]
    assert history.rates("cs").tolist() == [2, 4, 6, 8, 10]
    assert history.running("cs").tolist() == [1] * 5
    assert history.times.tolist() == [0.5, 1, 1.5, 2, 2.5]


@given(
    steps=st.lists(st.floats(0.01, 5, allow_nan=False), max_size=200),
    window=st.floats(1, 60),
    interval=st.floats(0.01, 10),
)
def test_it_holds_the_window_and_no_more_whatever_comes(steps, window, interval):
    history, expected, now = History(window, interval), [], 0.0
    for number, step in enumerate(steps):
        now += step
        history.append(sample(now, reading("cs", number), duration=step))
        expected = [(t, n) for t, n in [*expected, (now, number)] if t >= now - window]
    rows = history.rows()
    assert list(zip(rows.times, rows.counts[:, 0] if expected else [], strict=True)) == expected
    assert len(history) == len(expected)
    assert history.next_number == len(steps)
    assert rows.first == len(steps) - len(expected)


def test_rows_from_a_number_on_are_copies():
    history = filled(10)
    rows = history.rows(7)
    assert rows.first == 7
    assert rows.counts[:, 0].tolist() == [8, 9, 10]
    rows.counts[:] = 0
    assert history.counts("cs")[-1] == 10
    assert history.rows(99).first == 10
    assert len(history.rows(99).times) == 0
    assert history.rows(-5).first == 0


@given(
    names=st.lists(st.sampled_from(["a", "b", "ab", "abc", "gap"]), max_size=60),
    window=st.floats(1, 20),
    first=st.integers(0, 70),
    most=st.sampled_from([4096, 2]),
)
def test_rows_as_bytes_are_the_rows(names, window, first, most):
    """Wherever the ring begins anew, with gaps, other events, and columns for only some."""
    with patch("perfwidgets.models.history._MOST_COLUMNS", most):
        history = History(window, 1.0)
        for number, events in enumerate(names):
            if events == "gap":
                history.gap()
            else:
                each = [reading(event, number) for event in events]
                history.append(sample(float(number), *each, duration=1.0))
        rows, packed = history.rows(first), history.row_bytes(first)
        assert packed == as_bytes(rows)
        assert packed.events == len(history.events)


def test_memory_is_bounded():
    history = History(10.0, 0.1)
    for i in range(5000):
        history.append(sample(i * 0.1, reading("cs", i), duration=0.1))
    assert len(history) <= 102
    assert history.nbytes < 10_000


def test_a_window_of_days_takes_memory_as_it_fills():
    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    before = resident()
    history = History(7 * 86400.0, 0.25)
    for n in range(100):
        history.append(sample(n / 4, *(reading(f"e{i}") for i in range(17)), duration=0.25))
    assert history.nbytes > 300e6
    assert resident() - before < 0.1 * history.nbytes
    assert len(history) == 100


def test_what_has_no_count_is_nan_and_says_why():
    history = History(100.0)
    statuses = (Status.NOT_COUNTED, Status.NOT_SUPPORTED, Status.MISSING)
    history.append(sample(1.0, *(reading(s.name, status=s) for s in statuses)))
    rows = history.rows()
    assert np.isnan(rows.counts).all()
    assert rows.shares.tolist() == [[-1.0, -2.0, -3.0]]
    assert np.isnan(history.running("MISSING")).all()


def test_other_events_get_columns_of_their_own_and_the_old_stay():
    history = filled(2)
    history.append(sample(3.0, reading("faults", 9), reading("cs", 3)))
    assert history.events == ("cs", "faults")
    assert history.counts("cs").tolist() == [1, 2, 3]
    faults = history.counts("faults")
    assert np.isnan(faults[:2]).all()
    assert faults[2] == 9
    assert history.rows().narrowed(1).events == ("cs",)
    assert history.rows().narrowed(1).counts.shape == (3, 1)
    assert history.rows().narrowed(5).events == ("cs", "faults")


def test_a_gap_is_one_row_of_nan_however_often_it_is_told():
    history = filled(2)
    history.gap()
    history.gap()
    history.append(sample(9.0, reading("cs", 9)))
    assert np.isnan(history.counts("cs")).tolist() == [False, False, True, False]
    assert np.isnan(history.rows().durations).tolist() == [False, False, True, False]
    assert history.times.tolist() == [1, 2, 2, 9]
    assert np.isnan(history.rates("cs")[2])


def test_no_gap_before_the_first_row():
    history = History(10.0)
    history.gap()
    assert len(history) == 0


def test_no_time_no_rate():
    history = History(10.0)
    history.append(sample(1.0, reading("cs", 5), duration=0.0))
    history.append(sample(2.0, reading("cs", 5), duration=None))
    assert np.isnan(history.rates("cs")).all()
    assert history.counts("cs").tolist() == [5, 5]


def test_an_interval_too_short_for_a_rate_has_none_here_either():
    history = History(10.0)
    history.append(sample(1.0, reading("cs", 5, rate=5.0)))
    short = Sample(1.001, None, 0.001, (reading("cs", 5, rate=None),))
    history.append(short)
    assert history.rates("cs")[0] == 5.0
    assert math.isnan(history.rates("cs")[1])
    assert history.counts("cs").tolist() == [5, 5]


def test_repeated_names_have_a_column_each():
    assert unique_names(["a", "b", "a", "a"]) == ["a", "b", "a #2", "a #3"]
    history = History(10.0)
    history.append(sample(1.0, reading("cs", 1), reading("cs", 2)))
    assert history.events == ("cs", "cs #2")
    assert history.counts("cs #2").tolist() == [2]


def test_an_unknown_event_is_named_with_those_there():
    with pytest.raises(KeyError, match="there is of: cs"):
        filled(1).counts("cycles")
    with pytest.raises(KeyError, match="none yet"):
        History(1.0).rates("cycles")


def test_more_room_loses_nothing():
    history = filled(30, window=1000.0, step=10.0)
    history.expect(0.01)
    assert history.counts("cs").tolist() == list(range(1, 31))


@pytest.mark.filterwarnings("default")
def test_to_pandas():
    pytest.importorskip("pandas")
    history = filled(3, step=0.5)
    history.gap()
    table = history.to_pandas()
    assert list(table.columns) == ["duration", "cs"]
    assert table["cs"].tolist()[:3] == [1, 2, 3]
    assert math.isnan(table["cs"].iloc[3])
    assert history.to_pandas("rates")["cs"].tolist()[:3] == [2, 4, 6]
    assert history.to_pandas("running")["cs"].tolist()[:3] == [1, 1, 1]
    with pytest.raises(ValueError, match="no kind of value"):
        history.to_pandas("mean")


def test_a_reader_beside_the_writer_never_sees_half_a_row():
    history, wrong, done = History(50.0, 1.0), [], threading.Event()

    def read():
        while not done.is_set():
            rows = history.rows()
            steps = np.diff(rows.times)
            if len(steps) and (steps != 1.0).any():
                wrong.append(rows)
            if rows.counts.shape[1] and (rows.counts[:, 0] != rows.times).any():
                wrong.append(rows)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(3000):
        history.append(sample(float(i), reading("cs", i), *([reading("b", 1)] if i > 1500 else [])))
    done.set()
    reader.join()
    assert not wrong
