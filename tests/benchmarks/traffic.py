"""What the whole default dashboard sends in a tick, however long its window."""

from __future__ import annotations

from measuring import Line, say
from wire import Counters, Memory, wired

from perfwidgets.events import DEFAULT_EVENTS
from perfwidgets.models.monitor import Monitor
from perfwidgets.samples import Reading, Sample, Status
from perfwidgets.sources.vmstat import MEMORY_EVENTS

STEP, TICKS = 0.25, 40
WINDOWS = (60, 10_000, 1_000_000)


def sample_of(events: tuple[str, ...], number: int) -> Sample:
    readings = (Reading(e, number * 7 + 3, 28.0, None, Status.COUNTED, 1.0) for e in events)
    return Sample(number * STEP, 1.7e9 + number * STEP, STEP, tuple(readings), None, STEP)


def per_tick(window: int) -> tuple[float, float]:
    """Messages and bytes in a tick of a dashboard whose window is full."""
    from perfwidgets.widgets.dashboard import Dashboard

    with wired() as wire:
        monitor = Monitor(Counters(DEFAULT_EVENTS, STEP), Memory(STEP), window=window * STEP)
        dashboard = Dashboard(monitor)
        monitor.source_changed("scripted", "running", None)

        def deliver(number: int) -> None:
            monitor.sample_arrived("scripted", monitor.source, sample_of(DEFAULT_EVENTS, number))
            memory = monitor._sources["memory"]
            monitor.sample_arrived("memory", memory, sample_of(MEMORY_EVENTS, number))

        for number in range(window):
            deliver(number)
        monitor.tick()
        deliver(window)
        monitor.tick()
        wire.messages = wire.size = 0
        for number in range(window + 1, window + 1 + TICKS):
            deliver(number)
            monitor.tick()
        found = wire.messages / TICKS, wire.size / TICKS
        dashboard.close()
    return found


def opening() -> Line:
    """What a page is sent before the first chart can stand."""
    from perfwidgets.widgets.dashboard import Dashboard

    with wired() as wire:
        wire.opened = wire.opened_size = 0
        dashboard = Dashboard(Monitor(Counters(DEFAULT_EVENTS, STEP), Memory(STEP)))
        found = wire.opened, wire.opened_size
        dashboard.close()
    result = f"{found[0]}, {found[1] / 1000:.0f} kB"
    measured = "widgets opened by a dashboard, and their bytes"
    return Line("comm traffic", measured, "count at the comm", result, "", None)


def traffic() -> list[Line]:
    """Count messages and bytes at the comm."""
    found = {}
    for window in WINDOWS:
        say(f"  a window of {window:,} samples …")
        found[window] = per_tick(window)
    messages = max(m for m, _ in found.values())
    sizes = [size for _, size in found.values()]
    same = max(sizes) - min(sizes) <= 32  # digits of growing row numbers
    remark = "; ".join(
        f"{window:,} samples: {m:g} of {b:.0f} B" for window, (m, b) in found.items()
    )
    return [
        Line(
            "comm traffic",
            "default dashboard, a tick",
            "count at the comm",
            f"{messages:g}, {max(sizes) / 1000:.2f} kB",
            "<= 2, <= 3 kB, same",
            messages <= 2 and max(sizes) <= 3000 and same,
            remark,
        ),
        opening(),
    ]
