import assert from "node:assert/strict";
import { test } from "node:test";

const { Alerts, alertInWords } = await import("../../perfwidgets/widgets/static/alerts.js");
const { alertLines } = await import("../../perfwidgets/widgets/static/alert_list.js");

const alert = (values) => ({
  number: 0,
  condition: "page-faults > 10/s for 3 s",
  began: 10,
  ended: null,
  worst: 52_000,
  unit: "/s",
  names: ["page-faults"],
  ...values,
});
const watched = (condition, state) => ({ condition, sign: ">", hold: 0, state });

test("alerts between two moments: one that is on has no end", () => {
  const alerts = new Alerts();
  alerts.take({ watches: [], alerts: [alert({ number: 1, began: 1, ended: 5 }), alert({ number: 2 })] });
  assert.deepEqual(alerts.between(0, 4).map(({ number }) => number), [1]);
  assert.deepEqual(alerts.between(5, 6).map(({ number }) => number), [1]);
  assert.deepEqual(alerts.between(6, 9), []);
  const [last] = alerts.between(100, 200);
  assert.deepEqual(last, { number: 2, began: 10, ended: Infinity, label: "▲ page-faults > 10/s for 3 s" });
});

test("a row is told of what is on, with a sign and words", () => {
  const alerts = new Alerts();
  assert.equal(alerts.wordsOf("IPC"), null);
  const low = alert({ number: 3, condition: "IPC <= 0.5", names: ["IPC"], worst: 0.2, unit: "" });
  alerts.take({ watches: [], alerts: [alert({ ended: 12 }), low] });
  assert.equal(alerts.wordsOf("page-faults"), null);
  const { sign, words, help } = alerts.wordsOf("IPC");
  assert.equal(sign, "▼");
  assert.equal(words, "<= 0.5");
  assert.match(help, /^IPC <= 0.5: since 10 s, worst 0.20/);
});

test("nothing told is nothing watched", () => {
  const alerts = new Alerts();
  alerts.take({});
  assert.deepEqual(alertLines(alerts), []);
  alerts.take(undefined);
  assert.deepEqual(alerts.between(0, 1e12), []);
});

test("the lines: what is crossed, what is not, what is not counted, the last", () => {
  const alerts = new Alerts();
  alerts.take({
    watches: [
      watched("page-faults > 10/s for 3 s", "crossed"),
      ...["a", "b", "c", "d"].map((name) => watched(`${name} > 1`, "within")),
      watched("IPC < 1", "not counted"),
    ],
    alerts: [alert({ number: 1, began: 1, ended: 4.5 }), alert({ number: 2 })],
  });
  assert.deepEqual(alertLines(alerts).map(({ kind }) => kind), ["crossed", "within", "unknown", "past"]);
  const [, within, unknown, past] = alertLines(alerts).map(({ words }) => words);
  assert.equal(within, "not crossed: a > 1 · b > 1 · c > 1 and 1 more");
  assert.equal(unknown, "not counted now: IPC < 1");
  assert.match(past, /^last: page-faults > 10\/s for 3 s: 1 s for 3.5 s, worst 52.0/);
});

test("a moment of a clock is told as a clock shows it", () => {
  assert.match(alertInWords(alert({ began: 1795331000 })), /since \d\d:\d\d:\d\d, worst/);
});
