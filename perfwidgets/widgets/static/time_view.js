// Which stretch of time the charts of one store show, in step: the newest seconds, or one that
// stands still because a person zoomed into it or froze it.

const LEAST = 0.05; // s, closer than that there is nothing to see

export class TimeView {
  /** `changed()` is called when another stretch, or another moment, is to be shown. */
  constructor(changed = () => {}) {
    this.changed = changed;
    this.fixed = null; // { from, to } in Unix seconds
    this.cursor = null; // the moment pointed at in any chart, in Unix seconds
  }

  /** Whether what is shown moves with the samples. */
  get live() {
    return this.fixed === null;
  }

  /** The stretch shown, in Unix seconds: the one that stands still, or the `window` before `now`. */
  between(now, window) {
    return this.fixed ?? { from: now - window, to: now };
  }

  /** Zoom to the time between two moments, in either order. */
  show(a, b) {
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    if (!(to - from >= LEAST)) return;
    this.fixed = { from, to };
    this.changed();
  }

  /** Back to the newest seconds. */
  reset() {
    if (this.live) return;
    this.fixed = null;
    this.changed();
  }

  /** Point at a moment, in all charts; `null` at none. */
  point(time) {
    if (time === this.cursor) return;
    this.cursor = time;
    this.changed();
  }
}
