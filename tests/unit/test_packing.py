"""What a fresh page is sent of a long history: bounded, whole, with every spike."""

from __future__ import annotations

import json
import math
import struct

import numpy as np
import pytest

from perfwidgets.models.history import History
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.widgets.older import Buckets, Older, derived_name
from perfwidgets.widgets.packing import MOST_OF_COUNTERS, PastOf, as_bytes, packed_past, packed_rows

STEP = 0.1
RATIO = {"a / b": ["a", "b", "/"]}


class Fast(History):
    """A history that is filled in blocks."""

    def fill(self, times, counts, events) -> Fast:
        self._columns = {event: column for column, event in enumerate(events)}
        self._allocate(len(times), len(events))
        self._times[:], self._durations[:], self._counts[:] = times, STEP, counts
        self._shares[:] = 1
        self._next = len(times)
        return self


def long_history(rows: int, events=("a", "b"), window: float = math.inf) -> Fast:
    times = 1e9 + np.arange(rows) * STEP
    return Fast(min(window, rows * STEP), 1e3).fill(
        times, np.full((rows, len(events)), 5.0), events
    )


def sample(number: int, a: float | None, b: float | None = 2) -> Sample:
    readings = tuple(
        Reading(name, count, None if count is None else count / STEP, None,
                Status.NOT_COUNTED if count is None else Status.COUNTED, 1.0)
        for name, count in (("a", a), ("b", b))
    )  # fmt: skip
    return Sample(number * STEP, 1e9 + number * STEP, STEP, readings, interval=STEP)


def followed(history: History, most: int = 1000, programs=RATIO) -> Buckets:
    older = Older()
    older.follow(history, programs, most, least=1)
    return older.buckets()


def value_at(buckets: Buckets, series: str, row: int) -> tuple[float, float, int]:
    place = row // buckets.stride - buckets.first
    column = buckets.series.index(series)
    return tuple(each[column, place].item() for each in (buckets.low, buckets.high, buckets.flags))


def test_a_million_rows_are_two_megabytes_with_every_spike():
    rows, events = 1_000_000, tuple(f"event-{n}" for n in range(17))
    history = long_history(rows, events)
    spikes = (0, 16, 123_456, 555_555, 900_000)
    for number in spikes:
        history._counts[number, 3] = 1e6 + number
    past = PastOf(history, MOST_OF_COUNTERS)
    newest, buckets = past.taken()
    head, data = packed_past(buckets, None)
    none = History(1).row_bytes()
    size = len(packed_rows(as_bytes(newest), none)) + len(data) + len(json.dumps(head))
    assert size <= 1.05 * MOST_OF_COUNTERS
    assert buckets.first == 0
    assert newest.first <= buckets.end <= rows, "no row is left out"
    assert rows - buckets.end < buckets.stride
    for number in spikes[1:]:
        assert value_at(buckets, "event-3", number)[1] == pytest.approx((1e6 + number) / STEP)
    assert len(buckets) >= 500, "finer than the columns of a chart"


def test_few_rows_are_sent_as_they_are():
    past = PastOf(long_history(500), MOST_OF_COUNTERS)
    rows, buckets = past.taken()
    assert (len(rows.times), buckets) == (500, None)
    assert packed_past(None, None) == ({}, b"")


def test_rates_and_metrics_their_order_and_their_gaps():
    history = History(1e6)
    for number in range(64):
        history.append(sample(number, 7, 2))
    history._counts[3, 0], history._counts[5, 0] = 1, 90
    history._counts[20, 0], history._counts[25, 0] = 90, 1
    history._counts[40, 1] = 0
    history._counts[48:, 0] = math.nan
    buckets = followed(history)
    assert (buckets.stride, len(buckets)) == (16, 4)
    assert value_at(buckets, "a", 3) == pytest.approx((10, 900, 1))
    assert value_at(buckets, "a", 20) == pytest.approx((10, 900, 0))
    assert value_at(buckets, derived_name("a / b"), 3) == pytest.approx((0.5, 45, 1))
    low, high, flags = value_at(buckets, derived_name("a / b"), 40)
    assert (low, high, flags) == (3.5, 3.5, 3), "what is divided by zero has no value"
    low, high, flags = value_at(buckets, "a", 50)
    assert math.isnan(low)
    assert math.isnan(high)
    assert flags & 2
    assert buckets.times[:, 1].tolist() == [1e9 + 1.6, 1e9 + 3.1]


@pytest.mark.parametrize("rows", [16_000, 16_016, 33_333])
@pytest.mark.parametrize("most", [64, 100, 999])
def test_merged_buckets_are_those_of_a_longer_stride(rows: int, most: int):
    history = long_history(rows)
    history._counts[:, 0] = np.random.default_rng(rows).integers(0, 10**6, rows)
    history._counts[::97, 0] = math.nan
    found = followed(history, most)
    assert most / 2 - 2 <= len(found) <= most
    values = history.rates("a")[found.first * found.stride : found.end]
    values = values.reshape(-1, found.stride)
    assert found.low[0] == pytest.approx(np.nanmin(values, axis=1), rel=1e-6)
    assert found.high[0] == pytest.approx(np.nanmax(values, axis=1), rel=1e-6)
    assert ((found.flags[0] & 2) > 0).tolist() == np.isnan(values).any(axis=1).tolist()
    first = np.nanargmin(values, axis=1) <= np.nanargmax(values, axis=1)
    assert ((found.flags[0] & 1) > 0).tolist() == first.tolist()


def test_what_is_followed_little_by_little_is_the_same():
    whole = long_history(50_000)
    whole._counts[:, 0] = np.random.default_rng(0).integers(0, 10**6, 50_000)
    older = Older()
    for rows in range(700, 50_001, 700):
        part = Fast(whole.window).fill(whole._times[:rows], whole._counts[:rows], ("a", "b"))
        older.follow(part, RATIO, 500)
    older.follow(whole, RATIO, 500, least=1)
    found, wanted = older.buckets(), followed(whole, 500)
    assert (found.stride, found.first, found.end) == (wanted.stride, wanted.first, wanted.end)
    assert np.array_equal(found.low, wanted.low)
    assert np.array_equal(found.flags, wanted.flags)


def test_what_left_the_window_is_dropped_and_a_step_back_begins_anew():
    history = long_history(40_000, window=1000)
    buckets = followed(history)
    assert buckets.times[1, 0] >= history.times[-1] - 1000
    replayed = History(1e6)
    older = Older()
    for number in range(200):
        replayed.append(sample(number, 1))
    older.follow(replayed, {}, 100, least=1)
    for number in range(100):
        replayed.append(sample(number, 1))
    older.follow(replayed, {}, 100, least=1)
    assert older.buckets().first * older.buckets().stride >= 200


def test_a_metric_that_comes_later_has_no_past():
    history = long_history(10_000)
    older = Older()
    older.follow(history, {}, 1000)
    before = older.buckets()
    longer = long_history(20_000)
    older.follow(longer, RATIO, 2000)
    after = older.buckets()
    assert np.array_equal(after.low[0, : len(before)], before.low[0])
    column = after.series.index(derived_name("a / b"))
    assert np.isnan(after.low[column, : len(before)]).all()
    assert (after.low[column, len(before) :] == 1).all()


def test_the_feed_sends_both_and_says_where():
    from perfwidgets.models.monitor import Monitor
    from perfwidgets.sources.synthetic import Synthetic
    from perfwidgets.widgets.feed import Feed

    monitor = Monitor(Synthetic(interval=STEP), window=1e5)
    monitor.history = long_history(100_000)
    feed = Feed(monitor)
    feed._update_layout()
    packed = feed.pack()
    assert monitor.faults == ()
    assert len(packed) <= 2_000_000
    length = struct.unpack_from("<I", packed)[0]
    head = json.loads(packed[8 : 8 + length])
    told = head["older"]["counters"]
    series, count = len(told["series"]), told["buckets"]
    size = 16 * count + 9 * series * count
    assert len(packed) == 8 + length + head["rows_size"] + size + (-size % 8)
    assert head["counters"][0] <= told["stride"] * (told["first"] + count)
    feed.close()
