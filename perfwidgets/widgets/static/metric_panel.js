// The newest value of each metric; those that cannot be had are named in a line below.

import { MISSING } from "./columns.js";
import { element, keepChildren, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { full, percent, si } from "./format.js";
import { readMetric, unitOf, unsupportedOf } from "./metrics.js";
import { Pace } from "./pace.js";

const METRIC_PACE = 240; // ms, as in the counter grid
const WEAK_SHARE = 0.5;
const NAMED = 3; // how many are named in the line of those that are not available

class MetricPanel extends DomView {
  constructor(model, el) {
    super(model, el, "metric panel");
    this.pace = new Pace(this, METRIC_PACE);
    this.rows = [];
    this.list = element("div", { class: "pw-metric-rows", role: "list" });
    this.absent = element("span", {});
    this.reasons = element("div", {});
    this.details = element("details", {}, element("summary", {}, this.absent), this.reasons);
    el.append(element("h3", {}, "Metrics"), this.list, this.details);
  }

  inSight() {
    // hidden where nothing is counted, until something is
    return super.inSight() || this.layout !== this.store.layout || this.el.hidden;
  }

  draw(store) {
    if (this.layout !== store.layout) this.build(store);
    if (store.selected !== this.selected) this.pace.reset(); // a choice is shown at once
    if (!this.pace.due()) return;
    this.selected = store.selected;
    const newest = store.counters.newest();
    for (const row of this.rows) this.drawRow(row, newest);
    this.drawAbsent(newest);
    this.el.classList.toggle("pw-stale", store.old() && newest >= 0);
    this.el.hidden = this.isEmpty(newest);
  }

  /** Nothing is counted, and the grid says so in its place. */
  isEmpty(newest) {
    if (!this.rows.length) return true;
    return newest < 0 ? Boolean(this.store.status.error) : this.rows.every((row) => row.tr.hidden);
  }

  /** A row for each metric; one that is there already stays, and with it focus and a click. */
  build(store) {
    this.layout = store.layout;
    const before = new Map(this.rows.map((row) => [row.metric.name, row]));
    const metrics = store.layout.metrics ?? [];
    this.rows = metrics.map((metric) => before.get(metric.name) ?? this.makeRow(metric));
    this.rows.forEach((row, i) => {
      row.metric = metrics[i];
      setAttribute(row.name, "title", `${helpOf(row.metric)}\nShow its history.`);
      setText(row.note, row.metric.note ?? "");
      setText(row.unit, unitOf(row.metric));
    });
    keepChildren(this.list, this.rows.map((row) => row.tr));
    this.absentDrawn = null;
    this.pace.reset();
  }

  makeRow(metric) {
    const onclick = () => this.store.select(metric.name);
    const name = element("button", { class: "pw-event", type: "button", onclick }, metric.name);
    const note = element("span", { class: "pw-unit" });
    const value = element("span", { class: "pw-number" });
    const unit = element("span", { class: "pw-unit" });
    const state = element("span", { class: "pw-state" });
    const label = element("span", { class: "pw-metric-name" }, name, note);
    const tr = element("div", { class: "pw-metric", role: "listitem" }, label, state, value, unit);
    tr.dataset.metric = metric.name;
    return { metric, tr, name, note, value, unit, state };
  }

  drawRow(row, newest) {
    const { metric } = row;
    const { counters } = this.store;
    const nothing = { value: NaN, share: MISSING, reason: "no counts yet" };
    const { value, share, reason } = newest < 0 ? nothing : readMetric(metric, counters, newest);
    row.unsupported = metric.reason || newest < 0 ? [] : unsupportedOf(metric, counters, newest);
    row.absent = Boolean(metric.reason) || row.unsupported.length > 0;
    row.tr.hidden = row.absent;
    setText(row.value, si(value));
    setAttribute(row.value, "title", reason || `${full(value)} ${metric.unit}`.trim());
    const scaled = share >= 0 && share < 1;
    const alert = this.store.alerts.wordsOf(metric.name);
    const weak = scaled ? `${share < WEAK_SHARE ? "◔" : "◐"} ${percent(share)}` : "";
    setText(row.state, [alert ? `${alert.sign} ${alert.words}` : "", weak].filter(Boolean).join(" "));
    setAttribute(row.state, "title", [alert?.help, scaled ? weakest(share) : ""].filter(Boolean).join("\n"));
    row.tr.classList.toggle("pw-crossed", alert !== null);
    const chosen = metric.name === this.selected;
    row.tr.classList.toggle("pw-selected", chosen);
    setAttribute(row.name, "aria-pressed", String(chosen));
  }

  drawAbsent(newest) {
    const rows = this.rows.filter((row) => row.absent);
    const words = JSON.stringify(rows.map((row) => [row.metric.name, row.unsupported]));
    if (words === this.absentDrawn) return;
    this.absentDrawn = words;
    this.details.hidden = rows.length === 0;
    setText(this.absent, absentInWords(rows));
    this.reasons.replaceChildren(...groups(rows).map((group) => paragraph(...group)));
  }

  end() {
    this.pace.end();
    super.end();
  }
}

function weakest(share) {
  const help = `its weakest count was taken ${percent(share)} of the time and scaled by perf`;
  return share < WEAK_SHARE ? `${help}; a share so small makes the number weak` : help;
}

/** First those that this system cannot count, by name; of the others how many. */
export function absentInWords(rows) {
  const lacking = rows.filter((row) => row.unsupported.length);
  const others = rows.length - lacking.length;
  if (!lacking.length) return `${others} more ${others === 1 ? "metric" : "metrics"}, and what they need`;
  const names = few(lacking.map((row) => row.metric.name));
  const needed = few([...new Set(lacking.flatMap((row) => row.unsupported))]);
  return `not available here: ${names} — needs ${needed}`;
}

/** Why metrics are absent -> those metrics, each with the events that it lacks. */
function groups(rows) {
  const unsupported = rows.filter((row) => row.unsupported.length);
  const others = rows.filter((row) => !row.unsupported.length);
  const lacking = others.filter((row) => row.metric.lacking.length);
  const never = others.filter((row) => !row.metric.lacking.length);
  const named = (those, events) => those.map((row) => [row.metric, events(row).join(", ")]);
  return [
    ["needs what is not supported here", named(unsupported, (row) => row.unsupported)],
    ["needs what is not among the events counted", named(lacking, (row) => row.metric.lacking)],
    ...never.map(({ metric }) => [metric.reason, [[metric, ""]]]),
  ].filter(([, those]) => those.length);
}

function paragraph(reason, those) {
  const why = reason.replace(/^not available: /, "");
  const names = those.flatMap(([metric, events], i) => [
    i ? ", " : "",
    element("span", { title: helpOf(metric) }, events ? `${metric.name} (${events})` : metric.name),
  ]);
  return element("p", {}, ...(those.length > 1 || those[0][1] ? [`${why}: `, ...names] : [...names, `: ${why}`]));
}

function helpOf(metric) {
  const source = metric.source ? `\nAs in ${metric.source}.` : "";
  return `${metric.help}\n= ${metric.formula}${source}`.trim();
}

function few(names) {
  const more = names.length - NAMED;
  return more > 1 ? `${names.slice(0, NAMED).join(", ")} and ${more} more` : names.join(", ");
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-metrics");
    const panel = new MetricPanel(model, el);
    return () => panel.end();
  },
});
