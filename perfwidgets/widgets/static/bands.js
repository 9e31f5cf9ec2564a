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
    this.alerts = new Map();
    figure.append(this.root);
  }

  /**
   * Show the cells and marks of a store, when the kernel was held, and when a threshold was
   * exceeded (`store.alerts`, where there are any); the figure is `width` px.
   */
  draw(store, width) {
    const { timeline } = store;
    const { from, to } = store.shownTime();
    const length = to - from;
    const pixels = Math.max(1, width - this.margin.left - this.margin.right);
    this.drawStretches(this.alerts, makeAlert, store.alerts?.between(from, to) ?? [], from, length, pixels);
    const holds = store.holds.between(from, to).map((hold) => {
      const label = heldInWords(hold.ended - hold.began);
      return { ...hold, label, title: `${label}\n${HELD_HELP}` };
    });
    this.drawStretches(this.holds, makeHold, holds, from, length, pixels);
    this.drawCells(timeline, from, length, pixels, store.now());
    this.drawMarks(timeline, from, length, pixels);
  }

  /** Stretches of time `{ began, ended, label, number, title }`; `ended` may be open. */
  drawStretches(elements, make, stretches, from, length, pixels) {
    keep(elements, stretches, this.root, make, (band, { began, ended, label, title }) => {
      const left = Math.max(0, (began - from) / length);
      const right = Math.min(1, ((ended ?? Infinity) - from) / length);
      placed(band, "left", left);
      placed(band, "width", right - left);
      setText(band.firstChild, (right - left) * pixels >= label.length * CHARACTER ? label : "");
      setAttribute(band, "title", title ?? label);
    });
  }

  drawCells(timeline, from, length, pixels, now) {
    const cells = timeline.cellsBetween(from, from + length).slice(-MOST_BANDS);
    let labelled = -Infinity; // where the last label ends, in px
    keep(this.bands, cells, this.root, makeBand, (band, cell, index) => {
      const left = Math.max(0, (cell.began - from) / length);
      const right = Math.min(1, (cell.ended - from) / length);
      placed(band, "left", left);
      placed(band, "width", right - left);
      const label = (cell.error ? "✕ " : "") + cellName(cell).replace("In ", "");
      const needed = label.length * CHARACTER + 4;
      // a cell that failed is often short: its label may reach to the next cell
      const next = cell.error ? ((cells[index + 1]?.began ?? Infinity) - from) / length : right;
      const room = Math.min(1, Math.max(right, next)) - left;
      const fits = room * pixels >= needed && left * pixels >= labelled;
      if (fits) labelled = left * pixels + needed;
      setText(band.firstChild, fits ? label : "");
      setAttribute(band, "title", cellWords(cell, now));
      band.classList.toggle("pw-failed", Boolean(cell.error));
      band.classList.toggle("pw-odd", cell.number % 2 === 1);
    });
  }

  drawMarks(timeline, from, length, pixels) {
    const to = from + length;
    const marks = timeline.marksBetween(from, to).slice(-MOST_BANDS);
    let next = to; // from the right: a label may reach to the next line
    for (const mark of [...marks].reverse()) {
      mark.free = ((next - mark.time) / length) * pixels;
      next = mark.time;
    }
    keep(this.lines, marks, this.root, makeMark, (line, mark) => {
      placed(line, "left", (mark.time - from) / length);
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
  for (const [index, item] of items.entries()) {
    if (!elements.has(item.number)) {
      elements.set(item.number, make());
      root.append(elements.get(item.number));
    }
    change(elements.get(item.number), item, index);
  }
}

function makeHold() {
  return element("div", { class: "pw-hold" }, element("span"));
}

function makeAlert() {
  return element("div", { class: "pw-alert" }, element("span"));
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
