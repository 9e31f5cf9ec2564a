// From rows of parts to a grid of values: a column for each pixel of time, a row for each part.

import { valuesOf } from "./metrics.js";

/**
 * The stretch of time of `columns` columns that shows `from` to `to`. Columns begin at multiples of
 * their length, so that a picture that moves on does not flicker.
 */
export function columnsOf({ from, to }, columns) {
  const step = (to - from) / columns;
  return { from: Math.round(from / step) * step, step, columns };
}

/**
 * Values of the event or metric that `valueOf` reads, in `labels`: the greatest of each column.
 * NaN where a row was not counted; `covered` is 1 where there is any row at all.
 */
export function gridOf(rows, readerOf, labels, time) {
  const { from, step, columns } = time;
  const values = new Float32Array(labels.length * columns).fill(NaN);
  const covered = new Uint8Array(columns);
  let [least, greatest] = [Infinity, -Infinity];
  rows.each(from, from + step * columns, (block, r, begin, end) => {
    const read = readerOf(block);
    const [first, after] = span(begin, end, time);
    covered.fill(1, first, after);
    for (let p = 0; p < labels.length; p++) {
      const value = read(r, p);
      if (!Number.isFinite(value)) continue;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      const at = p * columns;
      for (let c = first; c < after; c++) if (!(values[at + c] >= value)) values[at + c] = value;
    }
  });
  return { ...time, values, covered, labels, least, greatest };
}

/** The columns that a row from `begin` to `end` takes: at least one. */
function span(begin, end, { from, step, columns }) {
  const first = Math.round((begin - from) / step);
  const after = Math.round((end - from) / step);
  if (after > first) return [Math.max(0, first), Math.min(columns, after)];
  const only = Math.max(0, Math.min(columns - 1, Math.floor(((begin + end) / 2 - from) / step)));
  return [only, only + 1];
}

/**
 * The grid as `lines` lines of parts: each shows the greatest of its parts. `parts` is which that
 * is, or the first where none was counted.
 */
export function linesOf(grid, lines) {
  const { columns, labels, values } = grid;
  const group = Math.ceil(labels.length / lines);
  if (group === 1) return { group, lines: labels.length, values, partAt: (line) => line };
  const count = Math.ceil(labels.length / group);
  const greatest = new Float32Array(count * columns).fill(NaN);
  const parts = new Int32Array(count * columns);
  for (let line = 0; line < count; line++) {
    parts.fill(line * group, line * columns, (line + 1) * columns);
    for (let p = line * group; p < Math.min((line + 1) * group, labels.length); p++) {
      for (let c = 0; c < columns; c++) {
        const [at, value] = [line * columns + c, values[p * columns + c]];
        if (Number.isNaN(value) || greatest[at] >= value) continue;
        greatest[at] = value;
        parts[at] = p;
      }
    }
  }
  return { group, lines: count, values: greatest, partAt: (line, column) => parts[line * columns + column] };
}

/** The row that gave a column its value in part `p`, as `{ number, begin, end, value }`. */
export function rowAt(rows, readerOf, grid, column, p) {
  const wanted = grid.values[p * grid.columns + column];
  let found = null;
  rows.each(grid.from + (column - 1) * grid.step, grid.from + (column + 2) * grid.step, (block, r, begin, end) => {
    const [first, after] = span(begin, end, grid);
    if (column < first || column >= after) return;
    const value = readerOf(block)(r, p);
    const same = Number.isNaN(wanted) ? !Number.isFinite(value) : value === wanted;
    if (same) found = { number: block.numbers[r], begin, end, value: wanted };
  });
  return found;
}

/**
 * For each block a function from row and place in `labels` to the value of event `key`, or of
 * `metric`; NaN where there is none.
 */
export function readers(key, metric, labels) {
  const known = new Map();
  return (block) => {
    if (!known.has(block)) known.set(block, metric ? metricReader(block, metric, labels) : eventReader(block, key, labels));
    return known.get(block);
  };
}

function placesOf(block, labels) {
  if (block.labels === labels || block.labels.join("\n") === labels.join("\n")) return null;
  const index = new Map(block.labels.map((label, i) => [label, i]));
  return labels.map((label) => index.get(label) ?? -1);
}

function eventReader(block, key, labels) {
  const e = block.events.indexOf(key);
  if (e < 0) return () => NaN;
  const places = placesOf(block, labels);
  const at = e * block.labels.length;
  const { rates, width } = block;
  if (!places) return (r, p) => rates[r * width + at + p];
  return (r, p) => (places[p] < 0 ? NaN : rates[r * width + at + places[p]]);
}

/** Metrics are computed once for each row, and kept with the block. */
function metricReader(block, metric, labels) {
  const words = JSON.stringify(metric.program ?? "");
  if (block.derived?.words !== words) block.derived = deriving(block, metric, words);
  const { derived } = block;
  const places = placesOf(block, labels);
  const parts = block.labels.length;
  return (r, p) => {
    const place = places ? places[p] : p;
    if (place < 0) return NaN;
    while (derived.length <= r) derived.next();
    return derived.values[r * parts + place];
  };
}

function deriving(block, metric, words) {
  const parts = block.labels.length;
  const used = (metric.events ?? []).filter((event) => block.events.includes(event));
  const counts = used.map(() => new Float64Array(parts));
  const columns = {
    size: parts,
    durations: new Float64Array(parts),
    index: new Map(used.map((event, i) => [event, i])),
    counts,
  };
  const valueAt = valuesOf(metric, columns);
  const derived = { words, length: 0, values: new Float32Array(block.size * parts) };
  derived.next = () => {
    const r = derived.length;
    const duration = block.durations[r];
    columns.durations.fill(duration);
    used.forEach((event, i) => {
      const at = r * block.width + block.events.indexOf(event) * parts;
      for (let p = 0; p < parts; p++) counts[i][p] = block.rates[at + p] * duration;
    });
    for (let p = 0; p < parts; p++) derived.values[r * parts + p] = valueAt(p);
    derived.length += 1;
  };
  return derived;
}
