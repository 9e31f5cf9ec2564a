// What stands at the cursor of a chart, in words.

import { derivedName, MISSING, NOT_COUNTED, NOT_SUPPORTED } from "./columns.js";
import { clockWords, isClock } from "./explore_axes.js";
import { percent, si } from "./format.js";
import { readMetric } from "./metrics.js";
import { nearest } from "./offline_hands.js";
import { countAt, meanInterval } from "./points.js";
import { cellName } from "./timeline.js";

const REACH = 2.5; // intervals from a row within which it is still what was counted then
const WHY = {
  [NOT_COUNTED]: "not counted",
  [NOT_SUPPORTED]: "not supported",
  [MISSING]: "no count",
};

/**
 * What a series was at `time`: `{ time, value, words }`, of the nearest row; where rows have left
 * the page, the least and the greatest value of some seconds.
 */
export function readAt(series, time) {
  const { columns } = series;
  if (columns.length && time >= columns.time(columns.first) - lengthOf(columns, columns.first)) {
    return readRow(series, nearest(columns, time), time);
  }
  return readBucket(series, time) ?? { time, value: NaN, words: "no sample then" };
}

function lengthOf(columns, number) {
  const seconds = columns.durations[number % columns.size];
  return seconds > 0 ? seconds : 0;
}

function readRow(series, number, wanted) {
  const { columns, column, metric, counts } = series;
  const time = columns.time(number);
  const nothing = (words) => ({ time, value: NaN, words });
  if (!(columns.durations[number % columns.size] >= 0)) return nothing("a gap: no sample came");
  if (Math.abs(time - wanted) > REACH * Math.max(lengthOf(columns, number), 0.05)) {
    return { ...nothing("no sample then"), time: wanted };
  }
  if (metric) return { time, ...metricReading(series, readMetric(metric, columns, number)) };
  if (column === undefined) return nothing("not among the events counted");
  const share = columns.shares[column][number % columns.size];
  if (!(share >= 0)) return nothing(WHY[share] ?? WHY[MISSING]);
  const value = counts ? countAt(columns, column, number) : columns.rate(column, number);
  if (!Number.isFinite(value)) return nothing("the interval is too short for a rate");
  return { time, value, words: valueWords(series, value) + scaledWords(share) };
}

function metricReading(series, { value, share, reason }) {
  if (!Number.isFinite(value)) return { value: NaN, words: reason || "no value" };
  return { value, words: valueWords(series, value) + scaledWords(share) };
}

export function valueWords({ unit }, value) {
  return `${si(value)}${unit}`;
}

function scaledWords(share) {
  return share < 1 ? ` · scaled, counted ${percent(share)}` : "";
}

function readBucket(series, time) {
  const { columns, column, metric, counts } = series;
  const { coarse } = columns;
  if (!coarse?.length || (column === undefined && !metric)) return null;
  const bucket = coarse.since(time);
  const at = bucket % coarse.most;
  if (bucket >= coarse.next || coarse.begins[at] > time) return null;
  const found = coarse.series.get(metric ? derivedName(metric.name) : columns.events[column]);
  if (!found || Number.isNaN(found.low[at])) return { time, value: NaN, words: "no count" };
  const scale = counts ? meanInterval(coarse, time) : 1;
  const [low, high] = [found.low[at] * scale, found.high[at] * scale];
  const span = coarse.ends[at] - coarse.begins[at];
  const words = `${si(low)} to ${valueWords(series, high)} in ${Number(span.toPrecision(2))} s`;
  return { time, value: high, words };
}

/** A moment: by the clock, and how long before `now` where that is known. */
export function momentInWords(time, now) {
  const before = now - time;
  const ago = before >= 0.0005 && before < 3600 ? ` · ${agoWords(before)} ago` : "";
  return clockWords(time) + (isClock(time) ? ago : "");
}

function agoWords(before) {
  return before < 60 ? `${before.toFixed(1)} s` : `${Math.floor(before / 60)} min ${Math.floor(before % 60)} s`;
}

/** The cells that ran at some time between two moments, in a few words; an empty text for none. */
export function cellsInWords(timeline, from, to) {
  const cells = timeline.cellsBetween(from, to);
  if (!cells.length) return "";
  const cell = cells.at(-1);
  const code = cell.code.split("\n", 1)[0];
  const more = cells.length > 1 ? ` and ${cells.length - 1} more` : "";
  return `${cellName(cell)}${more}: ${code}`;
}

/** The least, the greatest and the last value of points, in words. */
export function rangeInWords({ unit }, { y }) {
  let [least, most, last] = [Infinity, -Infinity, NaN];
  for (const value of y) {
    if (Number.isNaN(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    last = value;
  }
  if (Number.isNaN(last)) return "no value";
  return `${si(last)}${unit} at the end, from ${si(least)} to ${si(most)}${unit}`;
}
