// The stretch of time that is looked at, shared by the plots of a page.

const SHORTEST = 1e-3; // s

export class View {
  constructor([first, last]) {
    this.first = first;
    this.last = last > first ? last : first + 1;
    this.listeners = [];
    this.reset();
  }

  get zoomed() {
    return this.from > this.first || this.to < this.last;
  }

  reset() {
    this.show(this.first, this.last);
  }

  /** Look at the time between two moments, as far as there is any. */
  show(a, b) {
    const from = Math.max(this.first, Math.min(a, b));
    const to = Math.min(this.last, Math.max(a, b));
    if (to - from < SHORTEST) return;
    [this.from, this.to] = [from, to];
    for (const listener of this.listeners) listener();
  }

  /** Look at `factor` times as much time, with `time` where it is. */
  scale(factor, time) {
    this.show(time - (time - this.from) * factor, time + (this.to - time) * factor);
  }

  /** Move on until `time` is inside. */
  reach(time) {
    const length = this.to - this.from;
    if (time < this.from) this.show(Math.max(this.first, time), Math.max(this.first, time) + length);
    else if (time > this.to) this.show(Math.min(this.last, time) - length, Math.min(this.last, time));
  }
}
