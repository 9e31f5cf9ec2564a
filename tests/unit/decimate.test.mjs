import assert from "node:assert/strict";
import { test } from "node:test";
import { decimate, greatest } from "../../perfwidgets/widgets/static/decimate.js";

const points = (values, most, from = 0) =>
  decimate(from, values.length, most, (n) => n, (n) => values[n]);

test("few rows stay as they are", () => {
  assert.deepEqual(points([3, 1, 2], 10), { x: [0, 1, 2], y: [3, 1, 2] });
  assert.deepEqual(points([], 10), { x: [], y: [] });
});

test("every spike is kept, up and down", () => {
  const values = Array.from({ length: 10000 }, () => 5);
  values[1234] = 999;
  values[7777] = -999;
  const { x, y } = points(values, 100);
  assert.ok(x.length <= 2 * 100 + 4);
  assert.equal(x[y.indexOf(999)], 1234);
  assert.equal(x[y.indexOf(-999)], 7777);
});

test("points are in the order of time", () => {
  const values = Array.from({ length: 5000 }, (_, n) => Math.sin(n / 17));
  const { x } = points(values, 100);
  assert.deepEqual(x, [...x].sort((a, b) => a - b));
});

test("a gap breaks the line", () => {
  const values = Array.from({ length: 1000 }, (_, n) => (n === 500 ? NaN : 1));
  const { y } = points(values, 50);
  assert.equal(y.filter(Number.isNaN).length, 1);
});

test("a window that moves on by one row changes only its ends", () => {
  const values = Array.from({ length: 4000 }, (_, n) => (n * 7919) % 1000);
  const before = decimate(0, 2000, 200, (n) => n, (n) => values[n]);
  const after = decimate(1, 2001, 200, (n) => n, (n) => values[n]);
  const inner = ({ x, y }) => x.flatMap((at, i) => (at > 40 && at < 1960 ? [[at, y[i]]] : []));
  assert.ok(inner(before).length > 150);
  assert.deepEqual(inner(after), inner(before));
});

test("greatest of nothing is 0", () => {
  assert.equal(greatest([]), 0);
  assert.equal(greatest([NaN, 3, NaN]), 3);
});
