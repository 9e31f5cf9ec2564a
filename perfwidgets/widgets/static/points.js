// What a line is drawn from: rows where they are few, buckets of them where they are many.

import { decimate, strideOf } from "./decimate.js";

/**
 * Points of `window` seconds before `now`, at most about `most`: x in seconds from `now`, y the
 * rates in column number `event`, or its `counts`. `name` is what the buckets call the same
 * series. A stretch so short that rows show it better than buckets is drawn from rows, as far as
 * these are held.
 */
export function pointsIn(columns, event, name, { now, window, most, counts = false }) {
  const oldest = now - window;
  // one row more than the window at each end, so that the line enters and leaves at the edges
  const from = Math.max(columns.first, columns.since(oldest) - 1);
  const until = Math.min(columns.next, columns.since(now) + 1);
  const coarse = columns.coarse?.length ? columns.coarse : null;
  const bucket = coarse ? coarse.since(oldest) : 0;
  const begin = coarse ? Math.min(from, bucket * coarse.stride) : from;
  const stride = strideOf(until - begin, most);
  // buckets know rates alone
  const fits = coarse && !counts && stride >= coarse.stride;
  const split = fits ? Math.min(until, Math.max(from, coarse.end)) : from;
  const fresh = decimate(
    split,
    until,
    most,
    (n) => columns.time(n) - now,
    counts ? (n) => countAt(columns, event, n) : (n) => columns.rate(event, n),
    stride,
  );
  if (!coarse || begin >= split) return fresh;
  const together = Math.max(1, Math.floor(stride / coarse.stride));
  const part = split === until && until < columns.next ? Math.ceil : Math.floor;
  const last = Math.min(part(split / coarse.stride), coarse.since(now) + 2, coarse.next);
  const old = coarse.points(name, bucket, last, together, now);
  if (counts) old.y = old.y.map((rate, i) => rate * meanInterval(coarse, old.x[i] + now));
  return { x: old.x.concat(fresh.x), y: old.y.concat(fresh.y) };
}

/** The count of row `number`, NaN where there is none. */
export function countAt(columns, event, number) {
  return columns.counts[event][number % columns.size];
}

/** How long the intervals of a bucket were on average, in seconds. */
export function meanInterval(coarse, time) {
  const at = Math.min(coarse.since(time), coarse.next - 1) % coarse.most;
  return (coarse.ends[at] - coarse.begins[at]) / (coarse.stride - 1);
}
