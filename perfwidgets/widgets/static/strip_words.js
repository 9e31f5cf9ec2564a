// What the strip of parts says in words.

import { NOT_SUPPORTED } from "./columns.js";
import { clockWords } from "./explore_axes.js";
import { full, percent, si } from "./format.js";
import { unitOf } from "./metrics.js";

/** perf's label as people say it: CPU3 as "core 3". */
export function partName(label) {
  return label.replace(/^CPU(\d+)$/, "core $1");
}

/** Names for the few pixels beside the lines: of "core 0" to "core 255" the first is whole. */
export function shortNames(names) {
  const isLong = names.some((name) => name.length > 7);
  const cut = isLong && names.every((name) => name.startsWith("core "));
  return cut ? names.map((name, i) => (i ? name.slice(5) : name)) : names;
}

/** What the parts are, one of them. */
export function partKind({ parts, part_kind: kind }) {
  return kind ?? (parts.every((label) => /^CPU\d+$/.test(label)) ? "core" : "part");
}

/** The unit of what is shown: a rate's, or the metric's own. */
export function unitWords(layout, key, metric) {
  if (metric) return unitOf(metric);
  const unit = layout.events.find((event) => event.key === key)?.unit;
  return unit ? `${unit} per second` : "per second";
}

/** One cell: which part, when, how much. `share` is below 1 where perf has scaled the event. */
export function partCellWords({ label, begin, end, value }, unit, share = 1) {
  const when = clockWords(end ?? begin);
  if (end === undefined) return `${partName(label)} · ${when} · no sample`;
  if (!Number.isFinite(value)) return `${partName(label)} · ${when} · not counted`;
  const scaled = share >= 0 && share < 1 ? ` · scaled, counted ${percent(share)}` : "";
  return `${partName(label)} · ${when} · ${si(value)} ${unit}`.trim() + scaled;
}

/** What is shown: "context-switches by core". */
export function titleWords(store, metric) {
  const { layout, selected } = store;
  const by = `${selected} by ${partKind(layout)}`;
  if (metric?.reason) return `${by}: ${metric.reason}`;
  return store.shareOf(selected) === NOT_SUPPORTED && !metric ? `${by}: not supported here` : by;
}

/** The newest values in a sentence, for who does not see them. `values` are in the labels' order. */
export function summaryWords(title, labels, values, unit) {
  const counted = labels.map((label, i) => [label, values[i]]).filter(([, value]) => Number.isFinite(value));
  if (!counted.length) return `${title}: not counted.`;
  counted.sort((a, b) => b[1] - a[1]);
  const [most, least] = [counted[0], counted.at(-1)];
  const said = ([label, value]) => `${full(Number(value.toPrecision(4)))} ${unit}`.trim() + ` in ${partName(label)}`;
  const none = labels.length - counted.length;
  const others = none ? ` ${none} of ${labels.length} not counted.` : "";
  return `${title}, newest: most ${said(most)}, least ${said(least)}.${others}`;
}
