"""Widgets without a kernel: what they send, how they read as text, that they leave nothing."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import sys

import comm
import ipywidgets
import numpy as np
import pytest
from comm.base_comm import BaseComm
from ipywidgets.widgets import widget as _registry
from traitlets import TraitError

from perfwidgets.errors import ArgumentError, PerfNotFoundError
from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.sources.vmstat import MEMORY_EVENTS
from perfwidgets.widgets.bandwidth_chart import BandwidthChart
from perfwidgets.widgets.counter_grid import CounterGrid
from perfwidgets.widgets.dashboard import Dashboard
from perfwidgets.widgets.event_selector import EventSelector
from perfwidgets.widgets.feed import Feed
from perfwidgets.widgets.history_chart import HistoryChart
from perfwidgets.widgets.status_bar import StatusBar

EVENTS = ("cycles", "page-faults")
VIEWS = [CounterGrid, EventSelector, HistoryChart, BandwidthChart, StatusBar]


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
    """A source that is never run: tests hand samples to the monitor themselves."""

    name, kind, interval, events = "scripted", "counters", 0.25, EVENTS
    cores = None
    version = "6.1"

    async def __anext__(self): ...


class Memory:
    name, kind, interval, events = "memory", "memory", 0.25, MEMORY_EVENTS

    async def __anext__(self): ...


@pytest.fixture
def monitor():
    return Monitor(Counters(), Memory(), window=60)


def counted(number: int, value: float = 5) -> Sample:
    readings = (
        Reading("cycles", None, None, None, Status.NOT_SUPPORTED, 0.0),
        Reading("page-faults", value, value / 0.25, None, Status.COUNTED, 0.5),
    )
    return Sample(number * 0.25, 1000 + number * 0.25, 0.25, readings, interval=0.25)


def deliver(monitor: Monitor, number: int, value: float = 5) -> None:
    monitor.sample_arrived("scripted", monitor._sources["scripted"], counted(number, value))


def ticks(wire) -> list[tuple[dict, list]]:
    return [
        (data["content"], buffers)
        for kind, data, buffers in wire.sent
        if kind == "comm_msg" and data.get("method") == "custom"
    ]


def unpack(head: dict, buffer: bytes) -> tuple[np.ndarray, np.ndarray]:
    _, rows, events = head["counters"]
    values = np.frombuffer(buffer, "<f8", rows * (events + 2)).reshape(rows, events + 2)
    shares_at = len(buffer) - 4 * (rows * events + head["memory"][1] * head["memory"][2])
    shares = np.frombuffer(buffer[shares_at:], "<f4", rows * events).reshape(rows, events)
    return values, shares


def test_a_tick_is_one_message_with_the_new_rows(monitor, wire):
    feed = Feed.of(monitor)
    deliver(monitor, 0)
    monitor.tick()  # brings the layout
    wire.sent.clear()
    deliver(monitor, 1, 2**40 + 5)
    monitor.tick()
    assert len(wire.sent) == 1
    [(head, [buffer])] = ticks(wire)
    values, shares = unpack(head, buffer)
    assert head["counters"] == [0, 2, 2], "the row before is repeated"
    assert values[-1].tolist()[1:2] + values[-1].tolist()[3:] == [0.25, 2**40 + 5]
    assert math.isnan(values[-1][2])
    assert shares.tolist() == [[-2.0, 0.5], [-2.0, 0.5]]
    assert head["layout"] == feed.row_layout["id"]


def test_many_samples_share_a_tick_and_rows_sent_are_not_sent_for_ever(monitor, wire):
    Feed.of(monitor)
    for number in range(20):
        deliver(monitor, number)
    monitor.tick()
    for number in range(20, 25):
        deliver(monitor, number)
    wire.sent.clear()
    monitor.tick()
    [(head, _)] = ticks(wire)
    assert head["counters"][:2] == [18, 7]
    wire.sent.clear()
    monitor.tick()
    assert wire.sent == []


def test_a_tick_costs_the_same_for_any_window(wire):
    sizes = []
    for window in (60, 100_000):
        monitor = Monitor(Counters(), window=window)
        Feed.of(monitor)
        for number in range(1000):
            deliver(monitor, number)
        monitor.tick()
        deliver(monitor, 1000)
        wire.sent.clear()
        monitor.tick()
        [(head, [buffer])] = ticks(wire)
        sizes.append(len(buffer) + len(json.dumps(head)))
    assert sizes[0] == sizes[1] < 1000


def test_a_fresh_page_gets_the_whole_history(monitor, wire):
    feed = Feed.of(monitor)
    for number in range(30):
        deliver(monitor, number, number)
    monitor.tick()
    packed = feed.get_state()["history"]
    length = struct.unpack_from("<I", packed)[0]
    head = json.loads(packed[8 : 8 + length])
    values, _ = unpack(head, packed[8 + length :])
    assert head["counters"] == [0, 30, 2]
    assert values[:, 3].tolist() == list(range(30))
    assert (8 + length) % 8 == 0
    assert head["layout"]["columns"] == list(EVENTS)


def test_a_page_that_lost_rows_asks_for_them(monitor, wire):
    feed = Feed.of(monitor)
    deliver(monitor, 0)
    monitor.tick()
    wire.sent.clear()
    feed._heard(feed, {"kind": "resend"}, [])
    [(content, [packed])] = ticks(wire)
    assert content == {"kind": "history"}
    assert packed == feed.pack()


def test_a_page_whose_scripts_have_begun_is_told_what_it_may_have_missed(monitor, wire):
    feed = Feed.of(monitor)
    deliver(monitor, 0)
    monitor.tick()
    wire.sent.clear()
    feed._heard(feed, {"kind": "began"}, [])
    [(_, data, _)] = wire.sent
    assert data["method"] == "update"
    assert set(data["state"]) == {"row_layout", "status", "alerts", "hosts"}
    assert data["state"]["row_layout"]["columns"] == list(EVENTS)


def test_samples_that_no_view_was_sent_are_counted(wire):
    monitor = Monitor(Counters(), window=1)
    Feed.of(monitor)
    deliver(monitor, 0)
    monitor.tick()
    for number in range(1, 100):
        deliver(monitor, number)
    monitor.tick()
    assert monitor.dropped == 99 - len(monitor.history)


def test_state_and_errors_reach_the_browser_with_their_remedy(monitor, wire):
    feed = Feed.of(monitor)
    error = PerfNotFoundError("perf was not found", "Install it")
    monitor.source_changed("scripted", "failed", error)
    monitor.tick()
    assert feed.status["state"] == "failed"
    assert feed.status["error"] == {"reason": "perf was not found", "remedy": "Install it"}


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ({"name": "configure", "interval": 0.0001}, "too short"),
        ({"name": "configure", "cores": "x"}, "not a list of cores"),
        ({"name": "configure", "families": []}, "at least one"),
        ({"name": "__class__"}, ""),
        ({"name": "configure", "interval": {"a": 1}}, "not a number"),
    ],
)
def test_commands_that_cannot_be_are_refused_in_words(wire, content, refused):
    from perfwidgets.sources.perf_stat import PerfStat

    monitor = Monitor(PerfStat(EVENTS, interval=0.5))
    feed = Feed.of(monitor)
    feed._heard(feed, {"kind": "command", **content}, [])
    assert refused in feed.status["refusal"]
    assert (monitor.interval, monitor.cores, monitor.events) == (0.5, None, EVENTS)


def test_a_script_s_fault_is_kept(monitor, wire):
    feed = Feed.of(monitor)
    feed._heard(feed, {"kind": "fault", "where": "grid", "message": "x" * 9000, "trace": ""}, [])
    assert monitor.faults[0].where == "browser: grid"
    assert len(monitor.faults[0].message) <= 4000


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_works_alone_reads_stably_and_leaves_nothing(monitor, wire, view):
    alive = set(_open_widgets())
    made = view(monitor)
    first = made._repr_mimebundle_()
    deliver(monitor, 0)
    monitor.tick()
    second = made._repr_mimebundle_()
    assert first["text/plain"] == second["text/plain"] == f"{view.__name__}: {view.summary}"
    assert first["text/html"] == second["text/html"]
    assert first["application/vnd.jupyter.widget-view+json"]["model_id"] == made.model_id
    made.close()
    made.close()
    assert set(_open_widgets()) == alive


def test_the_dashboard_leaves_nothing(monitor, wire):
    alive = set(_open_widgets())
    dashboard = Dashboard(monitor)
    deliver(monitor, 0)
    monitor.tick()
    dashboard.close()
    assert set(_open_widgets()) == alive
    assert monitor._tickers == []


@pytest.mark.parametrize("view", [*VIEWS, Dashboard])
def test_a_view_that_goes_takes_nothing_from_others_of_its_monitor(monitor, wire, view):
    """As when a cell is run again whose monitor was made in another one."""
    alive = set(_open_widgets())
    first, second = view(monitor), view(monitor)
    first.close()
    third = view(monitor)
    ipywidgets.Widget.get_manager_state()  # as a page asks for all that it is to show again
    assert all(widget.layout.comm is not None for widget in _registry._instances.values()
               if widget.has_trait("layout") and widget.layout is not None)  # fmt: skip
    second.close()
    third.close()
    assert set(_open_widgets()) == alive


def test_views_share_one_feed(monitor, wire):
    grid, bar = CounterGrid(monitor), StatusBar(monitor)
    assert bar.feed == grid.children[0].feed
    grid.close()
    assert Feed.of(monitor).key == bar.feed


def test_links_of_the_users_own_end_with_what_they_link(monitor, wire):
    selector = EventSelector(monitor)
    mine, other = ipywidgets.IntText(), ipywidgets.IntText()
    linked = ipywidgets.jslink((selector.dropdown, "index"), (mine, "value"))
    followed = ipywidgets.jsdlink((mine, "value"), (other, "value"))
    selector.close()
    assert linked.comm is None  # open, it would blank every widget of a page loaded anew
    assert followed.comm is not None
    for widget in (followed, mine, other):
        widget.close()


def test_the_box_closes_before_what_it_holds(monitor, wire):
    chart = HistoryChart(monitor)
    box, figure = chart.comm.comm_id, chart.figure.comm.comm_id
    wire.sent.clear()
    ids = []
    original = Wire.close

    def closing(self, *args, **keys):
        ids.append(self.comm_id)
        original(self, *args, **keys)

    Wire.close = closing
    try:
        chart.close()
    finally:
        Wire.close = original
    assert ids.index(box) < ids.index(figure)


def test_the_selector_offers_what_counts_first_and_keeps_the_choice(monitor, wire):
    selector = EventSelector(monitor)
    assert [event for _, event in selector.dropdown.options[:2]] == ["cycles", "page-faults"]
    selector.value = "page-faults"
    selector.value = "cycles"
    deliver(monitor, 0)
    monitor.tick()
    assert selector.dropdown.options[:2] == (
        ("Software · page-faults", "page-faults"),
        ("CPU · cycles (not supported)", "cycles"),
    )
    assert selector.dropdown.value == "cycles"
    assert selector.value == "cycles"


def test_the_selector_suggests_what_counts_until_somebody_chooses(monitor, wire):
    selector = EventSelector(monitor)
    seen = []
    selector.observe(lambda change: seen.append(change.new), "value")
    deliver(monitor, 0)
    monitor.tick()
    assert selector.value == selector.dropdown.value == "page-faults"
    assert seen == ["page-faults"]
    assert selector._driver.choice == ""
    with pytest.raises(TraitError):
        selector.value = "no-such-event"


def test_closing_harms_nobody_else_s_widgets(monitor, wire):
    mine = ipywidgets.Layout()
    button = ipywidgets.Button(layout=mine)
    chart = HistoryChart(monitor, layout=mine)
    grid = CounterGrid(monitor)
    box = ipywidgets.HBox([grid, button])
    chart.close()
    grid.close()
    assert box.children == (button,)
    assert button.get_state()["layout"] == f"IPY_MODEL_{mine.model_id}"
    assert box.get_state()["children"] == [f"IPY_MODEL_{button.model_id}"]


def test_a_feed_on_a_running_monitor_begins_with_what_comes_next(wire):
    monitor = Monitor(Counters(), window=1)
    for number in range(100):
        deliver(monitor, number)
    feed = Feed.of(monitor)
    deliver(monitor, 100)
    monitor.tick()
    deliver(monitor, 101)
    wire.sent.clear()
    monitor.tick()
    [(head, _)] = ticks(wire)
    assert head["counters"][1] <= 3
    assert monitor.dropped == 0
    assert feed.pack()


def test_arguments_that_are_no_monitor_are_refused():
    with pytest.raises(ArgumentError, match="not a monitor"):
        CounterGrid("cycles")
    with pytest.raises(ArgumentError, match="no option 'interva'"):
        Dashboard(interva=1)
    with pytest.raises(ArgumentError, match="not a source"):
        Dashboard(42)
    with pytest.raises(ArgumentError, match="absent or offline"):
        Dashboard(cores=[4095])


def test_the_scripts_of_all_views_are_sent_once(monitor):
    with Dashboard(monitor) as dashboard:
        feed = dashboard.status._feed
        widgets = _registry._instances.values()
        views = [each._esm for each in widgets if getattr(each, "feed", "") == feed.key]
        assert len(views) > 10
        assert "class HistoryChart" in feed._esm
        assert all(len(text) < 4000 for text in views)
        for text in (feed._esm, *views):
            assert "import {" not in text
            assert text.count("\nexport ") == 1
            assert "innerHTML" not in text


def test_widgets_of_one_class_share_what_anywidget_would_add_to_each(monitor):
    with CounterGrid(monitor) as first, CounterGrid(monitor) as second:
        tables = [first.children[0], second.children[0]]
        assert type(tables[0]) is type(tables[1])
        assert tables[0].get_state()["_anywidget_id"].endswith("FamilyTable")


def test_a_dashboard_makes_no_models_that_nothing_shows(monitor):
    before = set(_open_widgets())
    with Dashboard(monitor) as dashboard:
        made = set(_open_widgets()) - before
        assert len(made) <= 70  # each costs a fresh page a message and a model
        names = [type(_registry._instances[each]).__name__ for each in made]
        assert names.count("Layout") <= 20
        assert names.count("Figure") == 2  # the one of memory controllers comes with them
        tables = dashboard.grid.children[:2]
        assert tables[0].layout is tables[1].layout
        assert dashboard.grid.layout is not tables[0].layout, "a person's to change"
    assert set(_open_widgets()) <= before


def _open_widgets() -> list[str]:
    from ipywidgets.widgets import widget

    return list(widget._instances)


def test_a_script_that_leaves_a_dashboard_open_ends_without_a_word():
    code = "import perfwidgets; d = perfwidgets.Dashboard(perfwidgets.Synthetic(interval=0.1))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_process_on_some_cores_is_refused_as_perf_would_count_all():
    from perfwidgets.sources.perf_stat import PerfStat

    with pytest.raises(ArgumentError, match="were both given"):
        PerfStat(EVENTS, pid="self", cores=0)
