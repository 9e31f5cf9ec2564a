// From many rows to few points, keeping every spike: the least and the greatest of each bucket.

/** How many rows share a bucket so that `rows` give at most about `most` points. */
export function strideOf(rows, most) {
  return Math.max(1, Math.ceil((rows * 2) / Math.max(most, 2)));
}

/**
 * Points of rows `from` to `to` (exclusive), at most about `most` of them.
 * `timeOf(n)` and `valueOf(n)` give a row's place and value. Buckets begin at multiples of their
 * length, `stride`, so that a point does not change as the window moves on. A bucket that holds a
 * gap (NaN) ends with a NaN, so that the line breaks there.
 */
export function decimate(from, to, most, timeOf, valueOf, stride = strideOf(to - from, most)) {
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
  let [least, greatest, low, high, gap] = [-1, -1, Infinity, -Infinity, -1];
  for (let n = from; n < to; n++) {
    const value = valueOf(n);
    if (Number.isNaN(value)) gap = n;
    else {
      if (value < low || least < 0) [least, low] = [n, value];
      if (value > high || greatest < 0) [greatest, high] = [n, value];
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
