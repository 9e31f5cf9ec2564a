// The history of the event or metric that is chosen in the store, or of some that are fixed.

import { Chart, steady } from "./chart.js";
import { NOT_SUPPORTED } from "./columns.js";
import { greatest } from "./decimate.js";
import { logTicks, powersAround } from "./explore_ticks.js";
import { ExploreBar } from "./explore_bar.js";
import { MOST_LINES, seriesOf, shaped, unlike, wholeOf, withDashes } from "./explore_series.js";
import { percent, roundUp, seconds, si } from "./format.js";
import { readMetric, unitOf } from "./metrics.js";
import { tickWords } from "./offline_axes.js";

const LETTER = 7; // px, of the title
const DASH = 2; // px, for a value that stands alone
const LINES = ["line", "line2", "line3", "line4"];
const CHOICES = ["events", "scale", "per", "normalised"];
const charts = new Map(); // by the id of the figure, for the tools beside it

class HistoryChart extends Chart {
  constructor(model) {
    super(model, "history chart", LINES);
    this.series = [];
    this.bottom = 0;
    this.top = 0;
    this.changed = () => this.store.changed();
    for (const name of CHOICES) model.on(`change:${name}`, this.changed);
    charts.set(model.get("figure"), this);
    this.takeUp();
  }

  /** The stretch that was looked at when the page was closed or loaded anew. */
  takeUp() {
    const { view } = this.store;
    const [held, shown] = ["held", "stretch"].map((name) => this.model.get(name));
    if (!view.live || !(held.length || shown.length)) return;
    const stretch = ([from, to]) => (to > from ? { from, to } : null);
    view.restore(stretch(held), stretch(shown));
  }

  /** Keep for a page that is loaded anew what changed in this one; another may show another time. */
  keepStretch() {
    const { fixed, held } = this.store.view;
    const places = (stretch) => (stretch ? [stretch.from, stretch.to] : []);
    const words = JSON.stringify([fixed, held]);
    const before = this.kept;
    this.kept = words;
    if (before === words || before === undefined) return;
    this.model.set("stretch", places(fixed));
    this.model.set("held", places(held));
    this.model.save_changes();
  }

  /** The events and metrics drawn, the chosen one where none is fixed. */
  keys() {
    const keys = this.model.get("events").map((key) => key || this.store.selected);
    return [...new Set(keys)].filter(Boolean).slice(0, MOST_LINES);
  }

  get isLog() {
    return this.model.get("scale") === "log";
  }

  draw(store) {
    this.keepStretch();
    this.series = this.keys().map((key) => seriesOf(store, key, this.model.get("per")));
    this.normalised = this.series.length > 1 && (this.model.get("normalised") || unlike(this.series));
    for (const [i, line] of this.series.entries()) this.measure(line, LINES[i]);
    const drawn = LINES.map((name, i) => {
      const points = this.series[i] ? this.shapedPoints(this.series[i]) : { x: [], y: [] };
      if (points.x.length || this.handed.has(name) || !i) this.line(name, points);
      return points;
    });
    this.frame(drawn);
    this.set("figure", { title: this.words(store) });
  }

  /** A line's points as they are, and what they are shares of. */
  measure(line, name) {
    Object.assign(line, { name, label: line.key });
    line.points = this.points(line.columns, line.column, line);
    line.whole = this.normalised ? wholeOf(line.points.y) : 1;
    line.hidden = this.isLog && line.points.y.some((value) => value <= 0);
  }

  shapedPoints(line) {
    const { x, y } = line.points;
    const shape = { whole: line.whole, log: this.isLog };
    const dash = (DASH / this.plotWidth) * this.length;
    return withDashes({ x, y: y.map((value) => shaped(value, shape)) }, dash);
  }

  told() {
    return this.series.filter((line) => line.points);
  }

  heightOf(line, value) {
    return super.heightOf(line, shaped(value, { whole: line.whole, log: this.isLog }));
  }

  frameValues(lists) {
    if (this.isLog) this.framePowers(lists);
    else if (this.normalised) this.frameShares(lists);
    else this.framePlain(lists);
  }

  /** A metric may be below zero, and far below one: the axis of a rate knows neither. */
  framePlain(lists) {
    const least = -greatest(lists.flatMap((values) => values.map((value) => -value)));
    const wanted = least < 0 ? -roundUp(-least) : 0;
    if (wanted < this.bottom || wanted > this.bottom / 2) this.bottom = wanted;
    const most = Math.max(...lists.map(greatest));
    this.top = steady(this.top, roundUp(most));
    const [bottom, top] = [this.bottom, this.bottom === 0 || most > 0 ? this.top : 0];
    this.scale(bottom, top);
    const below = [bottom, bottom / 2, 0, top / 2, top].slice(0, top ? 5 : 3);
    const steps = bottom < 0 ? below : [0, 0.25, 0.5, 0.75, 1].map((part) => top * part);
    const format = formatOf(Math.max(-bottom, top));
    this.ticks("yaxis", { tick_format: format, tick_labels: {} }, steps);
  }

  frameShares(lists) {
    const bottom = lists.some((values) => values.some((value) => value < 0)) ? -1 : 0;
    this.scale(bottom, 1);
    const steps = bottom ? [-1, -0.5, 0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1];
    this.wordedTicks(steps.map((share) => [share, percent(share)]));
  }

  framePowers(lists) {
    const powers = powersAround(lists);
    this.scale(powers.bottom, powers.top);
    const shares = (value) => (value >= 0.01 ? percent(value) : `${tickWords(value * 100)}\u202f%`);
    this.wordedTicks(logTicks(powers, this.normalised ? shares : tickWords));
  }

  wordedTicks(ticks) {
    this.ticks("yaxis", { tick_labels: Object.fromEntries(ticks) }, ticks.map(([place]) => place));
  }

  /** The title: what is drawn, in which unit, and why nothing is where that is so. */
  words(store) {
    const [first, ...others] = this.series;
    if (!first) return "no event chosen";
    const hidden = this.series.some((line) => line.hidden);
    const scale = this.isLog ? `, log scale${hidden ? ": 0 is not drawn" : ""}` : "";
    if (this.normalised) return `each as share of its own greatest${scale}`;
    if (others.length) return axisWords(first, this.model.get("per"), store) + scale;
    const shown = first.points.y.some((value) => !Number.isNaN(value));
    const room = this.width / LETTER;
    const { key, metric } = first;
    const words = metric ? metricTitle(store, metric, shown, room) : this.eventTitle(store, key, shown);
    return words + (shown ? scale : "");
  }

  eventTitle(store, key, shown) {
    const unit = store.layout.events.find((each) => each.key === key)?.unit;
    const per = perWords(this.model.get("per"), store);
    return `${key}, ${unit ? `${unit} ` : ""}${per}${shown ? "" : `: ${whyNothing(store, key)}`}`;
  }

  /** What each line is called and, where they are shares, of how much. */
  legend() {
    return this.series.map((line) => ({
      ...line,
      scale: this.normalised && line.points ? `100\u202f% = ${si(line.whole)}${line.unit}` : "",
    }));
  }

  end() {
    for (const name of CHOICES) this.model.off(`change:${name}`, this.changed);
    charts.delete(this.model.get("figure"));
    super.end();
  }
}

function perWords(per, store) {
  if (per === "second") return "per second";
  const { interval } = store.status;
  return interval ? `per interval of ${seconds(interval)}` : "per interval";
}

function axisWords(line, per, store) {
  if (line.metric) return line.metric.unit === "/s" ? "per second" : line.metric.unit;
  const own = line.unit.replace("/s", "").trim();
  return `${own ? `${own} ` : ""}${perWords(per, store)}`;
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
    return metric.reason || readMetric(metric, store.counters, newest).reason || nothingThen(store);
  }
  return store.status.state === "failed" ? "not available" : "no counts yet";
}

function nothingThen(store) {
  return store.view.live ? "no value in this window" : "no value in this time";
}

function whyNothing(store, key) {
  if (!store.layout.events.some((event) => event.key === key)) return "not among the events counted";
  if (store.status.state === "failed") return "not available";
  if (store.shareOf(key) === NOT_SUPPORTED) return "not supported here";
  return store.view.live ? "no counts yet" : nothingThen(store);
}

export default () => ({
  initialize({ model }) {
    const chart = new HistoryChart(model);
    return () => chart.end();
  },
  render({ model, el }) {
    const bar = new ExploreBar(model, el, () => charts.get(model.get("figure")));
    return () => bar.end();
  },
});
