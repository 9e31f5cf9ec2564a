"""What the hosts of a Dask cluster tell: answers to questions, states and samples."""

from __future__ import annotations

import time
from typing import Any

import anyio

from perfwidgets.errors import SourceError
from perfwidgets.hosts.cluster import Answer
from perfwidgets.hosts.failure import of_all
from perfwidgets.hosts.member import Member
from perfwidgets.hosts.merged import Merged
from perfwidgets.hosts.wire import error_of, unpack_sample

__all__ = ["Hearing"]


class Hearing(Merged):
    """Takes over what hosts tell; knows which of their workers counts, and their clocks."""

    sorts = True

    def __init__(self, interval: float) -> None:
        self._members: dict[str, Member] = {}
        #: worker -> when it is asked next, by the monotonic clock, and how often it was asked
        self._due: dict[str, float] = {}
        self._asked: dict[str, int] = {}
        #: set where the next round shall not be waited for
        self._hurry = anyio.Event()
        super().__init__(interval)

    def _forget_all(self) -> None:
        """Begin with nobody known."""
        self._members.clear()
        self._due.clear()
        self._asked.clear()
        self._hurry = anyio.Event()

    def _answered(self, worker: str, answer: Answer) -> None:
        what = answer.what
        if "host" not in what:  # it is being set up
            self._due[worker] = 0.0
            return
        host: str = what["host"]
        member = self._member(host)
        member.joins(worker)
        member.clock.answered(answer.asked, what["time"], answer.arrived)
        offset = member.clock.offset(answer.arrived)
        assert offset is not None
        self.tell(
            host,
            offset=offset.seconds,
            uncertainty=offset.uncertainty,
            workers=member.shown_workers,
        )
        if what["problem"] is not None:
            member.problems[worker] = problem = SourceError(*what["problem"])
            problem.permanent = True
            if member.problem is not None:
                self._state_of(host, {"state": "failed", "error": None}, member.problem)
        elif what.get("counting") is not None and self._is_counted_by(host, worker):
            self._state_of(host, what["counting"])
        while member.held:
            self._sample(host, member, member.held.popleft())
        self._see_whether_any_counts()

    def _member(self, host: str) -> Member:
        return self._members.get(host) or self._members.setdefault(host, Member(self.interval))

    def _is_counted_by(self, host: str, worker: str) -> bool:
        """Whether what this worker tells of its host is to be taken."""
        member = self._member(host)
        before = member.counting
        is_taken = member.is_counted_by(worker)
        if member.counting != before:
            self.tell(host, workers=member.shown_workers)
        return is_taken

    def _state_of(self, host: str, facts: dict[str, Any], error: SourceError | None = None) -> None:
        """Take over how a host fares, if that is news: it may be late, by our own reckoning."""
        member = self._member(host)
        if facts == member.told:
            return
        member.told = facts
        self.tell(host, version=facts.get("version"), refused=dict(facts.get("refused", {})))
        self.host_is(host, facts["state"], error or error_of(facts["error"]))

    def _heard(self, packed: bytes) -> None:
        """An event of the topic."""
        import msgpack  # noqa: PLC0415  (comes with distributed)

        if self._over:
            return
        try:
            kind, host, worker, what = msgpack.unpackb(packed, strict_map_key=False)
            member = self._member(host)
            if worker not in self._asked:
                self._hurry.set()  # it has joined since the last round
            if not self._is_counted_by(host, worker):
                return
            if kind == "state":
                self._state_of(host, what)
                self._see_whether_any_counts()
            else:
                self._sample(host, member, what[1])
        except Exception as error:  # a defect of ours: it must reach a person
            failure = SourceError(
                f"What a worker told cannot be read: {type(error).__name__}: {error}",
                "This is a defect, please report it.",
            )
            failure.permanent = True
            self.fail(failure)

    def _sample(self, host: str, member: Member, packed: list[Any]) -> None:
        offset = member.clock.offset(time.time())
        if offset is None:
            member.held.append(packed)  # without its clock it has no place
            return
        ahead = offset.seconds
        sample = unpack_sample(packed, self.events, self.cores, self.interval, ahead)
        if member.told.get("state") != "running":
            member.told = {**member.told, "state": "running", "error": None}
            self.host_is(host, "running", None)
        self.arrived(host, sample)

    def _see_whether_any_counts(self) -> None:
        """End with an error where all have answered, and none of them ever can count."""
        answered = {worker for member in self._members.values() for worker in member.workers}
        if not answered or not self._asked.keys() <= answered:
            return
        states = [self.hosts[host] for host, member in self._members.items() if member.workers]
        errors = {state.name: state.error for state in states if state.error is not None}
        permanent = all(error.permanent for error in errors.values())
        if len(errors) == len(states) and permanent:
            self.fail(of_all(errors))
