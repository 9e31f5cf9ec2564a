// The lines of a history chart: which events and metrics, in which unit, in which shape.

import { greatest } from "./decimate.js";
import { asColumns, metricOf, unitOf } from "./metrics.js";

export const MOST_LINES = 4; // more cannot be told apart

/**
 * One line: its columns, and the column or metric there; `unit` is written after a value, lines
 * of the same `axis` can be compared. `per` is "second" or "interval".
 */
export function seriesOf({ layout, counters }, key, per) {
  const metric = metricOf(layout, key);
  if (metric) {
    const unit = unitOf(metric);
    const axis = metric.unit === "/s" ? "/s" : `metric ${metric.unit}`;
    const columns = asColumns(metric, counters);
    return { key, metric, columns, column: metric, counts: false, unit: unit && ` ${unit}`, axis };
  }
  const own = layout.events.find((event) => event.key === key)?.unit;
  const unit = `${own ? ` ${own}` : ""}${per === "interval" ? "" : "/s"}`;
  const column = counters.index.get(key);
  return { key, columns: counters, column, counts: per === "interval", unit, axis: unit };
}

/** Whether lines can only be compared as shares of their greatest values. */
export function unlike(series) {
  return new Set(series.map(({ axis }) => axis)).size > 1;
}

/** How values become places on the axis: as they are, as shares of `whole`, as powers of ten. */
export function shaped(value, { whole = 1, log = false }) {
  const share = value / whole;
  if (!log) return share;
  return share > 0 ? Math.log10(share) : NaN; // 0 has no place on a log scale
}

/** What a line's values are shares of: the greatest of them, without its sign; 1 where all are 0. */
export function wholeOf(values) {
  return Math.max(greatest(values), greatest(values.map((value) => -value))) || 1;
}

/** Where single values stand between gaps, a dash of `length` on x: a line of one point is none. */
export function withDashes({ x, y }, length) {
  const gapAt = (i) => !(i >= 0 && i < y.length) || Number.isNaN(y[i]);
  const [longer, higher] = [[], []];
  for (let i = 0; i < y.length; i++) {
    longer.push(x[i]);
    higher.push(y[i]);
    if (gapAt(i) || !gapAt(i - 1) || !gapAt(i + 1)) continue;
    longer.push(x[i] + length);
    higher.push(y[i]);
  }
  return { x: longer, y: higher };
}
