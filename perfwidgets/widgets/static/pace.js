// Digits that change too often cannot be read.

const SLACK = 400; // ms: as a rule the next tick comes before, and brings what was held back

/** Lets a view draw once in so many milliseconds; the last that is held back is drawn later. */
export class Pace {
  constructor(view, milliseconds) {
    this.view = view;
    this.milliseconds = milliseconds;
    this.last = -Infinity;
    this.timer = 0;
  }

  /** Whether it is time to draw; if not, the view is asked to draw when it is. */
  due() {
    const wait = this.last + this.milliseconds - performance.now();
    if (wait <= 0) {
      this.last = performance.now();
      clearTimeout(this.timer);
      this.timer = 0;
      return true;
    }
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      this.view.drawn = 0;
      this.view.store.request();
    }, wait + SLACK);
    return false;
  }

  /** Be due at once. */
  reset() {
    this.last = -Infinity;
  }

  end() {
    clearTimeout(this.timer);
  }
}
