import assert from "node:assert/strict";
import { test } from "node:test";

const { controllerSums } = await import("../../perfwidgets/widgets/static/controllers.js");
const { valuesOf } = await import("../../perfwidgets/widgets/static/metrics.js");
const { Columns, NOT_COUNTED } = await import("../../perfwidgets/widgets/static/columns.js");

const layout = (...rows) => ({ events: rows.map(([key, unit]) => ({ key, unit })) });

test("rows of memory controllers are found by perf's names and its unit", () => {
  const sums = controllerSums(
    layout(["cycles", null], ["uncore_imc/cas_count_read/", "MiB"], ["uncore_imc/cas_count_write/", "MiB"]),
  );
  assert.deepEqual(sums.map(({ direction, unit, events }) => [direction, unit, events]), [
    ["read", "MiB", ["uncore_imc/cas_count_read/"]],
    ["write", "MiB", ["uncore_imc/cas_count_write/"]],
  ]);
  assert.deepEqual(controllerSums(layout(["cycles", null], ["uncore_imc_0/event=0x4/", null])), []);
  assert.deepEqual(controllerSums(layout(["uncore_imc/cas_count_read/", null])), [], "it was not counted yet");
  const client = controllerSums(layout(["uncore_imc_free_running/data_read/", "MiB"], ["uncore_imc/data_writes/", "MiB"]));
  assert.deepEqual(client.map(({ direction }) => direction), ["read", "write"]);
});

test("controllers that perf counts apart are added, unless one was not counted", () => {
  const keys = ["uncore_imc_0/cas_count_read/", "uncore_imc_1/cas_count_read/"];
  const [sum] = controllerSums(layout(...keys.map((key) => [key, "MiB"])));
  const columns = new Columns(keys);
  columns.put(0, [10, 0.5, 100, 20], 0, [1, 1], 0);
  columns.put(1, [10.5, 0.5, 100, NaN], 0, [1, NOT_COUNTED], 0);
  assert.equal(valuesOf(sum, columns)(0), 240);
  assert.ok(Number.isNaN(valuesOf(sum, columns)(1)));
});

test("rows of different units are never added", () => {
  const rows = [["uncore_imc_0/cas_count_read/", "MiB"], ["uncore_imc_1/cas_count_read/", "Bytes"]];
  assert.deepEqual(controllerSums(layout(...rows)), []);
});
