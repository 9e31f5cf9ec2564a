// One line: the state, and the most telling counters. What does not fit drops out.

import { MISSING, NOT_COUNTED, NOT_SUPPORTED } from "./columns.js";
import { element, keepChildren, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { full, percent, si } from "./format.js";
import { asColumns, metricOf, readMetric, unitOf } from "./metrics.js";
import { Pace } from "./pace.js";
import { sparkline } from "./sparkline.js";

const COMPACT_PACE = 240; // ms, as in the counter grid
const COMPACT_SPARK_PACE = 900;
const MOST_ITEMS = 6;
const TELLING = ["IPC", "cycles", "instructions", "LLC-load-misses", "context-switches", "page-faults"];
const COMPACT_STATES = {
  idle: "○ Not started",
  starting: "◌ Starting",
  running: "● Live",
  paused: "❚❚ Paused",
  stopped: "■ Stopped",
  failed: "✕ Failed",
};
const FOLDED = "pw-folded";

class CompactBar extends DomView {
  constructor(model, el) {
    super(model, el, "compact bar");
    this.model = model;
    this.pace = new Pace(this, COMPACT_PACE);
    this.sparkPace = new Pace(this, COMPACT_SPARK_PACE);
    this.items = [];
    this.state = element("span", { class: "pw-live", role: "status" });
    this.trouble = element("span", { class: "pw-compact-trouble" });
    this.list = element("div", { class: "pw-compact-items" });
    this.more = element("button", { type: "button", class: "pw-compact-more", onclick: () => this.toggle() });
    this.openWords = element("span", { class: "pw-compact-words" });
    this.openSign = element("span", { "aria-hidden": "true" });
    this.opener = element("button", { type: "button", onclick: () => this.toggle() }, this.openWords, this.openSign);
    this.opener.hidden = !model.get("opens");
    el.append(this.state, this.trouble, this.list, this.more, this.opener);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.list);
    this.unfold = () => this.fold();
    model.on("change:is_open", this.unfold);
  }

  toggle() {
    if (!this.model.get("opens")) return;
    this.model.set("is_open", !this.model.get("is_open"));
    this.model.save_changes();
  }

  /** Show or hide the rest of the dashboard. */
  fold() {
    const isOpen = this.model.get("is_open");
    setText(this.openWords, isOpen ? "Close" : "Open");
    setText(this.openSign, isOpen ? "▴" : "▾");
    setAttribute(this.opener, "aria-label", `${isOpen ? "Close" : "Open"} the dashboard`);
    setAttribute(this.opener, "aria-expanded", String(isOpen));
    if (!this.model.get("opens")) return;
    const whole = this.el.closest(".pw-dashboard");
    if (!whole || whole.classList.contains(FOLDED) !== isOpen) return;
    whole.classList.toggle(FOLDED, !isOpen);
  }

  draw(store) {
    this.fold();
    if (store.status !== this.status || store.layout !== this.layout) this.pace.reset();
    if (!this.pace.due()) return;
    [this.status, this.layout] = [store.status, store.layout];
    this.drawState(store);
    const keys = chosen(store, this.model.get("events"));
    if (JSON.stringify([keys, store.layout.id]) !== this.shown) this.build(store, keys);
    const sparks = this.sparkPace.due();
    for (const item of this.items) drawItem(item, store, sparks);
    this.el.classList.toggle("pw-stale", store.old());
    this.tellMore();
  }

  drawState(store) {
    const { state, error } = store.status;
    const words = store.stale() ? "○ No samples" : (COMPACT_STATES[state] ?? state);
    setText(this.state, store.kernelGone ? "■ Kernel gone" : words);
    setAttribute(this.state, "data-state", store.stale() ? "stale" : state);
    setText(this.trouble, error?.reason ?? "");
    setAttribute(this.trouble, "title", error ? `${error.reason}. ${error.remedy}` : "");
  }

  build(store, keys) {
    this.shown = JSON.stringify([keys, store.layout.id]);
    const before = new Map(this.items.map((item) => [item.key, item]));
    this.items = keys.map((key) => before.get(key) ?? makeItem(store, key));
    keepChildren(this.list, this.items.map((item) => item.el));
    this.sparkPace.reset();
    for (const item of this.items) drawItem(item, store, true);
    this.fit();
  }

  /** Hide the items for which there is no room. */
  fit() {
    for (const { el } of this.items) el.hidden = false;
    const { width, left } = this.list.getBoundingClientRect();
    const fits = this.items.map(({ el }) => el.getBoundingClientRect().right - left <= width + 0.5);
    this.items.forEach(({ el }, i) => (el.hidden = !fits[i]));
    this.tellMore();
  }

  /** How many have dropped out, and what they say. */
  tellMore() {
    const out = this.items.filter(({ el }) => el.hidden);
    this.more.classList.toggle("pw-strip-unseen", !out.length);
    setText(this.more, `+${out.length}`);
    const words = out.map(({ key, rate }) => `${key}: ${rate.textContent}`);
    setAttribute(this.more, "title", words.join("\n"));
    setAttribute(this.more, "aria-label", `${out.length} more: ${words.join(", ")}`);
  }

  end() {
    this.sizes.disconnect();
    this.model.off("change:is_open", this.unfold);
    this.pace.end();
    this.sparkPace.end();
    super.end();
  }
}

/** What is asked for; else the most telling that count, then others that do. */
export function chosen(store, asked) {
  if (asked.length) return asked;
  const { layout, status } = store;
  if (status.error && store.counters.newest() < 0) return []; // the error says it all
  const counted = layout.events.map(({ key }) => key).filter((key) => store.shareOf(key) >= 0);
  const isTelling = (name) => {
    const metric = metricOf(layout, name);
    return metric ? metric.events.every((event) => counted.includes(event)) && !metric.reason : counted.includes(name);
  };
  const told = TELLING.filter(isTelling);
  const keys = [...told, ...counted.filter((key) => !told.includes(key))];
  return (keys.length ? keys : layout.suggested).slice(0, MOST_ITEMS);
}

function makeItem(store, key) {
  const spark = sparkline();
  const name = element("span", { class: "pw-compact-name" }, key);
  const rate = element("span", { class: "pw-number" });
  const sign = element("span", { class: "pw-sign", "aria-hidden": "true" });
  const el = element(
    "button",
    { type: "button", class: "pw-compact-item", onclick: () => store.select(key) },
    ...[sign, name, rate, spark.el],
  );
  el.dataset.event = key;
  return { key, el, rate, sign, spark };
}

function drawItem(item, store, sparks) {
  const { counters, layout } = store;
  const metric = metricOf(layout, item.key);
  const newest = counters.newest();
  const column = counters.index.get(item.key);
  let [value, share, unit] = [NaN, MISSING, "/s"];
  if (metric) {
    unit = unitOf(metric);
    if (newest >= 0) ({ value, share } = readMetric(metric, counters, newest));
  } else if (newest >= 0 && column !== undefined) {
    value = counters.rate(column, newest);
    share = store.shareOf(item.key);
    unit = ratePerSecond(layout, item.key);
  }
  setText(item.rate, `${si(value)}${unit}`);
  const [sign, words] = countedSign(share);
  setText(item.sign, sign);
  setAttribute(item.el, "title", `${item.key}: ${full(value)} ${unit}, ${words}. Show its history.`);
  item.el.classList.toggle("pw-scaled", share >= 0 && share < 1);
  setAttribute(item.el, "aria-pressed", String(store.selected === item.key));
  if (!sparks || newest < 0) return;
  const columns = metric ? asColumns(metric, counters) : counters;
  if (metric || column !== undefined) item.spark.draw({ counters: columns, now: () => store.now() }, column);
}

function ratePerSecond(layout, key) {
  const unit = layout.events.find((event) => event.key === key)?.unit;
  return unit ? ` ${unit}/s` : "/s";
}

/** How well something was counted: a sign, and in words. */
export function countedSign(share) {
  if (share === NOT_SUPPORTED) return ["✕", "not supported"];
  if (share === NOT_COUNTED) return ["○", "not counted"];
  if (!(share >= 0)) return ["○", "no count yet"];
  if (share >= 1) return ["●", "counted all of the time"];
  return [share < 0.5 ? "◔" : "◐", `counted ${percent(share)} of the time and scaled`];
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-compact");
    const bar = new CompactBar(model, el);
    return () => bar.end();
  },
});
