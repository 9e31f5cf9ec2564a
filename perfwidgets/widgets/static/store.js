// What the browser knows of one monitor, and who draws it. Stores are shared by all scripts of a
// page through one registry, by the key of their feed.

import { Alerts } from "./alerts.js";
import { Columns, MISSING } from "./columns.js";
import { controllerSums } from "./controllers.js";
import { Holds } from "./holds.js";
import { valuesOf } from "./metrics.js";
import { PartRows } from "./strip_rows.js";
import { TimeView } from "./time_view.js";
import { Timeline } from "./timeline.js";

const registry = (globalThis[Symbol.for("perfwidgets.stores")] ??= new Map());
const CHECK = 1000; // how often silence is looked for, in ms
const FIRST_PATIENCE = 1000; // ms, doubled with each time that lost rows are asked for
const WITHHELD = 500; // ms without a frame, as in a hidden tab
const RATE_SPAN = 2000; // ms over which redraws are counted

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
    this.holds = new Holds();
    this.alerts = new Alerts();
    this.layout = NO_LAYOUT;
    this.parts = null; // counts and shares of each core in the newest sample
    this.partRows = new PartRows(); // rates of each core of late
    this.hosts = []; // how each host fares, where several are counted
    this.hostParts = null; // what they measured of the newest sample, and their own parts
    this.status = { state: "idle" };
    this.samples = 0;
    this.ticks = 0; // messages with rows
    this.bytes = NaN; // of the last of them
    this.redraws = new Rate();
    this.selected = "";
    this.chosen = false; // whether a person chose it
    this.window = 60;
    this.view = new TimeView(() => this.changed());
    this.arrival = 0; // of the last tick, on the browser's own clock
    this.version = 1; // counts up with all that may change a picture
    this.said = 1; // counts up with all of it but new rows
    this.views = new Set();
    this.send = () => {};
    this.kernelGone = false;
    this.isCutOff = () => false; // whether nothing can come any more
    this.lost = new Lost(() => this.send({ kind: "resend" }));
    this.epoch = 0; // counts up when the kernel's state of all models was set anew
    this.pending = null; // the command that the kernel has not answered yet
    this.frame = 0;
    this.handed = []; // views that bqplot draws in the frame that was asked for
    this.timer = 0;
  }

  setLayout(layout) {
    // a fresh page gets the layout and, packed before or after it, the history with its own
    if (layout.id <= this.layout.id) return;
    this.layout = layout;
    this.parts = null;
    this.hostParts = null;
    this.counters.setEvents(layout.columns);
    this.memory.setEvents(layout.memory);
    this.counters.reserve(layout.rows, layout.window);
    this.memory.reserve(layout.rows, layout.window);
    const metrics = (layout.metrics ?? []).filter((metric) => !metric.reason);
    const derived = [...metrics, ...controllerSums(layout)];
    this.counters.derive(derived.map((each) => [each.name, valuesOf(each, this.counters)]));
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
    this.view.resize(seconds);
    this.changed();
  }

  /** The stretch of time that is shown, in Unix seconds. */
  shownTime() {
    return this.view.between(this.now(), this.window);
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
   * `shown()` is whether it is anywhere in the page. One that is `ahead` is drawn before the frame
   * of the others, and has `after(store)` for what it draws with them and `hurry()` for a frame
   * that it was not drawn ahead of. One whose `followsRows` is false is not drawn for new rows.
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
    this.partRows = new PartRows();
  }

  look() {
    if (!this.kernelGone && this.isCutOff()) {
      this.kernelGone = true;
      this.changed();
    }
    this.freeIfUnused();
    if (this.anyDue()) this.request(); // what a view has held back
    const held = this.holds.told(performance.now());
    const words = `${this.stale()} ${Math.floor(this.silence())} ${this.pending !== null} ${held}`;
    if (words === this.words) return;
    this.words = words;
    this.changed();
  }

  changed() {
    this.said += 1;
    this.ticked();
  }

  /** New rows have come, and nothing else has changed. */
  ticked() {
    this.version += 1;
    if (this.anyDue()) this.request();
  }

  /**
   * Have what is due drawn, once in a frame. Charts hand their points over before it, since bqplot
   * changes the page at once and draws its lines in the next frame: handed over in a frame, each
   * tick would lay the page out and paint it twice.
   */
  request() {
    if (this.frame) return;
    this.requested = performance.now();
    this.frame = requestAnimationFrame(() => this.draw());
    queueMicrotask(() => this.handed.push(...this.drawEach((view) => view.ahead)));
  }

  draw() {
    this.frame = 0;
    const drawn = this.drawEach((view) => !view.ahead);
    const late = performance.now() - this.requested > WITHHELD ? this.drawLate() : [];
    const handed = new Set([...this.handed.splice(0), ...late]);
    for (const view of handed) this.attempt(view, () => view.after?.(this));
    if (handed.size || drawn.length) this.redraws.count(performance.now());
    // what has come since they were handed over
    if (this.anyDue((view) => view.ahead)) this.request();
  }

  /** What was handed over before a long time without frames is outdated in the first of them. */
  drawLate() {
    const late = this.drawEach((view) => view.ahead);
    for (const view of late) this.attempt(view, () => view.hurry?.());
    return late;
  }

  /** Draw those of the views that are due; which these were. */
  drawEach(condition) {
    const due = [...this.views].filter((view) => condition(view) && this.isDue(view));
    for (const view of due) {
      view.drawn = this.versionFor(view);
      this.attempt(view, () => view.draw(this));
    }
    return due;
  }

  isDue(view) {
    return view.drawn !== this.versionFor(view) && view.inSight();
  }

  versionFor(view) {
    return view.followsRows === false ? -this.said : this.version;
  }

  anyDue(condition = () => true) {
    return [...this.views].some((view) => condition(view) && this.isDue(view));
  }

  attempt(view, work) {
    try {
      work();
    } catch (error) {
      this.fault(view, error);
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

/** Asks for rows that were lost. What is sent while a page is loaded may be lost too. */
export class Lost {
  constructor(ask) {
    this.ask = ask;
    this.answered();
  }

  /** With each tick: whether it shows that some were lost before it. */
  tell(some, now) {
    this.some ||= some;
    if (!this.some || now < this.next) return;
    // a kernel that runs a cell hears of all that is asked at its end
    this.patience = 2 * this.patience;
    this.next = now + this.patience;
    this.ask();
  }

  answered() {
    this.some = false;
    this.patience = FIRST_PATIENCE;
    this.next = -Infinity;
  }
}

/** How often a second something happens, over the last few, so that the number stands still. */
class Rate {
  constructor() {
    this.times = [];
  }

  count(now) {
    this.times.push(now);
    this.forget(now);
  }

  /** Per second; `NaN` until it was watched for long enough. */
  at(now) {
    this.began ??= now;
    this.forget(now);
    return now - this.began < RATE_SPAN ? NaN : (this.times.length * 1000) / RATE_SPAN;
  }

  forget(now) {
    while (this.times.length && this.times[0] < now - RATE_SPAN) this.times.shift();
  }
}
