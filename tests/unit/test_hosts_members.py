"""Which worker counts a host, what is sent to workers, and how it comes from another thread."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import threading
from operator import attrgetter, methodcaller
from types import SimpleNamespace

import anyio
import pytest
from scripted_source import Scripted

from perfwidgets import PerfStat, Synthetic, VmStat, __version__
from perfwidgets.errors import ArgumentError, SourceError
from perfwidgets.hosts import member as members
from perfwidgets.hosts.counting import Counting, _Claim
from perfwidgets.hosts.inbox import Inbox
from perfwidgets.hosts.member import Member
from perfwidgets.hosts.parcel import Parcel

pytest.importorskip("cloudpickle")


@pytest.fixture
def clock(monkeypatch):
    """The monotonic clock, in a list that a test may set."""
    now = [100.0]
    monkeypatch.setattr(members.time, "monotonic", lambda: now[0])
    return now


def test_one_worker_at_a_time_counts_a_host(clock):
    host = Member(interval=1.0)
    for worker in ("tcp://a", "tcp://b"):
        host.joins(worker)
    assert host.is_counted_by("tcp://b")
    assert host.shown_workers == ("tcp://b", "tcp://a")
    clock[0] += 4.9
    assert not host.is_counted_by("tcp://a"), "the other has told something a moment ago"
    assert host.is_counted_by("tcp://b")
    clock[0] += 5.1
    assert host.is_counted_by("tcp://a"), "the other has been silent for too long"
    assert not host.is_counted_by("tcp://b")


def test_another_takes_over_at_once_where_the_one_that_counts_leaves(clock):
    host = Member(interval=1.0)
    for worker in ("tcp://a", "tcp://b"):
        host.joins(worker)
    assert host.is_counted_by("tcp://a")
    host.told = {"state": "running"}
    assert not host.leaves("tcp://b")
    host.joins("tcp://b")
    assert host.leaves("tcp://a")
    assert (host.told, host.gone) == ({}, None)
    assert host.is_counted_by("tcp://b")
    assert host.leaves("tcp://b")
    assert host.gone == clock[0]
    host.joins("tcp://c")
    assert host.gone is None


def test_a_host_has_a_problem_where_none_of_its_workers_can_count():
    host = Member(interval=1.0)
    assert host.problem is None
    for worker in ("tcp://a", "tcp://b"):
        host.joins(worker)
    host.problems["tcp://a"] = problem = SourceError("another version")
    assert host.problem is None
    host.problems["tcp://b"] = SourceError("another version, too")
    assert host.problem is problem
    host.leaves("tcp://a")
    assert host.problem is host.problems["tcp://b"]


# -- who counts, on the host


def test_only_one_holds_a_claim_and_a_forked_child_does_not():
    first, second = _Claim(f"test {os.getpid()}"), _Claim(f"test {os.getpid()}")
    assert first.take()
    assert first.take()
    assert not second.take()
    lives, up = os.pipe()
    ends, let_end = os.pipe()
    child = os.fork()
    if not child:  # lives on until the parent lets it go
        os.close(let_end)
        os.write(up, b".")
        os.read(ends, 1)
        os._exit(0)
    os.read(lives, 1)
    try:
        first.release()
        assert second.take(), "the child holds what its parent let go"
        assert second.held
        assert not first.take()
    finally:
        os.close(let_end)
        os.waitpid(child, 0)
        second.release()
        for end in (lives, up, ends):
            os.close(end)


# -- what is sent


@pytest.mark.parametrize("turns", range(8))
def test_what_counts_ends_whenever_it_is_told_to(turns):
    """Also in the very moment in which its last watcher leaves: a worker waits for it to close."""
    pytest.importorskip("msgpack")
    source = Scripted(interval=3.0)
    worker = SimpleNamespace(
        address="tcp://a",
        scheduler=SimpleNamespace(address="tcp://scheduler"),
    )

    async def leave_and_stop():
        told = asyncio.Event()
        worker.log_event = lambda topic, message: told.set()
        counting = Counting(worker, source, f"host {turns}", "topic", 60.0)
        counting.start()
        with anyio.fail_after(20):
            await told.wait()
            counting.left("nobody else")
            for _ in range(turns):
                await asyncio.sleep(0)
            await counting.stop()
        assert not counting._claim.held
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(leave_and_stop())
    assert source.entered == source.exited


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\ud800", "x" * 201])
def test_a_name_that_no_host_can_have_is_told(name):
    visit = pytest.importorskip("distributed") and pytest.importorskip("perfwidgets.hosts.visit")
    host_of = pickle.dumps(methodcaller("named"))
    guest = visit.Visit("name", __version__, pickle.dumps(VmStat()), host_of, keep=3.0)
    asyncio.run(guest.setup(SimpleNamespace(named=lambda: name)))
    assert guest.counting is None
    assert guest.host == socket.gethostname()
    assert "is no host's name" in guest.problem[0]


def test_what_counts_the_same_has_one_name():
    def named(source, host_of=None):
        return Parcel(source, host_of).name

    events = ["cycles", "".join(["page", "-faults"])]
    assert named(PerfStat(events)) == named(PerfStat("cycles,page-faults"))
    names = {
        named(PerfStat(events)),
        named(PerfStat(events, interval=0.5)),
        named(PerfStat(events, per_core=True)),
        named(PerfStat(events), attrgetter("name")),
        named(PerfStat(events), attrgetter("address")),
        named(PerfStat(events), lambda worker: "a"),
        named(VmStat()),
        named(VmStat(interval=0.5)),
        named(Synthetic(7)),
    }
    assert len(names) == 9
    assert named(PerfStat(events), attrgetter("name")) == named(
        PerfStat(events), attrgetter("name")
    )


def test_what_cannot_be_sent_is_refused():
    source = PerfStat()
    with pytest.raises(ArgumentError, match="cannot be sent to workers"):
        Parcel(source, lambda worker, lock=threading.Lock(): "a")  # noqa: B008


# -- from another thread


def test_what_is_put_in_by_any_thread_is_taken_in_order_on_the_loop():
    taken, threads = [], set()

    async def main():
        def take(item):
            taken.append(item)
            threads.add(threading.get_ident())

        inbox = Inbox(take)
        others = [
            threading.Thread(target=lambda n=n: [inbox.put(b"%d %d" % (n, i)) for i in range(500)])
            for n in range(3)
        ]
        for other in others:
            other.start()
        while len(taken) < 1500:  # noqa: ASYNC110
            await anyio.sleep(0.001)
        for other in others:
            other.join()
        return threading.get_ident()

    assert threads == {anyio.run(main)}
    for n in range(3):
        own = [item for item in taken if item.startswith(b"%d " % n)]
        assert own == [b"%d %d" % (n, i) for i in range(500)]
