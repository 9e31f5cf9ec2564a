// The last rows of a history, in typed arrays: times, durations, and a column for each event.
// Rows are numbered from 0 as the kernel adds them; a row is kept at its number modulo the size.
// Where the window holds many rows, `coarse` keeps the extremes of all, also of those that left.

import { Coarse } from "./coarse.js";

export const NOT_COUNTED = -1;
export const NOT_SUPPORTED = -2;
export const MISSING = -3;

const LARGEST = 65536;
const MANY = 4096; // rows from which on a window is drawn from buckets
const BATCH = 16; // rows that are put into buckets together
const STEP_BACK = 1; // s, more than clocks are adjusted by

export class Columns {
  constructor(events = [], size = 1024) {
    this.first = 0; // number of the oldest row held
    this.next = 0; // number that the next row will have
    this.events = [];
    this.index = new Map();
    this.size = size;
    this.times = new Float64Array(size);
    this.durations = new Float64Array(size);
    this.counts = [];
    this.shares = [];
    this.coarse = null;
    this.span = Infinity; // s that `coarse` reaches back
    this.derived = [];
    this.setEvents(events);
  }

  get length() {
    return this.next - this.first;
  }

  /** Have columns for `events`, in this order; those that were there keep their rows. */
  setEvents(events) {
    const counts = events.map((name) => this.counts[this.index.get(name)] ?? filled(this.size, NaN));
    const shares = events.map(
      (name) => this.shares[this.index.get(name)] ?? filled(this.size, MISSING, Float32Array),
    );
    this.events = [...events];
    this.index = new Map(events.map((name, i) => [name, i]));
    this.counts = counts;
    this.shares = shares;
    this.follow();
  }

  /** Keep the extremes of what is computed from rows too: `[name, valueAt(row number)]`. */
  derive(derived) {
    this.derived = derived;
    this.follow();
  }

  /** Have `coarse` know the columns as they are now. */
  follow() {
    if (!this.coarse) return;
    const rates = this.events.map((name, e) => [name, (number) => this.rate(e, number)]);
    const derived = this.derived.map(([name, valueAt]) => [derivedName(name), valueAt]);
    this.coarse.setSeries([...rates, ...derived], this.first);
    this.coarse.follow(this, this.oldest());
  }

  /** The time before which nothing is asked for. */
  oldest() {
    return this.length ? this.time(this.next - 1) - this.span : -Infinity;
  }

  /**
   * Hold up to `rows` rows (a power of two, bounded); never fewer than now. Of rows beyond that,
   * `span` seconds back, only the extremes are kept.
   */
  reserve(rows, span = Infinity) {
    this.span = span;
    this.enlarge(rows);
    if (rows > MANY) this.keepExtremes();
  }

  keepExtremes() {
    if (this.coarse) return;
    this.coarse = new Coarse();
    this.follow();
  }

  /** Take over the extremes of rows that this page was never sent. */
  takeOlder(buckets) {
    this.keepExtremes();
    this.coarse.take(buckets);
  }

  enlarge(rows) {
    let size = this.size;
    while (size < rows && size < LARGEST) size *= 2;
    if (size === this.size) return;
    const move = (old, value) => {
      const fresh = new old.constructor(size).fill(value);
      for (let n = this.first; n < this.next; n++) fresh[n % size] = old[n % this.size];
      return fresh;
    };
    this.times = move(this.times, NaN);
    this.durations = move(this.durations, NaN);
    this.counts = this.counts.map((column) => move(column, NaN));
    this.shares = this.shares.map((column) => move(column, MISSING));
    this.size = size;
  }

  /**
   * Put row `number` in its place: `values` gives time, duration, then a count for each event,
   * from `at` on; `shares` from `sharesAt` on. Rows passed over are blank until they come.
   * Returns the number of the first row that was passed over, or -1.
   */
  put(number, values, at, shares, sharesAt) {
    let skipped = -1;
    if (number >= this.next) {
      if (this.length === 0) this.first = this.next = number;
      else if (number > this.next) skipped = this.next;
      // a replay that begins anew, or a clock that was set back: what was before has no place
      if (this.length && values[at] < this.time(this.next - 1) - STEP_BACK) {
        this.first = this.next = number;
        this.coarse?.clear();
        skipped = -1;
      }
      for (; this.next <= number; this.next++) this.blank(this.next);
    } else if (number < this.first) {
      return -1;
    }
    this.write(number, values, at, shares, sharesAt);
    return skipped;
  }

  write(number, values, at, shares, sharesAt) {
    const late = number < this.next - 1 && Number.isNaN(this.durations[number % this.size]);
    const row = number % this.size;
    this.times[row] = values[at];
    this.durations[row] = values[at + 1];
    for (let e = 0; e < this.events.length; e++) {
      this.counts[e][row] = values[at + 2 + e];
      this.shares[e][row] = shares[sharesAt + e];
    }
    if (late) this.coarse?.again(number, this.first);
  }

  blank(number) {
    // what leaves is in a bucket by then
    if (number % BATCH === 0) this.coarse?.follow(this, this.oldest());
    this.first = Math.max(this.first, number + 1 - this.size);
    const row = number % this.size;
    this.times[row] = number > this.first ? this.times[(number - 1) % this.size] : NaN;
    this.durations[row] = NaN;
    for (let e = 0; e < this.events.length; e++) {
      this.counts[e][row] = NaN;
      this.shares[e][row] = MISSING;
    }
  }

  /** Forget all rows. */
  clear() {
    this.first = this.next = 0;
    this.coarse?.clear();
  }

  /** The number of the newest row that is no gap, or -1. */
  newest() {
    for (let n = this.next - 1; n >= this.first; n--) {
      if (this.durations[n % this.size] >= 0) return n;
    }
    return -1;
  }

  time(number) {
    return this.times[number % this.size];
  }

  /** Count per second of row `number`, NaN where there is none. */
  rate(event, number) {
    const row = number % this.size;
    const duration = this.durations[row];
    return duration > 0 ? this.counts[event][row] / duration : NaN;
  }

  /** The number of the first row whose time is at or after `time`. */
  since(time) {
    let low = this.first;
    let high = this.next;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time(middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** What `coarse` calls a derived series: an event may have the same name. */
export function derivedName(name) {
  return `= ${name}`;
}

function filled(size, value, Kind = Float64Array) {
  return new Kind(size).fill(value);
}
