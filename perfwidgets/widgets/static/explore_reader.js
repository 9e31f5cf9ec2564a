// The cursor of one figure and what it reads: elements of our own over bqplot's plot, since
// bqplot would lay out its whole figure anew for each.

import { element, setAttribute, setText, uniqueId } from "./dom.js";
import { Hands, KEYS_HELP } from "./explore_hands.js";
import { cellsInWords, momentInWords, rangeInWords, readAt } from "./explore_words.js";
import { clockWords } from "./explore_axes.js";
import { seconds } from "./format.js";
import { heldInWords } from "./holds.js";
import { nearest } from "./offline_hands.js";

const NEAR = 0.02; // of the stretch, from which on the cursor stands at a row
const DESCRIBED = 1000; // ms between changes of the hidden description

/** Laid over `figure`, an element that `chart` is drawn in; `margin` is the room around its plot. */
export class Reader {
  constructor(figure, margin, chart) {
    Object.assign(this, { figure, margin, chart, store: chart.store });
    this.line = element("div", { class: "pw-cursor-line" });
    this.dots = element("div", {});
    this.brush = element("div", { class: "pw-brush" });
    this.box = element("div", { class: "pw-readout" });
    this.description = element("p", { class: "pw-unseen", id: uniqueId("pw-chart") });
    this.spoken = element("p", { class: "pw-unseen", "aria-live": "polite" });
    const drawn = element("div", { class: "pw-drawn-over", "aria-hidden": "true" }, this.brush, this.line, this.dots, this.box);
    this.root = element("div", {
      class: "pw-reader",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "chart",
      "aria-describedby": this.description.id,
      "data-lm-suppress-shortcuts": "true", // JupyterLab would take the keys
    });
    for (const side of ["left", "right", "top", "bottom"]) this.root.style[side] = `${margin[side]}px`;
    this.root.append(drawn, this.description, this.spoken);
    figure.append(this.root);
    this.described = -Infinity;
    this.select(null);
    this.hands = new Hands(this);
    this.leave = this.store.view.onPoint((time) => this.drawCursor(time));
    this.drawCursor(this.store.view.cursor);
  }

  get stretch() {
    return this.store.shownTime();
  }

  /** Those that the cursor steps through. */
  get columns() {
    return this.chart.told()[0]?.columns;
  }

  /** Whether `x`, in px of the page, is over the plot. */
  covers(x) {
    const { left, right } = this.root.getBoundingClientRect();
    return x >= left && x <= right;
  }

  timeAt(x) {
    const { left, width } = this.root.getBoundingClientRect();
    const share = width ? Math.min(1, Math.max(0, (x - left) / width)) : 0;
    const { from, to } = this.stretch;
    return from + share * (to - from);
  }

  /** The time of the row nearest to `time`, where one is near and in the picture; else `time`. */
  snapped(time) {
    const { columns } = this;
    const number = nearest(columns, time);
    if (number === null) return time;
    const found = columns.time(number);
    const { from, to } = this.stretch;
    const near = Math.max((to - from) * NEAR, columns.durations[number % columns.size] || 0);
    return found >= from && found <= to && Math.abs(found - time) <= near ? found : time;
  }

  /** After the chart was drawn: the picture may have moved on below the pointer. */
  draw(now = performance.now()) {
    setAttribute(this.root, "aria-label", `${this.chart.title}. ${KEYS_HELP}`);
    this.hands.follow();
    this.drawCursor(this.store.view.cursor); // other lines may be drawn
    if (now - this.described < DESCRIBED) return;
    this.described = now;
    setText(this.description, this.describe());
  }

  /** The current values in words, for who cannot see the lines. */
  describe() {
    const parts = this.chart.told().map((line) => `${line.label}: ${rangeInWords(line, line.points)}`);
    return [this.stretchInWords(), ...parts].join(". ");
  }

  stretchInWords() {
    const { view, window } = this.store;
    if (view.live) return `The last ${seconds(window)}`;
    const { from, to } = this.stretch;
    const step = Math.min(1, to - from);
    return `From ${clockWords(from, step)} to ${clockWords(to, step)}`;
  }

  drawCursor(time) {
    const { from, to } = this.stretch;
    const shown = time !== null && time >= from && time <= to;
    for (const each of [this.line, this.dots, this.box]) each.hidden = !shown;
    if (!shown) return;
    const share = (time - from) / (to - from);
    this.line.style.left = percentOf(share);
    const readings = this.chart.told().map((line) => ({ line, ...readAt(line, time) }));
    this.drawDots(readings, from, to);
    this.drawBox(readings, time, share);
  }

  drawDots(readings, from, to) {
    fill(this.dots, readings.length, () => element("div", { class: "pw-dot" }));
    readings.forEach(({ line, time, value }, i) => {
      const dot = this.dots.children[i];
      const height = this.chart.heightOf(line, value);
      dot.hidden = !(height >= 0 && height <= 1 && time >= from && time <= to);
      dot.dataset.line = line.name;
      dot.style.left = percentOf((time - from) / (to - from));
      dot.style.bottom = percentOf(Math.min(1, Math.max(0, height)));
    });
  }

  drawBox(readings, time, share) {
    const words = this.circumstances(time, readings);
    fill(this.box, readings.length + 1 + words.length, () => element("div", {}, element("span"), element("span")));
    const rows = [
      ["pw-when", "", this.moment(time)],
      ...readings.map(({ line, words: said }) => ["pw-read", line.label, said, line.name]),
      ...words.map((said) => ["pw-then", "", said]),
    ];
    rows.forEach(([kind, label, said, line = ""], i) => {
      const row = this.box.children[i];
      row.className = kind;
      row.dataset.line = line;
      setText(row.firstChild, label);
      setText(row.lastChild, said);
    });
    this.box.dataset.time = time;
    // beside the cursor, where there is more room
    const right = share > 0.5;
    this.box.style.left = right ? "auto" : `calc(${percentOf(share)} + 9px)`;
    this.box.style.right = right ? `calc(${percentOf(1 - share)} + 9px)` : "auto";
    this.box.style.maxWidth = `calc(${percentOf(Math.max(share, 1 - share))} - 12px)`;
  }

  /** By the clock and, as long as the picture moves with the samples, how long ago. */
  moment(time) {
    return momentInWords(time, this.store.view.live ? this.store.now() : NaN);
  }

  /** The cell that ran then, and what else explains a value. */
  circumstances(time, readings) {
    const { timeline, holds, alerts } = this.store;
    const { columns } = readings[0]?.line ?? {};
    const lasted = columns?.length ? columns.durations[nearest(columns, time) % columns.size] : 0;
    const began = time - (lasted > 0 ? lasted : 0);
    const held = holds.between(began, time).map((hold) => heldInWords(hold.ended - hold.began));
    const exceeded = alerts?.between(began, time).map(({ label }) => label) ?? [];
    return [cellsInWords(timeline, began, time), ...held, ...exceeded].filter(Boolean);
  }

  /** Mark the time between two moments as that to be zoomed into; `null` for none. */
  select(times) {
    this.brush.hidden = times === null;
    if (times === null) return;
    const { from, to } = this.stretch;
    const [left, right] = times.map((time) => Math.min(1, Math.max(0, (time - from) / (to - from)))).sort((a, b) => a - b);
    this.brush.style.left = percentOf(left);
    this.brush.style.width = percentOf(right - left);
  }

  /** Have a screen reader say what a key led to; nothing else is said of itself. */
  speak(what) {
    const { cursor } = this.store.view;
    if (what === "stretch" || cursor === null) {
      setText(this.spoken, this.stretchInWords());
      return;
    }
    const values = this.chart.told().map((line) => `${line.label} ${readAt(line, cursor).words}`);
    const cells = cellsInWords(this.store.timeline, cursor, cursor);
    setText(this.spoken, [...values, this.moment(cursor), cells].filter(Boolean).join(", "));
  }

  end() {
    this.hands.end();
    this.leave();
    this.root.remove();
  }
}

function percentOf(share) {
  return `${(share * 100).toFixed(3)}%`;
}

/** Have `parent` hold so many children. */
function fill(parent, count, make) {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.append(make());
}
