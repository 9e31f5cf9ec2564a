// The one live channel: what the kernel sends goes into the store; views draw from there.

import { readHistory, readHosts, readPartRows, readParts, readRows } from "./message.js";
import { hear, rawModel } from "./models.js";
import { storeOf } from "./store.js";

export default () => ({
  initialize({ model }) {
    const store = storeOf(model.get("key"));
    store.kernelGone = false;
    store.arrival = performance.now();
    store.send = (content) => model.send(content);
    const layout = () => store.setLayout(model.get("row_layout"));
    const status = () => store.setStatus(model.get("status"));
    const alerts = () => {
      store.alerts.take(model.get("alerts"));
      store.changed();
    };
    const hosts = () => {
      store.hosts = model.get("hosts") ?? [];
      store.changed();
    };
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
        store.lost.answered();
        store.changed();
      }
      if (content.kind !== "tick" || content.layout !== store.layout.id) return;
      const lost = readRows(store, content, buffers[0]);
      const lostParts = content.part_rows && readPartRows(store, content.part_rows, buffers.at(-1));
      store.lost.tell(lost || Boolean(lostParts), performance.now());
      store.timeline.take(content);
      store.holds.take(content, performance.now());
      store.bytes = sizeOf(content, buffers);
      if (content.parts) readParts(store, buffers[1]);
      if (content.hosts) readHosts(store, buffers[2], buffers[3]);
      store.samples = content.samples;
      store.ticks += 1;
      store.cost = content.cost;
      store.recorded = content.recorded ?? 0;
      store.position = content.position ?? 0; // of a recording that is played
      if (content[store.status.lead][1] > 0) store.arrival = performance.now();
      store.suggest();
      store.ticked();
    };
    // a server that was started again knows no kernel, and nobody tells the widgets
    rawModel(model, model.get("key")).then((raw) => {
      store.isCutOff = () => raw?.comm?.jsServicesComm?.isDisposed === true;
      hear(raw);
      store.send({ kind: "began" }); // what the kernel has said before that may be lost
    });
    const alive = async () => {
      const raw = await rawModel(model, model.get("key"));
      store.kernelGone = raw?.comm_live === false;
      store.changed();
    };
    model.on("msg:custom", message);
    model.on("change:row_layout", layout);
    model.on("change:status", status);
    model.on("change:alerts", alerts);
    model.on("change:hosts", hosts);
    model.on("change:history", history);
    model.on("comm_live_update", alive);
    layout();
    status();
    alerts();
    hosts();
    history();
    return () => {
      model.off("msg:custom", message);
      model.off("change:row_layout", layout);
      model.off("change:status", status);
      model.off("change:alerts", alerts);
      model.off("change:hosts", hosts);
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
