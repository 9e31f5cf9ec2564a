"""perf's CSV: one rule at a time, then rows of every mode made up by hypothesis."""

from __future__ import annotations

import gc
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfwidgets.errors import ArgumentError, RecordingError
from perfwidgets.perf_csv import IntervalAssembler, read_perf_csv
from perfwidgets.samples import Status

LOCAL = Path(__file__).parent.parent / "data" / "local"


def local(mode, version="6.1"):
    return LOCAL / f"debian-vm-amd-perf{version}-{mode}.csv"


def read(text, **options):
    reader = read_perf_csv(text.splitlines(), **options)
    return list(reader), reader


def one(text, **options):
    (sample,), reader = read(text, **options)
    assert not reader.notes
    return sample


def counts(sample):
    return {reading.event: reading.count for reading in sample}


def parts(reading):
    return {label: parts(p) if p.parts else p.count for label, p in reading.parts.items()}


# One row


def test_a_plain_row():
    (reading,) = one("0.500000000,200.51,msec,cpu-clock,200511548,43.25,2.005,CPUs utilized")
    assert reading.event == "cpu-clock"
    assert (reading.count, reading.unit, reading.rate) == (200.51, "msec", 401.02)
    assert (reading.status, reading.running) == (Status.COUNTED, 0.4325)


def test_a_count_without_decimals_stays_exact():
    (reading,) = one("0.5,18446744073709551615,,cycles,1,100.00,,")
    assert reading.count == 18446744073709551615
    assert isinstance(reading.count, int)
    assert reading.unit is None


@pytest.mark.parametrize(
    ("shown", "status"),
    [("<not counted>", Status.NOT_COUNTED), ("<not supported>", Status.NOT_SUPPORTED)],
)
def test_a_row_without_a_count_has_no_share_whatever_it_prints(shown, status):
    (reading,) = one(f"0.5,{shown},,cycles,0,100.00,,")
    assert (reading.count, reading.rate, reading.status) == (None, None, status)
    assert reading.running == 0.0


@pytest.mark.parametrize(
    "event",
    [
        "cpu/event=0x3c,umask=0x0/u",
        "msr/tsc,percore/",
        "uncore_imc_0/cas_count_read/",
        "cpu_core/cycles/",
        "cpu_atom/cycles:u/",
        "sched:sched_switch",
        "r003c",
        "mem:0x1000:rw",
        "9p:9p_client_req",
        "cpu/a=1,b=2,c=3/",
    ],
)
@pytest.mark.parametrize("label", ["", "CPU7,", "S0-D0-C3,2,"])
def test_a_name_may_hold_the_separator(event, label):
    sample = one(f"0.5,{label}12,,{event},500,100.00,1.0,/sec")
    assert counts(sample) == {event: 12}


def test_the_pmu_that_perf_6_12_adds_is_taken_off():
    assert counts(one("0.5,CPU0,1,,cpu-clock [software],500,100.00,,")) == {"cpu-clock": 1}


@pytest.mark.parametrize(
    "label",
    [
        "CPU0",
        "S0-D0-C0,1",
        "S0-D1,8",
        "S0,8",
        "N1,4",
        "S-1,1",
        "S0-D0-L3-ID0,2",
        "S0-D0-CLS65535,2",
        "S0-C1,2",
        "S0-D0-C1",
        "my worker/3-6063",
        "kworker/1:0-mm-23",
    ],
)
def test_labels_of_every_mode(label):
    (reading,) = one(f"0.5,{label},12,,cycles,500,100.00,,")
    assert parts(reading) == {label.split(",")[0]: 12}


@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12"])
def test_a_thread_may_have_any_name(version):
    reader = read_perf_csv(local("perthread-hostile-comm", version))
    (sample,) = reader
    (reading,) = sample
    labels = {"python3-8976", "tab\tname-9019", "x-y-12-9020", 'a;b,c "q" \\x-9018'}
    assert reading.parts.keys() == labels
    assert not reader.notes


def test_a_thread_named_like_a_row_does_not_pass_for_one():
    line = "0.5;7;;cycles;1;100.00;;x-12;44;;faults;900;100.00;;"
    (reading,) = one(line, separator=";")
    assert (reading.event, parts(reading)) == ("faults", {"7;;cycles;1;100.00;;x-12": 44})


def test_a_row_seen_before_does_not_mislead():
    lines = "0.5;a-1;7;;c;1;1.00;;;;;;\n0.5;a-1;7;;c;1;1.00;z-2;9;;d;1;100.00\n"
    first, second = one(lines, separator=";")
    assert parts(first) == {"a-1": 7}
    assert parts(second) == {"a-1;7;;c;1;1.00;z-2": 9}


def test_a_separator_in_a_name_is_not_taken_for_the_separator():
    (reading,) = one("0.1;-5:1::a:1:1.00:-12;5;;ctx;9;100.00;;")
    assert (reading.event, parts(reading)) == ("ctx", {"-5:1::a:1:1.00:-12": 5})


def test_cgroups_are_parts():
    first, second = read_perf_csv(local("cgroup-foreach"))
    assert parts(first["cpu-clock"]) == {"pwtest": 2.83, "/": 253.87}
    assert first["cpu-clock"].count == 256.70
    assert first["cycles"].status is Status.NOT_SUPPORTED
    assert parts(second["context-switches"]) == {"pwtest": 89, "/": 710}


def test_cgroups_counted_by_cpu_have_parts_of_their_own():
    (sample,) = read_perf_csv(local("cgroup-foreach-A", "6.12"))
    assert parts(sample["cpu-clock"]) == {"pwtest": {"CPU0": 4.74, "CPU1": None}}
    assert sample["context-switches"].count == 77


@pytest.mark.parametrize("cgroup", ["a/b,c", "/", "1234", "user.slice/x-1.scope"])
def test_a_cgroup_and_a_variance(cgroup):
    (reading,) = one(f"0.5,12,,cycles,{cgroup},0.63%,500,54.00,,")
    assert (parts(reading), reading.running) == ({cgroup: 12}, 0.54)


def test_a_repeated_run_prints_a_variance():
    first, second, _ = read_perf_csv(local("repeat"))
    assert counts(first) == {"cpu-clock": 200.61, "context-switches": 484}
    assert counts(second) == {"cpu-clock": 203.15, "context-switches": 541}


@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12"])
def test_a_comma_locale_is_read_with_any_separator(version):
    for mode, separator in (("locale-de-semi", ";"), ("locale-de-comma", ",")):
        path = local(mode, version)
        reader = read_perf_csv(path)
        (sample,) = reader
        assert reader.separator == separator
        assert not reader.notes
        first = path.read_text().split(separator + "msec")[0].split(separator, 1)[1]
        assert sample["cpu-clock"].count == float(first.replace(",", "."))
        assert isinstance(sample["context-switches"].count, int)
        assert sample["cycles"].status is Status.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("line", "label", "count"),
    [
        ("0.5,CPU0,100,33,msec,cpu-clock,100,100,00,,", "CPU0", 100.33),
        ("0.5,S0-D0-C0,1,100,33,msec,cpu-clock,100,100,00,1,x", "S0-D0-C0", 100.33),
        ("0.5,S0-D0-C0,1,71,,cycles,100,100,00,,", "S0-D0-C0", 71),
        ("0.5,S0-D0-C0,100,33,MiB,msr/tsc,percore/,100,100,00,,", "S0-D0-C0", 100.33),
        ("0.5,a-5,100,33,msec,cpu-clock,100,100,00,,", "a-5", 100.33),
        ("0.5,pwtest-5,9,,cycles,g,0,63%,100,99,00,,", "pwtest-5", 9),
        ("0.5,a-5,9,,cycles,g,nan%,100,99,00,,", "a-5", 9),
    ],
)
def test_commas_between_fields_and_in_numbers(line, label, count):
    (reading,) = one(line)
    part = next(iter(reading.parts.values()))
    leaf = part.parts.get(label, part)
    assert leaf.count == count
    assert label in reading.parts or label in part.parts


def test_separators_that_are_in_names():
    (sample,) = read_perf_csv(local("colon-sep", "6.12"))
    assert counts(sample) == {"cpu-clock:u": 205.70, "sched:sched_switch": 1093}
    (sample,) = read_perf_csv(local("quoted-sep", "6.12"))
    assert counts(sample) == {"msr/tsc/": 525400824, "cpu-clock": 202.38}


@pytest.mark.parametrize(
    "line",
    [
        "0.5,0,cpu-migrations",
        "0.5,CPU0,0,cpu-migrations",
        "0.5,0,,cpu-migrations",
        "0.5,0,,cpu-migrations,500,100.00",
        "0.5,0,,cpu-migrations,500,100.00,,,,",
        "0.5,0,,cpu-migrations,500,100.00,1.34,insn per cycle,,",
        "     0.5 ,0 , ,cpu-migrations ,500 ,100,00 , ,",
    ],
)
def test_rows_of_other_versions(line):
    separator = " ," if " ," in line else None
    (reading,) = one(line, separator=separator)
    assert (reading.event, reading.count, reading.running) == ("cpu-migrations", 0, 1.0)


def test_short_rows_are_not_believed_beside_full_ones():
    (sample,), reader = read("0.5,7,,cycles,500,100.00,,\n0.5,8,,instr")
    assert counts(sample) == {"cycles": 7}
    assert [note.line_number for note in reader.notes] == [2]


FURNITURE = """\
# started on Sun Nov 22 07:41:47 2026

,,,,,1.37,stalled cycles per insn
,,,,,,1.29,stalled cycles per insn
0.5,,,,,,1.37,stalled cycles per insn
0.001813453,,S0,1,,,,,,,1.34,stalled cycles per insn
,S0,1,,,,,,,2.00,stalled cycles per insn
S0,1,,,,,,,1.34,stalled cycles per insn
summary,,,,,1.37,stalled cycles per insn
,225849327050,100.00,,,,TopdownL1
,225849327050,100.00,,,,TopdownL1 (cpu_core)
,10188319019,63.00,,,41.3,%  tma_frontend_bound
,,,,,,%  tma_backend_bound
 time,insn per cycle,Ghz,
     0.1002,1.48,2.9,
     0.1002,,,
     0.000908461,S0,8,0.950,1.65,1.21,
"""


def test_metrics_are_passed_over():
    sample = one(FURNITURE + "0.5,7,,cycles,500,100.00,,\n")
    assert counts(sample) == {"cycles": 7}


@pytest.mark.parametrize(
    "line",
    [
        "Events disabled",
        "0.5,7,,cyc",
        "0.5,7,,cycles,500",
        "0.5,,,cycles,500,100.00,,",
        "0.5,1e9,,cycles,500,100.00,,",
        "0.5,inf,,cycles,500,100.00,,",
        "0.5,nan,,cycles,500,100.00,,",
        "0.5,0x10,,cycles,500,100.00,,",
        "0.5,٣,,cycles,500,100.00,,",
        "0.5,1_000,,cycles,500,100.00,,",
        "0.5,7,5,cycles,500,100.00,,",
        "0.5,7,,5,500,100.00,,",
        "0.5,7,,cyc0.5,8,,instructions,500,100.00,,",
        "0.5,CPU0,1,7,,cycles,500,100.00,,",
        "nan,7,,cycles,500,100.00,,",
        f"0.5,{'9' * 5000},,cycles,500,100.00,,",
        "0.5,7,,cpu/event=0x3c,500,100.00,,",
        "," * 100_000,
        "0.5\0,7,,cycles,500,100.00,,",
    ],
)
def test_what_fits_nothing_is_a_note(line):
    samples, reader = read(f"0.4,1,,faults,500,100.00,,\n{line}\n")
    assert [counts(sample) for sample in samples] == [{"faults": 1}]
    assert reader.notes == [(2, line[:500])]


def test_the_human_format_gives_notes_only():
    samples, reader = read(local("human").read_text())
    assert samples == []
    assert len(reader.notes) == 17


def test_notes_are_bounded():
    _, reader = read("x\n" * 10_005)
    assert len(reader.notes) == 10_000
    assert reader.notes.left_out == 5


def test_bytes_that_are_no_text():
    lines = [b"0.5;\xff\xe9-12;7;;cycles;1;100.00;;\n", b"\xff\n"]
    reader = read_perf_csv(lines)
    (sample,) = reader
    assert parts(sample["cycles"]) == {"\\xff\\xe9-12": 7}
    assert [note.line_number for note in reader.notes] == [2]


# Intervals


def test_intervals_end_where_the_time_changes():
    samples, _ = read("0.1,1,,a,1,100.00,,\n0.1,2,,b,1,100.00,,\n0.3,3,,a,1,100.00,,\n")
    assert [sample.time for sample in samples] == [0.1, 0.3]
    assert [sample.duration for sample in samples] == pytest.approx([0.1, 0.2])
    assert counts(samples[1]) == {"a": 3, "b": None}
    assert samples[1]["b"].status is Status.MISSING
    assert samples[1].missing == ("b",)


def test_time_that_goes_back_begins_a_run():
    text = "1.0,1,,a,1,100.00,,\n2.0,2,,b,1,100.00,,\n1.5,3,,c,1,100.00,,\n"
    _, _, third = read(text)[0]
    assert third.duration == 1.5
    assert counts(third) == {"c": 3}


def test_a_short_last_interval_keeps_its_count_and_gives_no_rate():
    text = "".join(f"{t},5,,a,1,100.00,,\n" for t in ("1.0", "2.0", "3.0", "3.1"))
    *before, last = read(text)[0]
    assert [sample["a"].rate for sample in before] == [5, 5, 5]
    assert (last["a"].count, last["a"].rate) == (5, None)


def test_a_run_at_a_shorter_interval_has_rates():
    times = ("1.0", "2.0", "3.0", "0.1", "0.2", "0.3")
    samples, _ = read("".join(f"{t},5,,a,1,100.00,,\n" for t in times))
    assert [sample["a"].rate for sample in samples] == pytest.approx([5, 5, 5, 50, 50, 50])


def test_repeated_events_are_kept_apart():
    first, _ = read_perf_csv(local("dup"))
    assert [r.count for r in first if r.event == "cpu-clock"] == [200.58, 200.58]
    assert len(first) == 5


@pytest.mark.parametrize("order", ["event", "label"])
def test_the_nth_row_of_a_label_is_of_the_nth_reading(order):
    rows = [(cpu, nth) for cpu in (0, 1) for nth in (1, 2)]
    if order == "event":
        rows.sort(key=lambda row: row[1])
    sample = one("".join(f"0.5,CPU{c},{n}{c},,a,1,100.00,,\n" for c, n in rows))
    assert [parts(r) for r in sample] == [{"CPU0": 10, "CPU1": 11}, {"CPU0": 20, "CPU1": 21}]


def test_the_whole_is_the_sum_and_as_weak_as_the_weakest():
    (reading,) = one("0.5,CPU0,3,,a,1,100.00,,\n0.5,CPU1,4,,a,1,25.00,,\n"
                     "0.5,CPU2,<not counted>,,a,0,100.00,,\n")  # fmt: skip
    assert (reading.count, reading.rate, reading.running) == (7, 14, 0.25)
    assert reading.parts["CPU2"].status is Status.NOT_COUNTED


def test_output_without_times_is_one_sample():
    sample = one("N0,1,199.87,MiB,a,1,100.00,,\nN1,1,0.13,MiB,a,1,100.00,,\n")
    assert (sample.time, sample.duration) == (0.0, None)
    assert (sample["a"].count, sample["a"].rate) == (200.0, None)


@pytest.mark.parametrize("version", ["5.10", "6.1", "6.12"])
def test_the_summary_is_no_interval(version):
    for mode in ("summary", "summary-nocsv") if version != "5.10" else ("summary",):
        reader = read_perf_csv(local(mode, version))
        assert len(list(reader)) == 2
        assert len(reader.summary) == 3
        assert reader.summary["cpu-clock"].count > 400
        assert reader.summary["cpu-clock"].rate is None


def test_a_row_that_lost_its_beginning_is_no_summary():
    samples, reader = read("51,msec,cpu-clock,1,100.00,,\n0.5,7,,a,1,100.00,,\n")
    assert counts(*samples) == {"a": 7}
    assert reader.summary is None
    assert [note.line_number for note in reader.notes] == [1]


def test_a_row_cut_by_kill_is_a_note(tmp_path):
    whole_rows = "0.5,7,,a,1,100.00,,\n0.5,8,,b,1,100.00,,"
    path = tmp_path / "cut.csv"
    path.write_text(whole_rows)
    reader = read_perf_csv(path)
    assert [counts(sample) for sample in reader] == [{"a": 7}]
    assert reader.notes == [(2, "0.5,8,,b,1,100.00,,")]
    assert counts(one(whole_rows)) == {"a": 7, "b": 8}


# The source of the lines


def test_a_missing_file_is_told_at_once(tmp_path):
    with pytest.raises(RecordingError, match=r"nosuch.*Give the path"):
        read_perf_csv(tmp_path / "nosuch")
    with pytest.raises(RecordingError):
        read_perf_csv(str(tmp_path))


@pytest.mark.parametrize("lines", [b"0.5,7,,a,1,100.00,,", 7, None])
def test_neither_path_nor_lines(lines):
    with pytest.raises(ArgumentError):
        read_perf_csv(lines)


def test_a_reader_that_is_dropped_closes_its_file():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reader = read_perf_csv(local("dup"))
        del reader
        reader = read_perf_csv(local("dup"))
        next(reader)
        del reader
        gc.collect()


def test_lines_are_read_as_they_are_needed():
    def endless():
        second = 1
        while True:
            yield f"{second}.0,{second},,a,1,100.00,,\n"
            second += 1

    reader = read_perf_csv(endless())
    assert [next(reader)["a"].count for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("separator", ["", "\n", 3])
def test_a_separator_must_separate(separator):
    with pytest.raises(ArgumentError):
        read_perf_csv([], separator=separator)


@pytest.mark.parametrize("separator", ["\t", "\\t"])
def test_both_ways_to_write_a_tab(separator):
    assert len(list(read_perf_csv(local("global-realtab"), separator=separator))) == 3


def test_a_very_long_line_of_a_file_is_a_note(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("0.5,7,,a,1,100.00,,\n0.5,8,,b,1,100.00,," + "x" * (3 << 20) + "\n"
                    "0.5,9,,c,1,100.00,,\n")  # fmt: skip
    reader = read_perf_csv(path)
    assert [counts(sample) for sample in reader] == [{"a": 7, "c": 9}]
    assert [note.line_number for note in reader.notes] == [2]


# Live


def rows(time, *events, value=1):
    return "".join(f"{time}@@{value}@@@@{e}@@1@@100.00@@@@\n" for e in events).encode()


def test_the_first_interval_waits():
    assembler = IntervalAssembler(["cycles"])
    assert assembler.feed(rows("0.1", "cpu_core/cycles/")) == []
    assert assembler.pending
    assert assembler.feed(rows("0.1", "cpu_atom/cycles/")) == []
    sample = assembler.flush()
    assert sample.counted == ("cpu_core/cycles/", "cpu_atom/cycles/")
    assert not assembler.pending
    assert assembler.flush() is None


def test_later_intervals_come_with_their_last_row():
    assembler = IntervalAssembler(["a", "b"], interval=0.1, cores="0-3")
    assembler.origin = 1000.0
    assembler.feed(rows("0.1", "a", "b"))
    (first,) = assembler.feed(rows("0.2", "a"))
    assert (first.time, first.timestamp, first.cores, first.interval) == (0.1, 1000.1, "0-3", 0.1)
    assert assembler.feed(b"0.2@@1@@@@b@@1@@10") == []
    assert assembler.mid_row
    assert assembler.feed(b"0.00@@@@") == []
    (second,) = assembler.feed(b"\n")
    assert second.counted == ("a", "b")
    assert not assembler.mid_row
    assert not assembler.pending


def test_rows_beyond_the_expected_number_belong_to_their_interval():
    assembler = IntervalAssembler(["a"])
    assembler.feed(rows("0.1", "a"))
    assembler.flush()
    (sample,) = assembler.feed(rows("0.2", "a", "b"))
    assert sample.counted == ("a", "b")
    assert assembler.feed(rows("0.3", "a")) == []
    assert assembler.pending


def test_an_unfinished_row_holds_the_interval_back():
    assembler = IntervalAssembler(["a"])
    assembler.feed(rows("0.1", "a"))
    assembler.flush()
    assert assembler.feed(rows("0.2", "a") + b"0.2@@") == []
    (sample,) = assembler.feed(b"5@@@@b@@1@@100.00@@@@\n")
    assert counts(sample) == {"a": 1, "b": 5}


def test_a_late_row_is_noted_and_waited_for_next_time():
    assembler = IntervalAssembler(["a"])
    assembler.feed(rows("0.1", "a"))
    assembler.flush()
    assert len(assembler.feed(rows("0.2", "a"))) == 1
    assert assembler.feed(rows("0.2", "b")) == []
    assert [note.text[:10] for note in assembler.notes] == ["late row: "]
    assert assembler.feed(rows("0.3", "a")) == []
    assert len(assembler.feed(rows("0.3", "b"))) == 1


def test_fewer_rows_than_asked_for_wait():
    assembler = IntervalAssembler(["a", "b", "c"])
    assembler.feed(rows("0.1", "a", "b"))
    assembler.flush()
    assert assembler.feed(rows("0.2", "a", "b")) == []
    assert assembler.flush().missing == ("c",)


@pytest.mark.parametrize(
    ("asked", "printed", "missing"),
    [
        (["cycles"], ["cycles:u"], ()),
        (["cycles"], ["cpu_core/cycles/", "cpu_atom/cycles/"], ()),
        (["cycles:u"], ["cpu_atom/cycles:u/"], ()),
        (["cycles:u"], ["cpu_core/cycles/u"], ()),
        (["cycles"], ["cpu_core/cycles/u"], ()),
        (["cpu_core/cycles/u"], ["cpu_core/cycles:u/"], ()),
        (["cpu_core/cycles:u/"], ["cpu_core/cycles/u"], ()),
        (["uncore_imc/cas/"], ["uncore_imc_0/cas/", "uncore_imc_1/cas/"], ()),
        (["cpu/event=0x3c,name=mine/"], ["mine"], ()),
        (["cycles", "cycles"], ["cycles"], ("cycles",)),
        (["cycles", "cycles"], ["cpu_core/cycles/", "cpu_atom/cycles/"], ("cycles",)),
        (["cycles", "cycles:u"], ["cycles:u"], ("cycles",)),
        (["cycles", "cycles:u"], ["cycles:u", "cycles:u"], ()),
        (["cycles", "faults"], ["faults"], ("cycles",)),
        (["cycles"], ["cpu-cycles"], ("cycles",)),
        (["cpu_core/cycles/"], ["cpu_atom/cycles/"], ("cpu_core/cycles/",)),
    ],
)
def test_what_answers_an_event(asked, printed, missing):
    assembler = IntervalAssembler(asked)
    assembler.feed(rows("0.1", *printed))
    sample = assembler.flush()
    assert sample.missing == missing
    assert len(sample) == len(printed) + len(missing)


def test_live_rates_need_a_fifth_of_the_interval_asked_for():
    assembler = IntervalAssembler(["a"], interval=1.0)
    assembler.feed(rows("0.1", "a", value=5))
    sample = assembler.flush()
    assert (sample["a"].count, sample["a"].rate) == (5, None)
    assembler.feed(rows("1.1", "a", value=5))
    assert assembler.flush() is None  # it was complete
    (sample,) = assembler.feed(rows("2.1", "a", value=5))
    assert sample["a"].rate == pytest.approx(5)


def test_live_a_row_needs_a_time():
    assembler = IntervalAssembler(["a"])
    assert assembler.feed(b"7@@@@a@@1@@100.00@@@@\nsummary@@7@@@@a@@1@@100.00@@@@\nhello\n") == []
    assert assembler.flush() is None
    assert [note.line_number for note in assembler.notes] == [1, 2, 3]


def test_live_a_cut_row_at_the_end_is_a_note():
    assembler = IntervalAssembler(["a"])
    assembler.feed(rows("0.1", "a") + b"0.1@@7@@@@b@@1@@100.00")
    sample = assembler.end()
    assert counts(sample) == {"a": 1}
    assert assembler.notes == [(2, "0.1@@7@@@@b@@1@@100.00")]


def test_live_a_line_without_end_is_dropped():
    assembler = IntervalAssembler(["a"])
    for _ in range(40):
        assembler.feed(b"x" * 100_000)
        assert len(assembler._buffer) <= 1 << 20
    assert assembler.mid_row
    assembler.feed(b"yyy\n" + rows("0.1", "a") + b"noise\n")
    assert not assembler.mid_row
    assert counts(assembler.flush()) == {"a": 1}
    assert [note.line_number for note in assembler.notes] == [1, 3]


def test_live_a_new_run_may_have_fewer_rows():
    assembler = IntervalAssembler(["a"])
    assembler.feed(rows("1.0", "a", "b", "c"))
    assembler.flush()
    assembler.feed(rows("0.5", "a"))
    assert len(assembler.feed(rows("1.0", "a"))) == 2


def test_live_time_that_goes_back_begins_a_run():
    assembler = IntervalAssembler(["a"])
    assembler.feed(rows("1.0", "a", "b"))
    (_, second) = assembler.feed(rows("2.0", "a", "b") + rows("0.5", "a"))
    assert second.duration == 1.0
    assert assembler.feed(rows("0.5", "c")) == []
    third = assembler.flush()
    assert (third.duration, third.counted) == (0.5, ("a", "c"))
    assert len(assembler.feed(rows("1.0", "a", "c"))) == 1


# Made-up output of every mode

SEPARATORS = [",", ";", "@@", "\t", "|", " ;", "#"]
EVENTS = [
    "cycles",
    "cycles:u",
    "cpu_core/cycles/",
    "cpu/event=0x3c,umask=0x0/u",
    "r11",
    "L1-dcache-loads",
]
EVENTS += [
    "sched:sched_switch",
    "msr/tsc,percore/",
    "uncore_imc_0/cas_count_read/",
    "power/energy-pkg/",
]
TAILS = ["{s}{s}", "{s}2.005{s}CPUs utilized", "", "{s}{s}{s}{s}", "{s}{s}%  tma_backend_bound"]


def names_of_threads(separator):
    hostile = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=15)
    mixed = st.lists(st.sampled_from([separator, "1.5", "7", "-3", "cycles", "100.00", "<", "/"]))
    return st.one_of(hostile, mixed.map("".join).map(lambda name: name[:15]))


@st.composite
def outputs(draw):
    """Text of perf and what it says: [(time, {(event, cgroup, label): (count, running)})]."""
    separator = draw(st.sampled_from(SEPARATORS))
    mode = draw(st.sampled_from(["global", "cpu", "core", "socket", "thread"]))
    makers = {
        "global": [None],
        "cpu": ["CPU0", "CPU1", "CPU17"],
        "core": ["S0-D0-C0", "S0-D0-C1"],
        "socket": ["S0", "S1"],
    }
    if mode == "thread":
        names = draw(st.lists(names_of_threads(separator), min_size=1, max_size=3))
        labels = [f"{name}-{tid}".strip(" ") for tid, name in enumerate(names, 100)]
    else:
        labels = makers[mode]
    events = draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=4, unique=True))
    cgroups = draw(st.sampled_from([[None], [None], ["web"], ["/", "a/b"]]))
    variance = draw(st.sampled_from(["", "", f"0.63%{separator}", f"nan%{separator}"]))
    tail = draw(st.sampled_from(TAILS)).format(s=separator)
    width = draw(st.sampled_from([0, 16]))
    comma = separator not in (",", "#") and draw(st.booleans())
    keys = [(e, c, x) for e in events for c in cgroups for x in labels]
    times = draw(st.lists(st.integers(10**7, 2 * 10**9), min_size=1, max_size=4))
    lines, model, now = [], [], 0
    for step in times:
        now += step
        time = f"{now // 10**9}.{now % 10**9:09d}"
        said = {}
        for event, cgroup, label in keys:
            value = draw(st.sampled_from(["<not counted>", "<not supported>", "int", "float"]))
            if value == "int":
                value = str(draw(st.integers(0, 2**64 - 1)))
            elif value == "float":
                value = f"{draw(st.integers(0, 10**9))}.{draw(st.integers(0, 99)):02d}"
            pct = f"{draw(st.integers(0, 100))}.00"
            count = None if value[0] == "<" else float(value) if "." in value else int(value)
            said[event, cgroup, label] = (count, 0.0 if count is None else float(pct) / 100)
            if comma:
                value, pct = value.replace(".", ","), pct.replace(".", ",")
            cells = [time.rjust(width)]
            cells += [] if label is None else [label]
            cells += ["2"] if mode in ("core", "socket") else []
            cells += [value, draw(st.sampled_from(["", "msec", "Joules"])), event]
            cells += [] if cgroup is None else [cgroup]
            line = separator.join(cells) + separator + variance
            lines.append(f"{line}500{separator}{pct}{tail}\n")
        model.append((float(time), said))
    return separator, mode, "".join(lines), model


def said(sample):
    found = {}

    def walk(reading, event, path):
        if not reading.parts:
            found[event, *path] = (reading.count, reading.running)
        for label, part in reading.parts.items():
            walk(part, event, (*path, label))

    for reading in sample:
        walk(reading, reading.event, ())
    return sample.time, found


def flattened(model):
    return [
        (time, {(e, *filter(None, (c, x))): v for (e, c, x), v in rows.items()})
        for time, rows in model
    ]


@settings(max_examples=400, deadline=None)
@given(outputs(), st.data())
def test_every_made_up_count_is_read(output, data):
    separator, mode, text, model = output
    lines = text.split("\n")[:-1]
    reader = read_perf_csv(lines, separator=separator)
    assert [said(sample) for sample in reader] == flattened(model)
    assert not reader.notes
    if mode != "thread":
        assert [said(sample) for sample in read_perf_csv(lines)] == flattened(model)

    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=12)))
    assembler = IntervalAssembler((), separator=separator)
    samples = []
    for start, stop in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        samples += assembler.feed(raw[start:stop])
    samples += filter(None, [assembler.end()])
    assert [said(sample) for sample in samples] == flattened(model)
    assert not assembler.notes
