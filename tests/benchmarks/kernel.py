"""A real kernel, without a browser: its threads' CPU, and how much it slows what a cell does."""

from __future__ import annotations

import ast
import random
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel
from measuring import Line, awake, say

HERE = str(Path(__file__).parent)
SECONDS, ROUNDS, PAIRS = 6.0, 4, 24

SET_UP = f"""
import sys, time
sys.path.insert(0, {HERE!r})
import kernel_side
dashboard = kernel_side.dashboard()
"""


class Kernel:
    """A kernel in which expressions are evaluated."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, code: str) -> None:
        reply = self._client.execute_interactive(code, timeout=300, output_hook=lambda _: None)
        assert reply["content"]["status"] == "ok", reply["content"]

    def value(self, expression: str) -> Any:
        found: list[Any] = []

        def hear(message: Any) -> None:
            if message["msg_type"] == "execute_result":
                found.append(ast.literal_eval(message["content"]["data"]["text/plain"]))

        reply = self._client.execute_interactive(expression, timeout=300, output_hook=hear)
        assert reply["content"]["status"] == "ok", reply["content"]
        return found[0]


@contextmanager
def kernel_with_dashboard() -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        kernel = Kernel(client)
        kernel.run(SET_UP)
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def kernel() -> list[Line]:
    """Its threads with a dashboard at 10 Hz, and with a loop that sends bare messages."""
    with kernel_with_dashboard() as kernel:
        ours, bare, unseen = _medians(
            kernel,
            f"kernel_side.with_dashboard(dashboard, {SECONDS})",
            f"kernel_side.with_bare_messages({SECONDS})",
            f"kernel_side.without_a_view({SECONDS})",
        )
        with awake():
            ours_busy, bare_busy = _medians(
                kernel,
                f"kernel_side.with_dashboard(dashboard, {SECONDS})",
                f"kernel_side.with_bare_messages({SECONDS})",
            )
    own, send, count = (each["thread"] / each["sent"] for each in (ours, bare, unseen))
    found, others = own / send, ours["others"]
    busy = (ours_busy["thread"] / ours_busy["sent"]) / (bare_busy["thread"] / bare_busy["sent"])
    remark = (
        f"ours {own * 1e6:.0f} us a tick, a bare send {send * 1e6:.0f} us; "
        f"{ours['sent'] / SECONDS:.1f} and {bare['sent'] / SECONDS:.1f} messages a second; "
        f"where the CPUs are kept awake {busy:.2f}"
    )
    limit = (
        f"counting the same without a view takes {count * 1e6:.0f} us a sample: with a bare send "
        f"for each, and nothing else, {(count + send) / send:.2f}"
    )
    shares = (
        f"collector {ours['thread'] / SECONDS:.2%}; the bare loop's threads {bare['others']:.2%}; "
        f"perf {ours['perf']:.2%} beside it; where the CPUs are kept awake "
        f"{ours_busy['others']:.2%}"
    )
    return [
        Line("collector thread", "CPU, dashboard open at 10 Hz", "as many bare messages",
             f"{found:.2f}", "<= 1.5", found <= 1.5, remark, limit),
        Line("kernel threads but main", "share of a core at 10 Hz", "one core",
             f"{others:.2%}", "<= 1.5 %", others <= 0.015, shares),
    ]  # fmt: skip


def _medians(kernel: Kernel, *measured: str) -> list[dict[str, float]]:
    """What each found, all of them after one another in every round."""
    rounds = [[kernel.value(each) for each in measured] for _ in range(ROUNDS)]
    return [
        {key: statistics.median(r[place][key] for r in rounds) for key in rounds[0][place]}
        for place in range(len(measured))
    ]


def slow_down() -> list[Line]:
    """Pairs of the same cell, with the dashboard running and paused, in random order."""
    lines = []
    with kernel_with_dashboard() as kernel:
        for work, label in (("pure_python", "a pure-Python cell"), ("blas", "a BLAS cell")):
            say(f"  {label}: {PAIRS} pairs …")
            slower = []
            for _ in range(PAIRS):
                pair = {}
                for running in random.sample([True, False], 2):
                    kernel.run(f"kernel_side.set_running(dashboard, {running})")
                    pair[running] = kernel.value(f"kernel_side.{work}()")
                slower.append(pair[True] / pair[False] - 1)
            low, high = interval(slower)
            result = f"{statistics.median(slower):+.2%}"
            remark = f"95 % interval of the median {low:+.2%} to {high:+.2%}"
            lines.append(
                Line(
                    "slow-down", f"{label}, {PAIRS} pairs", "no dashboard", result, "", None, remark
                )
            )
    return lines


def interval(values: list[float], rounds: int = 4000) -> tuple[float, float]:
    """The 95 % interval of the median, by bootstrap."""
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(rounds))
    return medians[round(rounds * 0.025)], medians[round(rounds * 0.975)]
