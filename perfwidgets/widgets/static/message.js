// What the kernel sends: a tick with the newest rows, and on a fresh page the whole history.

import { readRun } from "./strip_rows.js";

/**
 * Read the rows of one message into `store`. `head` names the parts of the buffer in their order:
 * for each of counters and memory `[first number, rows, events]`; all counts (float64, with time
 * and duration before them), then all shares (float32).
 */
export function readRows(store, head, buffer) {
  const bytes = copied(buffer);
  const parts = [
    [store.counters, head.counters],
    [store.memory, head.memory],
  ];
  const doubles = parts.reduce((sum, [, [, rows, events]]) => sum + rows * (events + 2), 0);
  const values = new Float64Array(bytes, 0, doubles);
  const shares = new Float32Array(bytes, doubles * 8);
  let at = 0;
  let sharesAt = 0;
  let lost = -1;
  for (const [columns, [first, rows, events]] of parts) {
    for (let r = 0; r < rows; r++) {
      const skipped = columns.put(first + r, values, at, shares, sharesAt);
      if (skipped >= 0 && lost < 0) lost = skipped;
      at += events + 2;
      sharesAt += events;
    }
  }
  return lost >= 0;
}

/**
 * Read the parts (cores) of the newest sample: for each event of the layout its counts in the
 * order of `layout.parts` (float64), then all shares (float32).
 */
export function readParts(store, buffer) {
  const bytes = copied(buffer);
  const cells = store.layout.events.length * store.layout.parts.length;
  if (bytes.byteLength !== cells * 12) return;
  store.parts = {
    counts: new Float64Array(bytes, 0, cells),
    shares: new Float32Array(bytes, cells * 8, cells),
  };
}

/**
 * Read what hosts measured of the newest sample: each one's time (float64); then of each event of
 * the layout the counts of the parts of all hosts (float64), then all shares (float32).
 */
export function readHosts(store, times, buffer) {
  const { events, parts, inner } = store.layout;
  const bytes = copied(buffer);
  const width = Object.values(inner).reduce((sum, labels) => sum + labels.length, 0);
  const cells = events.length * width;
  if (times.byteLength !== parts.length * 8 || bytes.byteLength !== cells * 12) return;
  store.hostParts = {
    width,
    durations: new Float64Array(copied(times)),
    counts: new Float64Array(bytes, 0, cells),
    shares: new Float32Array(bytes, cells * 8, cells),
  };
}

/**
 * Read the rates of parts in new rows: of the message's head, the number of the row before these, that of the
 * last of them, and how many they are. Whether rows before these were lost.
 */
export function readPartRows(store, [before, last, length], buffer) {
  const lost = store.partRows.lost(before, last);
  const { events, parts, window } = store.layout;
  const keys = events.map((event) => event.key);
  const { run } = readRun(copied(buffer), 0, keys, parts, length);
  // what a page may have missed while it was loaded comes once more
  if (length && run.numbers[0] <= before) store.partRows.merge([run], window);
  else store.partRows.add(run, window);
  return lost;
}

/** Read those of a packed history: runs of rows of one layout, each `[events, labels, rows]`. */
function readPartRuns(store, { runs, cut }, bytes) {
  let at = 0;
  const read = runs.map(([events, labels, length]) => {
    const { run, next } = readRun(bytes, at, events, labels, length);
    at = next;
    return run;
  });
  store.partRows.merge(read, store.layout.window);
  store.partRows.cut ||= cut;
}

/** Read a packed history: the length of its JSON head, the head, then rows as in a tick. */
export function readHistory(store, buffer) {
  const bytes = copied(buffer);
  if (bytes.byteLength < 8) return;
  const view = new DataView(bytes);
  const length = view.getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
  store.setLayout(head.layout);
  store.timeline.take(head);
  store.holds.take(head);
  // before the rows that follow them
  if (head.older) readOlder(store, head.older, bytes.slice(8 + length + head.rows_size));
  readRows(store, head, bytes.slice(8 + length, 8 + length + (head.rows_size ?? bytes.byteLength)));
  if (head.part_rows) readPartRuns(store, head.part_rows, bytes.slice(bytes.byteLength - head.part_rows.size));
  store.samples = Math.max(store.samples, head.samples);
}

/**
 * Read the extremes of rows, also of those that are older than a history's. `older` says of
 * counters and memory the stride, the first bucket, how many, and the names of their series: times
 * of begins and of ends (float64), lows, highs (float32), flags (uint8), to a multiple of 8 bytes.
 */
function readOlder(store, older, bytes) {
  let at = 0;
  for (const name of ["counters", "memory"]) {
    const part = older[name];
    if (!part) continue;
    const { stride, first, buckets, series } = part;
    const take = (Kind, length) => {
      const taken = new Kind(bytes, at, length);
      at += taken.byteLength;
      return taken;
    };
    const [begins, ends] = [take(Float64Array, buckets), take(Float64Array, buckets)];
    const ranges = [Float32Array, Float32Array, Uint8Array].map((Kind) =>
      series.map(() => take(Kind, buckets)),
    );
    at += -at & 7;
    const named = series.map((key, i) => [key, { low: ranges[0][i], high: ranges[1][i], flags: ranges[2][i] }]);
    store[name].takeOlder({ stride, first, begins, ends, series: named });
  }
}

/** A buffer of its own: a view may begin at a place that no Float64Array can. */
function copied(buffer) {
  if (buffer instanceof ArrayBuffer) return buffer;
  return buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
}
