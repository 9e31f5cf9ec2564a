// The one live channel: what the kernel sends goes into the store; views draw from there.

import { readHistory, readParts, readRows } from "./message.js";
import { rawModel } from "./models.js";
import { storeOf } from "./store.js";

export default () => ({
  initialize({ model }) {
    const store = storeOf(model.get("key"));
    store.kernelGone = false;
    store.arrival = performance.now();
    store.send = (content) => model.send(content);
    const layout = () => store.setLayout(model.get("row_layout"));
    const status = () => store.setStatus(model.get("status"));
    const history = () => {
      const packed = model.get("history");
      if (packed) readHistory(store, packed);
      store.epoch += 1;
      store.suggest();
      store.changed();
    };
    const message = (content, buffers) => {
      if (content.kind === "history") {
        readHistory(store, buffers[0]);
        store.asked = false;
        store.changed();
      }
      if (content.kind !== "tick" || content.layout !== store.layout.id) return;
      if (readRows(store, content, buffers[0]) && !store.asked) {
        store.asked = true;
        store.send({ kind: "resend" });
      }
      store.timeline.take(content);
      store.holds.take(content, performance.now());
      store.bytes = sizeOf(content, buffers);
      if (content.parts) readParts(store, buffers[1]);
      store.samples = content.samples;
      store.ticks += 1;
      store.cost = content.cost;
      store.recorded = content.recorded ?? 0;
      store.position = content.position ?? 0; // of a recording that is played
      if (content[store.status.lead][1] > 0) store.arrival = performance.now();
      store.suggest();
      store.changed();
    };
    const alive = async () => {
      const raw = await rawModel(model, model.get("key"));
      store.kernelGone = raw?.comm_live === false;
      store.changed();
    };
    model.on("msg:custom", message);
    model.on("change:row_layout", layout);
    model.on("change:status", status);
    model.on("change:history", history);
    model.on("comm_live_update", alive);
    layout();
    status();
    history();
    return () => {
      model.off("msg:custom", message);
      model.off("change:row_layout", layout);
      model.off("change:status", status);
      model.off("change:history", history);
      model.off("comm_live_update", alive);
      store.kernelGone = true;
      store.changed();
      store.freeIfUnused();
    };
  },
});

/** About what a message weighs: its buffers, and its head as it is written. */
function sizeOf(content, buffers) {
  const head = JSON.stringify(content).length;
  return buffers.reduce((sum, buffer) => sum + buffer.byteLength, head);
}
