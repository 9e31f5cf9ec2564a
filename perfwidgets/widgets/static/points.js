// What a line is drawn from: rows where they are few, buckets of them where they are many.

import { decimate, strideOf } from "./decimate.js";

/**
 * Points of `window` seconds before `now`, at most about `most`: x in seconds from `now`, y the
 * rates in column number `event`. `name` is what the buckets call the same series.
 */
export function pointsIn(columns, event, name, { now, window, most }) {
  const oldest = now - window;
  // one row more than the window, so that the line enters from the edge
  const from = Math.max(columns.first, columns.since(oldest) - 1);
  const coarse = columns.coarse?.length ? columns.coarse : null;
  const bucket = coarse ? coarse.since(oldest) : 0;
  const begin = coarse ? Math.min(from, bucket * coarse.stride) : from;
  const stride = strideOf(columns.next - begin, most);
  const split = coarse && stride >= coarse.stride ? Math.max(from, coarse.end) : from;
  const fresh = decimate(
    split,
    columns.next,
    most,
    (n) => columns.time(n) - now,
    (n) => columns.rate(event, n),
    stride,
  );
  if (!coarse || begin >= split) return fresh;
  const together = Math.max(1, Math.floor(stride / coarse.stride));
  const old = coarse.points(name, bucket, Math.floor(split / coarse.stride), together, now);
  return { x: old.x.concat(fresh.x), y: old.y.concat(fresh.y) };
}
