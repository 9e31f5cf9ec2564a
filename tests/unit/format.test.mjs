import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, full, percent, roundUp, seconds, si } from "../../perfwidgets/widgets/static/format.js";

const SPACE = "\u202f";

test("three digits and an SI prefix", () => {
  const cases = [
    [0, "0"], [7, "7"], [999, "999"], [999.4, "999"], [999.7, `1.00${SPACE}k`], [1000, `1.00${SPACE}k`],
    [3290012, `3.29${SPACE}M`], [999999, `1.00${SPACE}M`], [12.34, "12.3"], [0.25, "0.25"],
    [0.001, "<0.01"], [1.5e21, `1500${SPACE}E`], [-2500, `−2.50${SPACE}k`], [NaN, "–"], [Infinity, "–"],
  ];
  for (const [value, text] of cases) assert.equal(si(value), text);
});

test("all digits", () => {
  assert.equal(full(3290012), "3,290,012");
  assert.equal(full(2 ** 53), "9,007,199,254,740,992");
  assert.equal(full(200.51), "200.51");
  assert.equal(full(NaN), "–");
});

test("a share below 1 never reads 100 %", () => {
  assert.equal(percent(0.999), `99${SPACE}%`);
  assert.equal(percent(1), `100${SPACE}%`);
  assert.equal(percent(0.543), `54${SPACE}%`);
});

test("axes end at or a little above the greatest value", () => {
  for (const value of [0.3, 1, 7, 9.99, 11, 1234, 5.1e9]) {
    assert.ok(roundUp(value) >= value);
    assert.ok(roundUp(value) <= 1.5 * value);
  }
  assert.equal(roundUp(0), 1);
  assert.equal(roundUp(NaN), 1);
});

test("seconds in words", () => {
  assert.deepEqual([0.25, 15, 60, 300, 3600, NaN].map(seconds), ["0.25 s", "15 s", "1 min", "5 min", "1 h", "–"]);
});

test("sizes", () => {
  assert.equal(bytes(0), "0 B");
  assert.equal(bytes(999), "999 B");
  assert.equal(bytes(1234567), `1.23${SPACE}MB`);
});
