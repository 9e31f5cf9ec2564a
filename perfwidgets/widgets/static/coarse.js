// Older rows in buckets, of which each series keeps the least and the greatest value, so that a
// long window is drawn whole, with every spike, at a cost that does not grow with it. A series is
// an event's rate, or a metric's value.

const STRIDE = 16; // rows in a bucket, to begin with
const MOST_BUCKETS = 8192; // when there are more, two become one
const LATE = 64; // rows that may still come late are not in buckets yet
const LOW_FIRST = 1; // the least came before the greatest
const GAP = 2; // a row of the bucket has no value

export class Coarse {
  constructor(most = MOST_BUCKETS) {
    this.most = most;
    this.series = new Map(); // name -> { valueAt(row number), low, high, flags }
    this.begins = new Float64Array(most); // time of the first row of each bucket
    this.ends = new Float64Array(most);
    this.clear();
  }

  clear() {
    this.stride = STRIDE;
    this.first = 0; // number of the oldest bucket: its first row is that times the stride
    this.next = 0;
  }

  get length() {
    return this.next - this.first;
  }

  /** The number of the first row that is in no bucket yet; 0 where there is none. */
  get end() {
    return this.next * this.stride;
  }

  /** Have these series, `[name, valueAt]`; of a new one, rows from number `from` on are read. */
  setSeries(wanted, from) {
    const before = this.series;
    this.series = new Map(wanted.map(([name, valueAt]) => [name, this.one(before.get(name), valueAt)]));
    const added = [...this.series].filter(([name]) => !before.has(name)).map(([, series]) => series);
    const start = Math.max(this.first, Math.ceil(from / this.stride));
    for (let bucket = start; bucket < this.next; bucket++) this.fill(bucket, added);
  }

  one(before, valueAt) {
    if (before) return { ...before, valueAt };
    const [low, high] = [new Float32Array(this.most).fill(NaN), new Float32Array(this.most).fill(NaN)];
    return { valueAt, low, high, flags: new Uint8Array(this.most).fill(GAP) };
  }

  /**
   * Put the rows of `columns` into buckets, but for the last few. Rows that left `columns` before
   * are lost: then all begins anew.
   */
  follow(columns, oldest) {
    if (this.length && this.end < columns.first) this.clear();
    if (!this.length) this.first = this.next = Math.ceil(columns.first / this.stride);
    while (this.end + this.stride + LATE <= columns.next) this.add(columns, oldest);
  }

  add(columns, oldest) {
    if (this.length === this.most) this.forget(oldest);
    if (this.length === this.most) this.merge();
    if (this.end + this.stride + LATE > columns.next) return; // merged, it is longer now
    const at = this.next % this.most;
    this.begins[at] = columns.time(this.end);
    this.ends[at] = columns.time(this.end + this.stride - 1);
    this.next += 1;
    this.fill(this.next - 1, this.series.values());
  }

  /** Rows of this number have come late: read their bucket again. */
  again(number, held) {
    const bucket = Math.floor(number / this.stride);
    if (bucket < this.first || bucket >= this.next || bucket * this.stride < held) return;
    this.fill(bucket, this.series.values());
  }

  fill(bucket, series) {
    const from = bucket * this.stride;
    for (const each of series) extremes(each, bucket % this.most, from, from + this.stride);
  }

  /** Drop what ended before the time `oldest`. */
  forget(oldest) {
    while (this.length && this.ends[this.first % this.most] < oldest) this.first += 1;
  }

  /** Two buckets become one; one that is left over at either end is dropped, or read again. */
  merge() {
    const [from, to] = [Math.ceil(this.first / 2), Math.floor(this.next / 2)];
    const ends = [this.begins, this.ends].map((times) => times.slice());
    const olds = [...this.series.values()].map((each) => [each, each.low.slice(), each.high.slice(), each.flags.slice()]);
    for (let bucket = from; bucket < to; bucket++) {
      const [a, b] = [(2 * bucket) % this.most, (2 * bucket + 1) % this.most];
      const at = bucket % this.most;
      this.begins[at] = ends[0][a];
      this.ends[at] = ends[1][b];
      for (const [each, low, high, flags] of olds) {
        const range = joined(low, high, flags, a, b);
        [each.low[at], each.high[at], each.flags[at]] = range;
      }
    }
    [this.first, this.next] = [from, to];
    this.stride *= 2;
  }

  /** The number of the first bucket that ends at or after `time`. */
  since(time) {
    let [low, high] = [this.first, this.next];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle % this.most] < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Points of the series called `name` in buckets `from` to `to` (exclusive), `together` of them
   * at a time; a group with a gap ends with a NaN, so that the line breaks there.
   */
  points(name, from, to, together, now) {
    const series = this.series.get(name);
    const [x, y] = [[], []];
    if (!series) return { x, y };
    for (let start = from - (from % together); start < to; start += together) {
      const first = Math.max(start, from);
      this.group(series, first, Math.min(start + together, to), now, x, y);
    }
    return { x, y };
  }

  group({ low, high, flags }, from, to, now, x, y) {
    let [least, greatest, gap] = [-1, -1, false];
    for (let bucket = from; bucket < to; bucket++) {
      const at = bucket % this.most;
      gap ||= (flags[at] & GAP) > 0;
      if (Number.isNaN(low[at])) continue;
      if (least < 0 || low[at] < low[least % this.most]) least = bucket;
      if (greatest < 0 || high[at] > high[greatest % this.most]) greatest = bucket;
    }
    if (least >= 0) {
      const same = (flags[least % this.most] & LOW_FIRST) > 0;
      const first = least === greatest ? same : least < greatest;
      const begin = this.begins[from % this.most] - now;
      const end = this.ends[(to - 1) % this.most] - now;
      const values = [low[least % this.most], high[greatest % this.most]];
      // no two points at one place: a line between them would hide in the next
      x.push(begin, begin + (end - begin) / 2);
      y.push(...(first ? values : values.reverse()));
    }
    if (!gap) return;
    x.push(this.ends[(to - 1) % this.most] - now);
    y.push(NaN);
  }

  /** Take over buckets that begin earlier than ours; those of ours are read again by `follow`. */
  take({ stride, first, begins, ends, series }) {
    const ours = this.length ? this.first * this.stride : Infinity;
    if (!begins.length || begins.length > this.most || first * stride >= ours) return;
    [this.stride, this.first, this.next] = [stride, first, first + begins.length];
    for (const each of this.series.values()) {
      each.low.fill(NaN);
      each.high.fill(NaN);
      each.flags.fill(GAP);
    }
    begins.forEach((time, i) => {
      const at = (first + i) % this.most;
      this.begins[at] = time;
      this.ends[at] = ends[i];
      for (const [name, { low, high, flags }] of series) {
        const each = this.series.get(name);
        if (each) [each.low[at], each.high[at], each.flags[at]] = [low[i], high[i], flags[i]];
      }
    });
  }
}

function extremes({ valueAt, low, high, flags }, at, from, to) {
  let [least, greatest, lowAt, highAt, flag] = [Infinity, -Infinity, -1, -1, 0];
  for (let n = from; n < to; n++) {
    const value = valueAt(n);
    if (Number.isNaN(value)) flag = GAP;
    else {
      if (value < least) [least, lowAt] = [value, n];
      if (value > greatest) [greatest, highAt] = [value, n];
    }
  }
  low[at] = lowAt < 0 ? NaN : least;
  high[at] = highAt < 0 ? NaN : greatest;
  flags[at] = flag | (lowAt <= highAt ? LOW_FIRST : 0);
}

function joined(low, high, flags, a, b) {
  const gap = (flags[a] | flags[b]) & GAP;
  if (Number.isNaN(low[a])) return [low[b], high[b], flags[b] | gap];
  if (Number.isNaN(low[b])) return [low[a], high[a], flags[a] | gap];
  const [lowAt, highAt] = [low[b] < low[a] ? b : a, high[b] > high[a] ? b : a];
  const first = lowAt === highAt ? flags[lowAt] & LOW_FIRST : lowAt === a ? LOW_FIRST : 0;
  return [low[lowAt], high[highAt], first | gap];
}
