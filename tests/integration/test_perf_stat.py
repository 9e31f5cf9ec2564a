"""The real perf: what it counts, how it fails, how it ends, and that nothing is left of it."""

from __future__ import annotations

import contextlib
import gc
import json
import mmap
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import anyio
import numpy as np
import pytest
from processes import MARKER, marked, until

from perfwidgets import DEFAULT_EVENTS, Backoff, Monitor, PerfStat, Status, VmStat
from perfwidgets.cores import online_cores
from perfwidgets.errors import (
    NothingCountableError,
    PerfFailedError,
    PerfwidgetsWarning,
    SourceError,
)
from perfwidgets.events import lookup

SOFTWARE = ("cpu-clock", "context-switches", "cpu-migrations", "page-faults")
QUICK = Backoff(first=0.05, factor=1.0, tries=3)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture(autouse=True)
def nothing_left(need, monkeypatch, request):
    """Every test leaves no process behind, and no descriptor."""
    need(shutil.which("perf"), "no perf here")
    value = f"{os.getpid()}-{id(request.node)}"
    monkeypatch.setenv(MARKER, value)
    yield value
    until(lambda: not marked(value), 5, "a process was left")


def perf_of(monitor):
    return monitor._collector._supervisors["perf stat"].source.process_id


async def take(source, number):
    found = []
    with anyio.fail_after(60):
        async for sample in source:
            found.append(sample)
            if len(found) == number:
                break
    return found


# -- what it counts


async def test_the_default_events(anyio_backend, nothing_left):
    async with PerfStat(interval=0.1) as source:
        first, second = await take(source, 2)
        running = marked(nothing_left)
        assert any("perf stat" in line for line in running.values())
        assert "cat" in running.values()
    assert tuple(r.event for r in first) == DEFAULT_EVENTS
    assert set(SOFTWARE) <= set(first.counted)
    for sample in (first, second):
        for reading in sample:
            assert reading.status in (Status.COUNTED, Status.NOT_SUPPORTED, Status.NOT_COUNTED)
            assert (reading.count is None) == (reading.status is not Status.COUNTED)
        every_one = all(r.status is Status.COUNTED for r in sample)
        assert sample.available is every_one
        assert set(sample.missing) | set(sample.unsupported) | set(sample.counted) == set(
            DEFAULT_EVENTS
        )
        assert sample.interval == 0.1
        assert abs(sample.timestamp - time.time()) < 60
        json.dumps(sample.to_dict(), allow_nan=False)
    assert second.time == pytest.approx(first.time + second.duration)
    assert second["cpu-clock"].rate == second["cpu-clock"].count / second.duration
    assert source.version
    assert source.notes == []


async def test_every_row_is_of_the_interval_and_not_of_the_whole_run(anyio_backend):
    cores = len(online_cores())
    async with PerfStat("cpu-clock", interval=0.1) as source:
        samples = await take(source, 5)
    assert {sample["cpu-clock"].unit for sample in samples} == {"msec"}
    # together, since perf takes the time before it reads: on a busy machine one is short of what
    # the next has too much. Counts of the whole run would add up to three times as much
    counted = sum(sample["cpu-clock"].count for sample in samples) / 1000
    assert 0.5 < counted / sum(sample.duration for sample in samples) / cores < 1.5


async def test_one_core(anyio_backend):
    core = online_cores()[-1]
    async with PerfStat("cpu-clock", cores=[core], interval=0.2) as source:
        (sample,) = await take(source, 1)
    assert sample.cores == str(core)
    assert sample.to_dict()["cpu_cores"] == str(core)
    assert 0.5 < sample["cpu-clock"].count / 1000 / sample.duration < 1.5


async def test_each_core_apart(anyio_backend):
    async with PerfStat("cpu-clock,page-faults,cycles", per_core=True, interval=0.1) as source:
        for sample in await take(source, 3):
            assert [r.event for r in sample] == ["cpu-clock", "page-faults", "cycles"]
            for reading in sample:
                assert list(reading.parts) == [f"CPU{n}" for n in online_cores()]
            faults = sample["page-faults"]
            assert faults.count == sum(part.count for part in faults.parts.values())
            clock = sample["cpu-clock"]
            assert clock.count == pytest.approx(sum(p.count for p in clock.parts.values()))


async def test_this_process_alone(anyio_backend):
    async with PerfStat("page-faults,task-clock", pid="self", interval=0.1) as source:
        await take(source, 1)
        pages = 5000
        with mmap.mmap(-1, pages * mmap.PAGESIZE) as memory:  # new pages, whatever is free
            memory.madvise(mmap.MADV_NOHUGEPAGE)
            memory[:: mmap.PAGESIZE] = b"x" * pages
        (sample,) = await take(source, 1)
        source.finish()
        rest = [later async for later in source]
    assert sum(s["page-faults"].count or 0 for s in [sample, *rest]) >= pages


@pytest.mark.filterwarnings("ignore::perfwidgets.errors.PerfwidgetsWarning")
async def test_a_hundred_a_second(anyio_backend):
    async with PerfStat(SOFTWARE, interval=0.01) as source:
        samples = await take(source, 60)
    times = [s.time for s in samples]
    assert times == sorted(set(times))
    assert all(s.available for s in samples)
    assert source.notes == []


async def test_two_at_once(anyio_backend):
    async with PerfStat("cs", interval=0.1) as one, PerfStat("cs", interval=0.1) as two:
        assert await take(one, 2)
        assert await take(two, 2)


# -- names that perf refuses


@pytest.mark.parametrize("odd", ["completely-unheard-of", "nosuchpmu/x/", "sched:nosuch"])
async def test_a_refused_name_is_shown_so_and_the_rest_counts(anyio_backend, odd):
    async with PerfStat(["page-faults", odd, "cpu-clock"], interval=0.1) as source:
        (sample,) = await take(source, 1)
        assert sample.counted == ("page-faults", "cpu-clock")
        assert sample[odd].status is Status.NOT_SUPPORTED
        assert not sample.available
        assert list(source.refused) == [odd]
        assert source.refused[odd]


async def test_nothing_but_refused_names(anyio_backend):
    with pytest.raises(SourceError) as caught:
        async with PerfStat(["completely-unheard-of", "nosuchpmu/x/"], interval=0.1) as source:
            await take(source, 1)
    assert caught.value.permanent
    assert "completely-unheard-of" in str(caught.value) or "nosuchpmu" in str(caught.value)
    assert caught.value.remedy


def test_the_monitor_names_what_was_refused():
    with Monitor(PerfStat("cs,nosuchpmu/x/", interval=0.1)) as monitor:
        assert monitor.wait_for_sample(30).counted == ("cs",)
        assert list(monitor.refused) == ["nosuchpmu/x/"]
        monitor.configure(events="cs")
        until(lambda: monitor.refused == {} and "nosuchpmu/x/" not in monitor.sample)


async def test_the_hardware_events_alone(anyio_backend):
    hardware = {e for e in DEFAULT_EVENTS if lookup(e).family != "software"}
    async with PerfStat(sorted(hardware), interval=0.1) as source:
        with contextlib.suppress(NothingCountableError):  # so perf 7 where there is no PMU
            (sample,) = await take(source, 1)
            assert {*sample.counted, *sample.unsupported, *sample.missing} == hardware


# -- its end


async def test_finish_gives_the_last_interval(anyio_backend):
    with anyio.fail_after(30):
        async with PerfStat("page-faults,cpu-clock", interval=1000) as source:
            await anyio.sleep(0.2)
            source.finish()
            samples = [sample async for sample in source]
            with pytest.raises(StopAsyncIteration):
                await anext(source)
    assert len(samples) == 1
    assert samples[0]["cpu-clock"].count > 0
    assert samples[0]["cpu-clock"].rate is None
    assert 0 < samples[0].duration < 30


async def test_it_may_be_entered_again(anyio_backend):
    source = PerfStat("cs", interval=0.1)
    for _ in range(2):
        async with source:
            assert len(await take(source, 2)) == 2


async def test_finish_before_the_first_interval_is_ready(anyio_backend):
    with anyio.fail_after(30):
        async with PerfStat("cs", interval=1000) as source:
            source.finish()
            assert len([sample async for sample in source]) <= 1


async def test_cancelled_in_mid_interval(anyio_backend, nothing_left):
    with anyio.move_on_after(0.3):
        async with PerfStat("cs", interval=1000) as source:
            await take(source, 1)
    assert not marked(nothing_left)


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.005, 0.01, 0.02, 0.05])
async def test_cancelled_while_it_starts(anyio_backend, nothing_left, delay):
    with anyio.move_on_after(delay):
        async with PerfStat("cs", interval=1000) as source:
            await take(source, 1)
    until(lambda: not marked(nothing_left), 5)


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGTERM, "SIGTERM")]
)
async def test_perf_is_killed(anyio_backend, number, name, nothing_left):
    async with PerfStat("cs", interval=0.1) as source:
        await take(source, 1)
        os.kill(source.process_id, number)
        with pytest.raises(PerfFailedError, match=name) as caught:
            await take(source, 10_000)
    assert caught.value.remedy
    assert not caught.value.permanent
    until(lambda: not marked(nothing_left), 5)


def test_killed_under_a_monitor_it_starts_again_and_the_rest_goes_on():
    monitor = Monitor(
        PerfStat("cs", interval=0.1), VmStat(interval=0.1), backoff=Backoff(first=0.3)
    )
    errors = []
    monitor.observe(lambda change: errors.append(change.new), "error")
    with monitor:
        monitor.wait_for_sample(30)
        memory = len(monitor.memory_history)
        os.kill(perf_of(monitor), signal.SIGKILL)
        until(lambda: errors)
        assert monitor.state == "starting"
        assert monitor.errors == {"perf stat": errors[0]}
        assert "SIGKILL" in errors[0].reason
        until(lambda: monitor.state == "running" and monitor.error is None)
        assert monitor.wait_for_sample(30) is not None
        assert len(monitor.memory_history) > memory
        assert monitor.states["/proc/vmstat"] == "running"
    gaps = np.isnan(monitor.history.counts("cs"))
    assert gaps.sum() >= 1
    assert not gaps[0]
    assert not np.isnan(monitor.memory_history.counts("pgfault"))[:-1].any()


def test_killed_too_often_it_is_given_up_and_start_tries_again():
    # killed by its own wrapper, always before the first interval
    command = ["sh", "-c", 'case "$*" in *version*) exec perf "$@";; esac; kill -9 $$', "perf"]
    monitor = Monitor(PerfStat("cs", interval=0.1, command=command), backoff=QUICK)
    with monitor:
        assert monitor.wait_for_sample(30) is None
        assert monitor.state == "failed"
        payload = monitor.to_dict()
        assert payload["available"] is False
        assert "SIGKILL" in payload["error"]
        assert payload["remedy"]
        monitor.configure(events="cs")
        monitor.start()
        until(lambda: monitor.state == "failed")


def test_a_forked_child_does_not_keep_perf_alive(nothing_left):
    monitor = Monitor(PerfStat("cs", interval=0.1), VmStat(interval=0.1)).start()
    monitor.wait_for_sample(30)
    child = os.fork()
    if child == 0:
        time.sleep(1000)
        os._exit(0)
    try:
        assert monitor.wait_for_sample(30) is not None
        pid = perf_of(monitor)
        began = time.monotonic()
        monitor.stop()
        assert monitor.state == "stopped"
        assert not Path(f"/proc/{pid}").exists()
        assert set(marked(nothing_left)) <= {child}
        assert time.monotonic() - began < 5
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_nothing_is_left_after_twenty_starts(nothing_left):
    monitor = Monitor(PerfStat(SOFTWARE, interval=0.1), VmStat(interval=0.1))

    def held():
        gc.collect()
        return (
            sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in fds()),
            threading.active_count(),
        )

    def fds():
        return [fd for fd in os.listdir("/proc/self/fd") if os.path.islink(f"/proc/self/fd/{fd}")]

    for number in range(20):
        monitor.start()
        if number % 3:
            assert monitor.wait_for_sample(30) is not None
        monitor.stop()
        assert monitor.state == "stopped"
        if number == 1:
            before = held()
    until(
        lambda: len(held()[0]) <= len(before[0]) and held()[1] <= before[1], 5, "something is left"
    )
    assert not marked(nothing_left)


def test_stop_and_everything_else_from_an_observer():
    monitor = Monitor(PerfStat("cs", interval=0.1), VmStat(interval=0.1))
    monitor.observe(lambda change: monitor.stop(), "sample")
    monitor.start()
    thread = monitor._collector._thread
    thread.join(30)
    assert not thread.is_alive()
    assert monitor.states == {"perf stat": "stopped", "/proc/vmstat": "stopped"}
    assert monitor.faults == ()


@pytest.mark.parametrize("how", ["return", "raise", "os._exit", "SIGKILL"])
def test_a_process_that_exits_without_stopping(how, nothing_left):
    program = f"""
        import os, signal, sys
        from perfwidgets import Monitor, PerfStat, VmStat
        monitor = Monitor(PerfStat("cs", interval=1000), VmStat(interval=0.1)).start()
        monitor.observe(lambda change: None)
        import time
        while monitor.memory is None: time.sleep(0.01)
        time.sleep(0.2)
        print("ready", flush=True)
        how = {how!r}
        if how == "raise": raise SystemExit(3)
        if how == "os._exit": os._exit(0)
        if how == "SIGKILL": os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stdout == "ready\n"
    assert done.stderr == ""
    until(lambda: not marked(nothing_left), 5, "perf outlived its process")


# -- it cannot run


def failed(source, **more):
    """The monitor after `source` was given up, with its payload checked."""
    monitor = Monitor(source, VmStat(interval=0.1), backoff=Backoff(first=0.01, tries=1), **more)
    with monitor:
        while (sample := monitor.wait_for_sample(60)) is not None:
            # perf that has ended late prints what there was until then
            assert sample.duration < source.interval
        until(lambda: monitor.memory is not None)
        assert monitor.state == "failed"
        assert monitor.states["/proc/vmstat"] == "running"
        payload = monitor.to_dict()
        assert payload == {
            "available": False,
            "error": monitor.error.reason,
            "remedy": monitor.error.remedy,
        }
        assert payload["error"]
        assert payload["remedy"]
    return payload["error"], payload["remedy"]


def test_there_is_no_perf():
    error, remedy = failed(PerfStat(command="/nonexistent/perf"))
    assert "not found" in error
    assert "linux-perf" in remedy


def test_a_command_that_is_no_perf():
    error, _ = failed(PerfStat(command="false"))
    assert error


def test_a_wrapper_without_a_perf_for_this_kernel(tmp_path):
    script = tmp_path / "perf"
    script.write_text(
        "#!/bin/sh\necho 'WARNING: perf not found for kernel 5.15.0-43' >&2\n"
        "echo '    linux-tools-5.15.0-43-generic' >&2\nexit 2\n"
    )
    script.chmod(0o755)
    error, remedy = failed(PerfStat(command=str(script)))
    assert "5.15.0-43" in error
    assert "linux-tools" in remedy


def test_a_command_that_does_not_pass_its_input_on():
    error, remedy = failed(
        PerfStat("cs", interval=0.1, command=["sh", "-c", 'perf "$@" </dev/null', "perf"])
    )
    assert "input was closed" in error
    assert "docker" in remedy


def test_a_perf_that_never_tells_its_version(monkeypatch):
    monkeypatch.setattr("perfwidgets.sources.perf_stat._ANSWER", 0.2)
    error, remedy = failed(PerfStat(command=["sh", "-c", "sleep 1000; true"]))
    assert "did not answer" in error
    assert "password" in remedy


@pytest.mark.parametrize("command", ["sleep 1000", "sleep 1000; true", "trap '' INT; sleep 1000"])
def test_a_command_that_hangs_is_stopped_with_all_that_it_started(command, nothing_left):
    monitor = Monitor(PerfStat(command=["sh", "-c", command])).start()
    until(lambda: any("sleep" in line for line in marked(nothing_left).values()))
    monitor.stop()
    assert monitor.state == "stopped"
    assert not monitor._collector.running
    until(lambda: not marked(nothing_left), 5)


def test_a_perf_that_hears_neither_its_input_nor_an_interrupt(nothing_left):
    command = [
        "sh",
        "-c",
        'case "$*" in *version*) exec perf "$@";; esac; trap \'\' INT; sleep 1000',
    ]
    monitor = Monitor(PerfStat(command=[*command, "perf"])).start()
    until(lambda: any(line.startswith("sleep") for line in marked(nothing_left).values()))
    monitor.stop()
    assert monitor.state == "stopped"
    until(lambda: not marked(nothing_left), 5)


async def test_a_process_that_is_not_there(anyio_backend):
    with pytest.raises(SourceError) as caught:
        async with PerfStat("cs", pid=2**22 - 1, interval=0.1) as source:
            await take(source, 1)
    assert str(2**22 - 1) in caught.value.reason


@pytest.fixture
def sleeper():
    child = subprocess.Popen(["sleep", "1000"])
    yield child
    child.kill()
    child.wait()


@pytest.mark.parametrize("reaped", [True, False])
async def test_the_process_that_is_counted_ends(anyio_backend, reaped, sleeper):
    child = sleeper
    with anyio.fail_after(30):
        async with PerfStat("task-clock", pid=child.pid, interval=0.1) as source:
            async for _ in source:
                child.kill()
                if reaped:
                    child.wait()


def test_under_a_monitor_it_then_stops(sleeper):
    child = sleeper
    with Monitor(PerfStat("task-clock", pid=child.pid, interval=0.1)) as monitor:
        monitor.wait_for_sample(30)
        child.kill()
        child.wait()
        until(lambda: monitor.state == "stopped")
        assert monitor.error is None
        assert monitor.wait_for_sample(30) is None


def test_an_input_not_passed_on_is_not_taken_for_the_end_of_the_process():
    command = ["sh", "-c", 'perf "$@" </dev/null', "perf"]
    error, _ = failed(PerfStat("task-clock", pid="self", interval=0.1, command=command))
    assert error


def test_a_user_who_may_not(need):
    need(os.geteuid() == 0, "no root here")
    need(shutil.which("setpriv"), "no setpriv here")
    paranoid = int(Path("/proc/sys/kernel/perf_event_paranoid").read_text())
    need(paranoid >= 1, f"perf_event_paranoid {paranoid} instead of 1 or more")
    nobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "perf"]
    error, _ = failed(PerfStat("cpu-clock,cs", interval=0.1, command=nobody))
    assert "may not" in error or "permit" in error


# -- configured while it runs


def test_configured_while_it_runs():
    steps = [
        {"events": ["page-faults", "cpu-clock"]},
        {"interval": 0.15},
        {"per_core": True},
        {"cores": [0], "per_core": False},
        {"cores": None, "events": "cs", "interval": 0.1},
    ]
    with Monitor(PerfStat("cs", interval=0.1), VmStat(interval=0.1)) as monitor:
        monitor.wait_for_sample(30)
        for step in steps:
            monitor.configure(**step)
            sample = monitor.wait_for_sample(30)
            assert sample.interval == monitor.interval
            assert sample.cores == monitor.cores
            assert tuple(r.event for r in sample) == monitor.events
            assert bool(next(iter(sample)).parts) is bool(step.get("per_core"))
        assert monitor.state == "running"
        assert monitor.perf_version
    rows = monitor.history.rows()
    assert np.isnan(rows.durations).sum() >= len(steps)
    assert set(rows.events) == {"cs", "page-faults", "cpu-clock"}
    assert (np.diff(rows.times) >= 0).all()


def test_configured_faster_than_perf_starts(nothing_left):
    with Monitor(PerfStat("cs", interval=0.1)) as monitor:
        for number in range(30):
            monitor.configure(interval=0.1 + number / 1000)
            time.sleep(0.01)
        assert monitor.wait_for_sample(30).interval == 0.129
        until(lambda: sum("perf stat" in c for c in marked(nothing_left).values()) == 1, 5)


def test_paused_it_costs_nothing(nothing_left):
    with Monitor(PerfStat("cs", interval=0.1)) as monitor:
        monitor.wait_for_sample(30)
        monitor.pause()
        until(lambda: monitor.state == "paused")
        assert not marked(nothing_left)
        monitor.resume()
        assert monitor.wait_for_sample(30) is not None
    assert np.isnan(monitor.history.rows().durations).any()


def test_a_short_interval_warns_and_works():
    with pytest.warns(PerfwidgetsWarning):
        source = PerfStat("cs", interval=0.02)
    with Monitor(source) as monitor:
        assert monitor.wait_for_sample(30) is not None
