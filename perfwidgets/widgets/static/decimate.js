// From many rows to few points, keeping every spike: the least and the greatest of each bucket.

/**
 * Points of rows `from` to `to` (exclusive), at most about `most` of them.
 * `timeOf(n)` and `valueOf(n)` give a row's place and value. Buckets begin at multiples of their
 * length, so that a point does not change as the window moves on. A bucket that holds a gap (NaN)
 * ends with a NaN, so that the line breaks there.
 */
export function decimate(from, to, most, timeOf, valueOf) {
  const stride = Math.max(1, Math.ceil(((to - from) * 2) / Math.max(most, 2)));
  const x = [];
  const y = [];
  if (stride <= 2) {
    for (let n = from; n < to; n++) {
      x.push(timeOf(n));
      y.push(valueOf(n));
    }
    return { x, y };
  }
  for (let start = from - (from % stride); start < to; start += stride) {
    bucket(Math.max(start, from), Math.min(start + stride, to), timeOf, valueOf, x, y);
  }
  return { x, y };
}

function bucket(from, to, timeOf, valueOf, x, y) {
  let least = -1;
  let greatest = -1;
  let gap = -1;
  for (let n = from; n < to; n++) {
    const value = valueOf(n);
    if (Number.isNaN(value)) gap = n;
    else {
      if (least < 0 || value < valueOf(least)) least = n;
      if (greatest < 0 || value > valueOf(greatest)) greatest = n;
    }
  }
  const kept = least < 0 ? [] : least === greatest ? [least] : [least, greatest];
  if (gap >= 0) kept.push(gap);
  kept.sort((a, b) => a - b);
  for (const n of kept) {
    x.push(timeOf(n));
    y.push(valueOf(n));
  }
}

/** The greatest value that is a number, or 0. */
export function greatest(values) {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}
