import assert from "node:assert/strict";
import { test } from "node:test";
import { Columns, MISSING, NOT_SUPPORTED } from "../../perfwidgets/widgets/static/columns.js";
import { clockWords } from "../../perfwidgets/widgets/static/explore_axes.js";
import { seriesOf, shaped, unlike, wholeOf, withDashes } from "../../perfwidgets/widgets/static/explore_series.js";
import { clockTicks, logTicks, powersAround } from "../../perfwidgets/widgets/static/explore_ticks.js";
import { cellsInWords, momentInWords, rangeInWords, readAt } from "../../perfwidgets/widgets/static/explore_words.js";
import { pointsIn } from "../../perfwidgets/widgets/static/points.js";
import { Timeline } from "../../perfwidgets/widgets/static/timeline.js";

process.env.TZ = "UTC";
const NOON = Date.UTC(2026, 10, 22, 12, 0, 0) / 1000;
const IPC = { name: "IPC", unit: "", program: ["instructions", "cycles", "/"], events: ["instructions", "cycles"] };
const RATE = { name: "page fault rate", unit: "/s", program: ["page-faults", "seconds", "/"], events: ["page-faults"] };

/** A store of rows `[time, duration, counts, shares]`. */
function storeOfRows(rows, { size = 64, window } = {}) {
  const events = ["cycles", "instructions", "page-faults", "cpu-clock"];
  const counters = new Columns(events, size);
  if (window) counters.reserve(100_000, window);
  rows.forEach(([time, duration, counts, shares], n) => {
    if (time !== null) counters.put(n, [time, duration, ...counts], 0, shares ?? events.map(() => 1), 0);
  });
  const units = { "cpu-clock": "msec" };
  const layout = { events: events.map((key) => ({ key, unit: units[key] ?? null })), metrics: [IPC, RATE] };
  return { counters, layout };
}

const row = (time, counts, shares, duration = 0.5) => [time, duration, counts, shares];

test("a line knows its unit, and with which others it can be compared", () => {
  const store = storeOfRows([row(1, [10, 20, 4, 500])]);
  const of = (key, per = "second") => seriesOf(store, key, per);
  assert.deepEqual(["cycles", "cpu-clock", "IPC"].map((key) => of(key).unit), ["/s", " msec/s", ""]);
  assert.deepEqual(["cycles", "cpu-clock"].map((key) => of(key, "interval").unit), ["", " msec"]);
  assert.equal(unlike([of("cycles"), of("instructions")]), false);
  assert.equal(unlike([of("page-faults"), of("page fault rate")]), false);
  assert.equal(unlike([of("cycles"), of("cpu-clock")]), true);
  // a ratio has no unit, nor has a count
  assert.equal(unlike([of("cycles", "interval"), of("IPC", "interval")]), true);
});

test("the read-out says the value of the nearest row, in the unit, and how much was counted", () => {
  const shares = [0.54, 1, 1, 1];
  const store = storeOfRows([row(1, [10, 20, 4, 1]), row(1.5, [3000, 6000, 8, 1], shares)]);
  const cycles = readAt(seriesOf(store, "cycles", "second"), 1.4);
  assert.deepEqual([cycles.time, cycles.value], [1.5, 6000]);
  assert.equal(cycles.words, "6.00\u202fk/s · scaled, counted 54\u202f%");
  const faults = readAt(seriesOf(store, "page-faults", "interval"), 1.6);
  assert.deepEqual([faults.value, faults.words], [8, "8"]);
  assert.equal(readAt(seriesOf(store, "IPC", "second"), 1.5).words, "2 · scaled, counted 54\u202f%");
});

test("where there was no count the read-out says so, never 0", () => {
  const shares = [NOT_SUPPORTED, 1, MISSING, 1];
  const store = storeOfRows([row(1, [NaN, 20, NaN, 0], shares), [null], [null], row(10, [1, 1, 1, 1])]);
  const words = (key, time) => readAt(seriesOf(store, key, "second"), time).words;
  assert.equal(words("cycles", 1), "not supported");
  assert.equal(words("page-faults", 1), "no count");
  assert.equal(words("cpu-clock", 1), "0 msec/s");
  assert.match(words("IPC", 1), /not available: needs cycles/);
  assert.equal(words("no-such-event", 1), "not among the events counted");
  assert.equal(words("instructions", 6), "no sample then");
  assert.equal(words("instructions", 30), "no sample then");
});

test("of rows that have left the page the extremes are told", () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => row(n * 0.5, [n === 100 ? 9000 : 50, 1, 1, 1]));
  const store = storeOfRows(rows, { window: 50_000 });
  store.counters.first = 15_000; // as on a page that was sent only buckets of what is older
  const { value, words } = readAt(seriesOf(store, "cycles", "second"), 50);
  assert.equal(value, 18_000);
  assert.match(words, /^100 to 18\.0\u202fk\/s in 7\.5 s$/);
  const counts = readAt(seriesOf(store, "cycles", "interval"), 50);
  assert.equal(counts.value, 9000);
  assert.equal(readAt(seriesOf(store, "cycles", "second"), -90).words, "no sample then");
});

test("a stretch is drawn from the finest data that is there, and ends where it ends", () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => row(n * 0.5, [n, 1, 1, 1]));
  const { counters } = storeOfRows(rows, { window: 50_000 });
  const stretch = (from, to) => pointsIn(counters, 0, "cycles", { now: to, window: to - from, most: 800 });
  const { x, y } = stretch(1000, 1020);
  assert.deepEqual(y, Array.from({ length: 42 }, (_, i) => (1999 + i) * 2));
  assert.deepEqual([x[0], x[1], x[41]], [-20.5, -20, 0]);
  counters.first = 15_000;
  const old = stretch(1000, 1020);
  assert.ok(old.y.length > 4 && old.y.length < 42);
  assert.ok(old.x.at(-1) >= 0 && old.x.at(-1) < 16, "out of the stretch, no further than two buckets");
  assert.ok(Math.max(...old.y.filter((value) => value < 5000)) >= 4080);
});

test("of each interval there are its counts, from rows and from buckets", () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => row(n * 0.5, [30, 1, 1, 1]));
  const { counters } = storeOfRows(rows, { window: 50_000 });
  const all = { now: 10_000, window: 10_000, most: 800, counts: true };
  assert.deepEqual(new Set(pointsIn(counters, 0, "cycles", all).y), new Set([30]));
  counters.first = 15_000;
  const { y } = pointsIn(counters, 0, "cycles", all);
  assert.deepEqual(new Set(y.map((value) => Math.round(value * 1000))), new Set([30_000]));
});

test("what has left the page is a gap", () => {
  const { counters } = storeOfRows([row(100, [1, 1, 1, 1]), row(100.5, [1, 1, 1, 1])]);
  const { x } = pointsIn(counters, 0, "cycles", { now: 90, window: 10, most: 800 });
  assert.ok(x.every((place) => place > 0));
});

test("values become places: as they are, as shares, as powers of ten", () => {
  assert.equal(shaped(50, {}), 50);
  assert.equal(shaped(50, { whole: 200 }), 0.25);
  assert.equal(shaped(20, { whole: 200, log: true }), -1);
  assert.ok(Number.isNaN(shaped(0, { log: true })), "0 has no place on a log scale");
  assert.ok(Number.isNaN(shaped(-3, { log: true })));
  assert.equal(wholeOf([1, NaN, 4]), 4);
  assert.equal(wholeOf([-8, 4]), 8);
  assert.equal(wholeOf([0, 0, NaN]), 1);
});

test("a value that stands alone is drawn as a dash, a gap stays one", () => {
  const { x, y } = withDashes({ x: [0, 1, 2, 3, 4, 5], y: [NaN, 7, NaN, 1, 2, NaN] }, 0.25);
  assert.deepEqual(x, [0, 1, 1.25, 2, 3, 4, 5]);
  assert.deepEqual(y, [NaN, 7, 7, NaN, 1, 2, NaN]);
  assert.deepEqual(withDashes({ x: [1], y: [3] }, 0.25).y, [3, 3]);
});

test("a log scale reaches from power to power of ten", () => {
  assert.deepEqual(powersAround([[Math.log10(30), NaN], [Math.log10(5000)]]), { bottom: 1, top: 4 });
  assert.deepEqual(powersAround([[2], []]), { bottom: 2, top: 3 });
  assert.deepEqual(powersAround([[NaN], []]), { bottom: 0, top: 1 });
  const words = (range) => logTicks(range).map(([, word]) => word);
  assert.deepEqual(words({ bottom: 1, top: 4 }), ["10", "100", "1\u202fk", "10\u202fk"]);
  assert.deepEqual(words({ bottom: 0, top: 1 }), ["1", "2", "5", "10"]);
  assert.equal(words({ bottom: 0, top: 12 }).length, 7);
});

test("a stretch that stands still has ticks at round times of the clock", () => {
  const ticks = clockTicks(NOON + 1.2, NOON + 21.2, 500);
  assert.deepEqual(ticks.map(([, words]) => words), ["12:00:05", "12:00:10", "12:00:15", "12:00:20"]);
  for (const [time] of ticks) assert.ok(Math.abs(time - Math.round(time)) < 1e-5);
  const fine = clockTicks(NOON, NOON + 0.4, 500).map(([, words]) => words);
  assert.deepEqual(fine.slice(0, 2), ["12:00:00.0", "12:00:00.1"]);
  assert.equal(clockTicks(NOON, NOON + 7200, 500).at(1)[1], "12:30");
  // a recording that knows no clock counts its own seconds
  assert.deepEqual(clockTicks(3, 13, 300).map(([, words]) => words), ["5 s", "10 s"]);
  assert.equal(clockTicks(NOON, NOON + 60, 60).length, 1);
});

test("moments in words", () => {
  assert.equal(clockWords(NOON + 5.25), "12:00:05.250");
  assert.equal(clockWords(NOON + 59.6, 1), "12:01:00");
  assert.equal(clockWords(NOON + 59.9996), "12:01:00.000");
  assert.equal(clockWords(12.5), "12.500 s");
  assert.equal(momentInWords(NOON, NOON + 12.34), "12:00:00.000 · 12.3 s ago");
  assert.equal(momentInWords(NOON, NOON + 75), "12:00:00.000 · 1 min 15 s ago");
  assert.equal(momentInWords(NOON, NOON), "12:00:00.000");
  assert.equal(momentInWords(NOON, NaN), "12:00:00.000");
});

test("the cell that ran then, by number and first line", () => {
  const timeline = new Timeline();
  timeline.take({ cells: [[1, 11, "a = 1\nb = 2", 10, 20, null], [2, 12, "train()", 20, null, null]] });
  assert.equal(cellsInWords(timeline, 12, 13), "In [11]: a = 1");
  assert.equal(cellsInWords(timeline, 19.9, 20.1), "In [12] and 1 more: train()");
  assert.equal(cellsInWords(timeline, 5, 6), "");
});

test("the values of a line in words", () => {
  assert.equal(rangeInWords({ unit: "/s" }, { y: [1, NaN, 3, 2] }), "2/s at the end, from 1 to 3/s");
  assert.equal(rangeInWords({ unit: "/s" }, { y: [NaN] }), "no value");
});
