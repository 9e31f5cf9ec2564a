// When the kernel could not run: other code held its lock, and what was counted came late.

const MOST_HOLDS = 50;
const TOLD = 8; // s that the status bar tells of one

export const HELD_HELP =
  "Other code in the kernel did not let go of Python's lock (the GIL), so that nothing could be " +
  "delivered: perf went on counting, and its samples came late.";

export class Holds {
  constructor() {
    this.all = new Map(); // number -> { number, began, ended } in Unix seconds
    this.last = null;
    this.heard = -Infinity; // when the last one was told of, on the browser's clock
  }

  /** Take over what a message's head tells; those of a fresh page are not news. */
  take(head, now) {
    for (const [number, began, ended] of head.held ?? []) {
      if (this.all.has(number)) continue;
      this.all.set(number, { number, began, ended });
      if (now !== undefined) [this.last, this.heard] = [this.all.get(number), now];
    }
    for (const number of this.all.keys()) {
      if (this.all.size <= MOST_HOLDS) return;
      this.all.delete(number);
    }
  }

  between(from, to) {
    return [...this.all.values()].filter(({ began, ended }) => ended >= from && began <= to);
  }

  /** The newest in words, for some seconds; else an empty text. */
  told(now) {
    if (this.last === null || now - this.heard > TOLD * 1000) return "";
    return heldInWords(this.last.ended - this.last.began);
  }
}

export function heldInWords(seconds) {
  return `kernel held for ${seconds.toFixed(1)} s`;
}
