// One family of events as a table. Rows stay; only the text of cells changes, so that selection,
// focus and scroll survive.

import { MISSING, NOT_COUNTED, NOT_SUPPORTED } from "./columns.js";
import { element, keepChildren, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { eventInWords } from "./event_words.js";
import { full, percent, seconds, si } from "./format.js";
import { hostInWords } from "./host_words.js";
import { Pace } from "./pace.js";
import { sparkline } from "./sparkline.js";

const PACE = 240; // ms between two changes of the digits, so that they can be read
const SPARK_PACE = 900;
const WEAK = 0.5;
const COLUMNS = ["event", "count", "rate", "spark", "state"];
const COUNTED = ":scope > .pw-table:not([hidden]):not(.pw-uncounted)";
const WORDS = {
  [NOT_COUNTED]: ["○", "not counted", "it was on no counter in this interval: none was free, or what is counted did not run"],
  [NOT_SUPPORTED]: ["✕", "not supported", "this system cannot count it"],
  [MISSING]: ["○", "no count yet", "perf printed no row for it"],
};

class CounterTable extends DomView {
  constructor(model, el) {
    super(model, el, "counter grid");
    this.model = model;
    this.layout = null;
    this.pace = new Pace(this, PACE);
    this.sparkPace = new Pace(this, SPARK_PACE);
    this.rows = [];
    this.body = element("tbody", {});
    this.interval = element("th", { scope: "col", title: "Count in the last interval" });
    el.replaceChildren(element("h3", {}, model.get("title")), this.makeTable(model.get("title")));
  }

  /** Its header is shown once in a grid. */
  makeTable(title) {
    const head = element(
      "tr",
      {},
      element("th", { scope: "col" }, "event"),
      this.interval,
      element("th", { scope: "col" }, "per second"),
      element("th", { scope: "col", class: "pw-spark" }, "last minute"),
      element("th", { scope: "col", class: "pw-state" }, "state"),
    );
    return element(
      "table",
      { "aria-label": `${title} events` },
      element("colgroup", {}, ...COLUMNS.map((name) => element("col", { class: `pw-col-${name}` }))),
      element("thead", {}, head),
      this.body,
    );
  }

  inSight() {
    // a family without events is hidden, until another layout gives it some
    return super.inSight() || this.layout !== this.store.layout;
  }

  draw(store) {
    if (this.layout !== store.layout) this.build(store);
    if (store.selected !== this.selected) this.pace.reset(); // a choice is shown at once
    if (!this.pace.due()) return;
    this.selected = store.selected;
    const sparks = this.sparkPace.due();
    const newest = store.counters.newest();
    for (const row of this.rows) this.drawRow(row, newest, sparks);
    this.arrange(newest);
    this.el.classList.toggle("pw-stale", store.old() && newest >= 0);
    setText(this.interval, seconds(store.status.interval ?? 1));
  }

  /** Rows for the family's events; one that is there already stays, and with it focus and a click. */
  build(store) {
    this.layout = store.layout;
    const family = this.model.get("family");
    const events = store.layout.events.filter((event) => event.family === family);
    const before = new Map(this.rows.map((row) => [row.event.key, row]));
    this.rows = events.map((event) => before.get(event.key) ?? this.makeRow(event));
    const opened = this.rows.map((row) => row.parts);
    for (const row of this.rows) if (row.parts.length) this.toggle(row);
    keepChildren(this.body, this.rows.map((row) => row.tr));
    this.rows.forEach((row, i) => {
      row.event = events[i];
      setAttribute(row.name, "title", `${eventInWords(row.event)}\nShow its history.`);
      this.openAgain(row, opened[i]);
    });
    this.el.hidden = events.length === 0;
    this.pace.reset();
    this.sparkPace.reset();
  }

  makeRow(event) {
    const name = element(
      "button",
      {
        class: "pw-event",
        type: "button",
        onclick: () => this.store.select(event.key),
      },
      event.key,
    );
    const unit = element("span", { class: "pw-unit" });
    const count = element("td", { class: "pw-number" });
    const rate = element("td", { class: "pw-number" });
    const spark = sparkline();
    const sign = element("span", { class: "pw-sign", "aria-hidden": "true" });
    const words = element("span", {});
    const state = element("td", { class: "pw-state" }, sign, words);
    const opener = element("button", {
      class: "pw-opener",
      type: "button",
      hidden: true,
      onclick: () => this.toggle(row),
    });
    const header = element("th", { scope: "row" }, opener, name, unit);
    const tr = element("tr", {}, header, count, rate, element("td", { class: "pw-spark" }, spark.el), state);
    tr.dataset.event = event.key;
    const row = { event, tr, opener, name, unit, count, rate, spark, sign, words, state, parts: [] };
    return row;
  }

  /** Open a row into its cores or hosts, or close it. */
  toggle(row) {
    const open = row.parts.length > 0;
    for (const part of row.parts) for (const { tr } of [part, ...part.inner]) tr.remove();
    const labels = this.store.layout.parts.map((label, i) => [label, i]);
    const own = labels.filter(([, i]) => this.hasPart(row.event, i));
    row.parts = open ? [] : own.map(([label, i]) => makePart(label, i));
    row.tr.after(...row.parts.map((part) => part.tr));
    for (const part of row.parts) if (this.innerOf(part).labels.length) this.addOpener(part, row);
    drawOpener(row.opener, row.parts); // with the rows: a screen reader asks at once
    this.drawAgain();
  }

  /** Open a host's row into its cores, or close it. */
  toggleHost(part) {
    const open = part.inner.length > 0;
    for (const { tr } of part.inner) tr.remove();
    const { labels, first } = this.innerOf(part);
    part.inner = open ? [] : labels.map((label, i) => makePart(label, first + i));
    for (const { tr } of part.inner) tr.classList.add("pw-inner");
    part.tr.after(...part.inner.map(({ tr }) => tr));
    drawOpener(part.opener, part.inner);
    this.drawAgain();
  }

  openAgain(row, parts) {
    if (!parts.length) return;
    this.toggle(row);
    const hosts = parts.filter((part) => part.inner.length).map((part) => part.label);
    for (const part of row.parts) if (part.opener && hosts.includes(part.label)) this.toggleHost(part);
  }

  drawAgain() {
    this.pace.reset();
    this.drawn = 0;
    this.store.request();
  }

  /** What a host was counted in, and the number of the first of these among those of all hosts. */
  innerOf(part) {
    const inner = Object.entries(this.store.layout.inner ?? {});
    const place = inner.findIndex(([host]) => host === part.label);
    if (place < 0) return { labels: [], first: 0 };
    return { labels: inner[place][1], first: inner.slice(0, place).reduce((sum, [, l]) => sum + l.length, 0) };
  }

  addOpener(part, row) {
    part.opener = element("button", {
      class: "pw-opener",
      type: "button",
      "aria-label": `Cores of ${part.label}, ${row.event.key}`,
      onclick: () => this.toggleHost(part),
    });
    part.name.prepend(part.opener);
  }

  /** Whether perf counts `event` in part number `i`: a hybrid CPU's events have cores of their own. */
  hasPart(event, i) {
    const { layout, parts } = this.store;
    if (!parts || layout.part_kind === "host") return true; // one that is away comes back
    return parts.shares[layout.events.indexOf(event) * layout.parts.length + i] !== MISSING;
  }

  drawParts(row, duration) {
    const { layout, parts } = this.store;
    const some = layout.parts.length > 0;
    row.opener.hidden = !some;
    drawOpener(row.opener, row.parts);
    setAttribute(row.opener, "aria-label", `${layout.part_kind === "host" ? "Hosts" : "Cores"} of ${row.event.key}`);
    if (!parts) return;
    const e = layout.events.indexOf(row.event);
    const { hostParts } = this.store;
    for (const part of row.parts) {
      const own = hostParts?.durations[part.index] || duration;
      const share = drawPart(part, parts, e * layout.parts.length, own);
      if (share === MISSING && layout.part_kind === "host") this.drawAway(part);
      if (part.opener) drawOpener(part.opener, part.inner);
      if (hostParts) for (const core of part.inner) drawPart(core, hostParts, e * hostParts.width, own);
    }
  }

  /** A host without a count says why by its own state. */
  drawAway(part) {
    const host = this.store.hosts.find(({ name }) => name === part.label);
    if (!host || ["running", "recorded"].includes(host.state)) return;
    const [sign, words, help] = hostInWords(host);
    setText(part.sign, sign);
    setText(part.words, words);
    setAttribute(part.state, "title", help);
  }

  drawRow(row, newest, sparks) {
    const { counters } = this.store;
    const e = counters.index.get(row.event.key);
    const none = newest < 0 || e === undefined;
    const at = newest % counters.size;
    const share = none ? MISSING : counters.shares[e][at];
    const count = none ? NaN : counters.counts[e][at];
    const rate = none ? NaN : counters.rate(e, newest);
    const unit = row.event.unit ? ` ${row.event.unit}` : "";
    const note = row.event.note ? ` ${row.event.note}` : "";
    setText(row.count, si(count));
    setText(row.rate, si(rate));
    const duration = none ? NaN : counters.durations[at];
    setAttribute(row.count, "title", `${full(count)}${unit} in ${seconds(duration)}`);
    setAttribute(row.rate, "title", `${full(rate)}${unit} per second`);
    setText(row.unit, unit + note);
    drawState(row, share, row.event, this.store.alerts.wordsOf(row.event.key));
    this.drawParts(row, duration);
    const chosen = row.event.key === this.selected;
    row.tr.classList.toggle("pw-selected", chosen);
    setAttribute(row.name, "aria-pressed", String(chosen));
    row.share = share;
    if (sparks && !none) row.spark.draw(this.store, e);
  }

  /** Families of which nothing counts come last, and take less room; one header is enough. */
  arrange(newest) {
    const none = newest >= 0 && this.rows.every((row) => row.share === NOT_SUPPORTED);
    this.el.style.order = none ? "1" : "0";
    this.el.classList.toggle("pw-uncounted", none);
    const others = this.el.parentElement?.querySelectorAll(COUNTED) ?? [];
    this.el.classList.toggle("pw-headless", others[0] !== this.el);
  }

  end() {
    this.pace.end();
    this.sparkPace.end();
    super.end();
  }
}

/** The share in words and sign, below half of the time a count is weak; or what limit is crossed. */
function drawState(row, share, event, alert = null) {
  let [sign, words, help] = ["●", "counted", "counted all of the time"];
  if (!(share >= 0)) {
    [sign, words, help] = WORDS[share] ?? WORDS[MISSING];
    if (event.refused) help = `perf refused this name: ${event.refused}`;
  } else if (share < 1) {
    const part = percent(share);
    const weak = share < WEAK;
    [sign, words] = weak ? ["◔", `weak, ${part}`] : ["◐", `scaled ${part}`];
    help = `counted ${part} of the time and scaled by perf, since events share the counters`;
    if (weak) help += "; a share so small makes the number weak";
  }
  if (alert) {
    sign = share < 1 ? `${sign}${alert.sign}` : alert.sign;
    [words, help] = [alert.words, `${alert.help}\n${help}`];
  }
  setText(row.sign, sign);
  setText(row.words, words);
  setAttribute(row.state, "title", help);
  row.tr.classList.toggle("pw-crossed", alert !== null);
  row.tr.classList.toggle("pw-none", share === NOT_SUPPORTED);
  row.tr.classList.toggle("pw-scaled", share >= 0 && share < 1);
}

/** A part's count, rate and state; its share of the time. */
function drawPart(part, { counts, shares }, first, duration) {
  const count = counts[first + part.index];
  setText(part.count, si(count));
  setAttribute(part.count, "title", full(count));
  setText(part.rate, si(count / duration));
  drawState(part, shares[first + part.index], part);
  return shares[first + part.index];
}

function drawOpener(opener, opened) {
  setText(opener, opened.length ? "▾" : "▸");
  setAttribute(opener, "aria-expanded", String(opened.length > 0));
}

/** A row for one core (CPU3), host or another part that was counted apart. */
function makePart(label, index) {
  const count = element("td", { class: "pw-number" });
  const rate = element("td", { class: "pw-number" });
  const sign = element("span", { class: "pw-sign", "aria-hidden": "true" });
  const words = element("span", {});
  const state = element("td", { class: "pw-state" }, sign, words);
  const called = label.replace(/^CPU(\d+)$/, "core $1");
  const name = element("th", { scope: "row", title: called }, called);
  const tr = element("tr", { class: "pw-part" }, name, count, rate, element("td", { class: "pw-spark" }), state);
  return { label, index, tr, name, count, rate, sign, words, state, inner: [] };
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-table");
    const table = new CounterTable(model, el);
    return () => table.end();
  },
});
