import assert from "node:assert/strict";
import test from "node:test";

import { Timeline, cellWords } from "../../perfwidgets/widgets/static/timeline.js";

const cell = (number, began, ended, error = "") => [number, number + 1, `code ${number}`, began, ended, error];

test("a cell that ends replaces the one that began", () => {
  const timeline = new Timeline();
  assert.equal(timeline.take({ cells: [cell(0, 10, null)] }), true);
  assert.equal(timeline.cellsBetween(0, 100)[0].ended, Infinity);
  timeline.take({ cells: [cell(0, 10, 12, "ValueError")] });
  assert.deepEqual(timeline.cellsBetween(0, 100).map((each) => [each.ended, each.error]), [[12, "ValueError"]]);
});

test("a message without news is none", () => {
  assert.equal(new Timeline().take({ kind: "tick" }), false);
});

test("only what touches the window is in it", () => {
  const timeline = new Timeline();
  timeline.take({ cells: [cell(0, 1, 2), cell(1, 5, 9), cell(2, 8, null)], marks: [[0, 3, "a"], [1, 7, "b"]] });
  assert.deepEqual(timeline.cellsBetween(6, 7).map((each) => each.number), [1]);
  assert.deepEqual(timeline.cellsBetween(9, 20).map((each) => each.number), [1, 2]);
  assert.deepEqual(timeline.marksBetween(6, 8).map((each) => each.label), ["b"]);
});

test("the oldest are forgotten, so that memory stays bounded", () => {
  const timeline = new Timeline();
  for (let n = 0; n < 5000; n++) timeline.take({ cells: [cell(n, n, n + 1)], marks: [[n, n, "m"]] });
  assert.equal(timeline.cells.size, 1000);
  assert.equal(timeline.marks.size, 1000);
  assert.equal(timeline.cellsBetween(4999, 6000).length, 2);
});

test("a cell says its name, its code, how long it took and how it ended", () => {
  const timeline = new Timeline();
  timeline.take({ cells: [cell(4, 10, 10.0521), cell(5, 10, 3800, "KeyError"), cell(6, 10, null)] });
  const [quick, long, running] = timeline.cellsBetween(0, 9999).map((each) => cellWords(each, 75));
  assert.equal(quick, "In [5]: code 4\n52 ms");
  assert.equal(long, "In [6]: code 5\n1 h 3 min\nfailed: KeyError");
  assert.equal(running, "In [7]: code 6\n1 min 5 s\nstill running");
});
