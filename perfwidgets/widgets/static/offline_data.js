// Reads what a saved page holds (perfwidgets/snapshot/packed.py) into the columns that live views use.

import { Columns, MISSING } from "./columns.js";
import { Timeline } from "./timeline.js";

const ALL_OF_THE_TIME = 250; // a share as one byte; -1 to -3 as 255 to 253

/** Counters, memory activity, cells and marks of a page, from the text of its data element. */
export function readPage(text) {
  const data = JSON.parse(text);
  const timeline = new Timeline();
  timeline.take(data.notes);
  return { ...data, counters: readColumns(data.counters), memory: readColumns(data.memory), timeline };
}

/** Columns as they were packed: doubles are all times, then all durations; the rest by event. */
function readColumns({ rows, events, doubles, counts, shares }) {
  const columns = new Columns(events, Math.max(rows, 1));
  if (!rows) return columns;
  const both = new Float64Array(bytesOf(doubles));
  const allCounts = new Float32Array(bytesOf(counts));
  const allShares = new Uint8Array(bytesOf(shares));
  columns.times = both.subarray(0, rows);
  columns.durations = both.subarray(rows);
  events.forEach((_, e) => {
    columns.counts[e] = allCounts.subarray(e * rows, (e + 1) * rows);
    columns.shares[e] = Float32Array.from(allShares.subarray(e * rows, (e + 1) * rows), shareOfByte);
  });
  columns.next = rows;
  return columns;
}

/** 0 to 1, or why there is no count. */
export function shareOfByte(byte) {
  return byte > ALL_OF_THE_TIME ? Math.max(byte - 256, MISSING) : byte / ALL_OF_THE_TIME;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer;
}
