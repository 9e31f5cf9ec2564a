import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.requestAnimationFrame = () => 1;
const { default: script } = await import("../../perfwidgets/widgets/static/feed.js");
const { storeOf } = await import("../../perfwidgets/widgets/static/store.js");

const LAYOUT = { id: 1, events: [], columns: ["cycles"], memory: [], parts: [], suggested: [], window: 60, rows: 10 };

/** The front end's model, in a class of its own that hands nothing on, as of a page that was too busy. */
function deafModel() {
  class Model {
    heard = [];
    _handle_comm_msg(message) {
      this.heard.push([message, this]);
    }
  }
  class DeafModel extends Model {
    _handle_comm_msg() {}
  }
  const raw = new DeafModel();
  raw.comm = { on_msg: (callback) => (raw.deliver = callback) };
  raw.comm.on_msg((message) => raw._handle_comm_msg(message));
  return raw;
}

/** What a script is given of it. */
function modelOf(raw, state) {
  const sent = [];
  return {
    sent,
    get: (name) => state[name],
    on: () => {},
    off: () => {},
    send: (content) => sent.push(content),
    widget_manager: { has_model: () => true, get_model: async () => raw },
  };
}

test("the feed hears the kernel directly, and asks for what it has missed", async () => {
  const raw = deafModel();
  const model = modelOf(raw, { key: "deaf", row_layout: LAYOUT, status: { state: "idle" }, alerts: {} });
  raw.deliver("lost");
  assert.equal(raw.heard.length, 0);
  const end = script().initialize({ model });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(model.sent, [{ kind: "began" }]);
  raw.deliver("a tick");
  assert.deepEqual(raw.heard, [["a tick", raw]]);
  assert.equal(storeOf("deaf").kernelGone, false);
  end();
  assert.equal(storeOf("deaf").kernelGone, false, "freed: another store has its key");
});

test("a feed whose model has no comm, as in a saved page, is no error", async () => {
  const model = modelOf({}, { key: "saved", row_layout: LAYOUT, status: { state: "idle" }, alerts: {} });
  const end = script().initialize({ model });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(model.sent, [{ kind: "began" }]);
  end();
});
