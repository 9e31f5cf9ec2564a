import assert from "node:assert/strict";
import { test } from "node:test";

const { aboutChosen } = await import("../../perfwidgets/widgets/static/event_about.js");
const { eventInWords } = await import("../../perfwidgets/widgets/static/event_words.js");

const INTEL = ["Intel", "counts hits only", "a table"];
const AMD = ["AMD", "counts misses", "another table"];
const store = (selected, events, metrics = []) => ({ selected, layout: { events, metrics } });
const event = (values) => ({ key: "x", help: "What it is.", unit: null, counts: "count", ...values });

test("an event without notes has a sentence and its unit", () => {
  const { help, warning, facts } = aboutChosen(store("x", [event({})]));
  assert.equal(help, "What it is.");
  assert.equal(warning, "");
  assert.deepEqual(facts, [["unit", ["a plain count: how often it happened"]]]);
});

test("the unit that perf printed comes before the one that is known", () => {
  const { facts } = aboutChosen(store("x", [event({ unit: "MiB", counts: "msec" })]));
  assert.deepEqual(facts[0], ["unit", ["MiB"]]);
});

test("one note that is bound to a vendor stands in the line, more are named", () => {
  const one = aboutChosen(store("x", [event({ notes: [["", "varies", "man"], INTEL] })]));
  assert.equal(one.warning, "⚠ on Intel it counts hits only");
  assert.deepEqual(one.facts.at(-1), ["mind", ["varies", "(man)"], ["Intel: counts hits only", "(a table)"]]);
  const more = aboutChosen(store("x", [event({ notes: [INTEL, AMD] })]));
  assert.equal(more.warning, "⚠ differs on Intel, AMD");
  assert.equal(aboutChosen(store("x", [event({ notes: [["", "varies", "man"]] })])).warning, "");
});

test("a metric shows its formula; what is not known of says nothing", () => {
  const metric = { name: "IPC", help: "Instructions per cycle.", formula: "a / b", unit: "", source: "perf" };
  const known = aboutChosen(store("IPC", [], [metric]));
  assert.equal(known.help, "Instructions per cycle.");
  assert.deepEqual(known.facts, [["formula", ["a / b"]], ["as in", ["perf"]]]);
  assert.equal(aboutChosen(store("gone", [])), null);
});

test("a tooltip has it all in lines", () => {
  const words = eventInWords(event({ aliases: ["y"], counts: "msec", notes: [INTEL, ["", "varies", "man"]] }));
  assert.deepEqual(words.split("\n"), [
    "What it is.",
    "Also called y.",
    "Counted in msec.",
    "On Intel it counts hits only.",
    "It varies.",
  ]);
});
