"""Regions counted by the real perf: exactness, independence, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import hashlib
import mmap
import multiprocessing
import os
import shutil
import signal
import statistics
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from pathlib import Path

import pytest
from processes import MARKER, marked, until, wait_until

import perfwidgets
from perfwidgets import Monitor, PerfStat, VmStat, read_perf_csv
from perfwidgets.errors import PerfFailedError, PerfNotPermittedError
from perfwidgets.regions import cost, launching, program

PAGE = mmap.PAGESIZE
SOFTWARE = "task-clock,context-switches,page-faults"


@pytest.fixture(autouse=True)
def nothing_left(need, monkeypatch, request):
    """Every test has a launcher of its own, and leaves no process and no descriptor behind."""
    if request.node.get_closest_marker("guest"):
        yield ""  # a guest runs until the session ends
        return
    need(shutil.which("perf"), "no perf here")
    value = f"{os.getpid()}-{id(request.node)}"
    monkeypatch.setenv(MARKER, value)
    launching.end_launcher()
    before = descriptors()
    yield value
    launching.end_launcher()
    until(lambda: not marked(value), 5, "a process was left")
    assert not program._open
    assert not cost._open
    assert descriptors() <= before


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def launchers(value):
    return [pid for pid, line in marked(value).items() if "launcher.py" in line]


def perfs(value):
    return [pid for pid, line in marked(value).items() if "stat -D -1" in line]


def touch(pages):
    """Touch so many pages that nobody has touched; each is a fault."""
    with mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        for place in range(0, pages * PAGE, PAGE):
            memory[place] = 1


def faults(threads="this", **options):
    return perfwidgets.count(events=SOFTWARE, threads=threads, **options)


def run(code):
    """Run a program that has `perfwidgets`, `os`, `sys` and `touch`; return what it printed."""
    program = "import mmap, os, signal, subprocess, sys, time\nimport perfwidgets\n"
    program += "PAGE = mmap.PAGESIZE\n" + textwrap.dedent(TOUCH) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


TOUCH = """
def touch(pages):
    memory = mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for place in range(0, pages * PAGE, PAGE):
        memory[place] = 1
"""


@pytest.fixture
def busy(nothing_left):
    """A monitor that runs, and three threads that compute without holding the interpreter."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 300_000)

    threads = [threading.Thread(target=work) for _ in range(3)]
    with Monitor(PerfStat(interval=0.25), VmStat(interval=0.25)) as monitor:
        assert monitor.wait_for_sample(20) is not None
        for thread in threads:
            thread.start()
        yield monitor
        stop.set()
        for thread in threads:
            thread.join()


# -- exactness


@pytest.mark.parametrize("pages", [1_000, 10_000, 100_000])
def test_each_page_touched_is_a_fault_whatever_goes_on_beside(busy, pages):
    with faults() as region:
        touch(pages)
    assert region["page-faults"].count == pytest.approx(pages, rel=0.01)
    assert region.available
    assert busy.state == "running"


def test_each_sleep_is_a_switch_whatever_goes_on_beside(busy):
    sleeps = 1_000
    region = faults()
    for _ in range(5):  # another program may take the core away: a switch as well
        with region:
            for _ in range(sleeps):
                time.sleep(0.0001)
    counts = [each["context-switches"].count for each in region.runs]
    assert min(counts) >= sleeps
    assert statistics.median(counts) == pytest.approx(sleeps, rel=0.02)


def test_all_threads_and_children_are_counted_or_this_thread_alone():
    def elsewhere():
        touch(5_000)

    counted = {}
    for threads in ("all", "this"):
        with faults(threads) as region:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            child = os.fork()
            if not child:
                touch(3_000)
                os._exit(0)
            os.waitpid(child, 0)
            touch(1_000)
        counted[threads] = region["page-faults"].count
    assert counted["all"] >= 9_000
    assert 1_000 <= counted["this"] < 3_000


def test_nothing_before_or_after_is_counted():
    touch(4_000)
    with faults() as region:
        pass
    touch(4_000)
    assert region["page-faults"].count < 20
    assert not region.trusted
    assert region["context-switches"].count <= 3


def test_repeats_agree():
    region = faults()
    for _ in range(5):
        with region:
            touch(2_000)
    assert region["page-faults"].count == pytest.approx(2_000, rel=0.01)
    assert region.spread("page-faults") < 20
    assert region.check("page-faults < 2_050", "page-faults / seconds > 1").passed


def test_the_default_events():
    with perfwidgets.count("all of them") as region:
        touch(1_000)
    assert [r.event for r in region] == list(perfwidgets.regions.REGION_EVENTS)
    assert region["page-faults"].count >= 1_000
    assert region["task-clock"].unit == "msec"
    assert region.cost["task-clock"].count < region["task-clock"].count
    for reading in region:
        assert (reading.count is None) == (reading.event not in region.runs[0].counted)


def test_a_refused_name_spoils_no_other():
    events = ["page-faults", "no_such_event_here", "nosuchpmu/x/", "context-switches"]
    for _ in range(2):
        with perfwidgets.count(events=events, threads="this") as region:
            touch(1_000)
        assert region["page-faults"].count == pytest.approx(1_000, rel=0.02)
        assert set(region.refused) == {"no_such_event_here", "nosuchpmu/x/"}


# -- independence


def test_an_inner_region_adds_little_to_the_outer():
    with faults("all") as first:  # each kind of region has its cost measured before
        pass
    with faults("all") as outer:
        touch(1_000)
        with faults("all") as inner:
            touch(2_000)
        with faults() as other:
            touch(500)
    assert first.available
    assert inner["page-faults"].count == pytest.approx(2_000, rel=0.01)
    assert other["page-faults"].count == pytest.approx(500, rel=0.02)
    # the start of a perf that were a child would add a thousand faults
    assert 3_500 <= outer["page-faults"].count < 3_800
    assert other.cost is not None


def test_threads_count_each_their_own():
    results, barrier = {}, threading.Barrier(4)

    def work(pages):
        region = faults()
        barrier.wait()
        for _ in range(3):
            with region:
                touch(pages)
        results[pages] = region

    threads = [threading.Thread(target=work, args=(n * 1_000,)) for n in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pages, region in results.items():
        assert len(region.runs) == 3
        for each in region.runs:
            assert each["page-faults"].count == pytest.approx(pages, rel=0.01)


def test_coroutines_overlap():
    async def main():
        first_is_open, second_is_open = asyncio.Event(), asyncio.Event()

        async def first():
            with faults() as region:
                touch(1_000)
                first_is_open.set()
                await second_is_open.wait()
                touch(1_000)
            return region

        async def second():
            await first_is_open.wait()
            with faults() as region:
                second_is_open.set()
                await asyncio.sleep(0.05)
                touch(500)
            return region

        return await asyncio.gather(first(), second())

    one, two = asyncio.run(main())
    assert one["page-faults"].count == pytest.approx(2_000, abs=100)
    # it counts what its thread does while it is open: the end of the first one's work too
    assert two["page-faults"].count == pytest.approx(1_500, abs=100)


# -- ends


def in_region(region, ending):
    with region:
        touch(1_000)
        ending()


def test_an_exception_and_an_interrupt_go_on(nothing_left):
    def division():
        return 1 / 0

    def interrupt():
        signal.raise_signal(signal.SIGINT)

    for way, error in ((division, ZeroDivisionError), (interrupt, KeyboardInterrupt)):
        region = faults()
        with pytest.raises(error):
            in_region(region, way)
        assert region.failed
        assert region["page-faults"].count == pytest.approx(1_000, rel=0.02)
    assert wait_until(lambda: not perfs(nothing_left))


@pytest.mark.parametrize("where", ["launch", "ask", "read"])
def test_an_interrupt_while_perf_starts_or_ends_leaves_nothing(nothing_left, monkeypatch, where):
    with faults():
        pass

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    names = {"launch": "_await_start", "ask": "ask", "read": "finish"}
    monkeypatch.setattr(program.Program, names[where], interrupted)
    region = faults()
    with pytest.raises(KeyboardInterrupt), region:
        pass
    monkeypatch.undo()
    assert wait_until(lambda: not [pid for pid in perfs(nothing_left) if is_alive(pid)])
    with region:
        touch(1_000)
    assert region.runs[-1]["page-faults"].count == pytest.approx(1_000, rel=0.02)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it went before, or while, it was read
        return False


def test_fifty_regions_leave_one_launcher_and_nothing_else(nothing_left):
    with faults():
        pass
    before = descriptors()
    for _ in range(50):
        with faults():
            pass
    assert descriptors() == before
    assert wait_until(lambda: not perfs(nothing_left))
    (launcher,) = launchers(nothing_left)
    assert len(marked(nothing_left)) == 1
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text()
    assert children == ""
    assert Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split() == []
    assert len(os.listdir(f"/proc/{launcher}/fd")) < 12


def test_a_launcher_that_was_killed_is_replaced(nothing_left):
    with faults() as region:
        touch(1_000)
        (launcher,) = launchers(nothing_left)
        os.kill(launcher, signal.SIGKILL)
        until(lambda: not is_alive(launcher))
    assert region["page-faults"].count == pytest.approx(1_000, rel=0.02)
    with faults() as region:
        touch(1_000)
    assert region["page-faults"].count == pytest.approx(1_000, rel=0.02)
    assert wait_until(lambda: len(marked(nothing_left)) == 1)


def test_a_perf_that_is_killed_is_a_reason(nothing_left):
    with faults() as region:
        for pid in perfs(nothing_left):
            os.kill(pid, signal.SIGKILL)
    assert isinstance(region.error, PerfFailedError)
    assert "SIGKILL" in region.error.reason
    assert not region.available


@pytest.mark.parametrize("how", ["os._exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_nothing_outlives_a_process_that_dies_inside_a_region(nothing_left, how):
    code = f"""
    import os, signal, perfwidgets
    with perfwidgets.count() as region:
        if os.fork():
            {how}
        os.read(0, 1)  # a forked child that holds all it was given
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdin=-1) as process:
        process.wait(30)
        ours = lambda: [*perfs(nothing_left), *launchers(nothing_left)]  # noqa: E731
        assert wait_until(lambda: not ours())


# -- forks


def test_a_forked_child_counts_itself_and_leaves_its_parent_alone():
    said = run("""
        with perfwidgets.count(events="page-faults", threads="this") as outer:
            touch(1_000)
            child = os.fork()
            if child == 0:
                with perfwidgets.count(events="page-faults", threads="this") as own:
                    touch(2_000)
                sys.stdout.write(f"{own['page-faults'].count} {own.error} ")
                sys.stdout.flush()
                outer.__exit__(None, None, None)
                sys.stdout.write(f"{'forked' in outer.error.reason} ")
                sys.stdout.flush()
                os._exit(0)
            os.waitpid(child, 0)
            touch(1_000)
        print(outer["page-faults"].count, outer.error)
    """)
    own, own_error, told, outer, outer_error = said
    assert int(own) == pytest.approx(2_000, rel=0.02)
    # the parent's pages are copied on its first write after the fork
    assert 2_000 <= int(outer) < 3_000
    assert (own_error, told, outer_error) == ("None", "True", "None")


def in_a_pool(pages):
    with faults() as region:
        touch(pages)
    return region["page-faults"].count, os.getpid()


def test_workers_of_a_pool_count_themselves(nothing_left):
    with faults():
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads, in 3.12
        with multiprocessing.get_context("fork").Pool(2) as pool:
            done = pool.map(in_a_pool, [1_000] * 6, chunksize=1)
    assert os.getpid() not in {pid for _, pid in done}
    for counted, _ in done:
        assert counted == pytest.approx(1_000, rel=0.02)


# -- who may count


NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups perf"


@pytest.fixture
def paranoid(need):
    need(os.geteuid() == 0 and shutil.which("setpriv"), "no right to become somebody else")
    level = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    need(0 < level <= 2, f"perf_event_paranoid is {level}")


def test_a_process_of_somebody_else_is_not_counted_and_runs(paranoid):
    with faults(command=NOBODY) as region:
        touch(1_000)
    assert isinstance(region.error, PerfNotPermittedError)
    assert region.error.remedy
    assert region["page-faults"].count is None
    assert region.duration > 0


def test_a_user_without_rights_counts_its_own_process(paranoid):
    said = run(f"""
        import ctypes
        with perfwidgets.count():  # by root, whose launcher serves on
            pass
        os.setgid(65534)
        os.setuid(65534)
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # may be looked at, as what that user had started
        own = perfwidgets.count(events="page-faults,cs", threads="this", command={NOBODY!r})
        with own:
            touch(1_000)
        print(own["page-faults"].count, own["page-faults"].event, own.error)
    """)
    assert int(said[0]) == pytest.approx(1_000, rel=0.02)
    # user mode only, where a touch of a page faults all the same
    assert said[1:] == ["page-faults:u", "None"]


def test_threads_that_come_and_go_are_no_failure():
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            short = [threading.Thread(target=lambda: None) for _ in range(5)]
            for thread in short:
                thread.start()
            for thread in short:
                thread.join()

    churning = [threading.Thread(target=churn) for _ in range(2)]
    for thread in churning:
        thread.start()
    try:
        regions = []
        for _ in range(10):
            with faults("all") as region:
                touch(1_000)
            regions.append(region)
    finally:
        stop.set()
        for thread in churning:
            thread.join()
    assert [region.error for region in regions] == [None] * 10
    assert all(region["page-faults"].count >= 1_000 for region in regions)


# -- hardware


@pytest.mark.guest
@pytest.mark.parametrize("perf", ["perf", "perf-6.12"])
def test_instructions_of_a_fixed_loop_repeat(guest, perf):
    # long enough that what the kernel does beside it, by timers and at its start, is little
    loop = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
    events = ["instructions:u", "instructions", "cycles"]
    words = ["stat", "-x", "@@", "--no-big-num"]
    words += [word for event in events for word in ("-e", event)]
    region_runs = []
    for _ in range(3):
        done = subprocess.run(
            [*guest.ic.command(perf), *words, "--", "sh", "-c", loop],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        (sample,) = read_perf_csv(done.stderr.splitlines(), separator="@@")
        region_runs.append(sample)
    result = perfwidgets.RegionResult(region_runs, events=events)
    for event in ("instructions:u", "instructions"):
        counts = [run[event].count for run in result.runs]
        assert min(counts) > 1_000_000
        assert max(counts) - min(counts) <= 0.005 * min(counts)
