// What a view's own text does while its script has not come, and when it has.

import assert from "node:assert/strict";
import test from "node:test";

import { bringScripts, widgetOf } from "../../perfwidgets/widgets/static/shared_scripts.js";

class Element {
  textContent = "";
  replaceChildren() {
    this.textContent = "";
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function recorded(calls) {
  return {
    view: () => ({
      initialize: () => (calls.push("initialize"), () => calls.push("initialize ended")),
      render: ({ el }) => ((el.textContent = "drawn"), () => calls.push("render ended")),
    }),
    driver: () => ({ initialize: () => void calls.push("driven") }),
  };
}

test("a view that is loaded first begins when its script comes", async () => {
  const [calls, el] = [[], new Element()];
  const widget = widgetOf("first", "view");
  const ends = [widget.initialize({}), widget.render({ el })];
  await settled();
  assert.deepEqual([calls, el.textContent], [[], ""]);
  bringScripts("first", () => recorded(calls));
  await settled();
  assert.deepEqual([calls, el.textContent], [["initialize"], "drawn"]);
  for (const end of ends) end();
  assert.deepEqual(calls, ["initialize", "initialize ended", "render ended"]);
});

test("a view that is loaded later begins at once; one of no view, or without an end, too", async () => {
  const [calls, el] = [[], new Element()];
  bringScripts("later", () => recorded(calls));
  const widget = widgetOf("later", "driver");
  const ends = [widget.initialize({}), widget.render({ el })];
  await settled();
  assert.deepEqual([calls, el.textContent], [["driven"], ""]);
  for (const end of ends) end();
});

test("scripts of one version are made once, those of another apart", () => {
  let made = 0;
  const bring = (version) => bringScripts(version, () => ({ number: ++made }));
  assert.equal(bring("a"), bring("a"));
  assert.notEqual(bring("a"), bring("b"));
  assert.equal(made, 2);
});

test("what never comes is said after a minute, and drawn if it comes after all", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [calls, el] = [[], new Element()];
  const end = widgetOf("slow", "view").render({ el });
  t.mock.timers.tick(59_999);
  assert.equal(el.textContent, "");
  t.mock.timers.tick(1);
  assert.match(el.textContent, /did not come within a minute. Run its cell again/);
  bringScripts("slow", () => recorded(calls));
  await settled();
  assert.equal(el.textContent, "drawn");
  end();
});

test("a view that has gone is neither drawn nor complained of", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [calls, el] = [[], new Element()];
  const widget = widgetOf("gone", "view");
  for (const end of [widget.initialize({}), widget.render({ el })]) end();
  t.mock.timers.tick(120_000);
  bringScripts("gone", () => recorded(calls));
  await settled();
  assert.deepEqual([calls, el.textContent], [[], ""]);
});
