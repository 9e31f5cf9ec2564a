import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Pace } from "../../perfwidgets/widgets/static/pace.js";

test("often is too often, and the last that was held back is drawn", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  mock.method(performance, "now", () => now);
  let requests = 0;
  const view = { drawn: 1, store: { request: () => requests++ } };
  const pace = new Pace(view, 240);
  const due = [0, 100, 200, 300, 400].map((at) => ((now = at), pace.due()));
  assert.deepEqual(due, [true, false, false, true, false]);
  assert.equal(requests, 0);
  mock.timers.tick(1000);
  assert.deepEqual([requests, view.drawn], [1, 0]);
  now = 1400;
  assert.equal(pace.due(), true);
  mock.timers.tick(1000);
  assert.equal(requests, 1, "nothing is held back any more");
  mock.restoreAll();
});
