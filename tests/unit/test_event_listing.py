"""What `perf list` prints is read, and whether one more event fits is found out by counting it."""

from __future__ import annotations

import sys

import pytest

from perfwidgets.availability.fitting import Beside, trial_interval, try_event
from perfwidgets.availability.listing import list_events, read_listing
from perfwidgets.errors import ArgumentError, PerfFailedError, PerfNotFoundError
from perfwidgets.events import check_events, takes_counter
from perfwidgets.sources.perf_stat import PerfStat

LIST = """
List of pre-defined events (to be used in -e or -M):

  branch-instructions OR branches                    [Hardware event]
  cpu-cycles OR cycles                               [Hardware event]
  L1-dcache-load-misses                              [Hardware cache event]
  cpu-cycles OR cpu/cpu-cycles/                      [Kernel PMU event]
  uncore_imc/cas_count_read/                         [Kernel PMU event]
  sched:sched_switch                                 [Tracepoint event]

cache:
  l1d.replacement
       [Counts the number of cache lines replaced
        in L1 data cache. Unit: cpu]
  l2_lines_in.all
       [L2 cache lines filling L2]

floating point:
  fp_arith_inst_retired.scalar
       [Scalar instructions]
  rNNN                                               [Raw hardware event descriptor]
  cpu/t1=v1[,t2=v2,t3 ...]/modifier                  [Raw hardware event descriptor]
  mem:<addr>[/len][:access]                          [Hardware breakpoint]
  --help                                             [Tracepoint event]
  {cycles,instructions}                              [Tracepoint event]
  one,two                                            [Tracepoint event]

Metric Groups:

Backend:
  Backend_Bound
       [This category represents a fraction of slots]
"""
#: perf that prints a row for each -e: SHARE of the time, or what STATUS says
FAKE = """
import sys
arguments = sys.argv[1:]
events = [b for a, b in zip(arguments, arguments[1:]) if a == "-e"]
for event in events:
    value, share = {rows}
    print(f"0.100100000@@{{value}}@@@@{{event}}@@{{int(share * 1e6)}}@@{{share:.2f}}@@@@", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def fake(tmp_path):
    def made(rows):
        script = tmp_path / "fake.py"
        script.write_text(FAKE.format(rows=rows))
        return [sys.executable, str(script)]

    return made


def tried(event, command, beside, others=()):
    events = (*others, event)
    source = PerfStat(events, interval=0.1, command=command)
    arguments = source.arguments(events)
    return try_event(event, arguments, events=events, beside=beside, command=source.command)


def test_a_list_is_read_without_forms_and_metrics():
    found = {entry.name: entry for entry in read_listing(LIST.splitlines())}
    assert list(found) == [
        *("branch-instructions", "cpu-cycles", "L1-dcache-load-misses"),
        *("uncore_imc/cas_count_read/", "sched:sched_switch"),
        *("l1d.replacement", "l2_lines_in.all", "fp_arith_inst_retired.scalar"),
    ]
    assert found["cpu-cycles"].aliases == ("cycles",)
    assert found["sched:sched_switch"].kind == "Tracepoint event"
    replaced = found["l1d.replacement"]
    assert replaced.kind == "cache"
    assert replaced.description == (
        "Counts the number of cache lines replaced in L1 data cache. Unit: cpu"
    )


def test_hostile_names_in_a_list_are_no_events():
    lines = [f"  {name}   [Tracepoint event]" for name in ("-a", "--output=x", "a@@b", "a\x1b[31m")]
    lines += ["  " + "x" * 2000, "  good:one   [Tracepoint event]", "", "   ["]
    assert [entry.name for entry in read_listing(lines)] == ["good:one"]


def test_a_line_of_blanks_is_read_as_fast_as_any_other():
    blanks = " " * 200_000  # tried blank by blank, it would take hours
    assert list(read_listing([f"  a{blanks}b", f"  a{blanks}[Tracepoint event]"])) != []


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("print('nothing of note')", PerfFailedError, "printed no events"),
        ("import sys; sys.exit(3)", PerfFailedError, "status 3"),
        ("import time; time.sleep(60)", PerfFailedError, "did not answer within 1 s"),
        ("while True: print('x' * 65536)", PerfFailedError, "printed more than"),
    ],
)
def test_a_command_that_gives_no_list_says_why(code, error, words):
    timeout = 1 if "sleep" in code else 60
    listing = list_events([sys.executable, "-c", code], timeout=timeout)
    assert listing.events == ()
    assert isinstance(listing.error, error)
    assert words in str(listing.error)


def test_a_list_of_any_length_is_bounded():
    code = "for i in range(30000): print(f'  some:event{i}   [Tracepoint event]')"
    listing = list_events([sys.executable, "-c", code])
    assert len(listing.events) == 20_000
    assert listing.left_out == 10_000


def test_no_perf_is_told_and_no_command_refused():
    assert isinstance(list_events("no-such-perf").error, PerfNotFoundError)
    with pytest.raises(ArgumentError):
        list_events([])


def test_an_event_that_was_counted_all_of_the_time_fits(fake):
    fit = tried("r1a8", fake("(5, 100)"), Beside(5))
    assert fit.verdict == "fits"
    assert "counted all of a trial beside the 5 hardware events that are counted now" in fit.words
    assert "how many more would fit is not known" in fit.words


def test_what_others_than_ours_hold_is_told(fake):
    fit = tried("r1a8", fake("('<not counted>', 0)"), Beside(0))
    assert fit.words.startswith("cannot be counted here: no counter was free for it: others hold")


def test_a_trial_lasts_until_each_event_had_several_turns():
    assert trial_interval(["cycles", "page-faults"]) == 0.1
    assert trial_interval(["page-faults"] * 50) == 0.1
    assert trial_interval([f"r{number:02x}" for number in range(50)]) == 0.8


def test_one_that_shares_counters_is_told_with_its_share(fake):
    fit = tried("r1a8", fake("(5, 86)"), Beside(6))
    assert fit.verdict == "shares"
    assert "would be multiplexed" in fit.words
    assert "for 86 % of a trial; about 6 for 7 events" in fit.words


def test_where_others_share_already_it_does_not_fit(fake):
    fit = tried("r1a8", fake("(5, 100)"), Beside(9, shared=True))
    assert fit.verdict == "shares"
    assert "share counters already" in fit.words


def test_where_nothing_is_counted_all_are_tried_together(fake):
    others = ("cycles", "instructions", "page-faults")
    command = fake("(5, 100 if event == 'page-faults' else 66)")
    fit = tried("r1a8", command, Beside(counting=False), others)
    assert fit.verdict == "shares"
    assert "each of 3 hardware events was counted about 66 % of a trial" in fit.words
    assert "about 2 counters" in fit.words
    fit = tried("r1a8", fake("(5, 100)"), Beside(counting=False), others)
    assert fit.verdict == "fits"
    assert "all 3 hardware events were counted all of the time" in fit.words


def test_an_event_is_known_by_the_names_that_perf_prints_for_it(tmp_path):
    """Counted for each type of core, or in user mode only, it has another name in the rows."""
    script = tmp_path / "hybrid.py"
    printed = ("page-faults:u", "cpu_core/cycles/", "cpu_atom/cycles/")
    rows = "".join(f"0.100100000@@5@@@@{name}@@100000@@100.00@@@@\n" for name in printed)
    script.write_text(f"import sys; print({rows!r}, end='', flush=True); sys.stdin.read()")
    command = [sys.executable, str(script)]
    for event, other in (("cycles", "page-faults"), ("page-faults", "cycles")):
        fit = tried(event, command, Beside(1, counting=False), (other,))
        assert fit.verdict == "fits", fit.words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("<not supported>", "cannot be counted here: this CPU, or the part of it"),
        ("<not counted>", "was on no counter in a trial beside the 1 hardware event"),
    ],
)
def test_what_is_not_counted_is_told_and_why(fake, value, words):
    fit = tried("r1a8", fake(f"({value!r}, 0)"), Beside(1))
    assert fit.verdict == "not counted"
    assert words in fit.words


def test_events_off_the_cores_take_none_of_their_counters(fake):
    fit = tried("sched:sched_switch", fake("(0, 100)"), Beside(9, shared=True))
    assert fit.verdict == "fits"
    assert "takes no counter of a core" in fit.words


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("cycles", True),
        ("cpu_core/cycles/", True),
        ("cpu/event=0x3c,umask=0x0/", True),
        ("armv8_pmuv3_0/cycles/", True),
        ("r1a8", True),
        ("l1d.replacement", True),
        ("cycles:u", True),
        ("page-faults", False),
        ("page-faults:u", False),
        ("sched:sched_switch", False),
        ("duration_time", False),
        ("msr/tsc/", False),
        ("uncore_imc_0/cas_count_read/", False),
        ("power/energy-pkg/", False),
    ],
)
def test_what_takes_a_counter_of_a_core(name, takes):
    assert takes_counter(name) is takes


def test_a_command_that_cannot_be_tried_says_so():
    fit = tried("page-faults", ["no-such-perf"], Beside(1))
    assert fit.verdict == "unknown"
    assert fit.words.startswith("could not be tried: no-such-perf was not found")


@pytest.mark.parametrize(
    "name",
    [
        *("-a", "--output=/tmp/x", "-e cycles", "cycles -o x", "a\nb", "a@@b", "{cycles,cycles}"),
        *("cycles,instructions", "", "x" * 1001, "cycles\0", "\u202ecycles"),
    ],
)
def test_no_text_becomes_an_option_of_perf(name):
    with pytest.raises(ArgumentError):
        check_events([name])
    with pytest.raises(ArgumentError):
        PerfStat([name])


@pytest.mark.parametrize("name", ["<b>x</b>", "$(id)", "`id`", "a;b", "a|b", "'", '"', "../x"])
def test_odd_names_are_one_word_after_e(name):
    """No shell is involved, so that perf is what refuses them."""
    arguments = PerfStat(["cycles", name]).arguments(["cycles", name])
    assert arguments[arguments.index(name) - 1] == "-e"
    assert arguments.count(name) == 1
