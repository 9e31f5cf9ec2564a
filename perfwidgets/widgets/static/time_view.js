// Which stretch of time the charts of one store show, in step: the newest seconds, or one that
// stands still because a person zoomed into it or froze it.

const LEAST = 0.05; // s, closer than that there is nothing to see

export class TimeView {
  /** `changed()` is called when another stretch is to be shown. */
  constructor(changed = () => {}) {
    this.changed = changed;
    this.fixed = null; // { from, to } in Unix seconds
    this.held = null; // the stretch that was frozen as a whole: where a zoom goes back to
    this.cursor = null; // the moment pointed at in any chart, in Unix seconds
    this.pointed = new Set(); // called when another moment is pointed at
  }

  /** Whether what is shown moves with the samples. */
  get live() {
    return this.fixed === null;
  }

  /** Whether the picture stands still because a person froze it, zoomed into or not. */
  get frozen() {
    return this.held !== null;
  }

  /** Whether a part is shown of what would be shown without it. */
  get zoomed() {
    return this.fixed !== this.held;
  }

  /** The stretch shown, in Unix seconds: the one that stands still, or the `window` before `now`. */
  between(now, window) {
    return this.fixed ?? { from: now - window, to: now };
  }

  /** Zoom to the time between two moments, in either order. */
  show(a, b) {
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    if (!(to - from >= LEAST) || !Number.isFinite(to - from)) return;
    this.fixed = { from, to };
    this.changed();
  }

  /** Show `factor` times as much time with `time` where it is, never more than the `window`. */
  scale(factor, time, now, window) {
    const { from, to } = this.between(now, window);
    const whole = this.held ?? { from: now - window, to: now };
    const length = (to - from) * factor;
    if (length >= (whole.to - whole.from) * (1 - 1e-9)) {
      this.reset();
      return;
    }
    const begin = time - (time - from) * factor;
    const last = Math.max(to, whole.to) - length; // there is nothing after the newest
    this.show(Math.min(begin, last), Math.min(begin, last) + length);
  }

  /** Move on until `time` is inside. */
  reach(time, now, window) {
    const { from, to } = this.between(now, window);
    if (time < from) this.show(time, time + to - from);
    else if (time > to) this.show(time - (to - from), time);
  }

  /** Hold the picture as it is; what is zoomed into stays so. */
  freeze(now, window) {
    if (this.frozen || !Number.isFinite(now)) return;
    this.held = { from: now - window, to: now };
    this.fixed ??= this.held;
    this.changed();
  }

  /** Take up what another page, or this one before it was loaded anew, has kept. */
  restore(held, fixed) {
    this.held = held;
    this.fixed = fixed ?? held;
    this.changed();
  }

  /** A frozen picture reaches back for `window` seconds from now on; a zoom ends. */
  resize(window) {
    if (this.frozen) this.held = { from: this.held.to - window, to: this.held.to };
    this.fixed = this.held;
  }

  /** Back from a zoom: to the picture that was frozen, or to the newest seconds. */
  reset() {
    if (this.live) return;
    if (!this.zoomed) this.held = null;
    this.fixed = this.held;
    this.changed();
  }

  /** Follow the samples again. */
  follow() {
    if (this.live) return;
    this.held = this.fixed = null;
    this.changed();
  }

  /** Point at a moment, in all charts; `null` at none. Nothing is drawn anew but the cursors. */
  point(time) {
    if (time === this.cursor) return;
    this.cursor = time;
    for (const listener of this.pointed) listener(time);
  }

  /** Have `listener` called with the moment that is pointed at; returns how to end that. */
  onPoint(listener) {
    this.pointed.add(listener);
    return () => this.pointed.delete(listener);
  }
}
