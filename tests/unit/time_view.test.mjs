import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { TimeView } from "../../perfwidgets/widgets/static/time_view.js";

let view;
let changes;
beforeEach(() => {
  changes = 0;
  view = new TimeView(() => (changes += 1));
});

test("what is shown moves with the samples until a stretch is chosen", () => {
  assert.deepEqual(view.between(100, 60), { from: 40, to: 100 });
  view.show(90, 70);
  assert.deepEqual(view.between(200, 60), { from: 70, to: 90 });
  assert.deepEqual([view.live, view.zoomed, view.frozen, changes], [false, true, false, 1]);
  view.reset();
  assert.deepEqual(view.between(200, 60), { from: 140, to: 200 });
  view.reset();
  assert.equal(changes, 2);
});

test("a stretch too short to see anything in, or of no time, is not zoomed into", () => {
  view.show(10, 10.01);
  view.show(NaN, 10);
  view.show(-Infinity, 10);
  assert.equal(view.live, true);
  assert.equal(changes, 0);
});

test("a zoom into a frozen picture goes back to it", () => {
  view.freeze(100, 60);
  assert.deepEqual([view.live, view.zoomed, view.frozen], [false, false, true]);
  view.show(50, 60);
  view.freeze(300, 60);
  assert.deepEqual([view.zoomed, view.fixed], [true, { from: 50, to: 60 }]);
  view.reset();
  assert.deepEqual([view.zoomed, view.fixed], [false, { from: 40, to: 100 }]);
  view.reset();
  assert.equal(view.live, true);
});

test("freezing what is zoomed into holds the whole, and following ends both", () => {
  view.show(80, 90);
  view.freeze(100, 60);
  assert.deepEqual([view.fixed, view.held], [{ from: 80, to: 90 }, { from: 40, to: 100 }]);
  view.follow();
  assert.deepEqual([view.live, view.frozen, view.zoomed], [true, false, false]);
});

test("there is nothing to freeze before the first sample", () => {
  view.freeze(-Infinity, 60);
  assert.equal(view.live, true);
});

test("zooming keeps the moment where it is, and ends where all is shown", () => {
  view.scale(0.5, 70, 100, 60);
  assert.deepEqual(view.fixed, { from: 55, to: 85 });
  view.scale(0.5, 85, 100, 60);
  assert.deepEqual(view.fixed, { from: 70, to: 85 });
  view.scale(2, 70, 100, 60);
  assert.deepEqual(view.fixed, { from: 70, to: 100 });
  view.scale(2, 70, 100, 60);
  assert.equal(view.live, true);
  view.scale(2, 70, 100, 60);
  assert.equal(view.live, true);
});

test("zooming out never reaches beyond the newest sample", () => {
  view.show(90, 100);
  view.scale(2, 91, 100, 60);
  assert.deepEqual(view.fixed, { from: 80, to: 100 });
});

test("the stretch moves on until a moment is inside", () => {
  view.show(50, 60);
  view.reach(55, 100, 60);
  assert.deepEqual(view.fixed, { from: 50, to: 60 });
  view.reach(49, 100, 60);
  assert.deepEqual(view.fixed, { from: 49, to: 59 });
  view.reach(70, 100, 60);
  assert.deepEqual(view.fixed, { from: 60, to: 70 });
});

test("another window ends a zoom; what is frozen reaches back as far, from where it ended", () => {
  view.show(50, 60);
  view.resize(30);
  assert.equal(view.live, true);
  view.freeze(100, 60);
  view.show(50, 60);
  view.resize(30);
  assert.deepEqual(view.between(500, 30), { from: 70, to: 100 });
});

test("what was kept is taken up again", () => {
  view.restore({ from: 40, to: 100 }, { from: 50, to: 60 });
  assert.deepEqual([view.frozen, view.zoomed, changes], [true, true, 1]);
  view.restore(null, { from: 50, to: 60 });
  assert.deepEqual([view.frozen, view.zoomed], [false, true]);
});

test("pointing tells those that draw a cursor, and has nothing else drawn", () => {
  const seen = [];
  const end = view.onPoint((time) => seen.push(time));
  view.point(5);
  view.point(5);
  view.point(null);
  end();
  view.point(7);
  assert.deepEqual(seen, [5, null]);
  assert.equal(changes, 0);
});
