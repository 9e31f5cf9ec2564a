// The last rates of each part (a core, a host), of all events, in blocks of typed arrays. Bounded
// in bytes; a row is there only where something was counted, so that what is not held is a gap.

const MOST_BYTES = 16e6; // models/part_history.py has the same
const FEW_ROWS = 8;
const MANY_ROWS = 256;
const BLOCK_SHARE = 16; // a block takes this share of all at most
const ROW_BACK = 1; // s, more than clocks are adjusted by

export class PartRows {
  constructor(most = MOST_BYTES) {
    this.most = most;
    this.blocks = []; // oldest first
    this.bytes = 0;
    this.cut = false; // whether rows were left out for want of room
    this.heard = -1; // number of the last row that the kernel has told of
  }

  /** The newest row as `[block, place]`; undefined without any. */
  get newest() {
    const block = this.blocks.at(-1);
    return block && [block, block.length - 1];
  }

  /** The time at which the oldest row that is held begins; NaN without any. */
  get oldest() {
    const block = this.blocks[0];
    return block ? block.times[0] - block.durations[0] : NaN;
  }

  /** Add rows of one layout; those with a number that is held, or older, are passed over. */
  add(run, span = Infinity) {
    const key = JSON.stringify([run.events, run.labels]);
    for (let r = 0; r < run.length; r++) this.addRow(run, r, key, span);
  }

  addRow(run, r, key, span) {
    let last = this.blocks.at(-1);
    const time = run.times[r];
    if (last) {
      const at = last.length - 1;
      if (run.numbers[r] <= last.numbers[at]) return;
      // a replay that begins anew, or a clock that was set back: what was before has no place
      if (time < last.times[at] - ROW_BACK) this.clear();
    }
    while (this.blocks.length && this.blocks[0].times[this.blocks[0].length - 1] < time - span) this.drop();
    last = this.blocks.at(-1);
    if (!last || last.key !== key || last.length === last.size) last = this.open(run, key);
    if (last) last.put(run, r);
  }

  /** A new block; where parts come and go with each row, blocks stay small. */
  open(run, key) {
    const last = this.blocks.at(-1);
    const rowBytes = 24 + 4 * run.events.length * run.labels.length;
    const most = Math.floor(this.most / BLOCK_SHARE / rowBytes);
    if (!most) return null;
    const wanted = last?.key === key ? 2 * last.size : FEW_ROWS;
    const block = new Block(run, key, Math.min(wanted, MANY_ROWS, most), rowBytes);
    while (this.blocks.length && this.bytes + block.bytes > this.most) {
      this.drop();
      this.cut = true;
    }
    this.blocks.push(block);
    this.bytes += block.bytes;
    return block;
  }

  drop() {
    this.bytes -= this.blocks.shift().bytes;
  }

  clear() {
    this.blocks = [];
    this.bytes = 0;
  }

  /** Take over rows of any numbers: what is held besides stays, also what has come meanwhile. */
  merge(runs, span = Infinity) {
    const all = [...this.blocks.map((block) => block.run()), ...runs];
    const keys = all.map((run) => JSON.stringify([run.events, run.labels]));
    const places = new Map();
    all.forEach((run, i) => run.numbers.forEach((number, r) => places.set(number, [i, r])));
    const numbers = [...places.keys()].sort((a, b) => a - b);
    if (!numbers.length) return;
    this.clear();
    for (const number of numbers) {
      const [i, r] = places.get(number);
      this.addRow(all[i], r, keys[i], span);
    }
    this.heard = Math.max(this.heard, numbers.at(-1));
  }

  /** Whether rows between those heard of and `before`, the row before these, were lost. */
  lost(before, last) {
    const lost = before > this.heard;
    this.heard = Math.max(this.heard, last);
    return lost;
  }

  /** Call `visit(block, place, begin, end)` for each row that reaches into `from` to `to`. */
  each(from, to, visit) {
    let before = -Infinity;
    for (const block of this.blocks) {
      const { times, durations, length } = block;
      if (times[length - 1] <= from) {
        before = times[length - 1];
        continue;
      }
      for (let r = firstAfter(times, length, from); r < length; r++) {
        if (r > 0) before = times[r - 1];
        const began = times[r] - durations[r];
        // clocks are not so exact that one interval begins just where the last one ended
        const begin = Math.abs(began - before) < 0.1 * durations[r] ? before : began;
        if (begin >= to) return;
        visit(block, r, begin, times[r]);
      }
      before = times[length - 1];
    }
  }
}

class Block {
  constructor({ events, labels }, key, size, rowBytes) {
    this.events = events;
    this.labels = labels;
    this.key = key;
    this.size = size;
    this.bytes = size * rowBytes;
    this.length = 0;
    this.numbers = new Float64Array(size);
    this.times = new Float64Array(size);
    this.durations = new Float64Array(size);
    this.width = events.length * labels.length;
    this.rates = new Float32Array(size * this.width);
  }

  put(run, r) {
    const at = this.length;
    this.numbers[at] = run.numbers[r];
    this.times[at] = run.times[r];
    this.durations[at] = run.durations[r];
    this.rates.set(run.rates.subarray(r * this.width, (r + 1) * this.width), at * this.width);
    this.length += 1;
  }

  /** All of its rows, as a run. */
  run() {
    const { events, labels, length } = this;
    const of = (column) => column.subarray(0, length);
    const [numbers, times, durations] = [of(this.numbers), of(this.times), of(this.durations)];
    return { events, labels, length, numbers, times, durations, rates: this.rates };
  }
}

/** The place of the first of `length` rising times that is after `time`. */
function firstAfter(times, length, time) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A run of `length` rows out of the bytes that the kernel packed; `at` is where they begin. */
export function readRun(bytes, at, events, labels, length) {
  const doubles = (index) => new Float64Array(bytes, at + index * 8 * length, length);
  const cells = length * events.length * labels.length;
  const rates = new Float32Array(bytes, at + 24 * length, cells);
  const size = 24 * length + cells * 4;
  return {
    run: { events, labels, length, numbers: doubles(0), times: doubles(1), durations: doubles(2), rates },
    next: at + size + (-size & 7),
  };
}
