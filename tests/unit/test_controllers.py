"""The chart of memory controllers is there only where they are counted."""

from __future__ import annotations

import comm
import pytest
from comm.base_comm import BaseComm
from ipywidgets.widgets.widget import _instances

from perfwidgets import lifetime
from perfwidgets.models.monitor import Monitor
from perfwidgets.sources.replay import Replay
from perfwidgets.widgets.bandwidth_chart import BandwidthChart

ROW = "{time}.000604066,{value},{unit},{event},8009419950,100.00,,\n"


class Wire(BaseComm):
    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        """Nothing is sent."""


@pytest.fixture(autouse=True)
def nowhere(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", Wire)


def chart_of(tmp_path, *rows):
    path = tmp_path / "imc.csv"
    path.write_text(
        "".join(
            ROW.format(time=time, value=238.47, unit=unit, event=event)
            for time in (1, 2)
            for event, unit in rows
        )
    )
    monitor = Monitor(Replay(path, speed=float("inf")))
    return monitor, BandwidthChart(monitor)


@pytest.mark.parametrize(
    ("event", "unit", "drawn"),
    [
        ("uncore_imc/cas_count_read/", "MiB", True),
        ("uncore_imc_3/cas_count_write/", "MiB", True),
        ("uncore_imc_free_running/data_read/", "MiB", True),
        ("uncore_imc_0/event=0x4/", "", False),
        ("uncore_imc/clockticks/", "", False),
        ("page-faults", "", False),
    ],
)
def test_it_comes_with_their_rows(tmp_path, event, unit, drawn):
    monitor, chart = chart_of(tmp_path, (event, unit), ("context-switches", ""))
    assert len(chart.children) == 2
    monitor.start()
    monitor.stop()  # the last tick of all has come then
    assert (len(chart.children) == 3) is drawn
    assert monitor.faults == ()
    again = BandwidthChart(monitor)
    assert (len(again.children) == 3) is drawn, "counted already when it was made"
    for each in (chart, again):
        each.close()


def test_its_models_are_made_once_wanted_and_go_with_the_chart(tmp_path):
    before = set(_instances)
    monitor, chart = chart_of(tmp_path, ("uncore_imc/cas_count_read/", "MiB"))
    few = len(set(_instances) - before)
    monitor.start()
    monitor.stop()
    assert len(set(_instances) - before) > few
    chart.close()
    assert set(_instances) <= before


def test_they_belong_to_the_chart_and_not_to_the_cell_that_runs_when_they_come(
    tmp_path, monkeypatch
):
    cell = ["chart", "run 1"]
    monkeypatch.setattr(lifetime, "_running_cell", lambda: tuple(cell))
    monkeypatch.setattr(lifetime, "_made", {})
    monitor, chart = chart_of(tmp_path, ("uncore_imc/cas_count_read/", "MiB"))
    cell[:] = ["other", "run 2"]
    monitor.start()
    monitor.stop()
    box = chart.children[2]
    assert len(box.children) == 2
    other = BandwidthChart(monitor)
    cell[:] = ["other", "run 3"]
    BandwidthChart(monitor).close()
    assert other.comm is None, "what the cell itself made goes"
    assert len(box.children) == 2
    assert all(child.comm is not None for child in (chart, box, *box.children))
    chart.close()


def test_none_is_made_for_a_chart_that_is_closed_meanwhile(tmp_path):
    before = set(_instances)
    monitor, chart = chart_of(tmp_path, ("uncore_imc/cas_count_read/", "MiB"))
    tick = chart._tick
    chart.close()
    monitor.start()
    monitor.stop()
    tick()  # one that was under way
    assert set(_instances) <= before
