"""A browser that is slow, and one that gives no frames."""

from __future__ import annotations

from browser_page import FAST_SAMPLES, HISTORY, SHOWN_TIME, STORE, live
from lab import Lab
from measuring import Line, milliseconds, percentile

SAMPLES = 5000
WITHHOLD = """() => {
    const real = globalThis.requestAnimationFrame.bind(globalThis);
    const asked = [];
    globalThis.requestAnimationFrame = (callback) => asked.push(callback);
    globalThis.release = () => {
        globalThis.requestAnimationFrame = real;
        for (const callback of asked) real(callback);
        return asked.length;
    };
}"""
#: give the frames back, and count those until the newest sample is drawn
RELEASE = f"""async () => {{
    const line = document.querySelector({HISTORY!r});
    const old = line.getAttribute("d"), newest = {STORE}.counters.newest();
    const began = performance.now(), asked = release();
    let frames = 0;
    while (line.getAttribute("d") === old && frames < 100) {{
        await new Promise(requestAnimationFrame);
        frames += 1;
    }}
    return [frames, performance.now() - began, asked];
}}"""


def out_of_frames(lab: Lab) -> list[Line]:
    """No animation frame, as in a hidden tab, while 5,000 samples come."""
    with live(lab, interval=FAST_SAMPLES) as page:
        page.wait(5)
        usual, before = page.busy(5), page.heap()
        page.value(WITHHOLD)
        samples = page.value(f"{STORE}.samples")
        hidden = page.busy(10)
        page.notebook.page.wait_for_function(
            f"{STORE}.samples >= {samples + SAMPLES}", timeout=180_000
        )
        came = page.value(f"{STORE}.samples") - samples
        growth = page.heap() - before
        frames, taken, asked = page.value(RELEASE)
    remark = (
        f"heap {growth:+.1f} MB of {before:.0f} MB; {asked} frames asked for meanwhile, "
        f"{taken:.0f} ms after the first; main thread {hidden:.1%}, before {usual:.1%}"
    )
    return [
        Line("no animation frames", f"{came} samples, then frames until drawn", f"heap before, {before:.0f} MB",
             f"{frames}", "<= 1, heap flat", frames <= 1 and growth < 2, remark),
        Line("browser main thread", "hidden: no animation frames, 100 samples/s", f"shown: {usual:.1%}",
             f"{hidden:.1%}", "<= 2%", hidden <= 0.02),
    ]  # fmt: skip


def throttled(lab: Lab, seconds: float = 60) -> list[Line]:
    """A browser six times slower: how old is what is shown, and does its heap grow?"""
    with live(lab) as page:
        before = page.watch(HISTORY, "d", SHOWN_TIME, 10)
        page.protocol.send("Emulation.setCPUThrottlingRate", {"rate": 6})
        page.notebook.page.wait_for_timeout(3000)
        heap = page.heap()
        drawn = page.watch(HISTORY, "d", SHOWN_TIME, seconds)
        growth = page.heap() - heap
        page.protocol.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    usual = [at - shown for shown, at in before]
    lag = [at - shown for shown, at in drawn]
    worst = percentile(lag, 0.95)
    remark = (
        f"median {milliseconds(lag)}; heap {growth:+.1f} MB of {heap:.0f} MB in {seconds:.0f} s"
    )
    return [
        Line("browser 6x slower", "age of what is drawn, p95", f"unthrottled {milliseconds(usual, 0.95)}",
             f"{worst * 1e3:.0f} ms", "<= 500 ms, heap flat", worst <= 0.5 and growth < 2, remark)
    ]  # fmt: skip
