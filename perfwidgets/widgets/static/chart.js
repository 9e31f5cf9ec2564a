// Draws rows of a store into a bqplot figure whose models the kernel made.

import { Bands } from "./bands.js";
import { derivedName } from "./columns.js";
import { greatest } from "./decimate.js";
import { roundUp, seconds } from "./format.js";
import { rawModels } from "./models.js";
import { pointsIn } from "./points.js";
import { Sight } from "./sight.js";
import { storeOf } from "./store.js";

const PIXELS_PER_COLUMN = 2;

/** A figure with axes and up to four lines; `lines` names the traits that hold their ids. */
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
    return this.sight.inSight();
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
    for (const bands of this.bands ?? []) bands.end();
    this.bands = this.elements.map((each) => new Bands(each, this.found.figure.get("fig_margin")));
    for (const view of views) view.once?.("remove", () => this.store.request());
  }

  get width() {
    return Math.max(200, ...this.widths.values());
  }

  resized(entries) {
    for (const { target, contentRect } of entries) {
      if (this.widths.has(target)) this.widths.set(target, contentRect.width);
    }
    this.drawn = 0;
    this.store.request();
  }

  /** Points of `event` in the window, per second, as many as the figure has columns. */
  points(columns, event, now) {
    const { window } = this.store;
    if (event === undefined || !columns.length) return { x: [], y: [] };
    const name = event.program ? derivedName(event.name) : columns.events[event];
    return pointsIn(columns, event, name, { now, window, most: (2 * this.width) / PIXELS_PER_COLUMN });
  }

  /** Hand `points` to the line called `name`. */
  line(name, points) {
    const [x, y] = anchored(points, this.store.window);
    this.found[name].set_state({ x: Float64Array.from(x), y: Float64Array.from(y) });
  }

  /** Set a model's values where they differ from what was set last. */
  set(name, values) {
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

  /** Scales and axes: the window behind us, and a round number above the greatest value. */
  frame(allPoints) {
    const { window } = this.store;
    if (this.epoch !== this.store.epoch) {
      this.epoch = this.store.epoch;
      this.last = {}; // the kernel's own values may have come back
    }
    const top = Math.max(...allPoints.map((points) => greatest(points.y)));
    this.top = steady(this.top ?? 0, roundUp(top));
    this.set("x", { min: -window, max: 0 });
    this.set("y", { min: 0, max: this.top });
    const places = [1, 0.75, 0.5, 0.25, 0].map((part) => (part ? -window * part : 0));
    const labels = places.map((place) => [place, place ? `−${seconds(-place)}` : "now"]);
    this.ticks("xaxis", { tick_labels: Object.fromEntries(labels) }, places);
    // below 10 an SI prefix would read "750m"
    const format = this.top < 10 ? ".2~f" : ".3~s";
    const steps = [0, 0.25, 0.5, 0.75, 1].map((part) => this.top * part);
    this.ticks("yaxis", { tick_format: format }, steps);
  }

  /** Elements of our own, in the frame in which bqplot draws. */
  after(store) {
    for (const bands of this.bands ?? []) bands.draw(store, this.widths.get(bands.figure));
  }

  end() {
    this.ended = true;
    for (const bands of this.bands ?? []) bands.end();
    this.sizes.disconnect();
    this.sight.end();
    this.leave();
  }
}

/**
 * bqplot writes "null" and "undefined" into its SVG where a line has no point, or ends with a gap:
 * end it with a point that lies outside of the picture.
 */
function anchored({ x, y }, window) {
  if (y.length && !Number.isNaN(y[y.length - 1])) return [x, y];
  return [
    [...x, -2 * window, -2 * window],
    [...y, NaN, 0],
  ];
}

/** Keep the end of the axis unless values outgrow it, or use less than half of it. */
function steady(before, wanted) {
  return wanted > before || wanted < before / 2 ? wanted : before;
}
