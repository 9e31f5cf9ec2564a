import assert from "node:assert/strict";
import { test } from "node:test";
import { Columns, MISSING } from "../../perfwidgets/widgets/static/columns.js";

function filled(rows, size = 8) {
  const columns = new Columns(["a", "b"], size);
  for (let n = 0; n < rows; n++) columns.put(n, [100 + n, 0.5, n, 10 * n], 0, [1, 0.5], 0);
  return columns;
}

test("rows come back as they were put", () => {
  const columns = filled(3);
  assert.equal(columns.length, 3);
  assert.equal(columns.time(2), 102);
  assert.equal(columns.rate(1, 2), 40);
  assert.equal(columns.shares[1][2], 0.5);
});

test("a full ring forgets the oldest rows only", () => {
  const columns = filled(20);
  assert.equal(columns.length, 8);
  assert.equal(columns.first, 12);
  assert.deepEqual([columns.time(12), columns.time(19)], [112, 119]);
});

test("a row that is passed over is a gap, is reported, and heals when it comes", () => {
  const columns = filled(2);
  assert.equal(columns.put(4, [104, 0.5, 4, 40], 0, [1, 1], 0), 2);
  assert.ok(Number.isNaN(columns.rate(0, 3)));
  assert.equal(columns.shares[0][3], MISSING);
  assert.equal(columns.put(3, [103, 0.5, 3, 30], 0, [1, 1], 0), -1);
  assert.equal(columns.rate(0, 3), 6);
  assert.equal(columns.length, 5);
});

test("a row repeated changes nothing", () => {
  const columns = filled(5);
  columns.put(4, [104, 0.5, 4, 40], 0, [1, 0.5], 0);
  assert.equal(columns.length, 5);
  assert.equal(columns.next, 5);
});

test("the first row may have any number", () => {
  const columns = new Columns(["a"], 8);
  assert.equal(columns.put(1000, [1, 1, 1], 0, [1], 0), -1);
  assert.deepEqual([columns.first, columns.next, columns.length], [1000, 1001, 1]);
});

test("events may change; those that stay keep their rows", () => {
  const columns = filled(3);
  columns.setEvents(["b", "c"]);
  assert.equal(columns.rate(0, 2), 40);
  assert.ok(Number.isNaN(columns.rate(1, 2)));
  assert.equal(columns.shares[1][2], MISSING);
});

test("more room keeps the rows, also of a ring that has gone round", () => {
  const columns = filled(20);
  columns.reserve(50);
  assert.equal(columns.size, 64);
  assert.deepEqual([columns.time(12), columns.time(19), columns.rate(0, 19)], [112, 119, 38]);
});

test("there is a bound to the room", () => {
  const columns = new Columns(["a"], 8);
  columns.reserve(1e9);
  assert.equal(columns.size, 65536);
});

test("no rate where no time was measured, and a gap is not the newest row", () => {
  const columns = filled(2);
  columns.put(2, [102, NaN, NaN, NaN], 0, [-3, -3], 0);
  columns.put(3, [103, 0, 5, 5], 0, [1, 1], 0);
  assert.ok(Number.isNaN(columns.rate(0, 2)));
  assert.ok(Number.isNaN(columns.rate(0, 3)));
  assert.equal(columns.newest(), 3);
  columns.put(4, [104, NaN, NaN, NaN], 0, [-3, -3], 0);
  assert.equal(columns.newest(), 3);
});

test("the first row since a time", () => {
  const columns = filled(20);
  assert.equal(columns.since(0), 12);
  assert.equal(columns.since(115), 15);
  assert.equal(columns.since(115.5), 16);
  assert.equal(columns.since(1e9), 20);
});

test("when time goes back by more than a moment, all begins anew", () => {
  const columns = filled(5);
  columns.put(5, [103.5, 0.5, 1, 1], 0, [1, 1], 0);
  assert.equal(columns.length, 6);
  columns.put(6, [1, 0.5, 7, 7], 0, [1, 1], 0);
  assert.deepEqual([columns.first, columns.next, columns.rate(0, 6)], [6, 7, 14]);
});
