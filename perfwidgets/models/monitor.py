"""The observable model of what a collector delivers."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

import traitlets

from perfwidgets import lifetime
from perfwidgets.collector import Backoff, Collector, State
from perfwidgets.errors import ArgumentError, SourceError
from perfwidgets.hosts.state import HostState
from perfwidgets.models.alerts import Alerts
from perfwidgets.models.cell_watch import unwatch, watch
from perfwidgets.models.given import check_window, named, of_kind
from perfwidgets.models.history import History
from perfwidgets.models.in_turn import CountsInTurn
from perfwidgets.models.observers import Latest
from perfwidgets.models.part_history import PartHistory
from perfwidgets.models.recorded_hosts import recorded_hosts
from perfwidgets.models.records import Records
from perfwidgets.models.served import Serves
from perfwidgets.models.waits import Waits
from perfwidgets.samples import Sample
from perfwidgets.sources.base import Source

__all__ = ["Monitor"]

_STATES = ("idle", "starting", "running", "paused", "stopped", "failed")


class Monitor(CountsInTurn, Waits, Records, Serves, Alerts):
    """Samples of the machine as traits that anyone can observe and link.

    ::

        with Monitor(PerfStat(interval=0.5), VmStat(interval=0.5)) as monitor:
            monitor.observe(lambda change: print(change.new["page-faults"].rate), "sample")
            monitor.wait_for_sample(timeout=5)

    Sources run on a thread of their own and go on while a cell runs. That thread alone sets the
    traits, so observers are called on it.

    While nobody is to be told of samples (no view, observer, watch, recording or server) perf's
    rows wait in its pipe for up to half a second and are read together, at a third of the cost.
    Whoever reads a sample, a count or a history finds all that was counted by then. Intervals of
    more than 0.25 s, and cores that are counted apart, are read as they come.

    Parameters
    ----------
    *sources
        At least one of `PerfStat`, `VmStat`, …. Several that count events count several hosts: they
        become one `Hosts`, with the names of the hosts that their commands lead to.
    window
        How far back the histories reach, in seconds; but they hold no more than 32 million counts,
        which is five days of 17 events every 0.25 s. Memory is taken as they fill.
    backoff
        How a source that ended is started again.

    Attributes
    ----------
    history, memory_history : History
        The last samples of the counters and of memory activity.
    part_history : PartHistory
        The last rates of each core, or of what else was counted apart.
    cells : Cells
        The notebook's cells that were executed while it ran, and what was counted meanwhile.
    marks : Marks
        Moments named with `mark`.

    Raises
    ------
    ArgumentError
        If a source is none, or several cannot be counted together.
    """

    of_samples = frozenset({"sample", "memory", "hosts", "memory_hosts", "dropped", "alerts"})

    state: State = traitlets.Enum(
        _STATES,
        default_value="idle",
        help="State of the counters' source. Waiting to start again is `starting` with `error` set.",
    )  # type: ignore[assignment]
    error: SourceError | None = traitlets.Instance(
        SourceError, allow_none=True, help="Why the counters' source failed or starts again."
    )  # type: ignore[assignment]
    states: dict[str, State] = traitlets.Dict(help="Source's name -> its state.")  # type: ignore[assignment]
    errors: dict[str, SourceError] = traitlets.Dict(help="Source's name -> its error, if any.")  # type: ignore[assignment]
    memory: Sample | None = Latest(
        Sample, allow_none=True, help="The latest memory activity, from /proc/vmstat."
    )  # type: ignore[assignment]
    interval: float | None = traitlets.Float(
        None, allow_none=True, help="Seconds asked for between samples of the counters."
    )  # type: ignore[assignment]
    cores: str | None = traitlets.Unicode(
        None, allow_none=True, help="The cores counted, as perf's list; None for all."
    )  # type: ignore[assignment]
    per_core: bool = traitlets.Bool(
        False, help="Whether each core is counted apart, so that readings have parts."
    )  # type: ignore[assignment]
    perf_version: str | None = traitlets.Unicode(
        None, allow_none=True, help="perf's version, once it was started."
    )  # type: ignore[assignment]
    refused: dict[str, str] = traitlets.Dict(help="Events whose name perf refused -> its words.")  # type: ignore[assignment]
    hosts: dict[str, HostState] = traitlets.Dict(
        help="Host's name -> how it fares; empty where one machine is counted."
    )  # type: ignore[assignment]
    memory_hosts: dict[str, HostState] = traitlets.Dict(
        help="The same of the hosts' memory activity."
    )  # type: ignore[assignment]
    dropped: int = traitlets.Int(
        0, help="Samples that had left the history before any view was sent them."
    )  # type: ignore[assignment]

    def __init__(
        self, *sources: Source, window: float = 300.0, backoff: Backoff | None = None
    ) -> None:
        super().__init__()
        self._sources = named(sources)
        self.window = check_window(window)
        self._counters = of_kind(self._sources, "counters")
        self._memory = of_kind(self._sources, "memory")
        lead = self._counters or self._memory
        ordered = {lead: self._sources[lead], **self._sources} if lead else self._sources
        self._lead = next(iter(ordered))
        self.history = History(self.window, self._interval_of(self._counters), self.marks)
        self.memory_history = History(self.window, self._interval_of(self._memory), self.marks)
        self.part_history = PartHistory(self.window)
        self._sample_count = 0
        self._refused: object = None
        self._latest_rated: Sample | None = None
        self._collector = Collector(ordered, self, backoff=backoff)
        self.history.catch_up = self.cells.catch_up = self._collector.catch_up
        self._tickers: list[Callable[[], None]] = []
        self._known_hosts: dict[str, dict[str, HostState]] = {}
        self._show_source(self._lead)
        self.states = dict.fromkeys(self._sources, "idle")
        self._take_recorded()
        lifetime.made_here(self)

    def __repr__(self) -> str:
        return f"Monitor({', '.join(self._sources)}, window={self.window:g})"

    def start(self) -> Self:
        """Start counting; after a failure, try again.

        Returns at once, but for a recording at infinite speed: then when all of it was played, so
        that what comes next finds the same each time.
        """
        if getattr(self.source, "live", True):
            watch(self.cells)  # beside a recording, what runs now has no place
        self._collector.start()
        try:
            self._record_if_wanted()
        except BaseException:
            self.stop()
            raise
        self._await_instant_end()
        return self

    def stop(self) -> None:
        """End counting, and with it perf. What was collected stays; `start` goes on."""
        unwatch(self.cells)
        self._collector.stop()
        self.stop_recording()
        self._stop_serving()

    close = stop

    def pause(self) -> None:
        """End perf for now, so that nothing is spent; `resume` goes on, after a gap."""
        unwatch(self.cells)
        self._collector.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def configure(
        self,
        *,
        events: Iterable[str] | str | None = None,
        cores: Any = ...,
        interval: float | None = None,
        per_core: bool | None = None,
    ) -> None:
        """Count something else from now on; the history goes on, with a gap.

        Parameters
        ----------
        events, cores, interval, per_core
            As for `PerfStat`; what is not given stays. The interval holds for all sources.

        Raises
        ------
        ArgumentError
            If one is unusable; nothing is changed then.
        """
        changes: dict[str, Any] = {"events": events, "interval": interval, "per_core": per_core}
        changes = {key: value for key, value in changes.items() if value is not None}
        if cores is not ...:
            changes["cores"] = cores
        with self._configuring:
            in_turn = self._turns is not None
            if in_turn:
                changes.setdefault("events", self._events_before)
            self._configure(changes)
            if in_turn:
                self._end_turns()
        if not self._collector.on_thread:
            # what was asked for stands in the traits when this returns, unless an observer blocks
            applied = threading.Event()
            self.post(applied.set)
            applied.wait(1.0)
            self._await_instant_end()

    def _configure(self, changes: dict[str, Any]) -> None:
        replaced = {}
        for name, source in self._sources.items():
            own = {k: v for k, v in changes.items() if name == self._counters or k == "interval"}
            replace = getattr(source, "replace", None)
            if own and replace is None:
                raise ArgumentError(
                    f"{name} cannot be given other {' or '.join(own)}",
                    "A recording holds what was asked for when it was made.",
                )
            if own and replace is not None:
                replaced[name] = replace(**own)
        if set(changes) - {"interval"} and self._counters is None:
            raise ArgumentError(
                "This monitor counts no events", "Give it a PerfStat before configuring events."
            )
        for name, source in replaced.items():
            self._sources[name] = source
            self._collector.replace(name, source)
            if name == self._lead:
                self.post(lambda: self._show_source(self._lead))

    @property
    def sample_count(self) -> int:
        """How many samples of the counters have come."""
        self.catch_up()
        return self._sample_count

    @property
    def latest_rated(self) -> Sample | None:
        """The latest sample whose interval was long enough for rates: the one that views show."""
        self.catch_up()
        return self._latest_rated

    def to_dict(self) -> dict[str, Any]:
        """The latest sample's payload; where none can come, ``available: false`` and why."""
        sample = self.sample if self._counters else self.memory
        if sample is not None and self.state != "failed":
            return sample.to_dict()
        if self.error is not None:
            return {
                "available": False,
                "error": self.error.reason,
                "remedy": self.error.remedy,
            }
        return {
            "available": False,
            "error": f"no sample yet: the monitor is {self.state}",
            "remedy": "Start it, and wait for the first interval." if self.state == "idle" else "",
        }

    @property
    def counts_events(self) -> bool:
        """Whether there is a source of counters, which then sets `state` and the pace."""
        return self._counters is not None

    @property
    def memory_state(self) -> State | None:
        """The state of the source of memory activity, if there is one."""
        return self.states.get(self._memory) if self._memory is not None else None

    @property
    def source(self) -> Source:
        """The source of the counters (of memory activity where there is none) as it is now."""
        return self._sources[self._lead]

    def on_tick(self, callback: Callable[[], None]) -> None:
        """Call `callback` on the collector's thread when there is something new, at most 10/s."""
        with self.told_from_now_on():
            self._tickers.append(callback)

    def off_tick(self, callback: Callable[[], None]) -> None:
        """Take `callback` off again."""
        if callback in self._tickers:
            self._tickers.remove(callback)

    def catch_up(self) -> None:
        """Have all that was counted by now delivered; attributes of the monitor do it themselves.

        While nobody looks, perf's rows wait for half a second, so that reading them costs little.
        """
        if (collector := vars(self).get("_collector")) is not None:  # else it is being made
            collector.catch_up()

    def post(self, work: Callable[[], None]) -> None:
        """Have `work` done on the collector's thread; at once where it does not run."""
        if not self._collector.post(lambda: self._guarded(work)):
            self._guarded(work)

    # what follows is called by the collector, on its thread

    def source_changed(self, name: str, state: State, error: SourceError | None) -> None:
        """Take over the state of a source."""
        if state in ("starting", "paused", "stopped", "failed"):
            self._history_of(name).gap()
            self._break_off(of_memory=name != self._counters)
        self._record_state(name, state, error)
        self._serve_state(name, state)
        with self.hold_trait_notifications():
            self.states = {**self.states, name: state}
            self.errors = {k: e for k, e in self.errors.items() if k != name} | (
                {name: error} if error is not None else {}
            )
            if name == self._lead:
                self.error = error
                self.state = state
                self._show_source(name)
        self._notify()

    def sample_arrived(self, name: str, source: Source, sample: Sample) -> None:
        """Take over a sample."""
        history = self._history_of(name)
        if not getattr(source, "live", True):
            history.gap_before(sample)  # what paused then is not told by any state
        history.append(sample)
        of_memory = name != self._counters
        if self._recorder is not None or history.left_out:
            self._record_sample(sample, of_memory=of_memory)
        if self._served:
            self._serve_sample(name, source, sample)
        if hasattr(source, "hosts"):
            self._show_hosts()  # who asks for the sample finds hosts that fit it
        if of_memory:
            self.memory = sample
        else:
            self._counted(source, sample)
        if self._watches:
            self._judge(sample, of_memory=of_memory)
        if name == self._lead:
            self.cells.charge(sample)
            # the last words of a source that `configure` has replaced are not what one waits for
            if source is self._sources[name]:
                self._take_turn(sample)
                self._notify(arrivals=1)

    def _counted(self, source: Source, sample: Sample) -> None:
        if sample.labels:
            self.part_history.append(sample, self.history.next_number - 1)
        self._sample_count += 1
        if sample.has_rates:
            self._latest_rated = sample
        refused = getattr(source, "refused", None)
        if refused is not self._refused:  # as a rule the same object
            self._refused = refused
            if (refused or {}) != self.refused:
                self.refused = dict(refused or {})
        self.sample = sample

    @property
    def unwatched(self) -> bool:
        """Whether nobody is to be told of samples: they are read when somebody asks for them."""
        return not (
            self._tickers
            or self._watches
            or self._served
            or self.recording is not None
            or self._turns is not None
            or self._waiting
            or self._is_observed("sample", "memory")
        )

    def tick(self) -> None:
        """Let the views know that there is something new."""
        self._show_hosts()
        for callback in list(self._tickers):
            self._guarded(callback)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # as of an observer
            self.note_fault("view", f"{type(error).__name__}: {error}", traceback.format_exc())

    def _history_of(self, name: str) -> History:
        return self.history if name == self._counters else self.memory_history

    def _show_source(self, name: str) -> None:
        source = self._sources[name]
        self.events = source.events if source.kind == "counters" else ()
        self.interval = source.interval
        self.cores = getattr(source, "cores", None)
        self.per_core = bool(getattr(source, "per_core", False))
        self.perf_version = getattr(source, "version", None)
        self._history_of(name).expect(source.interval)
        self._show_hosts()

    def _show_hosts(self) -> None:
        """Take over how hosts fare, where there are several."""
        for trait, name in (("hosts", self._lead), ("memory_hosts", self._memory)):
            source = self._sources.get(name or "")
            hosts = getattr(source, "hosts", None)
            if names := getattr(source, "recorded_hosts", ()):
                sample = self.sample if name == self._counters else self.memory
                hosts = recorded_hosts(names, sample, self._known_hosts.get(trait))
            if hosts is not None and hosts is not self._known_hosts.get(trait):
                self._known_hosts[trait] = hosts
                setattr(self, trait, hosts)
                self._serve_hosts(name, hosts)

    def _interval_of(self, name: str | None) -> float | None:
        return self._sources[name].interval if name else None
