"""Static pictures: what they say, that they are well-formed, and that nothing in them runs."""

from __future__ import annotations

import base64
import json
import math
import re
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from perfwidgets.errors import ArgumentError, PerfNotFoundError, VmStatError
from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.snapshot import Snapshot
from perfwidgets.snapshot.fragment import PARTS
from perfwidgets.snapshot.page import DATA_ID
from perfwidgets.sources.perf_stat import PerfStat
from perfwidgets.sources.vmstat import MEMORY_EVENTS, VmStat
from perfwidgets.widgets.bandwidth_chart import BandwidthChart
from perfwidgets.widgets.counter_grid import CounterGrid
from perfwidgets.widgets.dashboard import Dashboard
from perfwidgets.widgets.history_chart import HistoryChart
from perfwidgets.widgets.scripts import script

BEGIN = 1_700_000_000.0
HOSTILE = """</script><script>alert("x")</script>]]>&'\x00\x1b\ud800-->"""
SVG = "{http://www.w3.org/2000/svg}"


class Counters:
    """A source that is never run: tests hand samples to the monitor themselves."""

    name, kind, interval, cores, version = "scripted", "counters", 0.5, None, "6.1"

    def __init__(self, *events):
        self.events = events or ("cycles", "page-faults")

    async def __anext__(self): ...


class Memory:
    name, kind, interval, events = "memory", "memory", 0.5, MEMORY_EVENTS

    async def __anext__(self): ...


def counted(event, count, *, running=1.0, status=Status.COUNTED, unit=None):
    if status is not Status.COUNTED:
        return Reading(event, None, None, unit, status, 0.0)
    return Reading(event, count, count / 0.5, unit, status, running)


def deliver(monitor, number, *readings, timestamp=True, source="scripted"):
    time = number * 0.5
    stamp = BEGIN + time if timestamp else None
    sample = Sample(time, stamp, 0.5, readings, interval=0.5)
    monitor.sample_arrived(source, monitor._sources[source], sample)


def paged(monitor, number, kilobytes=10.0):
    readings = [counted(event, kilobytes * (event == "pgpgin")) for event in MEMORY_EVENTS]
    deliver(monitor, number, *readings, source="memory")


def filled(samples=20, *, timestamp=True):
    """Page faults that grow, cycles that this machine has not, and one interval without a count."""
    monitor = Monitor(Counters(), Memory())
    for number in range(1, samples + 1):
        fate = Status.NOT_COUNTED if number == 5 else Status.COUNTED
        deliver(
            monitor,
            number,
            counted("cycles", 0, status=Status.NOT_SUPPORTED),
            counted("page-faults", 100 * number, running=0.54, status=fate),
            timestamp=timestamp,
        )
    return monitor


def parsed(html):
    return ElementTree.fromstring(html)


def path_of(svg_or_html):
    """The data of the line of the plot: of the first wide picture."""
    root = parsed(svg_or_html)
    plots = [e for e in root.iter(f"{SVG}svg") if float(e.get("width")) > 200]
    return [p.get("d") for p in plots[0].iter(f"{SVG}path")]


def data_of(page):
    [text] = re.findall(rf'<script type="application/json" id="{DATA_ID}">(.*?)</script>', page)
    return json.loads(text)


def array(data, key, kind):
    return np.frombuffer(base64.b64decode(data[key]), kind)


# ------------------------------------------------------------------- what it says


def test_the_bundle_is_words_and_markup_without_script_or_style_sheet():
    bundle = Snapshot.of(filled())._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    root = parsed(bundle["text/html"])
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert {"svg", "path", "table", "desc", "title"} <= tags
    assert not tags & {"script", "style", "link", "img", "iframe", "foreignObject"}
    names = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in names if name.startswith("on") or "href" in name]
    picture = next(root.iter(f"{SVG}svg"))
    assert picture.get("role") == "img"
    assert "page-faults" in picture.get("aria-label")


def test_the_table_has_each_event_with_count_rate_share_and_state():
    root = parsed(Snapshot.of(filled()).to_html())
    rows = {row[0].text: [cell.text for cell in row] for row in root.iter("tr")}
    assert rows["page-faults"][1:3] == ["2,000", "4.00\u202fk"]
    assert rows["page-faults"][4] == "◐ scaled 54\u202f%"
    assert rows["cycles"][1:] == ["–", "–", None, "✕ not supported"]


def test_in_words_it_says_what_there_was():
    text = Snapshot.of(filled()).text
    assert "20 samples of 2 events over 10.0 s" in text
    assert "from 2023-11-14 22:13:20 to 22:13:30 UTC" in text
    assert "page-faults: 2,000 in 0.5 s (4.00\u202fk/s), scaled 54\u202f%" in text
    assert "not supported: cycles" in text
    assert "19 values between 200 and 4.00\u202fk" in text
    assert "1 gap" in text
    assert "all cores" in text


def test_times_without_a_clock_are_seconds():
    text = Snapshot.of(filled(timestamp=False)).text
    assert "from second 0 to second 10" in text
    assert "UTC" not in text


def test_metrics_have_a_value_or_a_reason():
    monitor = Monitor(Counters("cycles", "instructions"))
    deliver(monitor, 1, counted("cycles", 100, running=0.5), counted("instructions", 250))
    snapshot = Snapshot.of(monitor, event="IPC")
    assert "IPC: 2.50, weakest count 50\u202f%" in snapshot.text
    assert "branch MPKI" in snapshot.text.split("metrics without a value:")[1]
    words = "".join(parsed(snapshot.to_html()).itertext())
    assert "branch MPKI: not available: needs branch-misses" in words


def test_cells_and_marks_are_drawn_and_said():
    monitor = filled()
    monitor.cells.begin(4, "train()", BEGIN + 2)
    monitor.cells.end(0, ended=BEGIN + 5)
    monitor.cells.begin(5, "1 / 0", BEGIN + 6)
    monitor.cells.end(1, ended=BEGIN + 9, error="ZeroDivisionError")
    monitor.cells.begin(6, "sleep()", BEGIN + 9)
    monitor.cells.begin(7, "long after", BEGIN + 1000)
    monitor.marks.add("epoch 3", at=BEGIN + 4)
    snapshot = Snapshot.of(monitor)
    picture = next(parsed(snapshot.to_html()).iter(f"{SVG}svg"))
    bands = {b.findtext(f"{SVG}title"): b for b in picture.iter(f"{SVG}g")}
    inside = 640 - 52 - 14
    band = bands["In [4]: train(), 3.0 s"].find(f"{SVG}rect")
    assert float(band.get("x")) == pytest.approx(52 + inside * 0.2, abs=0.1)
    assert float(band.get("width")) == pytest.approx(inside * 0.3, abs=0.1)
    failed = bands["In [5]: 1 / 0, 3.0 s, failed: ZeroDivisionError"]
    assert failed.find(f"{SVG}rect").get("stroke-dasharray")
    assert failed.findtext(f"{SVG}text") == "✕ [5]"
    running = bands["In [6]: sleep(), still running"].find(f"{SVG}rect")
    assert float(running.get("x")) + float(running.get("width")) == pytest.approx(640 - 14, abs=0.2)
    assert bands["epoch 3"].findtext(f"{SVG}text") == "epoch 3"
    assert "Marks: epoch 3" in snapshot.text
    assert "long after" not in snapshot.text


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda monitor: None, "The monitor was not started. Start it"),
        (
            lambda monitor: monitor.source_changed("scripted", "starting", None),
            "first interval had not ended",
        ),
        (
            lambda monitor: monitor.source_changed(
                "scripted", "failed", PerfNotFoundError("There is no perf", "Install it")
            ),
            "There is no perf. Install it.",
        ),
    ],
)
def test_an_empty_one_says_so_and_why(prepare, words, tmp_path):
    monitor = Monitor(Counters(), Memory())
    prepare(monitor)
    snapshot = Snapshot.of(monitor)
    assert snapshot.text.startswith("Snapshot: nothing was counted")
    for shown in (snapshot.text, "".join(parsed(snapshot.to_html()).itertext())):
        assert words in shown
    page = snapshot.save(tmp_path / "empty.html").read_text()
    assert words in page
    assert "<script" not in page
    picture = ElementTree.parse(snapshot.save(tmp_path / "empty.svg")).getroot()
    assert words.split(".")[0] in "".join(picture.itertext())


def test_of_memory_activity_alone_the_interval_is_its_own():
    monitor = Monitor(PerfStat("page-faults", interval=0.2), VmStat(interval=1.0))
    zeros = [counted(event, 0) for event in MEMORY_EVENTS]
    sample = Sample(1.0, BEGIN, 1.0, tuple(zeros), interval=1.0)
    assert "every 0.2 s" not in Snapshot.of(monitor, parts=("memory",)).text
    monitor.sample_arrived("/proc/vmstat", monitor._sources["/proc/vmstat"], sample)
    said = Snapshot.of(monitor, parts=("memory",)).text
    assert "/proc/vmstat · every 1 s" in said
    assert "every 0.2 s" not in said
    alone = Monitor(VmStat(interval=0.5))
    assert "/proc/vmstat · every 0.5 s" in Snapshot.of(alone, parts=("memory",)).text


@pytest.mark.parametrize("parts", [("memory",), ("memory", "counts"), PARTS])
def test_what_is_wrong_with_memory_activity_alone_is_told_once(parts):
    with Monitor(VmStat(path="/nonexistent")) as monitor:
        monitor.wait_for_sample(timeout=30)
        assert isinstance(monitor.error, VmStatError)
        said = Snapshot.of(monitor, parts=parts).text
        assert said.count("/nonexistent cannot be read (No such file or directory).") == 1
        assert said.count("Memory activity needs Linux with /proc mounted") == 1
        assert "Start it again" not in said
        zeros = [counted(event, 0) for event in MEMORY_EVENTS]
        sample = Sample(1.0, BEGIN, 1.0, tuple(zeros), interval=1.0)
        monitor.sample_arrived("/proc/vmstat", monitor._sources["/proc/vmstat"], sample)
        said = Snapshot.of(monitor, parts=parts).text
        assert said.count("/nonexistent cannot be read") == 1, "beside what came before"
        assert "counts no events" in Snapshot.of(monitor, parts=("counts",)).text


def test_without_perf_memory_activity_is_still_shown():
    monitor = Monitor(Counters(), Memory())
    paged(monitor, 1)
    paged(monitor, 2)
    error = PerfNotFoundError("There is no perf", "Install it")
    monitor.source_changed("scripted", "failed", error)
    snapshot = Snapshot.of(monitor)
    assert "2 samples of paging activity" in snapshot.text
    assert "There is no perf. Install it." in snapshot.text
    assert "in 20 KB/s" in snapshot.text
    assert "no count" not in snapshot.to_html()


def test_a_last_interval_too_short_for_rates_does_not_hide_those_before():
    monitor = Monitor(Memory())
    paged(monitor, 1)
    short = [Reading(e, 1, None, None, Status.COUNTED, 1.0) for e in MEMORY_EVENTS]
    sample = Sample(0.501, BEGIN + 0.501, 0.001, tuple(short), interval=0.5)
    monitor.sample_arrived("memory", monitor._sources["memory"], sample)
    assert "in 20 KB/s" in Snapshot.of(monitor, parts=("memory",)).text


def test_what_was_not_asked_of_the_monitor_is_said():
    counters, memory = Monitor(Counters()), Monitor(Memory())
    assert "reads no memory activity" in Snapshot.of(counters, parts=("memory",)).text
    assert "counts no events" in Snapshot.of(memory, parts=("counts",)).text


# ------------------------------------------------------------------- what it draws


def test_a_line_breaks_at_gaps_and_a_lone_value_is_a_dot():
    monitor = Monitor(Counters("page-faults"))
    for number in (1, 2, 3):
        deliver(monitor, number, counted("page-faults", 10 * number))
    monitor.history.gap()
    deliver(monitor, 6, counted("page-faults", 10))
    deliver(monitor, 7, counted("page-faults", 0, status=Status.NOT_COUNTED))
    deliver(monitor, 8, counted("page-faults", 0))
    deliver(monitor, 9, counted("page-faults", 0))
    [line] = path_of(Snapshot.of(monitor).to_html())
    assert re.sub(r"[\d. ]+", "", line.replace("h0", "h")) == "MLL" + "Mh" + "ML"


def test_decimation_keeps_a_spike():
    monitor = Monitor(Counters("page-faults"), window=1e6)
    for number in range(1, 30_001):
        deliver(monitor, number, counted("page-faults", 1_000_000 if number == 12_345 else 5))
    snapshot = Snapshot.of(monitor)
    [line] = path_of(snapshot.to_html())
    heights = [float(pair.split()[1]) for pair in re.split("[ML]", line)[1:]]
    assert min(heights) == 40.0, "it reaches the top of the plot, 2 M"
    assert len(heights) < 1500
    assert "2.00\u202fM" in snapshot.text


def test_the_same_history_gives_the_same_bytes():
    first, second = Snapshot.of(filled()), Snapshot.of(filled())
    assert first.text == second.text
    assert first.to_html() == second.to_html()
    assert first.to_svg() == second.to_svg()
    assert first.to_page() == second.to_page()


def test_later_samples_do_not_change_it():
    monitor = filled()
    snapshot = Snapshot.of(monitor)
    html = snapshot.to_html()
    deliver(monitor, 21, counted("page-faults", 10**9), counted("later", 1))
    monitor.cells.begin(9, "later", BEGIN + 3)
    monitor.marks.add("later", at=BEGIN + 3)
    monitor.source_changed("scripted", "failed", PerfNotFoundError("later", ""))
    assert snapshot.to_html() == html
    for form in (snapshot.text, snapshot.to_svg(), snapshot.to_page()):
        assert "later" not in form.replace(script("offline"), "")


def test_it_is_taken_while_samples_come_on_another_thread():
    monitor = filled(5)
    ended = threading.Event()

    def run():
        for number in range(6, 3000):
            deliver(monitor, number, counted("page-faults", number), counted("cycles", number))
        ended.set()

    thread = threading.Thread(target=run)
    thread.start()
    taken = 0
    try:
        while taken < 3 or not ended.is_set():
            parsed(Snapshot.of(monitor).to_html())
            taken += 1
    finally:
        thread.join()
    assert "cycles: 2,999" in Snapshot.of(monitor).text


def test_a_window_is_the_end_of_the_history():
    text = Snapshot.of(filled(), window=3).text
    assert "from 2023-11-14 22:13:26 to 22:13:30 UTC" in text
    assert "7 samples" in text


def test_what_was_before_time_stepped_back_is_left_out():
    monitor = filled(timestamp=False)
    deliver(monitor, 1, counted("page-faults", 7), timestamp=False)
    deliver(monitor, 2, counted("page-faults", 8), timestamp=False)
    text = Snapshot.of(monitor).text
    assert "2 samples" in text
    assert "2 values between 14 and 16" in text


def test_an_event_or_metric_is_chosen_by_name():
    monitor = Monitor(Counters("cycles", "instructions"))
    for number in (1, 2):
        deliver(monitor, number, counted("cycles", 100), counted("instructions", 100 * number))
    assert "instructions, per second: " in Snapshot.of(monitor, event="instructions").text
    text = Snapshot.of(monitor, event="IPC").text
    assert "2 values between 1 and 2, the last 2" in text


def test_without_a_choice_an_event_that_counts_is_drawn():
    monitor = filled()
    for chosen in (None, "cycles", "IPC"):
        assert "page-faults, per second: " in Snapshot.of(monitor, chosen=chosen).text
    assert "cycles, per second: " in Snapshot.of(monitor, event="cycles").text
    assert "not supported here" in Snapshot.of(monitor, event="cycles").text


# --------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"event": "page-fualts"}, "There is no event or metric 'page-fualts'.*page-faults"),
        ({"window": 0}, "The window 0 is no number of seconds"),
        ({"window": "5"}, "The window '5' is no number"),
        ({"parts": ("plot",)}, "no part 'plot'.*history, counts, metrics, memory"),
        ({"parts": ()}, "No part was asked for"),
    ],
)
def test_bad_arguments_are_named(options, words):
    with pytest.raises(ArgumentError, match=words):
        Snapshot.of(filled(), **options)


def test_only_a_monitor_has_snapshots():
    with pytest.raises(ArgumentError, match="is not a monitor"):
        Snapshot.of("monitor")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.png", r"neither .html nor .svg.*counts\.html"),
        ("x", "neither .html nor .svg"),
        ("nowhere/x.html", "cannot be written: No such file or directory.*folder that exists"),
        ("folder.svg", "cannot be written: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_written_is_named(name, words, tmp_path):
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(ArgumentError, match=words):
        Snapshot.of(filled()).save(tmp_path / name)


def test_a_path_is_a_path():
    with pytest.raises(ArgumentError, match="5 is not a path"):
        Snapshot.of(filled()).save(5)


# ---------------------------------------------------------------------------- files


def test_a_file_that_is_there_is_replaced(tmp_path):
    file = tmp_path / "x.SVG"
    file.write_text("old " * 100_000)
    assert Snapshot.of(filled()).save(file) == file
    assert ElementTree.parse(file).getroot().tag == f"{SVG}svg"


def test_a_picture_stands_alone(tmp_path):
    monitor = filled()
    for number in range(1, 21):
        paged(monitor, number)
    root = ElementTree.parse(Snapshot.of(monitor).save(tmp_path / "x.svg")).getroot()
    assert "20 samples" in root.findtext(f"{SVG}title")
    assert "page-faults: 2,000" in root.findtext(f"{SVG}desc")
    assert len(list(root.iter(f"{SVG}path"))) == 3, "faults, paged in, paged out; no swap"
    assert not [e for e in root.iter() if e.tag.split("}")[1] in ("script", "style", "image")]


def test_a_page_loads_nothing_and_says_so_to_the_browser():
    page = Snapshot.of(filled()).to_page()
    assert "default-src &#x27;none&#x27;" in page
    addresses = set(re.findall(r"https?://[^\"' <]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}, "a namespace is never fetched"
    assert not re.findall(r"<(?:link|img|iframe)|\bsrc=|\bimport\b[ ({]", page)


def test_the_page_holds_what_was_counted():
    data = data_of(Snapshot.of(filled()).to_page())
    rows = data["counters"]["rows"]
    assert rows == 20
    assert data["counters"]["events"] == ["cycles", "page-faults"]
    counts = array(data["counters"], "counts", "<f4").reshape(2, rows)
    assert np.isnan(counts[0]).all()
    assert counts[1][:4].tolist() == [100, 200, 300, 400]
    assert math.isnan(counts[1][4])
    shares = array(data["counters"], "shares", np.uint8).reshape(2, rows)
    assert set(shares[0].tolist()) == {254}
    assert shares[1][3:5].tolist() == [135, 255]
    times = array(data["counters"], "doubles", "<f8")[:rows]
    assert times[[0, -1]].tolist() == [BEGIN + 0.5, BEGIN + 10]
    assert data["selected"] == "page-faults"


def test_a_share_just_below_one_never_reads_as_all_of_the_time():
    monitor = Monitor(Counters("page-faults"))
    deliver(monitor, 1, counted("page-faults", 1, running=0.9999))
    shares = array(data_of(Snapshot.of(monitor).to_page())["counters"], "shares", np.uint8)
    assert shares.tolist() == [249]


def test_a_large_history_makes_no_large_file():
    events = tuple(f"r{number:03x}" for number in range(17))
    monitor = Monitor(Counters(*events), window=1e6)
    random = np.random.default_rng(7)
    values = random.integers(1, 1000, (30_000, 17)).tolist()
    values[20_000][9] = 10**6
    for number, row in enumerate(values, 1):
        deliver(monitor, number, *map(counted, events, row))
    page = Snapshot.of(monitor, event=events[0]).to_page()
    assert len(page) < 3_000_000
    data = data_of(page)
    kept = data["counters"]["rows"]
    assert 5_000 < kept < 30_000
    assert f"{kept:,} of 30,000 samples are in this file" in page
    counts = array(data["counters"], "counts", "<f4").reshape(17, kept)
    assert counts[9].max() == 10**6, "a spike of an event that is not the one drawn"


def test_more_events_than_stretches_keep_the_newest():
    events = tuple(f"r{number:03x}" for number in range(600))
    monitor = Monitor(Counters(*events))
    random = np.random.default_rng(7)
    for number in range(1, 901):
        deliver(monitor, number, *map(counted, events, random.integers(1, 99, 600).tolist()))
    page = Snapshot.of(monitor).to_page()
    assert data_of(page)["counters"]["rows"] <= 622
    assert len(page) < 3_500_000


def test_hostile_names_never_become_markup(tmp_path):
    event = "cpu/config=1,name=<script>alert('x')</script>]]>/"
    monitor = Monitor(Counters(event))
    for number in (1, 2):
        deliver(monitor, number, counted(event, number))
    monitor.cells.begin(1, HOSTILE, BEGIN)
    monitor.cells.end(0, ended=BEGIN + 1, error=HOSTILE)
    monitor.marks.add(HOSTILE, at=BEGIN + 0.7)
    snapshot = Snapshot.of(monitor)
    assert not [e for e in parsed(snapshot.to_html()).iter() if e.tag == "script"]
    picture = ElementTree.parse(snapshot.save(tmp_path / "x.svg")).getroot()
    assert not list(picture.iter(f"{SVG}script"))
    assert "alert" in "".join(picture.itertext())
    page = snapshot.save(tmp_path / "x.html").read_text()
    assert page.count("<script") == page.count("</script>") == 2
    data = data_of(page)
    assert data["notes"]["cells"][0][2] == HOSTILE[:80]
    assert data["layout"]["events"][0]["key"] == event


def test_the_script_of_the_page_cannot_end_its_element(need, tmp_path):
    joined = script("offline")
    assert "</script" not in joined
    assert "<!--" not in joined
    node = shutil.which("node")
    need(node, "no Node.js on this machine: apt-get install nodejs")
    module = tmp_path / "offline.mjs"
    module.write_text(joined)
    done = subprocess.run(
        [str(node), "--check", str(module)], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr


# ---------------------------------------------------------------------------- views


def test_each_view_gives_its_own_part(tmp_path):
    monitor = filled()
    paged(monitor, 1)
    paged(monitor, 2)
    with CounterGrid(monitor) as grid, BandwidthChart(monitor) as bandwidth:
        table = grid.snapshot(tmp_path / "grid.html").to_html()
        assert "<table" in table
        assert "data-pw-plot" not in table
        assert "page-faults: 2,000" in grid.snapshot().text
        paging = bandwidth.snapshot(tmp_path / "paging.html", window=60)
        assert 'data-pw-plot="memory"' in paging.to_html()
        assert "page-faults" not in paging.text
        assert "perf 6.1" not in paging.text
        assert "in 20 KB/s" in paging.text
    assert "<script" not in (tmp_path / "grid.html").read_text()
    data = data_of((tmp_path / "paging.html").read_text())
    assert (data["counters"]["rows"], data["memory"]["rows"]) == (0, 2)


def test_a_chart_draws_its_own_event():
    monitor = filled()
    with HistoryChart(monitor, "cycles") as chart:
        assert "cycles, per second: " in chart.snapshot().text
        assert "page-faults, per second: " in chart.snapshot(event="page-faults").text
    with HistoryChart(monitor) as chart:
        assert "page-faults, per second: " in chart.snapshot().text
        assert "Latest counts" not in chart.snapshot().to_html()


def test_a_dashboard_gives_all_of_it(tmp_path):
    monitor = filled()
    paged(monitor, 1)
    with Dashboard(monitor) as dashboard:
        snapshot = dashboard.snapshot(tmp_path / "all.html")
        html = snapshot.to_html()
        for part in ('data-pw-plot="history"', 'data-pw-plot="memory"', "Latest counts", "Metrics"):
            assert part in html
        assert html in (tmp_path / "all.html").read_text()
        with pytest.raises(ArgumentError, match="ends in neither"):
            dashboard.snapshot("all.pdf")
    assert dashboard.snapshot().text == snapshot.text, "closed, what was counted is still there"


def test_a_snapshot_needs_no_widgets():
    program = (
        "import sys\nfrom perfwidgets import Monitor, Snapshot, Synthetic\n"
        "assert Snapshot.of(Monitor(Synthetic())).to_page()\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'ipywidgets', 'bqplot', 'anywidget', 'pandas'}, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
