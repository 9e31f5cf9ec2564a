"""Cells are charged with whole intervals, marks stand where they were set."""

from __future__ import annotations

import asyncio
import gc
import math
import time
import weakref
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell
from scripted_source import Scripted

from perfwidgets import ArgumentError, Monitor, Reading, Sample, Status
from perfwidgets.models.cell_watch import _Watcher, unwatch, watch
from perfwidgets.models.cells import Cells
from perfwidgets.models.marks import Marks
from perfwidgets.recording import RecordedCell


def sample(end, duration=0.25, faults=100, cycles=None, running=1.0):
    status = Status.NOT_SUPPORTED if cycles is None else Status.COUNTED
    readings = (
        Reading("page-faults", faults, faults / duration, None, Status.COUNTED, 1.0),
        Reading("cycles", cycles, None, None, status, running if cycles is not None else 0.0),
    )
    return Sample(time=end, timestamp=end, duration=duration, readings=readings)


@pytest.fixture
def shell():
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


class TestCharging:
    def test_only_intervals_wholly_within_the_cell(self):
        cells = Cells()
        number = cells.begin(5, "\n  x = 1\ny = 2", began=10.1)
        for end in (10.25, 10.5, 10.75, 11.0):
            cells.charge(sample(end))
        cells.end(number, ended=11.1)
        cells.charge(sample(11.25))
        cell = cells[0]
        # it began within the first interval, and ended within the last
        assert cell.code == "x = 1"
        assert cell["page-faults"].count == 300
        assert cell.intervals == 3

    def test_what_comes_after_the_end_but_lies_within_is_charged(self):
        cells = Cells()
        number = cells.begin(1, "work()", began=10.0)
        cells.end(number, ended=10.6)
        for end in (10.25, 10.5, 10.75, 11.0):
            cells.charge(sample(end))
        assert cells[0]["page-faults"].count == 200
        assert cells[0].coverage == pytest.approx(0.5 / 0.6)
        assert cells[0]["page-faults"].rate == pytest.approx(400)

    def test_a_cell_shorter_than_the_interval_has_no_count_which_is_not_zero(self):
        cells = Cells()
        cells.end(cells.begin(1, "pass", began=10.3), ended=10.305)
        cells.charge(sample(10.5))
        assert cells[0]["page-faults"].count is None
        assert cells[0].coverage == 0.0
        assert math.isnan(cells[0].duration) is False

    def test_what_is_not_supported_stays_so(self):
        cells = Cells()
        cells.begin(1, "work()", began=9.0)
        cells.charge(sample(10.0))
        assert cells[0]["cycles"].count is None
        assert cells[0]["cycles"].status is Status.NOT_SUPPORTED

    def test_the_weakest_share_is_inherited(self):
        cells = Cells()
        cells.begin(1, "work()", began=9.0)
        cells.charge(sample(10.0, cycles=10, running=0.9))
        cells.charge(sample(10.25, cycles=20, running=0.4))
        assert cells[0]["cycles"].count == 30
        assert cells[0]["cycles"].running == 0.4

    def test_overlapping_cells_are_charged_with_the_same_intervals_and_say_so(self):
        cells = Cells()
        first = cells.begin(1, "await a()", began=10.0)
        second = cells.begin(2, "b()", began=10.2)
        for end in (10.25, 10.5, 10.75):
            cells.charge(sample(end))
        cells.end(second, ended=10.8)
        cells.end(first, ended=11.0)
        cells.begin(3, "c()", began=12.0)
        assert [cell["page-faults"].count for cell in cells[:2]] == [300, 200]
        assert [cell.overlapping for cell in cells] == [True, True, False]

    def test_an_event_counted_in_some_intervals_only_is_scaled_and_says_so(self):
        cells = Cells()
        cells.begin(1, "work()", began=9.0)
        for n in range(10):
            cells.charge(sample(10 + n * 0.25, cycles=1000 if n % 2 else None))
        cycles = cells[0]["cycles"]
        assert cycles.count == pytest.approx(10_000)
        assert cycles.running == pytest.approx(0.5)
        assert cycles.scaled
        assert not cells[0]["page-faults"].scaled

    def test_what_is_played_again_is_charged_once(self):
        cells = Cells()
        cells.recorded([RecordedCell(1, "work()", 10.0, 13.0)])
        for end in (10.5, 10.75, 11.0, 10.5, 10.75, 11.0, 11.25, 11.5):
            cells.charge(sample(end))
        assert cells[0].intervals == 5
        assert cells[0].counted == pytest.approx(1.25)

    def test_many_recorded_cells_cost_little(self):
        cells = Cells()
        many = [RecordedCell(n, "x", float(n), None if n % 2 else n + 1.5) for n in range(30_000)]
        cells.recorded(many)
        assert len(cells) == 10_000
        assert cells[0].execution_count == 20_000
        assert all(cell.overlapping for cell in cells[1:])
        cells.charge(sample(20_000.5))
        assert len(cells._charged) == 1
        for n in range(12_000):
            cells.end(cells.begin(n, "x"))
        assert len(cells._charged) <= 10_000

    def test_an_hour_is_charged_though_no_history_reaches_so_far_back(self):
        cells = Cells()
        number = cells.begin(1, "train()", began=0.0)
        for n in range(1, 14401):
            cells.charge(sample(n * 0.25))
        cells.end(number, ended=3600.0)
        assert cells[0]["page-faults"].count == 1_440_000
        assert cells[0].coverage == 1.0

    def test_no_sample_is_kept_longer_than_its_cell_runs(self):
        cells, kept = Cells(), []
        for n in range(20):
            number = cells.begin(n, "x", began=float(n))
            for end in (n + 0.25, n + 0.5):
                new = sample(end)
                kept.append(weakref.ref(new))
                cells.charge(new)
            cells.end(number, ended=n + 0.6)
            cells.charge(sample(n + 0.75))
        del new
        assert [each() for each in kept if each() is not None] == []
        assert [cell["page-faults"].count for cell in cells] == [200] * 20

    def test_a_clock_that_is_found_to_be_nearer_takes_no_interval_away(self):
        cells = Cells()
        cells.begin(1, "x", began=0.0)
        for end in (0.25, 0.5, 0.748, 0.998):  # by 2 ms from the third on
            cells.charge(sample(end))
        assert cells[0].intervals == 4
        assert cells[0]["page-faults"].count == 400

    def test_samples_without_a_timestamp_charge_nobody(self):
        cells = Cells()
        cells.begin(1, "x", began=0.0)
        old = sample(1.0)
        cells.charge(Sample(1.0, None, 1.0, old.readings))
        assert cells[0].intervals == 0

    def test_the_oldest_are_forgotten(self):
        cells = Cells()
        for n in range(10_050):
            cells.end(cells.begin(n, "x", began=float(n)), ended=n + 0.5)
            cells.charge(sample(n + 0.9))
        assert len(cells) == 10_000
        assert cells[0].execution_count == 50
        assert cells._charged == {}
        assert cells._open == {}

    def test_a_table(self):
        cells = Cells()
        cells.end(cells.begin(1, "a", began=10.0), ended=11.0)
        cells.end(cells.begin(2, "b", began=12.0), ended=12.1, error="KeyError")
        for n in range(5, 60):
            cells.charge(sample(8 + n * 0.25))
        table = cells.to_pandas()
        assert list(table["execution_count"]) == [1, 2]
        assert list(table["failed"]) == [False, True]
        assert table["page-faults"][0] == 400
        assert math.isnan(table["page-faults"][1])
        assert table["cycles"].isna().all()
        assert cells.to_pandas("rates")["page-faults"][0] == pytest.approx(400)
        assert str(table["began"].dt.tz) == "UTC"
        with pytest.raises(ValueError, match="Give counts, rates or running"):
            cells.to_pandas("sums")

    def test_an_empty_table_has_its_columns(self):
        assert "coverage" in Cells().to_pandas()


class TestWatching:
    def test_each_executed_cell_leaves_a_row(self, shell):
        cells = Cells()
        watch(cells)
        shell.run_cell("1 + 1", store_history=True)
        shell.run_cell("%%time\n1 / 0", store_history=True)
        shell.run_cell("1 +", store_history=True)
        unwatch(cells)
        shell.run_cell("3", store_history=True)
        assert [cell.code for cell in cells] == ["1 + 1", "%%time", "1 +"]
        assert [cell.execution_count for cell in cells] == [1, 2, 3]
        assert [cell.error for cell in cells] == ["", "ZeroDivisionError", "SyntaxError"]
        assert all(cell.ended is not None for cell in cells)

    @pytest.mark.parametrize("ahead", [0, 1])
    def test_a_running_cell_has_its_number_whenever_the_shell_counts_up(self, ahead):
        class Shell:
            execution_count = 7
            events = SimpleNamespace(register=lambda *_: None)

        shell, cells = Shell(), Cells()
        watcher = _Watcher(shell)
        watcher.add(cells)
        watcher._end(SimpleNamespace(info=object(), execution_count=6))
        shell.execution_count = 7 + ahead
        info = SimpleNamespace(silent=False, store_history=True, raw_cell="x")
        watcher._begin(info)
        assert cells[0].execution_count == 7

    def test_what_a_cell_runs_within_itself_is_no_cell(self, shell):
        cells = Cells()
        watch(cells)
        shell.user_ns["shell"] = shell
        shell.run_cell("shell.run_cell('2')", store_history=True)
        shell.run_cell("5", silent=True)
        assert len(cells) == 1

    def test_cells_that_overlap_end_each_in_its_turn(self, shell):
        cells = Cells()
        watch(cells)
        ran = []

        async def run(code, started, go_on):
            shell.user_ns |= {"started": started, "go_on": go_on}
            result = await shell.run_cell_async(code, store_history=True, transformed_cell=code)
            shell.events.trigger("post_run_cell", result)  # as ipykernel does it
            ran.append(code)

        async def both():
            events = [asyncio.Event() for _ in range(4)]
            first = asyncio.create_task(run("started.set(); await go_on.wait()", *events[:2]))
            await events[0].wait()
            second = asyncio.create_task(run("started.set(); await go_on.wait(); 1", *events[2:]))
            await events[2].wait()
            events[1].set()
            await first
            assert [cell.ended is None for cell in cells] == [False, True]
            events[3].set()
            await second

        asyncio.run(both())
        assert len(ran) == 2
        assert all(cell.ended is not None and cell.overlapping for cell in cells)

    def test_a_cell_of_awaits_that_was_interrupted_is_ended(self, shell):
        """ipykernel then tells of no result, or of one with an error."""
        cells = Cells()
        watch(cells)
        code = "started.set(); await never.wait()"

        async def run(result_known):
            started = asyncio.Event()
            shell.user_ns |= {"started": started, "never": asyncio.Event()}
            task = asyncio.create_task(
                shell.run_cell_async(code, store_history=True, transformed_cell=code)
            )
            await started.wait()
            task.cancel()
            result = await task
            shell.events.trigger("post_run_cell", result if result_known else None)

        asyncio.run(run(True))
        asyncio.run(run(False))
        assert [cell.error for cell in cells] == ["CancelledError", "interrupted"]
        assert all(cell.ended is not None for cell in cells)

    def test_nothing_holds_what_nobody_else_holds(self, shell):
        cells = Cells()
        reference = weakref.ref(cells)
        watch(cells)
        shell.run_cell("1", store_history=True)
        del cells
        gc.collect()
        assert reference() is None
        shell.run_cell("2", store_history=True)

    def test_a_monitor_is_told_while_it_runs(self, shell):
        monitor = Monitor(Scripted())
        shell.run_cell("'before'", store_history=True)
        with monitor:
            shell.run_cell("'during'", store_history=True)
            monitor.pause()
            shell.run_cell("'paused'", store_history=True)
            monitor.resume()
            shell.run_cell("'again'", store_history=True)
        shell.run_cell("'after'", store_history=True)
        assert [cell.code for cell in monitor.cells] == ["'during'", "'again'"]


class TestMarks:
    def test_a_mark_is_a_row(self):
        marks = Marks()
        before = time.time()
        mark = marks.add("epoch 3")
        assert before <= mark.time <= time.time()
        assert list(marks.to_pandas()["label"]) == ["epoch 3"]
        assert marks.to_pandas().index.tz is not None
        assert marks.since(mark.number) == [mark]
        assert marks.since(mark.number + 1) == []

    @pytest.mark.parametrize("label", ["", "  ", None, 3, "x" * 201])
    def test_what_is_no_label_is_refused(self, label):
        with pytest.raises(ArgumentError, match="Give a text"):
            Marks().add(label)

    def test_a_history_names_the_marks_of_its_intervals(self):
        monitor = Monitor(Scripted())
        monitor.history.append(sample(10.25))
        assert "mark" not in monitor.history.to_pandas()
        for end in (10.5, 10.75):
            monitor.history.append(sample(end))
        for label, at in (("a", 10.3), ("b", 10.4), ("too early", 9.9), ("not yet", 10.8)):
            monitor.marks.add(label, at)
        assert list(monitor.history.to_pandas()["mark"]) == [None, "a, b", None]
        monitor.history.append(sample(11.0))
        assert list(monitor.history.to_pandas()["mark"])[-1] == "not yet"

    def test_a_monitor_marks_now(self):
        monitor = Monitor(Scripted())
        assert monitor.mark("here").label == "here"
        assert len(monitor.marks) == 1
