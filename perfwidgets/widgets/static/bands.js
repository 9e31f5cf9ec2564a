// Bands for executed cells and lines for marks, laid over a figure's plot. Elements of our own:
// bqplot would lay out its whole figure anew for each.

import { element, setAttribute, setText } from "./dom.js";
import { HELD_HELP, heldInWords } from "./holds.js";
import { cellName, cellWords } from "./timeline.js";

const MOST_BANDS = 200; // bands in one picture
const ROOM = 30; // px that a mark's label needs at least
const CHARACTER = 6; // px

/** The overlay of one figure element; `margin` is the room around the plot, in px. */
export class Bands {
  constructor(figure, margin) {
    this.figure = figure;
    this.root = element("div", { class: "pw-bands" });
    for (const side of ["left", "right", "top", "bottom"]) {
      this.root.style[side] = `${margin[side]}px`;
    }
    this.margin = margin;
    this.bands = new Map();
    this.lines = new Map();
    this.holds = new Map();
    figure.append(this.root);
  }

  /** Show the cells and marks of a store, and when the kernel was held; the figure is `width` px. */
  draw(store, width) {
    const { timeline, window } = store;
    const now = store.now();
    const from = now - window;
    const pixels = Math.max(1, width - this.margin.left - this.margin.right);
    this.drawHolds(store.holds.between(from, now), from, window, pixels);
    this.drawCells(timeline, from, window, pixels);
    this.drawMarks(timeline, from, window, pixels);
  }

  drawHolds(holds, from, window, pixels) {
    keep(this.holds, holds, this.root, makeHold, (band, { began, ended }) => {
      const left = Math.max(0, (began - from) / window);
      const right = Math.min(1, (ended - from) / window);
      placed(band, "left", left);
      placed(band, "width", right - left);
      const words = heldInWords(ended - began);
      setText(band.firstChild, (right - left) * pixels >= words.length * CHARACTER ? words : "");
      setAttribute(band, "title", `${words}\n${HELD_HELP}`);
    });
  }

  drawCells(timeline, from, window, pixels) {
    const now = from + window;
    const cells = timeline.cellsBetween(from, now).slice(-MOST_BANDS);
    let labelled = -Infinity; // where the last label ends, in px
    keep(this.bands, cells, this.root, makeBand, (band, cell) => {
      const left = Math.max(0, (cell.began - from) / window);
      const right = Math.min(1, (cell.ended - from) / window);
      placed(band, "left", left);
      placed(band, "width", right - left);
      const label = (cell.error ? "✕ " : "") + cellName(cell).replace("In ", "");
      const needed = label.length * CHARACTER + 4;
      const fits = (right - left) * pixels >= needed && left * pixels >= labelled;
      if (fits) labelled = left * pixels + needed;
      setText(band.firstChild, fits ? label : "");
      setAttribute(band, "title", cellWords(cell, now));
      band.classList.toggle("pw-failed", Boolean(cell.error));
      band.classList.toggle("pw-odd", cell.number % 2 === 1);
    });
  }

  drawMarks(timeline, from, window, pixels) {
    const now = from + window;
    const marks = timeline.marksBetween(from, now).slice(-MOST_BANDS);
    let next = now; // from the right: a label may reach to the next line
    for (const mark of [...marks].reverse()) {
      mark.free = ((next - mark.time) / window) * pixels;
      next = mark.time;
    }
    keep(this.lines, marks, this.root, makeMark, (line, mark) => {
      placed(line, "left", (mark.time - from) / window);
      setText(line.firstChild, mark.free >= ROOM ? mark.label : "");
      line.firstChild.style.maxWidth = `${Math.round(mark.free)}px`;
      setAttribute(line, "title", mark.label);
    });
  }

  end() {
    this.root.remove();
  }
}

/** One element for each item, by number: made, changed, or taken away. */
function keep(elements, items, root, make, change) {
  const wanted = new Set(items.map((item) => item.number));
  for (const [number, old] of elements) {
    if (wanted.has(number)) continue;
    old.remove();
    elements.delete(number);
  }
  for (const item of items) {
    if (!elements.has(item.number)) {
      elements.set(item.number, make());
      root.append(elements.get(item.number));
    }
    change(elements.get(item.number), item);
  }
}

function makeHold() {
  return element("div", { class: "pw-hold" }, element("span"));
}

function makeBand() {
  return element("div", { class: "pw-band" }, element("span"));
}

function makeMark() {
  return element("div", { class: "pw-mark" }, element("span"));
}

function placed(target, side, share) {
  const words = `${(share * 100).toFixed(3)}%`;
  if (target.style[side] !== words) target.style[side] = words;
}
