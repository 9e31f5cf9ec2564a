"""The strip of cores and the line of counters, without a kernel."""

from __future__ import annotations

import comm
import pytest
from comm.base_comm import BaseComm

from perfwidgets.errors import ArgumentError
from perfwidgets.models.monitor import Monitor
from perfwidgets.sources.synthetic import Synthetic
from perfwidgets.widgets.compact import CompactBar
from perfwidgets.widgets.core_strip import CoreStrip
from perfwidgets.widgets.dashboard import Dashboard


class Nowhere(BaseComm):
    """A comm whose messages go nowhere."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys): ...


@pytest.fixture(autouse=True)
def _no_kernel(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", Nowhere)


@pytest.fixture
def monitor():
    return Monitor(Synthetic(per_core=True))


@pytest.mark.parametrize("kind", [CoreStrip, CompactBar])
def test_each_reads_as_text_and_leaves_nothing(monitor, kind):
    view = kind(monitor)
    bundle = view._repr_mimebundle_()
    assert bundle["text/plain"] == f"{kind.__name__}: {kind.summary}"
    view.close()
    assert view.comm is None


def test_what_the_line_shows_can_be_chosen(monitor):
    with_list = CompactBar(monitor, ["IPC", "cycles"])
    as_text = CompactBar(monitor, "IPC, cycles")
    assert with_list.events == as_text.events == ["IPC", "cycles"]
    assert CompactBar(monitor).events == []
    for wrong in ([""], [3], "a,,b"):
        with pytest.raises(ArgumentError, match="no names"):
            CompactBar(monitor, wrong)
    with_list.close()
    as_text.close()


def test_a_compact_dashboard_is_a_line_and_the_whole(monitor):
    dashboard = Dashboard(monitor, compact=True)
    line = dashboard.children[0]
    assert isinstance(line, CompactBar)
    assert (line.opens, line.is_open) == (True, False)
    assert "pw-folded" in dashboard._dom_classes
    dashboard.close()
    assert line.comm is None, "closed with it"
    whole = Dashboard(monitor)
    assert "pw-folded" not in whole._dom_classes
    assert not any(isinstance(child, CompactBar) for child in whole.children)
    assert isinstance(whole.cores, CoreStrip)
    whole.close()
