import assert from "node:assert/strict";
import { test } from "node:test";
import { Coarse } from "../../perfwidgets/widgets/static/coarse.js";
import { Columns, derivedName } from "../../perfwidgets/widgets/static/columns.js";
import { pointsIn } from "../../perfwidgets/widgets/static/points.js";

const STEP = 0.1;
const ROWS = 1_000_000;

/** Columns that were given `rows` rows of `counts(n)`, `window` seconds of them wanted. */
function fed(rows, counts, { window = rows * STEP, events = ["a"], size = 1024 } = {}) {
  const columns = new Columns(events, size);
  columns.reserve(Math.ceil(window / STEP), window);
  const shares = events.map(() => 1);
  for (let n = 0; n < rows; n++) columns.put(n, [n * STEP, STEP, ...counts(n)], 0, shares, 0);
  return columns;
}

function drawn(columns, event, name, rows, most = 800) {
  const now = columns.time(columns.next - 1);
  return pointsIn(columns, event, name, { now, window: rows * STEP, most });
}

test("a window of a million rows is drawn whole with every spike, and memory is bounded", () => {
  const spikes = [17, 70_001, 123_456, 500_000, 777_777, 934_464, 999_998];
  const columns = fed(ROWS, (n) => [spikes.includes(n) ? 1e6 + n : 5 + (n % 3)]);
  assert.equal(columns.size, 65536);
  assert.ok(columns.coarse.length <= columns.coarse.most);
  const { x, y } = drawn(columns, 0, "a", ROWS);
  assert.ok(y.length <= 1200, `${y.length} points`);
  for (const spike of spikes) {
    // a bucket is one column, and 32 bits hold seven digits
    const at = y.findIndex((value) => Math.abs(value - (1e6 + spike) / STEP) < 2);
    assert.ok(at >= 0, `the spike at row ${spike} is lost`);
    const place = (spike - (ROWS - 1)) * STEP;
    assert.ok(Math.abs(x[at] - place) < (2 * ROWS * STEP) / 400, `${spike} is drawn at ${x[at]}`);
  }
  assert.ok(Math.abs(x[0] + ROWS * STEP) < 2 * columns.coarse.stride * STEP * 8, "from the edge on");
  assert.deepEqual(x, [...x].sort((a, b) => a - b), "in the order of time");
});

test("a dip is kept as well as a peak, in their order", () => {
  const columns = fed(200_000, (n) => [n === 50_000 ? 1 : n === 50_008 ? 900 : 100]);
  const { y } = drawn(columns, 0, "a", 200_000);
  const low = y.findIndex((value) => value < 11);
  const high = y.findIndex((value) => value > 8999);
  assert.ok(low >= 0 && high > low);
});

test("a gap of one row breaks the line, however long ago", () => {
  const columns = fed(300_000, (n) => [n === 40_000 ? NaN : 7]);
  assert.equal(drawn(columns, 0, "a", 300_000).y.filter(Number.isNaN).length, 1);
});

test("what is computed from rows keeps its own spikes", () => {
  const columns = new Columns(["a", "b"], 1024);
  columns.reserve(200_000, 20_000);
  columns.derive([["a / b", (n) => columns.counts[0][n % columns.size] / columns.counts[1][n % columns.size]]]);
  for (let n = 0; n < 200_000; n++) {
    const both = n === 90_000 ? [10, 1] : [100, 100];
    columns.put(n, [n * STEP, STEP, ...both], 0, [1, 1], 0);
  }
  const ratio = Object.create(columns, { rate: { value: () => 1 } });
  const { y } = drawn(ratio, 0, derivedName("a / b"), 200_000);
  assert.ok(y.includes(10));
});

test("a short window is drawn from rows, exactly", () => {
  const columns = fed(200_000, (n) => [n]);
  const { y } = drawn(columns, 0, "a", 300);
  assert.equal(y.at(-1), 199_999 / STEP);
  assert.ok(y.length >= 300);
});

test("a window that moves on changes only its ends", () => {
  const columns = fed(150_000, (n) => [(n * 7919) % 1000]);
  const at = (n) => {
    const now = n * STEP;
    const { x, y } = pointsIn(columns, 0, "a", { now, window: 10_000, most: 800 });
    return x.flatMap((place, i) => (place > -9900 && place < -100 ? [`${(place + now).toFixed(2)} ${y[i]}`] : []));
  };
  const [before, after] = [new Set(at(149_998)), at(149_999)];
  assert.ok(after.length > 500);
  assert.ok(after.filter((point) => !before.has(point)).length <= 4);
});

test("a row that comes late is in its bucket", () => {
  const columns = new Columns(["a"], 1024);
  columns.reserve(10_000, 1000);
  for (let n = 0; n < 5000; n++) {
    if (n !== 4000) columns.put(n, [n * STEP, STEP, 1], 0, [1], 0);
  }
  const spike = () => drawn(columns, 0, "a", 5000, 100).y.some((value) => value > 8000);
  assert.equal(spike(), false);
  columns.put(4000, [400, STEP, 999], 0, [1], 0);
  assert.equal(spike(), true);
});

test("what is older than the window is forgotten, before buckets are merged", () => {
  const columns = fed(400_000, () => [1], { window: 10_000 });
  const { coarse } = columns;
  assert.equal(coarse.stride, 16);
  assert.ok(coarse.length <= coarse.most);
});

test("when time goes back all begins anew", () => {
  const columns = fed(100_000, () => [1]);
  columns.put(100_000, [5, STEP, 3], 0, [1], 0);
  assert.equal(columns.coarse.length, 0);
  assert.deepEqual(drawn(columns, 0, "a", 1000).y, [30]);
});

test("a window of few rows has no buckets", () => {
  assert.equal(fed(5000, () => [1], { window: 100 }).coarse, null);
});

test("an event that comes later has no past, and those before keep theirs", () => {
  const columns = fed(100_000, (n) => [n === 10 ? 99 : 1]);
  columns.setEvents(["a", "b"]);
  assert.ok(drawn(columns, 0, "a", 100_000).y.includes(Math.fround(99 / STEP)));
  assert.ok(drawn(columns, 1, "b", 100_000).y.every(Number.isNaN));
});

test("buckets of the kernel are taken where they reach further back, once", () => {
  const coarse = new Coarse(64);
  coarse.setSeries([["a", () => 1]], 0);
  const given = (first, low) => ({
    stride: 32,
    first,
    begins: Float64Array.of(0, 32),
    ends: Float64Array.of(31, 63),
    series: [["a", { low: Float32Array.of(low, 1), high: Float32Array.of(5, 6), flags: Uint8Array.of(1, 3) }]],
  });
  coarse.take(given(10, 0.5));
  assert.deepEqual([coarse.first, coarse.next, coarse.stride, coarse.end], [10, 12, 32, 384]);
  const { y } = coarse.points("a", 10, 12, 1, 64);
  assert.deepEqual(y, [0.5, 5, 1, 6, NaN]);
  coarse.take(given(11, 99));
  assert.equal(coarse.first, 10);
  assert.deepEqual(coarse.points("nothing", 10, 12, 1, 64), { x: [], y: [] });
});
