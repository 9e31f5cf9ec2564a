// Draws rows of a store into a bqplot figure whose models the kernel made.

import { Bands } from "./bands.js";
import { derivedName } from "./columns.js";
import { greatest } from "./decimate.js";
import { clockTicks } from "./explore_ticks.js";
import { Reader } from "./explore_reader.js";
import { roundUp, seconds } from "./format.js";
import { rawModels } from "./models.js";
import { pointsIn } from "./points.js";
import { Sight } from "./sight.js";
import { storeOf } from "./store.js";

const PIXELS_PER_COLUMN = 2;
const LEAST_MOVE = 0.5; // px
const LONGEST_REST = 1000; // ms

/**
 * A figure with axes and a few lines; `lines` names the traits that hold their ids. It shows the
 * stretch of time of its store's view. Subclasses fill it in `draw`: `points` and `line` for each
 * line, then `frame` for the axes.
 */
export class Chart {
  constructor(model, name, lines) {
    this.name = name;
    this.ahead = true; // bqplot draws what it is handed in the next frame
    this.model = model;
    this.lineNames = lines;
    this.store = storeOf(model.get("feed"));
    this.sight = new Sight(() => this.store.request());
    this.found = null;
    this.widths = new Map(); // of the figure's elements: asking them would lay the page out anew
    this.sizes = new ResizeObserver((entries) => this.resized(entries));
    this.last = {};
    this.handed = new Map(); // points of each line, as bqplot has them
    this.unit = "/s"; // of the lines' values
    this.title = "";
    this.range = { bottom: 0, top: 0 }; // of the axis of values
    this.drawn = 0;
    this.leave = this.store.add(this);
    this.ready = this.find();
  }

  async find() {
    const names = ["figure", "x", "y", "xaxis", "yaxis", ...this.lineNames];
    const found = await rawModels(this.model, names);
    if (this.ended) return;
    if (names.some((name) => !found[name])) {
      this.store.fault(this, new Error("the figure's models did not come within a minute"));
      return;
    }
    this.found = found;
    this.drawn = 0;
    this.store.request();
  }

  inSight() {
    if (!this.found) return false;
    if (this.viewNames() !== this.watched) this.watch();
    return this.sight.inSight() && !this.rests();
  }

  /** New rows that move a long window by less than half a pixel are drawn once a second. */
  rests() {
    const { store, rested } = this;
    if (!rested || this.drawn === 0 || store.said !== rested.said || !store.view.live) return false;
    if (performance.now() - rested.since >= LONGEST_REST) return false;
    return (store.now() - rested.now) * this.plotWidth < LEAST_MOVE * this.length;
  }

  shown() {
    return this.viewNames() !== "";
  }

  viewNames() {
    return Object.keys(this.found?.figure.views ?? {}).join();
  }

  /** The figure's views come and go with outputs: watch those that are there now. */
  async watch() {
    this.watched = this.viewNames();
    const promises = Object.values(this.found.figure.views ?? {});
    const settled = await Promise.allSettled(promises);
    if (this.ended) return;
    const views = settled.filter((each) => each.status === "fulfilled").map((each) => each.value);
    this.elements = views.map((view) => view.el);
    this.sight.watch(this.elements);
    this.sizes.disconnect();
    this.widths = new Map(this.elements.map((each) => [each, each.clientWidth]));
    for (const each of this.elements) this.sizes.observe(each);
    this.endOverlays();
    const margin = this.found.figure.get("fig_margin");
    this.bands = this.elements.map((each) => new Bands(each, margin));
    this.readers = this.elements.map((each) => new Reader(each, margin, this));
    // axes and lines in numbers and strokes: the reader says them in words
    for (const each of this.elements) for (const svg of each.querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
    for (const view of views) view.once?.("remove", () => this.store.request());
    this.drawn = 0;
    this.store.request();
  }

  endOverlays() {
    for (const each of [...(this.bands ?? []), ...(this.readers ?? [])]) each.end();
  }

  get width() {
    return Math.max(200, ...this.widths.values());
  }

  /** Of the plot within the figure, in px. */
  get plotWidth() {
    const { left, right } = this.found.figure.get("fig_margin");
    return Math.max(1, this.width - left - right);
  }

  /** The seconds that are shown. */
  get length() {
    const { fixed } = this.store.view;
    return fixed ? fixed.to - fixed.from : this.store.window;
  }

  resized(entries) {
    for (const { target, contentRect } of entries) {
      if (this.widths.has(target)) this.widths.set(target, contentRect.width);
    }
    this.drawn = 0;
    this.store.request();
  }

  /**
   * Points of column `event` (or of a metric) in the stretch that is shown, per second or `counts`
   * of each interval, as many as the figure has columns; x in seconds from the end of the stretch.
   */
  points(columns, event, { counts = false } = {}) {
    if (event === undefined || !columns.length) return { x: [], y: [] };
    const name = event.program ? derivedName(event.name) : columns.events[event];
    const most = (2 * this.width) / PIXELS_PER_COLUMN;
    const stretch = { now: this.store.shownTime().to, window: this.length };
    return { ...pointsIn(columns, event, name, { ...stretch, most, counts }), columns, column: event };
  }

  /** Hand `points` to the line called `name`, unless bqplot has them: it would draw all anew. */
  line(name, points) {
    this.begin();
    const before = this.handed.get(name);
    this.handed.set(name, points);
    if (before && same(before.x, points.x) && same(before.y, points.y)) return;
    const [x, y] = anchored(points, this.length);
    this.found[name].set_state({ x: Float64Array.from(x), y: Float64Array.from(y) });
  }

  /** What the cursor tells of: the lines that are drawn, by the names of their columns. */
  told() {
    const lines = [...this.handed].filter(([, points]) => points.columns && points.x.length);
    return lines.map(([name, points]) => {
      const { columns, column } = points;
      return { name, label: columns.events[column], columns, column, unit: this.unit, points };
    });
  }

  /** How high in the plot the value of a line is drawn, from 0 to 1. */
  heightOf(_line, value) {
    return (value - this.range.bottom) / (this.range.top - this.range.bottom);
  }

  /** Set a model's values where they differ from what was set last. */
  set(name, values) {
    if (name === "figure") this.title = values.title ?? this.title;
    const words = JSON.stringify(values);
    if (this.last[name] === words) return;
    this.last[name] = words;
    this.found[name].set_state(values);
  }

  /** Place an axis' ticks: their wording first, since bqplot words them late, as it was then. */
  ticks(name, wording, values) {
    const words = JSON.stringify([wording, values]);
    if (this.last[name] === words) return;
    this.last[name] = words;
    this.found[name].set_state(wording);
    this.found[name].set_state({ tick_values: Float64Array.from(values) });
  }

  /** Forget what was set where the kernel's own values may have come back. */
  begin() {
    if (this.epoch === this.store.epoch) return;
    this.epoch = this.store.epoch;
    this.last = {};
    this.handed.clear();
  }

  /** Scales and axes: the stretch that is shown, and room for the values. */
  frame(allPoints) {
    this.rested = { since: performance.now(), now: this.store.now(), said: this.store.said };
    this.begin();
    this.frameTime();
    this.frameValues(allPoints.map((points) => points.y));
  }

  frameTime() {
    const { length } = this;
    this.set("x", { min: -length, max: 0 });
    const { view } = this.store;
    const ticks = view.live
      ? [1, 0.75, 0.5, 0.25, 0].map((part) => (part ? [-length * part, `−${seconds(length * part)}`] : [0, "now"]))
      : clockTicks(view.fixed.from, view.fixed.to, this.plotWidth).map(([time, words]) => [time - view.fixed.to, words]);
    this.ticks("xaxis", { tick_labels: Object.fromEntries(ticks) }, ticks.map(([place]) => place));
  }

  /** From 0 to a round number above the greatest value. */
  frameValues(lists) {
    const top = steady(this.range.top, roundUp(Math.max(...lists.map(greatest))));
    this.scale(0, top);
    this.valueTicks([0, 0.25, 0.5, 0.75, 1].map((part) => top * part));
  }

  scale(bottom, top) {
    this.range = { bottom, top };
    this.set("y", { min: bottom, max: top });
  }

  /** Ticks at these values; below 10 an SI prefix would read "750m". */
  valueTicks(values, format = this.range.top < 10 ? ".2~f" : ".3~s") {
    this.ticks("yaxis", { tick_format: format }, values);
  }

  /** Have the lines drawn in this frame: of all that bqplot redraws, this alone it does at once. */
  hurry() {
    for (const name of this.handed.keys()) this.found[name].trigger("change:close_path");
  }

  /** Elements of our own, in the frame in which bqplot draws. */
  after(store) {
    for (const bands of this.bands ?? []) bands.draw(store, this.widths.get(bands.figure));
    for (const reader of this.readers ?? []) reader.draw();
  }

  end() {
    this.ended = true;
    this.endOverlays();
    this.sizes.disconnect();
    this.sight.end();
    this.leave();
  }
}

/**
 * bqplot writes "null" and "undefined" into its SVG where a line has no point, or ends with a gap:
 * end it with a point that lies outside of the picture.
 */
function anchored({ x, y }, length) {
  if (y.length && !Number.isNaN(y[y.length - 1])) return [x, y];
  return [
    [...x, -2 * length, -2 * length],
    [...y, NaN, 0],
  ];
}

function same(before, now) {
  if (before.length !== now.length) return false;
  return now.every((value, i) => Object.is(value, before[i]));
}

/** Keep the end of the axis unless values outgrow it, or use less than half of it. */
export function steady(before, wanted) {
  return wanted > before || wanted < before / 2 ? wanted : before;
}
