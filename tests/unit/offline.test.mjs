import assert from "node:assert/strict";
import { test } from "node:test";
import { Columns } from "../../perfwidgets/widgets/static/columns.js";
import { tickWords, timeTicks, valueTicks } from "../../perfwidgets/widgets/static/offline_axes.js";
import { readPage, shareOfByte } from "../../perfwidgets/widgets/static/offline_data.js";
import { nearest } from "../../perfwidgets/widgets/static/offline_hands.js";
import { pathOf } from "../../perfwidgets/widgets/static/offline_svg.js";
import { View } from "../../perfwidgets/widgets/static/offline_view.js";
import { memoryWords, momentWords, readingWords } from "../../perfwidgets/widgets/static/offline_words.js";

const SPACE = "\u202f";
const base64 = (typed) => Buffer.from(typed.buffer).toString("base64");

function packed() {
  const rows = 3;
  return {
    rows,
    events: ["cycles", "page-faults"],
    doubles: base64(Float64Array.of(10, 11, 12, 1, 1, NaN)),
    counts: base64(Float32Array.of(NaN, NaN, NaN, 5, 1500, NaN)),
    shares: base64(Uint8Array.of(254, 254, 253, 250, 135, 253)),
  };
}

function page() {
  const empty = { rows: 0, events: [], doubles: "", counts: "", shares: "" };
  const layout = { events: [{ key: "cycles", unit: "" }, { key: "page-faults", unit: "" }], metrics: [] };
  const notes = { cells: [[0, 5, "f()", 10, null, ""]], marks: [[0, 11, "here"]] };
  return readPage(JSON.stringify({ layout, notes, counters: packed(), memory: empty }));
}

test("rows are read back as they were packed", () => {
  const { counters, memory, timeline } = page();
  assert.equal(counters.length, 3);
  assert.equal(counters.time(1), 11);
  assert.equal(counters.rate(1, 1), 1500);
  assert.ok(Number.isNaN(counters.rate(1, 2)));
  assert.equal(counters.shares[0][0], -2);
  assert.equal(counters.shares[1][2], -3);
  assert.ok(Math.abs(counters.shares[1][1] - 0.54) < 1e-6);
  assert.equal(memory.length, 0);
  assert.equal(timeline.cellsBetween(11, 12)[0].ended, Infinity);
  assert.equal(timeline.marksBetween(10, 12)[0].label, "here");
});

test("a byte is a share or the reason why there is none", () => {
  assert.deepEqual([250, 125, 0, 255, 254, 253].map(shareOfByte), [1, 0.5, 0, -1, -2, -3]);
});

test("the cursor says value, share and moment, and never 0 for no count", () => {
  const data = page();
  assert.equal(readingWords(data, "page-faults", undefined, 1), `page-faults 1.50${SPACE}k/s, counted 54${SPACE}% of the time, scaled`);
  assert.equal(readingWords(data, "page-faults", undefined, 0), "page-faults 5/s, counted all of the time");
  assert.equal(readingWords(data, "page-faults", undefined, 2), "page-faults: no count: a gap");
  assert.equal(readingWords(data, "cycles", undefined, 0), "cycles: not supported");
  assert.equal(readingWords(data, "absent", undefined, 0), "absent: not counted");
  const metric = { name: "faults", unit: "/s", events: ["page-faults"], program: ["page-faults", "seconds", "/"], reason: "" };
  assert.equal(readingWords(data, "faults", metric, 0), "faults 5 /s, counted all of the time");
  assert.match(readingWords(data, "faults", metric, 2), /^faults: not available: needs page-faults/);
  assert.equal(momentWords(1700000000.25, 1700000001.5, true), "2023-11-14 22:13:20.250 UTC, 1.25 s before the end");
  assert.equal(momentWords(12, 12, false), "second 12, the end");
});

test("paging in words", () => {
  const memory = new Columns(["pgpgin"], 4);
  memory.put(0, [1, 0.5, 10], 0, [1], 0);
  assert.equal(memoryWords(memory, { pgpgin: ["in"] }, 0), "in 20 KB/s");
});

test("ticks are round, lie within the view and count from the end", () => {
  assert.deepEqual(timeTicks(0, 60, 60, 4), [[0, "−1 min"], [15, "−45 s"], [30, "−30 s"], [45, "−15 s"], [60, "end"]]);
  for (const [from, to] of [[0, 0.01], [3, 4.7], [0, 100], [17, 86400], [0, 3e6]]) {
    const ticks = timeTicks(from, to, 3e6, 6);
    assert.ok(ticks.length >= 1 && ticks.length <= 8, `${from} to ${to}: ${ticks.length}`);
    for (const [time] of ticks) assert.ok(time >= from - 1e-6 && time <= to + 1e-6);
  }
  assert.deepEqual(valueTicks(0, 4), [0, 1, 2, 3, 4]);
  assert.deepEqual(valueTicks(-2, 4), [-2, -1, 0, 2, 4]);
  const words = [0, 0.05, -0.05, 0.75, 1, 2.5, 250000, 1e6, 30, 100].map(tickWords);
  assert.deepEqual(words, ["0", "0.05", "−0.05", "0.75", "1", "2.5", `250${SPACE}k`, `1${SPACE}M`, "30", "100"]);
});

test("a path is broken at gaps, and a lone value is a dot", () => {
  assert.equal(pathOf([0, 1, 2, 3, 4, 5], [1, 2, NaN, 3, NaN, NaN]), "M0.0 1.0L1.0 2.0M3.0 3.0h0");
  assert.equal(pathOf([], []), "");
});

test("a view stays within what there is", () => {
  const view = new View([10, 20]);
  let told = 0;
  view.listeners.push(() => (told += 1));
  view.show(16, 12);
  assert.deepEqual([view.from, view.to, view.zoomed, told], [12, 16, true, 1]);
  view.scale(0.5, 14);
  assert.deepEqual([view.from, view.to], [13, 15]);
  view.reach(16);
  assert.deepEqual([view.from, view.to], [14, 16]);
  view.reach(11);
  assert.deepEqual([view.from, view.to], [11, 13]);
  view.scale(100, 12);
  assert.deepEqual([view.from, view.to, view.zoomed], [10, 20, false]);
  view.show(15, 15);
  assert.deepEqual([view.from, view.to], [10, 20], "a moment is nothing to look at");
});

test("the row nearest to a moment", () => {
  const columns = new Columns(["e"], 8);
  [1, 2, 4].forEach((time, i) => columns.put(i, [time, 1, 0], 0, [1], 0));
  assert.deepEqual([0, 1.4, 1.6, 2.9, 3.2, 9].map((time) => nearest(columns, time)), [0, 0, 1, 1, 2, 2]);
  assert.equal(nearest(new Columns(["e"], 8), 1), null);
});
