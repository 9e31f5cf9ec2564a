import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Columns, MISSING, NOT_COUNTED, NOT_SUPPORTED } from "../../perfwidgets/widgets/static/columns.js";
import { asColumns, metricOf, readMetric, unitOf, unsupportedOf, valuesOf } from "../../perfwidgets/widgets/static/metrics.js";
import { decimate } from "../../perfwidgets/widgets/static/decimate.js";

// what the evaluator in Python is held to as well: test_metrics.py
const CASES = JSON.parse(readFileSync(new URL("../data/metric_cases.json", import.meta.url)));
const SHARES = { "not counted": NOT_COUNTED, "not supported": NOT_SUPPORTED, missing: MISSING };
const IPC = { name: "IPC", unit: "", events: ["instructions", "cycles"], program: ["instructions", "cycles", "/"], reason: "" };

/** Columns of one row each for `readings`; the second of a name is `name #2`, as the kernel has it. */
function columnsOf(readings, seconds) {
  const seen = new Map();
  const keys = readings.map(({ event }) => {
    seen.set(event, (seen.get(event) ?? 0) + 1);
    return seen.get(event) === 1 ? event : `${event} #${seen.get(event)}`;
  });
  const columns = new Columns(keys);
  const shares = readings.map(({ status, running }) => SHARES[status] ?? running);
  columns.put(0, [10, seconds ?? NaN, ...readings.map(({ count }) => count ?? NaN)], 0, shares, 0);
  return columns;
}

for (const { name, readings, seconds, layout, expected } of CASES) {
  test(name, () => {
    assert.equal(layout.length, expected.length);
    const columns = columnsOf(readings, seconds);
    layout.forEach((metric, i) => {
      const { value, share, reason } = readMetric(metric, columns, 0);
      const wanted = expected[i];
      assert.equal(metric.name, wanted.name);
      assert.equal(reason, wanted.reason);
      const inHistory = valuesOf(metric, columns)(0);
      assert.equal(value, wanted.value ?? NaN);
      assert.equal(inHistory, wanted.value ?? NaN);
      if (wanted.value !== null) assert.equal(share, Math.fround(wanted.running));
      else assert.ok(!(share >= 0));
    });
  });
}

test("there are cases", () => assert.ok(CASES.length > 40));

/** Rows of cycles and instructions, a second apart; `null` is a gap. */
function history(rows) {
  const columns = new Columns(["cycles", "instructions"], 64);
  rows.forEach((row, n) => {
    const counts = row ?? [NaN, NaN];
    const shares = row ? [1, 1] : [MISSING, MISSING];
    columns.put(n, [n, row ? 1 : NaN, ...counts], 0, shares, 0);
  });
  return columns;
}

test("the history of a metric has a gap where the counts have one, and where it has no value", () => {
  const columns = history([[1, 2], null, [0, 5], [4, 2]]);
  const shown = asColumns(IPC, columns);
  const values = [0, 1, 2, 3].map((n) => shown.rate(IPC, n));
  assert.deepEqual(values, [2, NaN, NaN, 0.5]);
  assert.deepEqual([shown.length, shown.next, shown.since(2), shown.time(3)], [4, 4, 2, 3]);
});

test("a spike of a metric survives decimation", () => {
  const columns = history(Array.from({ length: 60 }, (_, n) => [10, n === 41 ? 90 : 10]));
  const valueAt = valuesOf(IPC, columns);
  const { y } = decimate(0, 60, 12, (n) => columns.time(n), valueAt);
  assert.ok(y.length <= 14);
  assert.equal(Math.max(...y), 9);
});

test("rows that have left the ring are not read from", () => {
  const columns = new Columns(["cycles", "instructions"], 4);
  for (let n = 0; n < 9; n++) columns.put(n, [n, 1, 10, 10 * n], 0, [1, 1], 0);
  assert.equal(valuesOf(IPC, columns)(8), 8);
  assert.equal(valuesOf(IPC, columns)(columns.first), 5);
});

test("an event without a column yet is not counted", () => {
  const columns = new Columns(["cycles"]);
  columns.put(0, [1, 1, 5], 0, [1], 0);
  assert.equal(readMetric(IPC, columns, 0).reason, "not available: needs instructions (not counted this time)");
  assert.equal(valuesOf(IPC, columns)(0), NaN);
});

test("what is not supported makes a metric unavailable, what was not counted does not", () => {
  const columns = columnsOf([{ event: "cycles", status: "not supported" }, { event: "instructions", status: "not counted" }], 1);
  assert.deepEqual(unsupportedOf(IPC, columns, 0), ["cycles"]);
});

test("an event goes before a metric of its name", () => {
  const layout = { events: [{ key: "x" }], metrics: [{ name: "x" }, { name: "y" }] };
  assert.equal(metricOf(layout, "x"), undefined);
  assert.equal(metricOf(layout, "y").name, "y");
  assert.equal(metricOf({ events: [] }, "y"), undefined);
});

test("a unit that the name says is not said again", () => {
  assert.equal(unitOf({ name: "LLC MPKI", unit: "MPKI" }), "");
  assert.equal(unitOf({ name: "LLC miss rate", unit: "%" }), "%");
  assert.equal(unitOf({ name: "IPC", unit: "" }), "");
});
