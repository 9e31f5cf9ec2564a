// What the browser knows of one monitor, and who draws it. Stores are shared by all scripts of a
// page through one registry, by the key of their feed.

import { Columns, MISSING } from "./columns.js";
import { Timeline } from "./timeline.js";

const registry = (globalThis[Symbol.for("perfwidgets.stores")] ??= new Map());
const CHECK = 1000; // how often silence is looked for, in ms

/** The store with this key; it is made when first asked for. */
export function storeOf(key) {
  if (!registry.has(key)) registry.set(key, new Store(key));
  return registry.get(key);
}

const NO_LAYOUT = {
  id: -1,
  events: [],
  columns: [],
  memory: [],
  parts: [],
  metrics: [],
  suggested: [],
  window: 300,
  rows: 1024,
};

export class Store {
  constructor(key) {
    this.key = key;
    this.counters = new Columns();
    this.memory = new Columns();
    this.timeline = new Timeline();
    this.layout = NO_LAYOUT;
    this.parts = null; // counts and shares of each core in the newest sample
    this.status = { state: "idle" };
    this.samples = 0;
    this.ticks = 0; // messages with rows
    this.selected = "";
    this.chosen = false; // whether a person chose it
    this.window = 60;
    this.arrival = 0; // of the last tick, on the browser's own clock
    this.version = 1; // counts up with all that may change a picture
    this.views = new Set();
    this.send = () => {};
    this.kernelGone = false;
    this.asked = false; // for rows that were lost, and not answered yet
    this.epoch = 0; // counts up when the kernel's state of all models was set anew
    this.pending = null; // the command that the kernel has not answered yet
    this.frame = 0;
    this.timer = 0;
  }

  setLayout(layout) {
    // a fresh page gets the layout and, packed before or after it, the history with its own
    if (layout.id <= this.layout.id) return;
    this.layout = layout;
    this.parts = null;
    this.counters.setEvents(layout.columns);
    this.memory.setEvents(layout.memory);
    this.counters.reserve(layout.rows);
    this.memory.reserve(layout.rows);
    this.window = Math.min(this.window, layout.window);
    const offered = [...layout.events, ...(layout.metrics ?? [])].map(({ key, name }) => key ?? name);
    if (!offered.includes(this.selected)) this.chosen = false;
    this.suggest();
    this.changed();
  }

  /** Until a person has chosen, select an event that counts here. */
  suggest() {
    if (this.chosen) return;
    const keys = this.layout.events.map((event) => event.key);
    const counted = keys.filter((key) => this.shareOf(key) >= 0);
    const wanted = this.layout.suggested.find((key) => counted.includes(key)) ?? counted[0] ?? keys[0] ?? "";
    if (wanted === this.selected) return;
    this.selected = wanted;
    this.changed();
  }

  /** The share of the newest interval in which `key` was counted; below 0 where it was not. */
  shareOf(key) {
    const newest = this.counters.newest();
    const column = this.counters.index.get(key);
    if (newest < 0 || column === undefined) return MISSING;
    return this.counters.shares[column][newest % this.counters.size];
  }

  setStatus(status) {
    // any other change is not the answer to what a person has asked for
    if (status.answer !== this.status.answer) this.pending = null;
    this.status = status;
    this.changed();
  }

  select(event) {
    if (!event) return;
    this.chosen = true;
    if (event === this.selected) return;
    this.selected = event;
    this.changed();
  }

  setWindow(seconds) {
    this.window = seconds;
    this.changed();
  }

  /** Send a command to the kernel; `pending` until its state changes. */
  command(name, values = {}) {
    this.pending = { name, since: performance.now() };
    this.send({ kind: "command", name, ...values });
    this.changed();
  }

  /** The newest time of any row, in Unix seconds. */
  now() {
    const ends = [this.counters, this.memory].map((c) => (c.length ? c.time(c.next - 1) : NaN));
    return Math.max(...ends.map((end) => (Number.isNaN(end) ? -Infinity : end)));
  }

  /** Seconds since the last tick, by the browser's clock; 0 unless samples should be coming. */
  silence() {
    if (this.status.state !== "running" || !this.arrival || this.kernelGone) return 0;
    return (performance.now() - this.arrival) / 1000;
  }

  /** Whether the numbers shown are older than they should be. */
  stale() {
    return this.kernelGone || this.silence() > 3 * (this.status.interval ?? 1) + 1;
  }

  /** Whether the counts shown are not of now: silence, or nothing is counted. */
  old() {
    const { state, error } = this.status;
    const waiting = state === "starting" && Boolean(error);
    return this.stale() || waiting || ["paused", "stopped", "failed"].includes(state);
  }

  /** The same of memory activity. */
  memoryOld() {
    const { memory_state: state, memory_error: error } = this.status;
    return this.kernelGone || Boolean(error) || ["paused", "stopped", "failed"].includes(state);
  }

  /**
   * Add a view: `draw(store)` is called when something has changed and it is `inSight()`;
   * `shown()` is whether it is anywhere in the page.
   */
  add(view) {
    this.views.add(view);
    this.timer ||= setInterval(() => this.look(), CHECK);
    view.drawn = 0;
    this.request();
    return () => this.remove(view);
  }

  remove(view) {
    this.views.delete(view);
    if (this.views.size) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.freeIfUnused();
  }

  /** Nothing can ask for the data of a kernel that has gone once no view shows it. */
  freeIfUnused() {
    if (!this.kernelGone || [...this.views].some((view) => view.shown())) return;
    clearInterval(this.timer);
    this.timer = 0;
    if (registry.get(this.key) === this) registry.delete(this.key);
    this.counters = new Columns();
    this.memory = new Columns();
  }

  look() {
    this.freeIfUnused();
    const words = `${this.stale()} ${Math.floor(this.silence())} ${this.pending !== null}`;
    if (words === this.words) return;
    this.words = words;
    if (this.stale() || this.pending) this.changed();
  }

  changed() {
    this.version += 1;
    this.request();
  }

  request() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    for (const view of this.views) {
      try {
        if (view.drawn === this.version || !view.inSight()) continue;
        view.drawn = this.version;
        view.draw(this);
      } catch (error) {
        this.fault(view, error);
      }
    }
  }

  /** Tell the kernel of an error of ours, once for each message, so that it is shown. */
  fault(view, error) {
    this.told ??= new Set();
    const message = String(error?.message ?? error);
    if (this.told.has(message)) return;
    this.told.add(message);
    this.send({ kind: "fault", where: view.name ?? "view", message, trace: String(error?.stack) });
  }
}
