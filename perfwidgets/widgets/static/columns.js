// The last rows of a history, in typed arrays: times, durations, and a column for each event.
// Rows are numbered from 0 as the kernel adds them; a row is kept at its number modulo the size.

export const NOT_COUNTED = -1;
export const NOT_SUPPORTED = -2;
export const MISSING = -3;

const LARGEST = 65536;
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
  }

  /** Hold up to `rows` rows (a power of two, bounded); never fewer than now. */
  reserve(rows) {
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
        skipped = -1;
      }
      for (; this.next <= number; this.next++) this.blank(this.next);
      this.first = Math.max(this.first, this.next - this.size);
    } else if (number < this.first) {
      return -1;
    }
    const row = number % this.size;
    this.times[row] = values[at];
    this.durations[row] = values[at + 1];
    for (let e = 0; e < this.events.length; e++) {
      this.counts[e][row] = values[at + 2 + e];
      this.shares[e][row] = shares[sharesAt + e];
    }
    return skipped;
  }

  blank(number) {
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

function filled(size, value, Kind = Float64Array) {
  return new Kind(size).fill(value);
}
