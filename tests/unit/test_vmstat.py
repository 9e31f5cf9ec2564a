"""/proc/vmstat: units, rates over measured time, and kernels that lack a field."""

from __future__ import annotations

import asyncio
import json
import os

import anyio
import pytest

from perfwidgets import Status, VmStat
from perfwidgets.errors import VmStatError
from perfwidgets.sources.vmstat import MEMORY_EVENTS, difference, parse_vmstat

PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024
FULL = {"pgpgin": 0, "pgpgout": 0, "pswpin": 0, "pswpout": 0, "pgfault": 0, "pgmajfault": 0}


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


def diff(before, after, duration=2.0):
    return difference(
        before, after, duration=duration, since_start=5.0, timestamp=1e9, interval=1.0
    )


def test_units_and_rates():
    after = dict(zip(FULL, (10, 20, 3, 4, 500, 6), strict=True))
    sample = diff(FULL, after)
    assert tuple(r.event for r in sample) == MEMORY_EVENTS
    assert [r.count for r in sample] == [10, 20, 3 * PAGE_KB, 4 * PAGE_KB, 500, 6]
    assert [r.rate for r in sample] == [r.count / 2.0 for r in sample]
    assert [r.unit for r in sample] == ["KB"] * 4 + [None] * 2
    assert sample.available
    assert (sample.time, sample.timestamp, sample.duration) == (5.0, 1e9, 2.0)
    json.dumps(sample.to_dict())


@pytest.mark.parametrize("duration", [0.0, -1.0])
def test_a_zero_or_negative_step_of_time_gives_no_rate(duration):
    sample = diff(FULL, {**FULL, "pgfault": 7}, duration)
    assert sample["pgfault"].count == 7
    assert all(r.rate is None for r in sample)


def test_a_counter_that_goes_back_has_no_count_and_no_rate():
    sample = diff({**FULL, "pgfault": 7}, {**FULL, "pgpgin": 1})
    assert sample["pgfault"].status is Status.NOT_COUNTED
    assert sample["pgfault"].count is sample["pgfault"].rate is None
    assert sample["pgpgin"].count == 1
    assert not sample.available


def test_a_counter_that_stands_still_has_the_rate_zero():
    assert diff(FULL, FULL)["pgfault"].rate == 0.0


@pytest.mark.parametrize("before", [True, False])
def test_a_field_that_the_kernel_lacks_is_missing(before):
    less = {k: v for k, v in FULL.items() if k != "pswpin"}
    sample = diff(less, FULL) if before else diff(FULL, less)
    assert sample["pswpin"].status is Status.MISSING
    assert sample.missing == ("pswpin",)
    assert len(sample.counted) == 5


def test_lines_that_are_none():
    text = (
        b"pgpgin 5\npgpgout\npswpin -3\npswpout x\n\n\xff 1\npgfault 7 8\npgmajfault " + b"9" * 99
    )
    assert parse_vmstat(text) == {"pgpgin": 5}
    assert parse_vmstat(b"") == {}


async def test_samples_of_a_file(anyio_backend, tmp_path):
    path = tmp_path / "vmstat"
    path.write_text("pgfault 100\npgpgin 5\n")
    with pytest.warns(UserWarning, match="below"):
        source = VmStat(interval=0.02, path=path)
    async with source:
        path.write_text("pgfault 150\npgpgin 6\n")
        first = await anext(source)
        second = await anext(source)
    assert first["pgfault"].count == 50
    assert first["pgpgin"].count == 1
    assert first["pswpin"].status is Status.MISSING
    assert second["pgfault"].count == 0
    assert first.duration > 0
    assert second.time == pytest.approx(first.duration + second.duration)
    assert first["pgfault"].rate == first["pgfault"].count / first.duration


async def test_finish_gives_one_last_sample_at_once(anyio_backend):
    with anyio.fail_after(5):
        async with VmStat(interval=1000) as source:
            source.finish()
            assert len([sample async for sample in source]) == 1
            with pytest.raises(StopAsyncIteration):
                await anext(source)
        async with VmStat(interval=1000) as source:  # and may be entered again

            async def finish_soon():
                await anyio.sleep(0.02)
                source.finish()

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(finish_soon)
                assert len([sample async for sample in source]) == 1


async def test_finish_from_within_the_loop_loses_nothing(anyio_backend, tmp_path):
    path = tmp_path / "vmstat"
    path.write_text("pgfault 0\n")
    faults = 0
    with anyio.fail_after(10):
        async with VmStat(interval=0.1, path=path) as source:
            async for sample in source:
                faults += sample["pgfault"].count
                if not faults:
                    path.write_text("pgfault 33\n")
                    source.finish()
    assert faults == 33


async def test_a_path_that_is_not_there(anyio_backend, tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(VmStatError) as caught:
            async with VmStat(path=path):
                pass
        assert str(path) in caught.value.reason
        assert caught.value.permanent


async def test_a_file_that_goes_away(anyio_backend, tmp_path):
    path = tmp_path / "vmstat"
    path.write_text("pgfault 0\n")
    async with VmStat(interval=0.1, path=path) as source:
        path.unlink()
        with pytest.raises(VmStatError):
            await anext(source)


async def test_out_of_its_context(anyio_backend):
    with pytest.raises(VmStatError, match="async with"):
        await anext(VmStat())


async def test_the_pace_keeps_to_the_grid_of_the_interval(anyio_backend):
    times = []
    async with VmStat(interval=0.1) as source:
        async for sample in source:
            times.append(sample.time)
            await anyio.sleep(0.03)
            if len(times) == 4:
                break
    assert all(time / 0.1 >= number for number, time in enumerate(times, 1))
    # the own work of 0.03 s is not added to each interval, unless the machine is very busy
    assert sorted(t % 0.1 for t in times)[0] < 0.05


ORDERED = (
    b"nr_free_pages 1\npgpgin 5\npgpgout 6\npswpin 7\npswpout 8\nother 9\npgfault 10\n"
    b"pgmajfault 11\nlast 12\n"
)


@pytest.mark.parametrize(
    "text",
    [
        ORDERED,
        ORDERED * 2000,
        b"filler 1\n" * 900 + ORDERED,  # not in what is read first
        b"pgfault 1\npgmajfault 2\n" + ORDERED.replace(b"pgfault 10\npgmajfault 11\n", b""),
        ORDERED.replace(b"pswpout 8\n", b""),
        ORDERED[: ORDERED.index(b"11") + 1],  # cut within the last number
        b"pgpgin x\n",
        b"",
    ],
)
def test_reading_no_further_than_needed_finds_the_same(tmp_path, text):
    path = tmp_path / "vmstat"
    path.write_bytes(text)
    assert VmStat(path=path)._read() == parse_vmstat(text)


def test_the_kernels_own_file_is_held_open_while_it_is_read():
    def held():
        links = [os.path.realpath(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")]
        return links.count("/proc/vmstat")

    async def run():
        source = VmStat(interval=3600)
        async with source:
            assert held() == 1
            first, second = source._read(), source._read()
            assert second["pgfault"] >= first["pgfault"] > 0
        assert held() == 0
        async with source:
            assert held() == 1
        assert held() == 0

    asyncio.run(run())
