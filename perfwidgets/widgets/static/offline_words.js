// What stands at the cursor of a saved page, in words.

import { MISSING, NOT_COUNTED, NOT_SUPPORTED } from "./columns.js";
import { percent, si } from "./format.js";
import { readMetric, unitOf } from "./metrics.js";

const NO_COUNT = {
  [NOT_COUNTED]: "not counted",
  [NOT_SUPPORTED]: "not supported",
  [MISSING]: "no count: a gap",
};

/** Value and share of an event or metric in row `number`. */
export function readingWords({ counters, layout }, key, metric, number) {
  if (metric) {
    const { value, share, reason } = readMetric(metric, counters, number);
    if (!Number.isFinite(value)) return `${metric.name}: ${reason || "no value"}`;
    const weak = share < 1 ? `weakest count ${percent(share)} of the time, scaled` : "counted all of the time";
    return `${metric.name} ${si(value)} ${unitOf(metric)}`.trim() + `, ${weak}`;
  }
  const column = counters.index.get(key);
  if (column === undefined) return `${key}: not counted`;
  const share = counters.shares[column][number % counters.size];
  if (!(share >= 0)) return `${key}: ${NO_COUNT[share] ?? NO_COUNT[MISSING]}`;
  const rate = counters.rate(column, number);
  if (!Number.isFinite(rate)) return `${key}: the interval is too short for a rate`;
  const unit = layout.events.find((event) => event.key === key)?.unit;
  const words = share < 1 ? `counted ${percent(share)} of the time, scaled` : "counted all of the time";
  return `${key} ${si(rate)}${unit ? ` ${unit}` : ""}/s, ${words}`;
}

/** Rates of paging in row `number`; `lines` are event -> name. */
export function memoryWords(memory, lines, number) {
  const said = Object.entries(lines).map(([event, [name]]) => {
    const rate = memory.rate(memory.index.get(event), number);
    return Number.isFinite(rate) ? `${name} ${si(rate)} KB/s` : `${name}: a gap`;
  });
  return said.join(", ");
}

/** A moment in words: by the clock where times are the clock's, and how long before the end. */
export function momentWords(time, end, ofClock) {
  const before = end - time >= 0.0005 ? `${Number((end - time).toFixed(3))} s before the end` : "the end";
  if (!ofClock) return `second ${Number(time.toFixed(3))}, ${before}`;
  const date = new Date(time * 1000);
  if (Number.isNaN(date.getTime())) return before;
  return `${date.toISOString().replace("T", " ").replace("Z", " UTC")}, ${before}`;
}
