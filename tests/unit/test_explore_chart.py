"""What of a history chart can be chosen in Python, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from perfwidgets import Dashboard, HistoryChart, Monitor, Synthetic
from perfwidgets.errors import ArgumentError


@pytest.fixture
def monitor():
    with Monitor(Synthetic()) as monitor:
        yield monitor


def test_a_chart_follows_the_selector_and_is_plain(monitor: Monitor):
    with HistoryChart(monitor) as chart:
        assert (chart.event, chart.events) == (None, [None])
        assert (chart.scale, chart.per, chart.normalised) == ("linear", "second", False)


def test_choices_reach_the_page_and_come_back(monitor: Monitor):
    events = ["cycles", "instructions"]
    with HistoryChart(
        monitor, events=events, scale="log", per="interval", normalised=True
    ) as chart:
        state = chart.tools.get_state(["events", "scale", "per", "normalised"])
        assert state == {"events": events, "scale": "log", "per": "interval", "normalised": True}
        chart.scale = "linear"
        chart.events = [None, "branches"]
        assert (chart.tools.scale, chart.tools.events) == ("linear", [None, "branches"])
        # what a person chooses in the page
        chart.tools.set_state({"events": [None, "branches", "IPC"], "per": "second"})
        assert (chart.events, chart.per) == ([None, "branches", "IPC"], "second")


def test_the_first_event_is_set_alone(monitor: Monitor):
    with HistoryChart(monitor, "cycles") as chart:
        chart.events = ["cycles", "instructions"]
        chart.event = "instructions"
        assert chart.events == ["instructions"]
        chart.event = None
        assert (chart.event, chart.events) == (None, [None])


def test_a_choice_can_be_observed(monitor: Monitor):
    seen = []
    with HistoryChart(monitor) as chart:
        chart.observe(lambda change: seen.append(change.new), "scale")
        chart.tools.set_state({"scale": "log"})
    assert seen == ["log"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"scale": "cubic"}, "scale cannot be 'cubic'"),
        ({"per": "minute"}, "per cannot be 'minute'"),
        ({"events": "cycles"}, "`events` is the text 'cycles'"),
        ({"events": []}, "0 events"),
        ({"events": ["a", "b", "c", "d", "e"]}, "5 events"),
        ({"events": ["a", None]}, "None is not the name"),
        ({"events": ["a", ""]}, "'' is not the name"),
        ({"events": [3]}, "3 is not the name"),
        ({"events": ["a", "b", "a"]}, "'a' is among the events twice"),
        ({"event": "a", "events": ["b"]}, "Both `event` and `events`"),
    ],
)
def test_what_cannot_be_drawn_is_refused(monitor: Monitor, wrong: dict[str, Any], words: str):
    with pytest.raises(ArgumentError) as caught:
        HistoryChart(monitor, **wrong)
    assert words in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("wrong", [{"scale": "cubic"}, {"per": "hour"}, {"events": ["a", "a"]}])
def test_what_cannot_be_drawn_is_refused_later_too(monitor: Monitor, wrong: dict[str, Any]):
    with HistoryChart(monitor) as chart:
        for name, value in wrong.items():
            before = getattr(chart, name)
            with pytest.raises(ArgumentError):
                setattr(chart, name, value)
            assert getattr(chart, name) == before


def test_the_tools_stand_above_a_chart_of_its_own_or_beside_the_selector(monitor: Monitor):
    with HistoryChart(monitor) as alone, Dashboard(monitor) as dashboard:
        assert alone.children == (alone.tools, alone.figure)
        assert dashboard.history.children == (dashboard.history.figure,)
        tools = dashboard.history.tools
        boxes = [part for part in dashboard._parts if tools in getattr(part, "children", ())]
        assert [box.children for box in boxes] == [(dashboard.selector, tools)]


def test_lines_without_points_are_there_for_what_is_added(monitor: Monitor):
    with HistoryChart(monitor) as chart:
        assert len(chart.figure.marks) == 4
        ids = chart.tools.get_state(["line", "line2", "line3", "line4"]).values()
        assert list(ids) == [mark.model_id for mark in chart.figure.marks]
