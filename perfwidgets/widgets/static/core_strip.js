// Parts (cores, hosts) by time: how much of the chosen event each counted, as a map of colours.

import { element, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { clockWords } from "./explore_axes.js";
import { seconds, si } from "./format.js";
import { metricOf } from "./metrics.js";
import { Pace } from "./pace.js";
import { columnsOf, gridOf, linesOf, readers, rowAt } from "./strip_grid.js";
import { StripHands } from "./strip_hands.js";
import { MOST_LINES, labelled, lineHeight, paint } from "./strip_paint.js";
import { channels, pixelOf, rampOf, scaleFor } from "./strip_scale.js";
import { partCellWords, partKind, partName, shortNames, summaryWords, titleWords, unitWords } from "./strip_words.js";

const STRIP_PACE = 240; // ms, as in the counter grid
const SUMMARY_PACE = 2000; // ms
const LOW = 60; // px of all lines, in which words would hide the others
const STOPS = [0, 1, 2, 3, 4].map((i) => `--pw-strip-${i}`);
const HELP =
  "Arrow keys choose a part and a moment, Home and End the first and last moment; Enter begins a " +
  "range and, pressed again, zooms all charts into it; Escape goes back. With the mouse: drag to zoom, " +
  "double-click to go back.";

class CoreStrip extends DomView {
  constructor(model, el) {
    super(model, el, "core strip");
    this.pace = new Pace(this, STRIP_PACE);
    this.summaryPace = new Pace(this, SUMMARY_PACE);
    this.build(el);
    this.hands = new StripHands(this);
    this.sizes = new ResizeObserver(() => this.again());
    this.sizes.observe(this.plot);
    this.themes = new MutationObserver(() => this.again());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    this.unpoint = this.store.view.onPoint((time) => this.placeCursor(time));
  }

  build(el) {
    el.hidden = true;
    this.title = element("span", { class: "pw-strip-title" });
    this.ends = [0, 1].map(() => element("span", { class: "pw-number" }));
    this.none = element("span", { class: "pw-strip-none" }, element("i", {}), "not counted");
    this.unit = element("span", {});
    const legend = element(
      "span",
      { class: "pw-strip-legend", "aria-hidden": "true" },
      this.ends[0],
      element("i", { class: "pw-strip-ramp" }),
      this.ends[1],
      this.unit,
    );
    this.labels = element("div", { class: "pw-strip-labels", "aria-hidden": "true" });
    this.canvas = element("canvas", { "aria-hidden": "true" });
    [this.cursor, this.box, this.brush, this.tip] = ["cursor", "box", "brush", "tip"].map((name) =>
      element("div", { class: `pw-strip-${name}`, hidden: true }),
    );
    this.plot = element(
      "div",
      {
        class: "pw-strip-plot",
        tabindex: "0",
        role: "application",
        "aria-roledescription": "map of parts and time",
        // JupyterLab would take the arrow keys for its own commands
        "data-lm-suppress-shortcuts": "true",
        title: "",
      },
      ...[this.canvas, this.cursor, this.box, this.brush, this.tip],
    );
    this.times = [0, 1, 2].map(() => element("span", {}));
    const middle = element("span", {}, this.none, this.times[1]);
    this.summary = element("p", { class: "pw-strip-hidden" });
    this.said = element("p", { class: "pw-strip-hidden", "aria-live": "polite" });
    el.append(
      element("div", { class: "pw-strip-head" }, this.title, legend),
      element("div", { class: "pw-strip-body" }, this.labels, this.plot),
      element("div", { class: "pw-strip-foot" }, this.times[0], middle, this.times[2]),
      this.summary,
      this.said,
    );
  }

  inSight() {
    // hidden where nothing is counted apart, until something is
    return super.inSight() || this.el.hidden !== !this.store.layout.parts.length;
  }

  /** Draw anew though nothing has come. */
  again() {
    this.pace.reset();
    this.drawn = 0;
    this.store.request();
  }

  draw(store) {
    const { layout, view } = store;
    this.el.hidden = !layout.parts.length;
    if (this.el.hidden) return;
    // what a person has changed is shown at once
    const asked = `${layout.id} ${store.selected} ${view.fixed?.from} ${view.fixed?.to} ${store.window}`;
    if (asked !== this.asked) this.pace.reset();
    if (!this.pace.due()) return;
    this.asked = asked;
    this.metric = metricOf(layout, store.selected);
    this.words = unitWords(layout, store.selected, this.metric);
    this.arrange(layout.parts);
    this.drawGrid(store);
    this.drawWords(store);
    this.hands.follow();
    this.placeCursor(view.cursor);
  }

  /** Lines and their labels. */
  arrange(parts) {
    if (parts === this.parts) return;
    this.parts = parts;
    this.group = Math.ceil(parts.length / MOST_LINES);
    this.count = Math.ceil(parts.length / this.group);
    this.height = lineHeight(this.count);
    this.plot.style.height = `${this.count * this.height}px`;
    const lines = labelled(this.count, this.height);
    const names = lines.map((line) => partName(parts[line * this.group]));
    const words = shortNames(names);
    const labels = lines.map((line, i) => {
      const label = element("span", { title: names[i] }, words[i]);
      label.style.top = `${line * this.height + Math.min(this.height, 12) / 2}px`;
      return label;
    });
    this.labels.replaceChildren(...labels);
    setAttribute(this.el, "data-parts", String(parts.length));
  }

  drawGrid(store) {
    const columns = Math.max(1, this.plot.clientWidth);
    const time = columnsOf(store.shownTime(), columns);
    this.read = readers(store.selected, this.metric, this.parts);
    this.grid = gridOf(store.partRows, this.read, this.parts, time);
    const name = `${store.selected} ${store.layout.id}`;
    this.scale = scaleFor(this.grid, name === this.scaled ? this.scale : null);
    this.scaled = name;
    this.lines = linesOf(this.grid, MOST_LINES);
    const [width, height] = [columns, this.count * this.height];
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    const context = this.canvas.getContext("2d");
    const image = context.createImageData(width, height);
    paint(new Uint32Array(image.data.buffer), this.grid, this.lines, this.height, this.colors());
    context.putImageData(image, 0, 0);
  }

  /** The theme's colours: the ramp is made anew where they are others. */
  colors() {
    const style = getComputedStyle(this.el);
    const stops = STOPS.map((name) => style.getPropertyValue(name));
    if (stops.join() !== this.stops) {
      this.stops = stops.join();
      this.ramp = rampOf(stops);
      this.hatch = pixelOf(channels(style.getPropertyValue("--pw-strip-hatch")));
    }
    return { ramp: this.ramp, hatch: this.hatch, scale: this.scale };
  }

  drawWords(store) {
    const title = titleWords(store, this.metric);
    setText(this.title, title);
    setText(this.ends[0], si(this.scale.low));
    setText(this.ends[1], si(this.scale.high));
    setText(this.unit, this.words);
    this.none.classList.toggle("pw-strip-unseen", !this.hasNone());
    this.el.classList.toggle("pw-stale", store.old());
    this.drawTimes(store);
    setAttribute(this.plot, "aria-label", `${title}, ${this.times[0].textContent} to ${this.times[2].textContent}`);
    if (this.summaryPace.due()) setText(this.summary, `${this.newestWords(store, title)} ${HELP}`);
  }

  hasNone() {
    const { values, covered, columns } = this.grid;
    return values.some((value, at) => Number.isNaN(value) && covered[at % columns]);
  }

  newestWords(store, title) {
    const [block, r] = store.partRows.newest ?? [];
    const values = block ? this.parts.map((_, p) => this.read(block)(r, p)) : this.parts.map(() => NaN);
    return summaryWords(title, this.parts, values, this.words);
  }

  drawTimes(store) {
    const { from, to } = store.shownTime();
    const step = to - from < 10 ? 0.01 : 1;
    const { live } = store.view;
    setText(this.times[0], live ? `−${seconds(Number((to - from).toPrecision(3)))}` : clockWords(from, step));
    setText(this.times[2], live ? "now" : clockWords(to, step));
    const { cut, oldest } = store.partRows;
    const held = Math.round(store.now() - oldest);
    const short = cut && oldest > from + 2 * this.grid.step;
    setText(this.times[1], short ? `held: the last ${held} s` : "");
    const kind = partKind(store.layout);
    setAttribute(this.times[1], "title", `So many events of each ${kind} are held for no longer.`);
  }

  /** The time at so many pixels from the left. */
  timeAt(x) {
    return this.grid.from + x * this.grid.step;
  }

  /** How many pixels from the left a time is. */
  place(time) {
    return (time - this.grid.from) / this.grid.step;
  }

  /** The cell at a place, in pixels: what is painted there. */
  cellAt(x, y) {
    const column = Math.max(0, Math.min(this.grid.columns - 1, Math.floor(x)));
    const line = Math.max(0, Math.min(this.count - 1, Math.floor(y / this.height)));
    const part = this.lines.partAt(line, column);
    const row = rowAt(this.store.partRows, this.read, this.grid, column, part);
    return { part, label: this.parts[part], ...(row ?? { begin: this.timeAt(column + 0.5), value: NaN }) };
  }

  /** A cell in words; what is scaled says so. */
  tell(cell) {
    const { counters, selected } = this.store;
    const column = counters.index.get(selected);
    const isHeld = cell.number >= counters.first && cell.number < counters.next;
    const share = column === undefined || !isHeld ? 1 : counters.shares[column][cell.number % counters.size];
    return partCellWords(cell, this.words, share);
  }

  /** Show a cell's outline and words; of none, hide them. */
  showCell(cell) {
    this.box.hidden = this.tip.hidden = !cell;
    if (!cell) return;
    const end = cell.end ?? cell.begin;
    const [left, right] = [cell.begin, end].map((time) => Math.max(0, Math.min(this.grid.columns, this.place(time))));
    const line = Math.floor(cell.part / this.group);
    Object.assign(this.box.style, {
      left: `${left}px`,
      width: `${Math.max(1, right - left)}px`,
      top: `${line * this.height}px`,
      height: `${this.height}px`,
    });
    setText(this.tip, this.tell(cell));
    // where there is more room, so that the line itself can be seen
    const above = 2 * line >= this.count || this.count * this.height < LOW;
    const under = this.count * this.height < LOW ? 0 : line * this.height;
    const top = above ? under - this.tip.offsetHeight - 4 : (line + 1) * this.height + 4;
    const most = this.grid.columns - this.tip.offsetWidth;
    this.tip.style.left = `${Math.max(0, Math.min(most, (left + right) / 2 - this.tip.offsetWidth / 2))}px`;
    this.tip.style.top = `${top}px`;
  }

  placeCursor(time) {
    const x = time === null || !this.grid ? NaN : this.place(time);
    this.cursor.hidden = !(x >= 0 && x <= this.grid?.columns);
    if (!this.cursor.hidden) this.cursor.style.left = `${x}px`;
  }

  end() {
    this.unpoint();
    this.hands.end();
    this.sizes.disconnect();
    this.themes.disconnect();
    this.pace.end();
    this.summaryPace.end();
    super.end();
  }
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-strip");
    const strip = new CoreStrip(model, el);
    return () => strip.end();
  },
});
