// Digits that change too often cannot be read.

/** Lets a view draw once in so many milliseconds; what is held back is drawn a little later. */
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
      return true;
    }
    this.timer ||= setTimeout(() => {
      this.timer = 0;
      this.view.drawn = 0;
      this.view.store.request();
    }, wait);
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
