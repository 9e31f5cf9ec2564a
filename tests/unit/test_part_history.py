"""The rates of parts: bounded, whole, as samples have them; and what a page is sent of them."""

from __future__ import annotations

import json
import math
import struct

import comm
import numpy as np
import pytest
from comm.base_comm import BaseComm

from perfwidgets.models.monitor import Monitor
from perfwidgets.models.part_history import PartHistory, labels_of
from perfwidgets.perf_csv import read_perf_csv
from perfwidgets.samples import Reading, Sample, Status, whole
from perfwidgets.widgets.dashboard import Dashboard
from perfwidgets.widgets.feed import Feed
from perfwidgets.widgets.part_rows import PartsSent

STEP = 0.5
EVENTS = ("cycles", "page-faults")
CORES = ("CPU0", "CPU1", "CPU2")


def part(event: str, count: float | None, status: Status = Status.COUNTED) -> Reading:
    if count is None:
        return Reading(event, None, None, None, status, 0.0)
    return Reading(event, count, count / STEP, None, status, 1.0)


def sample(number: int, labels=CORES, events=EVENTS, count=None, duration: float | None = STEP):
    """Core c counts ``10 * number + c``, of the second event 1000 more."""

    def own(e: int, c: int) -> float | None:
        return 10 * number + c + 1000 * e if count is None else count(e, c)

    readings = tuple(
        whole(event, None, {label: part(event, own(e, c)) for c, label in enumerate(labels)}, STEP)
        for e, event in enumerate(events)
    )
    if not labels:
        readings = tuple(part(event, 5) for event in events)
    return Sample(number * STEP, 1e9 + number * STEP, duration, readings, None, STEP)


def filled(numbers, history: PartHistory | None = None, **options) -> PartHistory:
    history = PartHistory(300) if history is None else history
    for number in numbers:
        history.append(sample(number, **options), number)
    return history


def test_rates_are_those_of_the_sample_s_parts():
    [rows] = filled(range(5)).rows()
    assert (rows.events, rows.labels) == (EVENTS, CORES)
    assert rows.numbers.tolist() == [0, 1, 2, 3, 4]
    assert rows.times.tolist() == [1e9 + n * STEP for n in range(5)]
    assert rows.durations.tolist() == [STEP] * 5
    for number in range(5):
        for e, reading in enumerate(sample(number)):
            expected = [p.rate for p in reading.parts.values()]
            assert rows.rates[number, e].tolist() == expected


def test_what_perf_printed_comes_out_of_the_columns():
    lines = []
    for number in (1, 2):
        for event, scale in (("cycles", 10), ("page-faults", 1)):
            for core in range(40):
                value = "<not counted>" if core == 7 else str(scale * core * number)
                lines.append(f"{number}.000000000,CPU{core},{value},,{event},1000000000,100.00,,")
    history = PartHistory(300)
    for number, found in enumerate(read_perf_csv(lines)):
        history.append(found, number)
    [rows] = history.rows()
    assert rows.rates.shape == (2, 2, 40)
    assert rows.rates[1, 0, 39] == 10 * 39 * 2
    assert math.isnan(rows.rates[0, 1, 7])
    assert np.isnan(rows.rates).sum() == 4


def test_not_counted_is_not_zero():
    [rows] = filled([0], count=lambda e, c: [0, None, 4][c]).rows()
    assert rows.rates[0, 0, 0] == 0
    assert math.isnan(rows.rates[0, 0, 1])


def test_a_part_that_one_event_lacks_is_not_counted_there():
    readings = (
        whole("cpu_core/cycles/", None, {"CPU0": part("cpu_core/cycles/", 5)}, STEP),
        whole("cpu_atom/cycles/", None, {"CPU1": part("cpu_atom/cycles/", 6)}, STEP),
    )
    history = PartHistory(300)
    history.append(Sample(1.0, 1e9, STEP, readings), 0)
    [rows] = history.rows()
    assert rows.labels == ("CPU0", "CPU1")
    assert np.array_equal(rows.rates[0], [[10, np.nan], [np.nan, 12]], equal_nan=True)


def test_outer_parts_stand_for_those_in_them():
    cores = {label: part("cycles", 4) for label in CORES}
    hosts = {name: whole("cycles", None, cores, STEP) for name in ("node7", "node8")}
    history = PartHistory(300)
    history.append(Sample(1.0, 1e9, STEP, (whole("cycles", None, hosts, STEP),)), 0)
    [rows] = history.rows()
    assert rows.labels == ("node7", "node8")
    assert rows.rates[0, 0].tolist() == [24, 24]


def test_samples_without_parts_or_rates_are_no_rows():
    history = filled(range(3), labels=())
    history.append(sample(3, duration=None), 3)
    short = tuple(Reading(r.event, r.count, None, None, r.status, 1.0, r.parts) for r in sample(4))
    history.append(Sample(2.0, 1e9 + 2, 0.001, short), 4)
    assert len(history) == 0
    assert history.rows() == []
    assert history.last_number == -1
    assert history.nbytes == 0


def test_another_layout_begins_other_rows_and_the_old_ones_stay():
    history = filled(range(3))
    filled(range(5, 8), history, labels=("CPU2", "CPU0"))
    filled(range(8, 10), history, events=("cycles", "cycles"))
    one, two, three = history.rows()
    assert [len(rows.times) for rows in (one, two, three)] == [3, 3, 2]
    assert two.labels == ("CPU2", "CPU0")
    assert two.rates[0, 0].tolist() == [50 / STEP, 51 / STEP]
    assert three.events == ("cycles", "cycles #2")
    assert one.times[-1] + STEP < two.times[0] - STEP / 2, "what was not counted is not there"


@pytest.mark.parametrize("most", [5_000, 40_000])
def test_memory_is_bounded_and_used(most: int):
    history = PartHistory(1e9, most)
    for number in range(4000):
        history.append(sample(number), number)
        assert history.nbytes <= most
    [rows] = history.rows()
    assert rows.numbers.tolist() == list(range(4000 - len(history), 4000))
    held = sum(a.nbytes for a in (rows.numbers, rows.times, rows.durations, rows.rates))
    assert held > 0.8 * most
    assert rows.rates[-1, 1, 2] == pytest.approx((10 * 3999 + 1002) / STEP)


def test_memory_is_bounded_where_parts_change_with_each_sample():
    history = PartHistory(1e9, 20_000)
    for number in range(500):
        history.append(sample(number, labels=(f"sh-{number}", "CPU0")), number)
        assert history.nbytes <= 20_000
    found = history.rows()
    assert found[-1].labels == ("sh-499", "CPU0")
    assert len(found) > 20


def test_a_sample_that_is_too_large_is_not_held():
    history = filled(range(5), PartHistory(300, 500))
    assert len(history) == 0
    assert history.rows() == []


def test_the_window_bounds_it_too():
    history = filled(range(5000), PartHistory(50))
    [rows] = history.rows()
    assert rows.times[0] <= rows.times[-1] - 50
    assert rows.times[-1] - rows.times[0] < 50 + 256 * STEP


def test_a_clock_that_is_set_back_begins_anew():
    history = filled([100, 101])
    history.append(sample(3), 102)
    [rows] = history.rows()
    assert rows.numbers.tolist() == [102]


def test_newest_rows_alone():
    history = filled(range(100))
    [rows] = history.rows(first=90)
    assert rows.numbers.tolist() == list(range(90, 100))
    row_size = 24 + 4 * 6
    [rows] = history.rows(most=15 * row_size)
    assert rows.numbers.tolist() == list(range(85, 100))
    assert history.rows(first=100) == []
    assert history.rows(most=10) == []
    [rows] = history.rows()
    rows.rates[:] = 0
    assert history.rows()[0].rates[5, 0, 1] == 51 / STEP, "it was a copy"


def test_labels_are_in_their_first_order():
    readings = (
        whole("a", None, {"CPU4": part("a", 1), "CPU5": part("a", 1)}, STEP),
        part("b", 1),
        whole("c", None, {"CPU0": part("c", 1), "CPU4": part("c", 1)}, STEP),
    )
    assert labels_of(Sample(1.0, None, STEP, readings)) == ("CPU4", "CPU5", "CPU0")
    assert labels_of(None) == ()


# ------------------------------------------------------------- to the browser


class Wire(BaseComm):
    """A comm that keeps what is sent."""

    sent: list[tuple[str, dict, list]] = []  # noqa: RUF012

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        Wire.sent.append((msg_type, data or {}, buffers or []))


@pytest.fixture(autouse=True)
def wire(monkeypatch):
    Wire.sent = []
    monkeypatch.setattr(comm, "create_comm", Wire)
    return Wire


class Counters:
    name, kind, interval, events = "scripted", "counters", STEP, EVENTS
    cores = None
    version = "6.1"
    per_core = True

    async def __anext__(self): ...


def deliver(monitor: Monitor, numbers, **options) -> None:
    for number in numbers:
        monitor.sample_arrived("scripted", monitor._sources["scripted"], sample(number, **options))


def unpacked(data: bytes, at: int, rows: int, events: int, labels: int):
    heads = np.frombuffer(data, "<f8", 3 * rows, at).reshape(3, rows)
    rates = np.frombuffer(data, "<f4", rows * events * labels, at + 24 * rows)
    size = 24 * rows + rates.nbytes
    return heads, rates.reshape(rows, events, labels), at + size + -size % 8


def ticks(wire) -> list[tuple[dict, list]]:
    custom = [(d.get("content"), b) for _, d, b in wire.sent if d.get("method") == "custom"]
    return [(content, buffers) for content, buffers in custom if content["kind"] == "tick"]


def test_a_tick_brings_each_row_once_in_its_one_message(wire):
    monitor = Monitor(Counters(), window=60)
    feed = Feed.of(monitor)
    deliver(monitor, [0])
    monitor.tick()
    deliver(monitor, [1, 2])
    monitor.tick()
    monitor.tick()
    (first, _), (second, buffers) = ticks(wire)
    assert first["part_rows"] == [-1, 0, 1]
    assert second["part_rows"] == [0, 2, 2]
    heads, rates, end = unpacked(buffers[-1], 0, 2, 2, 3)
    assert end == len(buffers[-1])
    assert heads.tolist() == [[1, 2], [1e9 + STEP, 1e9 + 2 * STEP], [STEP, STEP]]
    assert rates[1, 1].tolist() == [(1020 + c) / STEP for c in range(3)]
    assert len(buffers) == 3, "rows, newest counts of parts, rates of parts"
    feed.release()


def test_rows_of_a_layout_before_are_told_of_and_not_sent(wire):
    monitor = Monitor(Counters(), window=60)
    feed = Feed.of(monitor)
    deliver(monitor, [0, 1], labels=("CPU0",))
    deliver(monitor, [2])
    monitor.tick()
    [(head, buffers)] = ticks(wire)
    assert head["part_rows"] == [-1, 2, 1]
    heads, _, end = unpacked(buffers[-1], 0, 1, 2, 3)
    assert heads[0].tolist() == [2]
    assert end == len(buffers[-1])
    feed.release()


def test_a_fresh_page_gets_all_of_it(wire):
    monitor = Monitor(Counters(), window=60)
    deliver(monitor, range(3), labels=("CPU0",))
    deliver(monitor, range(3, 20))
    feed = Feed.of(monitor)
    monitor.tick()
    data = feed.pack()
    (length,) = struct.unpack_from("<I", data)
    head = json.loads(data[8 : 8 + length])
    told = head["part_rows"]
    assert told["runs"] == [[list(EVENTS), ["CPU0"], 3], [list(EVENTS), list(CORES), 17]]
    assert told["cut"] is False
    at = len(data) - told["size"]
    heads, rates, at = unpacked(data, at, 3, 2, 1)
    assert rates[:, 0, 0].tolist() == [0, 20, 40]
    heads, rates, at = unpacked(data, at, 17, 2, 3)
    assert heads[0].tolist() == list(range(3, 20))
    assert rates[-1, 0].tolist() == [380, 382, 384]
    assert at == len(data)
    feed.release()


def test_a_page_gets_no_more_than_it_can_take(monkeypatch):
    monkeypatch.setattr("perfwidgets.widgets.part_rows._MOST_OF_ALL", 1000)
    monitor = Monitor(Counters(), window=1000)
    deliver(monitor, range(500))
    head, data = PartsSent(monitor).all()
    assert 900 < len(data) <= 1000
    assert head["part_rows"]["cut"] is True
    assert unpacked(data, 0, head["part_rows"]["runs"][0][2], 2, 3)[0][0, -1] == 499


def test_a_page_that_is_loading_gets_the_rows_since_once_more(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("perfwidgets.widgets.part_rows.time.monotonic", lambda: now[0])
    monitor = Monitor(Counters(), window=1000)
    sent = PartsSent(monitor)
    deliver(monitor, [0])
    layout = {"parts": list(CORES), "events": [{"key": event} for event in EVENTS]}
    sent.news(layout)
    sent.all()

    def numbers_of_the_next(number: int, seconds: float) -> list[float]:
        now[0] += seconds
        deliver(monitor, [number])
        head, buffers = sent.news(layout)
        before, last, rows = head["part_rows"]
        assert (before, last) == (number - 1, number)
        return unpacked(buffers[-1], 0, rows, 2, 3)[0][0].tolist()

    assert numbers_of_the_next(1, 1.0) == [1]
    assert numbers_of_the_next(2, 1.0) == [1, 2], "those since it was packed"
    assert numbers_of_the_next(3, 1.0) == [3]
    assert numbers_of_the_next(4, 4.0) == [1, 2, 3, 4]
    assert numbers_of_the_next(5, 99.0) == [5]


def test_where_nothing_is_counted_apart_nothing_is_sent(wire):
    monitor = Monitor(Counters(), window=60)
    feed = Feed.of(monitor)
    deliver(monitor, range(5), labels=())
    monitor.tick()
    [(head, buffers)] = ticks(wire)
    assert "part_rows" not in head
    assert len(buffers) == 1
    assert b"part_rows" not in feed.pack()
    assert monitor.part_history.nbytes == 0
    feed.release()


def test_a_whole_dashboard_with_cores_sends_one_message_a_tick(wire):
    monitor = Monitor(Counters(), window=60)
    dashboard = Dashboard(monitor)
    deliver(monitor, range(3))
    monitor.tick()
    wire.sent.clear()
    deliver(monitor, range(3, 5))
    monitor.tick()
    assert len(wire.sent) == 1
    dashboard.close()
