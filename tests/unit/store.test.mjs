import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const frames = [];
globalThis.requestAnimationFrame = (callback) => frames.push(callback);
globalThis.setInterval = () => 1;
globalThis.clearInterval = () => {};
const { readHistory, readRows } = await import("../../perfwidgets/widgets/static/message.js");
const { Store, storeOf } = await import("../../perfwidgets/widgets/static/store.js");
const { notice } = await import("../../perfwidgets/widgets/static/notice.js");
const { cost, errorsInWords, facts, faultsInWords } = await import("../../perfwidgets/widgets/static/status_bar.js");

const event = (key, family = "software") => ({ key, family, help: "", unit: null });
const LAYOUT = {
  id: 1,
  events: [event("cycles", "cpu"), event("page-faults")],
  columns: ["cycles", "page-faults"],
  memory: ["pgpgin"],
  parts: [],
  suggested: ["cycles", "page-faults"],
  window: 300,
  rows: 100,
};

let store;
beforeEach(() => {
  frames.length = 0;
  store = new Store("key");
  store.setLayout(LAYOUT);
});

/** One buffer as the kernel packs it: counts of both parts, then shares of both. */
function pack(counters, memory) {
  const doubles = Float64Array.from([...counters, ...memory].flatMap((row) => row.slice(0, 2).concat(row[2])));
  const shares = Float32Array.from([...counters, ...memory].flatMap((row) => row[3]));
  const bytes = new Uint8Array(doubles.byteLength + shares.byteLength);
  bytes.set(new Uint8Array(doubles.buffer));
  bytes.set(new Uint8Array(shares.buffer), doubles.byteLength);
  return bytes;
}

test("a tick's rows arrive, from a view at an odd place too", () => {
  const packed = pack([[10, 0.5, [NaN, 40], [-2, 1]], [10.5, 0.5, [NaN, 41], [-2, 1]]], [[10.1, 1, [5], [1]]]);
  const odd = new Uint8Array(packed.length + 3);
  odd.set(packed, 3);
  const head = { counters: [0, 2, 2], memory: [0, 1, 1] };
  const lost = readRows(store, head, new DataView(odd.buffer, 3));
  assert.equal(lost, false);
  assert.equal(store.counters.rate(1, 1), 82);
  assert.equal(store.memory.rate(0, 0), 5);
  assert.equal(store.now(), 10.5);
});

test("a lost message is noticed, a repeated row is not", () => {
  readRows(store, { counters: [0, 1, 2], memory: [0, 0, 1] }, pack([[1, 1, [1, 1], [1, 1]]], []));
  const again = pack([[1, 1, [1, 1], [1, 1]], [2, 1, [1, 1], [1, 1]]], []);
  assert.equal(readRows(store, { counters: [0, 2, 2], memory: [0, 0, 1] }, again), false);
  const later = pack([[5, 1, [1, 1], [1, 1]]], []);
  assert.equal(readRows(store, { counters: [4, 1, 2], memory: [0, 0, 1] }, later), true);
});

test("a packed history brings its layout", () => {
  const fresh = new Store("other");
  const head = new TextEncoder().encode(
    JSON.stringify({ layout: { ...LAYOUT, id: 7 }, samples: 9, counters: [3, 1, 2], memory: [0, 0, 1] }),
  );
  const padded = Math.ceil(head.length / 8) * 8;
  const rows = pack([[1, 1, [1, 2], [1, 1]]], []);
  const all = new Uint8Array(8 + padded + rows.length).fill(32, 8, 8 + padded);
  new DataView(all.buffer).setUint32(0, padded, true);
  all.set(head, 8);
  all.set(rows, 8 + padded);
  readHistory(fresh, new DataView(all.buffer));
  assert.equal(fresh.samples, 9);
  assert.deepEqual([fresh.counters.first, fresh.counters.rate(1, 3)], [3, 2]);
  readHistory(fresh, new DataView(new ArrayBuffer(0)));
});

test("an event that counts is suggested, a choice is kept", () => {
  readRows(store, { counters: [0, 1, 2], memory: [0, 0, 1] }, pack([[1, 1, [NaN, 3], [-2, 1]]], []));
  store.suggest();
  assert.equal(store.selected, "page-faults");
  store.select("cycles");
  store.suggest();
  assert.equal(store.selected, "cycles");
});

test("views are drawn once a frame, the latest only, and only in sight", () => {
  let drawn = 0;
  let seen = true;
  const leave = store.add({ name: "view", shown: () => true, inSight: () => seen, draw: () => drawn++ });
  for (let i = 0; i < 50; i++) store.changed();
  assert.equal(frames.length, 1);
  frames.pop()();
  assert.equal(drawn, 1);
  seen = false;
  store.changed();
  assert.equal(frames.length, 0, "for nobody who sees it the page need not make a frame");
  assert.equal(drawn, 1);
  seen = true;
  store.request();
  frames.pop()();
  assert.equal(drawn, 2);
  leave();
});

test("what does not follow rows is drawn for all else", () => {
  const drawn = { rows: 0, words: 0 };
  const common = { shown: () => true, inSight: () => true };
  store.add({ ...common, name: "rows", draw: () => drawn.rows++ });
  store.add({ ...common, name: "words", followsRows: false, draw: () => drawn.words++ });
  frames.pop()();
  for (let i = 0; i < 3; i++) {
    store.ticked();
    frames.pop()();
  }
  assert.deepEqual(drawn, { rows: 4, words: 1 });
  store.setStatus({ state: "paused" });
  frames.pop()();
  assert.deepEqual(drawn, { rows: 5, words: 2 });
});

test("a view that throws is told to the kernel once, and the others are drawn", () => {
  const told = [];
  store.send = (content) => told.push(content);
  let drawn = 0;
  store.add({ name: "bad", shown: () => true, inSight: () => true, draw: () => { throw new Error("boom"); } });
  store.add({ name: "good", shown: () => true, inSight: () => true, draw: () => drawn++ });
  frames.pop()();
  store.changed();
  frames.pop()();
  assert.equal(drawn, 2);
  assert.deepEqual(told.map((t) => [t.kind, t.where, t.message]), [["fault", "bad", "boom"]]);
});

test("one store for a key; it goes with its last view once the kernel has gone", () => {
  const shared = storeOf("shared");
  assert.equal(storeOf("shared"), shared);
  const leave = shared.add({ inSight: () => false, shown: () => true });
  shared.kernelGone = true;
  leave();
  assert.notEqual(storeOf("shared"), shared);
});

test("the notice says what is not counted, and why", () => {
  assert.deepEqual(notice(store), ["", "", ""]);
  const error = { reason: "perf was not found", remedy: "Install it" };
  store.setStatus({ state: "failed", error });
  assert.deepEqual(notice(store), ["Not available on this system", "Perf was not found.", "Install it."]);
  store.setStatus({ state: "running" });
  readRows(store, { counters: [0, 1, 2], memory: [0, 0, 1] }, pack([[1, 1, [NaN, 3], [-2, 1]]], []));
  assert.equal(notice(store)[0], "cycles is not supported here.");
  readRows(store, { counters: [1, 1, 2], memory: [0, 0, 1] }, pack([[2, 1, [NaN, NaN], [-2, -2]]], []));
  assert.equal(notice(store)[0], "Not available on this system");
});

test("the status bar's words", () => {
  store.setStatus({ state: "running", perf: "6.1", interval: 0.25, cores: "0-3" });
  store.samples = 4812;
  assert.deepEqual(facts(store), ["perf 6.1", "every 0.25 s", "cores 0-3", "4,812 samples"]);
  store.setStatus({
    state: "failed",
    error: { reason: "a", remedy: "b" },
    faults: [{ where: "observer f", message: "boom", times: 2, traceback: "Traceback" }],
  });
  assert.equal(errorsInWords(store), "a. b");
  assert.deepEqual(faultsInWords(store), ["observer f: boom (2 times)", "Traceback"]);
});

test("an older layout changes nothing", () => {
  store.setLayout({ ...LAYOUT, id: 5, columns: ["cycles", "page-faults", "branches"] });
  store.setLayout({ ...LAYOUT, id: 4 });
  assert.equal(store.layout.id, 5);
});

test("a command is pending until it is answered, whatever else changes", () => {
  store.setStatus({ state: "running", answer: 0 });
  store.command("pause");
  store.setStatus({ state: "running", answer: 0, faults: [] });
  assert.notEqual(store.pending, null);
  store.setStatus({ state: "paused", answer: 1 });
  assert.equal(store.pending, null);
});

test("numbers are old while perf starts again, and when it ends after an hour", () => {
  const error = { reason: "perf was killed", remedy: "" };
  readRows(store, { counters: [0, 1, 2], memory: [0, 0, 1] }, pack([[1, 1, [1, 3], [1, 1]]], []));
  store.setStatus({ state: "running" });
  assert.equal(store.old(), false);
  store.setStatus({ state: "starting", error });
  assert.equal(store.old(), true);
  store.setStatus({ state: "failed", error });
  assert.deepEqual(notice(store), ["Counting has ended", "Perf was killed.", ""]);
});

test("silence is of the counters, whatever memory does", () => {
  store.setStatus({ state: "running", interval: 0.25, lead: "counters" });
  store.arrival = performance.now() - 10_000;
  assert.equal(store.stale(), true);
});

test("what the display costs, in as many characters with any digits", () => {
  const unknown = cost(store, 0);
  assert.match(unknown, /^own cost\s+– % of a core,\s+– kB a tick,\s+– redraws\/s$/u);
  store.cost = 0.0071;
  store.bytes = 1234;
  for (let at = 0; at < 4000; at += 250) store.redraws.count(at);
  const known = cost(store, 3900);
  assert.match(known, /^own cost 0.7 % of a core, 1.2 kB a tick,\s+4 redraws\/s$/u);
  assert.equal(known.length, unknown.length);
  assert.match(cost(store, 60_000), /\s+0 redraws\/s$/u);
});

test("frames that draw something are counted, others are not", () => {
  const leave = store.add({ name: "view", shown: () => true, inSight: () => true, draw: () => {} });
  frames.pop()();
  assert.equal(store.redraws.times.length, 1);
  store.request();
  frames.pop()();
  assert.equal(store.redraws.times.length, 1);
  leave();
});

test("a hold of the kernel is told of once, for some seconds; a fresh page's are no news", () => {
  const { holds } = store;
  holds.take({ held: [[0, 100, 102.14]] });
  assert.equal(holds.told(0), "");
  holds.take({ held: [[0, 100, 102.14], [1, 200, 202.14]] }, 1000);
  assert.equal(holds.told(1000), "kernel held for 2.1 s");
  holds.take({ held: [[1, 200, 202.14]] }, 8000);
  assert.equal(holds.told(8999), "kernel held for 2.1 s");
  assert.equal(holds.told(9001), "");
  assert.deepEqual(holds.between(201, 300).map((hold) => hold.number), [1]);
  for (let n = 2; n < 500; n++) holds.take({ held: [[n, n, n + 1]] });
  assert.ok(holds.all.size <= 50);
});

test("charts hand over before the frame of the rest, and nothing is drawn twice", async () => {
  const order = [];
  const view = (name, ahead) => ({
    name,
    ahead,
    shown: () => true,
    inSight: () => true,
    draw: () => order.push(name),
    after: () => order.push(`${name} after`),
  });
  const leave = [store.add(view("table", false)), store.add(view("chart", true))];
  await null;
  assert.deepEqual(order, ["chart"]);
  for (let i = 0; i < 50; i++) store.changed(); // until the frame comes, however late
  await null;
  assert.deepEqual([order.length, frames.length], [1, 1]);
  frames.pop()();
  assert.deepEqual(order, ["chart", "table", "chart after"]);
  await null; // what came between is handed over as well
  assert.deepEqual([order.at(-1), frames.length], ["chart", 1]);
  frames.pop()();
  await null;
  assert.deepEqual(order.slice(3), ["chart", "chart after"]);
  assert.equal(frames.length, 0);
  for (const each of leave) each();
});

test("after a time without frames the first of them shows what is there then", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const order = [];
  const leave = store.add({
    name: "chart",
    ahead: true,
    shown: () => true,
    inSight: () => true,
    draw: () => order.push(store.samples),
    hurry: () => order.push("hurried"),
    after: () => order.push("after"),
  });
  await null;
  for (store.samples = 1; store.samples < 5000; store.samples++) store.changed();
  now = 501;
  await null;
  assert.deepEqual([order, frames.length], [[0], 1]);
  frames.pop()();
  await null;
  assert.deepEqual(order, [0, 5000, "hurried", "after"]);
  assert.equal(frames.length, 0);
  leave();
});
