// The history of one event or metric: the one chosen in the store, or one that is fixed.

import { Chart } from "./chart.js";
import { NOT_SUPPORTED } from "./columns.js";
import { greatest } from "./decimate.js";
import { roundUp } from "./format.js";
import { asColumns, metricOf, readMetric, unitOf } from "./metrics.js";

const LETTER = 7; // px, of the title

class HistoryChart extends Chart {
  constructor(model) {
    super(model, "history chart", ["line"]);
    this.bottom = 0;
    model.on("change:event", () => this.store.changed());
  }

  draw(store) {
    const key = this.model.get("event") || store.selected;
    const metric = metricOf(store.layout, key);
    const points = this.pointsOf(store, key, metric);
    this.settle(points.y);
    this.line("line", points);
    this.frame([points]);
    const shown = points.y.some((value) => !Number.isNaN(value));
    const words = metric ? metricTitle(store, metric, shown, this.width / LETTER) : eventTitle(store, key, shown);
    this.set("figure", { title: key ? words : "no event chosen" });
  }

  pointsOf(store, key, metric) {
    const { counters } = store;
    if (metric) return this.points(asColumns(metric, counters), metric, store.now());
    return this.points(counters, counters.index.get(key), store.now());
  }

  /** The lower end of the axis: 0, or a round number below the least value; steady as the upper. */
  settle(values) {
    const least = -greatest(values.map((value) => -value));
    const wanted = least < 0 ? -roundUp(-least) : 0;
    if (wanted < this.bottom || wanted > this.bottom / 2) this.bottom = wanted;
    this.isAbove = this.bottom === 0 || greatest(values) > 0;
  }

  /** A metric may be below zero, and far below one: the axis of a rate knows neither. */
  set(name, values) {
    if (name !== "y") return super.set(name, values);
    return super.set(name, { min: this.bottom, max: this.isAbove ? values.max : 0 });
  }

  ticks(name, wording, values) {
    if (name !== "yaxis") return super.ticks(name, wording, values);
    const [bottom, top] = [this.bottom, this.isAbove ? this.top : 0];
    const format = formatOf(Math.max(-bottom, top));
    const steps = bottom < 0 ? [bottom, bottom / 2, 0, top / 2, top].slice(0, top ? 5 : 3) : values;
    return super.ticks(name, { ...wording, tick_format: format }, steps);
  }
}

/** Of the axis' numbers: from a thousandth to ten an SI prefix would read "750m". */
function formatOf(extent) {
  if (extent >= 10) return ".3~s";
  if (extent >= 1) return ".2~f";
  if (extent >= 0.1) return ".3~f";
  return extent >= 0.001 ? ".3~g" : ".3~s";
}

function metricTitle(store, metric, shown, room) {
  const unit = metric.unit === "/s" ? "per second" : unitOf(metric);
  const words = [metric.name, unit, metric.note].filter(Boolean).join(", ");
  if (shown) return words;
  const why = whyNoValue(store, metric).replace(/^not available: /, "");
  return `${words}: ${words.length + why.length < room ? why : "not available"}`;
}

function whyNoValue(store, metric) {
  const newest = store.counters.newest();
  if (metric.reason || newest >= 0) {
    return metric.reason || readMetric(metric, store.counters, newest).reason || "no value in this window";
  }
  return store.status.state === "failed" ? "not available" : "no counts yet";
}

function eventTitle(store, key, shown) {
  const event = store.layout.events.find((each) => each.key === key);
  const unit = event?.unit ? `${event.unit} per second` : "per second";
  return `${key}, ${unit}${shown ? "" : `: ${whyNothing(store, key)}`}`;
}

function whyNothing(store, key) {
  if (!store.layout.events.some((event) => event.key === key)) return "not among the events counted";
  if (store.status.state === "failed") return "not available";
  return store.shareOf(key) === NOT_SUPPORTED ? "not supported here" : "no counts yet";
}

export default () => ({
  initialize({ model }) {
    const chart = new HistoryChart(model);
    return () => chart.end();
  },
});
