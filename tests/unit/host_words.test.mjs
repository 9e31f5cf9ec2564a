import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.requestAnimationFrame = () => 1;
globalThis.setInterval = () => 1;
globalThis.clearInterval = () => {};
const STATIC = "../../perfwidgets/widgets/static";
const words = await import(`${STATIC}/host_words.js`);
const { readHosts, readParts } = await import(`${STATIC}/message.js`);
const { notice } = await import(`${STATIC}/notice.js`);
const { facts } = await import(`${STATIC}/status_bar.js`);
const { aboutChosen } = await import(`${STATIC}/event_about.js`);
const { Store } = await import(`${STATIC}/store.js`);

const event = (key, family) => ({ key, family, help: `${key} help.`, unit: null });
const LAYOUT = {
  id: 1,
  events: [event("cycles", "cpu"), event("cs", "software")],
  columns: ["cycles", "cs"],
  memory: ["pgpgin"],
  parts: ["node6", "node7", "node8"],
  part_kind: "host",
  inner: { node6: ["CPU0", "CPU1"], node8: ["CPU0"] },
  suggested: ["cs"],
  window: 300,
  rows: 100,
};
const DENIED = { reason: "perf may not count", remedy: "Become root" };
const host = (name, state, more = {}) => ({
  ...{ name, state, error: null, perf: "6.1", offset: 0, uncertainty: null, lag: 0.1, late: 0, missed: 0 },
  ...more,
});

let store;
beforeEach(() => {
  store = new Store("key");
  store.setLayout(LAYOUT);
  store.hosts = [host("node6", "running"), host("node7", "failed", { error: DENIED }), host("node8", "late")];
});

/** Counts (float64), then shares (float32), as the kernel packs parts. */
function packed(counts, shares) {
  const bytes = new Uint8Array(counts.length * 12);
  bytes.set(new Uint8Array(Float64Array.from(counts).buffer));
  bytes.set(new Uint8Array(Float32Array.from(shares).buffer), counts.length * 8);
  return bytes;
}

const newest = () => readParts(store, packed([NaN, NaN, NaN, 5, NaN, 7], [-2, -3, -2, 1, -3, 1]));

test("how many hosts there are, and how many do not count", () => {
  assert.deepEqual(words.hostsInFew(store), ["3 hosts", "1 not available", "1 late"]);
  assert.equal(words.hostsInWords(store), "3 hosts: 1 live, 1 not available, 1 late");
  assert.ok(facts(store).includes("3 hosts"));
  assert.deepEqual(words.hostsInFew({ hosts: [] }), []);
  assert.deepEqual(words.hostsInFew({ hosts: [host("a", "running")] }), ["1 host"]);
});

test("hosts with one reason stand together", () => {
  const gone = ["a", "b", "c"].map((name) => host(name, "gone"));
  const again = host("d", "starting", { error: DENIED });
  assert.deepEqual(words.whyNot({ hosts: [...store.hosts, ...gone, again] }), [
    ["Not available on node7 and d", "perf may not count", "Become root"],
    ["Not available on a, b and c", "its last worker has left", ""],
  ]);
  const blind = host("e", "running", { memory_error: { reason: "no /proc", remedy: "" } });
  assert.deepEqual(words.whyNot({ hosts: [blind] }), [["Memory activity is not available on e", "no /proc", ""]]);
});

test("many names are cut short, never by one alone", () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  assert.equal(words.someNames(names), "a, b, c, d and 2 more");
  assert.equal(words.someNames(names.slice(0, 5)), "a, b, c, d and e");
  assert.equal(words.someNames(["a"]), "a");
  assert.equal(words.someNames([]), "");
});

test("each state has a sign, words, and why", () => {
  assert.deepEqual(words.hostInWords(store.hosts[1]), ["✕", "not available", "perf may not count. Become root"]);
  assert.equal(words.hostInWords(host("a", "starting", { error: DENIED }))[1], "starting again");
  assert.match(words.hostInWords(store.hosts[2])[2], /a gap here/);
  assert.equal(words.hostInWords(host("a", "new in another version"))[1], "new in another version");
});

test("on which hosts an event counts", () => {
  assert.equal(words.whereCounted(store, "cs"), ""); // nothing has come yet
  newest();
  assert.equal(words.whereCounted(store, "cs"), "node6 and node8; no count from node7");
  assert.equal(words.whereCounted(store, "cycles"), "no host; not supported on node6 and node8; no count from node7");
  assert.equal(words.countedOn(store, "cs"), "2 of 3 hosts");
  assert.equal(words.whereCounted(store, "no such event"), "");
  assert.deepEqual(words.eventsOn(store, "node6"), ["1 of 2", "not supported: cycles"]);
  store.select("cs");
  const known = aboutChosen(store);
  assert.equal(known.help, "Counted on 2 of 3 hosts. cs help.");
  assert.deepEqual(known.facts[0], ["counted on", ["node6 and node8; no count from node7"]]);
});

test("cores of one machine are no hosts", () => {
  store.setLayout({ ...LAYOUT, id: 2, parts: ["CPU0", "CPU1", "CPU2"], part_kind: undefined });
  newest();
  assert.equal(words.whereCounted(store, "cs"), "");
});

test("clocks and delays", () => {
  assert.equal(words.clockInWords(host("a", "running")), "");
  assert.equal(words.clockInWords({ offset: 0.00213, uncertainty: 0.0003 }), "+2.1 ms ± 0.3 ms");
  assert.equal(words.clockInWords({ offset: -12.34, uncertainty: 0.5 }), "−12 s ± 500 ms");
  assert.equal(words.lagInWords({ lag: 0.3, late: 2, missed: 5 }), "0.3 s, 2 too late, 5 missed");
  assert.equal(words.lagInWords({ lag: null, late: 0, missed: 0 }), "");
});

test("cores of hosts arrive; what does not fit the layout is left", () => {
  const times = Float64Array.from([1, NaN, 1.02]);
  readHosts(store, times, packed([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0.5, 1]));
  assert.equal(store.hostParts.width, 3);
  assert.deepEqual([...store.hostParts.counts], [1, 2, 3, 4, 5, 6]);
  assert.equal(store.hostParts.shares[4], 0.5);
  assert.equal(store.hostParts.durations[2], 1.02);
  const before = store.hostParts;
  readHosts(store, times, packed([1], [1]));
  assert.equal(store.hostParts, before);
  store.setLayout({ ...LAYOUT, id: 2 });
  assert.equal(store.hostParts, null);
});

test("where nothing counts, each host says why", () => {
  store.setStatus({ state: "failed", error: DENIED });
  assert.deepEqual(notice(store), ["Not available on any host", "", ""]);
  store.hosts = [];
  assert.deepEqual(notice(store), ["Not available on this system", "Perf may not count.", "Become root."]);
});
