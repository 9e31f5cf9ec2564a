import assert from "node:assert/strict";
import { test } from "node:test";

const { asTyped, prepared, search } = await import("../../perfwidgets/widgets/static/event_search.js");

const EVENTS = prepared([
  ["cpu-cycles", ["cycles"], "Hardware event", ""],
  ["l1d.replacement", [], "cache", "Counts cache lines replaced, over cycles"],
  ["sched:sched_switch", [], "Tracepoint event", ""],
  ["sched:sched_wakeup", [], "Tracepoint event", ""],
  ["irq:sched_thing", [], "Tracepoint event", ""],
]);
const names = (typed) => search(EVENTS, typed).found.map(({ name }) => name);

test("names that begin with it come first, then that hold it, then descriptions", () => {
  assert.deepEqual(names("sched"), ["sched:sched_switch", "sched:sched_wakeup", "irq:sched_thing"]);
  assert.deepEqual(names("cycles"), ["cpu-cycles", "l1d.replacement"]);
  assert.deepEqual(names("SCHED sw"), ["sched:sched_switch"]);
  assert.deepEqual(names("sched nothing"), []);
});

test("nothing typed finds all, but only some are shown", () => {
  assert.equal(names("").length, 5);
  const many = prepared(Array.from({ length: 20000 }, (_, i) => [`some:event${i}`, [], "", ""]));
  const { found, more } = search(many, "event");
  assert.equal(found.length + more, 20000);
  assert.ok(found.length < 100);
});

test("what was typed can be tried as it is, unless it is known or has no such form", () => {
  assert.equal(asTyped(EVENTS, "cycles"), null);
  assert.equal(asTyped(EVENTS, "two words"), null);
  assert.equal(asTyped(EVENTS, "--output=x"), null);
  assert.equal(asTyped(EVENTS, "  "), null);
  assert.equal(asTyped(EVENTS, "r1a8").kind, "raw event, as typed");
  assert.equal(asTyped(EVENTS, "cpu/event=0x3c,umask=0x0/u").kind, "raw event, as typed");
  assert.equal(asTyped(EVENTS, " cycles:u ").name, "cycles:u");
});
