// A saved page comes to life: choose an event or metric, read values, zoom. No kernel, no network.

import { NOT_SUPPORTED } from "./columns.js";
import { element, setText } from "./dom.js";
import { percent } from "./format.js";
import { metricOf, unitOf, valuesOf } from "./metrics.js";
import { readPage } from "./offline_data.js";
import { handle } from "./offline_hands.js";
import { OfflinePlot } from "./offline_plot.js";
import { View } from "./offline_view.js";
import { memoryWords, momentWords, readingWords } from "./offline_words.js";

const HISTORY_COLOR = "var(--pw-blue)";
const KEYS = "Arrow keys move the cursor, plus and minus zoom, Escape shows all; or drag to zoom.";

const page = readPage(document.getElementById("perfwidgets-data").textContent);
const holderOf = (name) => document.querySelector(`[data-pw-plot="${name}"]`);
const view = new View(page.span);

function start() {
  if (holderOf("history")) startHistory(holderOf("history"));
  if (holderOf("memory")) startMemory(holderOf("memory"));
  document.documentElement.dataset.pwReady = "";
}

function startHistory(holder) {
  const select = element("select", { id: "pw-event" }, ...options());
  select.value = page.selected;
  const values = () => {
    const key = select.value;
    const metric = metricOf(page.layout, key);
    if (metric) return valuesOf(metric, page.counters);
    const column = page.counters.index.get(key);
    return column === undefined ? () => NaN : (n) => page.counters.rate(column, n);
  };
  const frame = framed(holder, view, element("label", {}, "Event or metric ", select));
  const plot = new OfflinePlot(frame.holder, {
    view,
    height: 240,
    timeline: page.timeline,
    linesOf: () => [{ columns: page.counters, values: values(), color: HISTORY_COLOR }],
  });
  const chosen = () => {
    const metric = metricOf(page.layout, select.value);
    setText(plot.title, metric ? metricWords(metric) : eventWords(select.value));
    setText(plot.note, noteWords(select.value, metric));
    plot.svg.setAttribute("aria-label", `${plot.title.textContent}. ${plot.note.textContent} ${KEYS}`);
    plot.draw();
    frame.tell();
  };
  frame.follow(plot, page.clock.counters, (number) =>
    readingWords(page, select.value, metricOf(page.layout, select.value), number),
  );
  select.addEventListener("change", chosen);
  chosen();
}

function startMemory(holder) {
  const own = page.clock.shared ? view : new View(page.memory_span);
  const { memory } = page;
  const some = (event) => {
    for (let n = memory.first; n < memory.next; n++) if (memory.rate(memory.index.get(event), n) > 0) return true;
    return false;
  };
  const drawn = Object.entries(page.lines).filter(
    ([event]) => memory.index.has(event) && (!event.startsWith("pswp") || some(event)),
  );
  const lines = drawn.map(([event, [, color, dash]]) => {
    const column = memory.index.get(event);
    return { columns: memory, values: (n) => memory.rate(column, n), color, dash };
  });
  const frame = framed(holder, own);
  const timeline = page.clock.shared ? page.timeline : null;
  const plot = new OfflinePlot(frame.holder, { view: own, height: 200, timeline, linesOf: () => lines });
  setText(plot.title, "Paging activity, KB/s");
  const legend = drawn.map(([, [name, , dash]]) => `${name}: ${dash ? (name.startsWith("swap") ? "dotted" : "dashed") : "full line"}`);
  setText(plot.note, `from /proc/vmstat, not memory bandwidth; ${legend.join(", ")}`);
  plot.svg.setAttribute("aria-label", `${plot.title.textContent}. ${plot.note.textContent}. ${KEYS}`);
  frame.follow(plot, page.clock.memory, (number) => memoryWords(memory, Object.fromEntries(drawn), number));
}

/** Controls above and a readout below a plot that takes the place of the static one. */
function framed(holder, shown, ...controls) {
  const inner = element("div", {});
  const reset = element("button", { type: "button", onclick: () => shown.reset() }, "Show all");
  const readout = element("output", { class: "pw-readout" });
  const bar = element("div", { class: "pw-controls" }, ...controls, reset);
  holder.replaceChildren(bar, inner, readout);
  const zoomed = () => (reset.disabled = !shown.zoomed);
  shown.listeners.push(zoomed);
  zoomed();
  const frame = { holder: inner, tell: () => setText(readout, KEYS) };
  frame.follow = (plot, ofClock, wordsOf) => {
    frame.tell = (spoken = false) => {
      // a pointer passes many rows; only what keys lead to is read out
      readout.setAttribute("aria-live", spoken ? "polite" : "off");
      const { at, columns } = plot;
      const end = shown.last;
      setText(readout, at === null ? KEYS : `${wordsOf(at)} · ${momentWords(columns.time(at), end, ofClock)}`);
    };
    handle(plot, (spoken) => frame.tell(spoken));
    frame.tell();
  };
  return frame;
}

/** Events by family, then metrics; what has no value here is marked as such. */
function options() {
  const groups = Object.entries(page.families).map(([family, title]) => [
    title,
    page.layout.events
      .filter((event) => event.family === family)
      .map(({ key, unsupported }) => [key, unsupported ? `${key} (not supported)` : key]),
  ]);
  const metrics = page.layout.metrics
    .filter((metric) => metricOf(page.layout, metric.name))
    .map(({ name, reason }) => [name, reason ? `${name} (not available)` : name]);
  const known = new Set(page.layout.events.map(({ key }) => key));
  const earlier = page.counters.events.filter((key) => !known.has(key)).map((key) => [key, key]);
  return [...groups, ["Counted earlier", earlier], ["Metrics", metrics]]
    .filter(([, items]) => items.length)
    .map(([label, items]) =>
      element("optgroup", { label }, ...items.map(([value, words]) => element("option", { value }, words))),
    );
}

function eventWords(key) {
  const unit = page.layout.events.find((event) => event.key === key)?.unit;
  return unit ? `${key}, ${unit} per second` : `${key}, per second`;
}

function metricWords(metric) {
  const unit = metric.unit === "/s" ? "per second" : unitOf(metric);
  return [metric.name, unit, metric.note].filter(Boolean).join(", ");
}

/** Why there is nothing to see, or how much was counted at the least. */
function noteWords(key, metric) {
  if (metric?.reason) return metric.reason;
  const { counters } = page;
  const used = (metric ? metric.events : [key]).map((event) => counters.index.get(event));
  if (used.includes(undefined)) return "not counted";
  let least = 2;
  let known = false;
  for (let n = counters.first; n < counters.next; n++) {
    const share = Math.min(...used.map((column) => counters.shares[column][n]));
    if (!(share >= 0)) continue;
    known = true;
    least = Math.min(least, share);
  }
  if (!known) {
    const last = used.map((column) => counters.shares[column][counters.next - 1]);
    return last.includes(NOT_SUPPORTED) ? "not supported where this was taken" : "not counted in this time";
  }
  if (least >= 1) return "";
  return `${metric ? "its weakest count" : "counted"} ${percent(least)} of the time at the least, scaled by perf`;
}

start();
