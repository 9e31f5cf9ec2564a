// Pointer and keys on a live chart: a cursor that tells values, zoom by dragging, back by Escape.

import { nearest } from "./offline_hands.js";

const BRUSHED = 5; // px, less is a click
const LEAP = 10; // rows at a time with Shift
const NEARER = 0.5;

export const KEYS_HELP =
  "Arrow keys move the cursor, with Shift faster; plus and minus zoom; Escape shows all again.";

/** Pointer and keys for `reader`, on its figure and on what can have the focus. */
export class Hands {
  constructor(reader) {
    this.reader = reader;
    this.at = null; // where the pointer is, in px of the page
    this.brush = null; // { x, time } where a drag began
    this.frame = 0;
    this.ending = new AbortController();
    const on = (target, name, work) => target.addEventListener(name, work, { signal: this.ending.signal });
    const { figure, root } = reader;
    on(figure, "pointerdown", (event) => this.press(event));
    on(figure, "pointermove", (event) => this.move(event));
    on(figure, "pointerup", (event) => this.release(event));
    on(figure, "pointercancel", () => this.drop());
    on(figure, "pointerleave", () => this.leave());
    // keys go on where the pointer was; JupyterLab takes the focus when a button is pressed
    on(figure, "click", () => root.focus({ preventScroll: true }));
    on(figure, "dblclick", () => this.view.reset());
    on(root, "keydown", (event) => this.key(event));
  }

  get view() {
    return this.reader.store.view;
  }

  press(event) {
    if (event.button !== 0 || !event.isPrimary || !this.reader.covers(event.clientX)) return;
    this.brush = { x: event.clientX, time: this.reader.timeAt(event.clientX), wide: false };
    this.reader.figure.setPointerCapture(event.pointerId);
  }

  move(event) {
    this.at = event.clientX;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.follow();
    });
  }

  /** Point at the row under the pointer: also when the picture has moved on below it. */
  follow() {
    if (this.at === null) return;
    const { reader, brush } = this;
    if (brush && Math.abs(this.at - brush.x) >= BRUSHED) brush.wide = true;
    const time = reader.timeAt(this.at);
    reader.select(brush?.wide ? [brush.time, time] : null);
    const inside = brush?.wide || reader.covers(this.at);
    this.view.point(inside ? reader.snapped(time) : null);
  }

  release(event) {
    const { brush, reader } = this;
    const end = reader.timeAt(event.clientX);
    this.drop();
    if (brush && Math.abs(event.clientX - brush.x) >= BRUSHED) this.view.show(brush.time, end);
  }

  drop() {
    this.brush = null;
    this.reader.select(null);
  }

  leave() {
    this.at = null;
    if (!this.brush) this.view.point(null);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const done = this.doKey(event);
    if (done === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.at = null; // the keyboard has the cursor
    this.reader.speak(done);
  }

  /** What a key leads to: "row" or "stretch"; `undefined` where it means nothing. */
  doKey({ key, shiftKey }) {
    const { columns } = this.reader;
    if (!columns?.length) return undefined;
    switch (key) {
      case "ArrowLeft": return this.step(shiftKey ? -LEAP : -1);
      case "ArrowRight": return this.step(shiftKey ? LEAP : 1);
      case "Home": return this.go(columns.since(this.reader.stretch.from));
      case "End": return this.go(nearest(columns, this.reader.stretch.to));
      case "+":
      case "=": return this.zoom(NEARER);
      case "-": return this.zoom(1 / NEARER);
      case "Escape": return this.escape();
      default: return undefined;
    }
  }

  /** The cursor so many rows on; the first key shows it at the end of the stretch. */
  step(rows) {
    const { columns, stretch } = this.reader;
    const { cursor } = this.view;
    return this.go(nearest(columns, cursor ?? stretch.to) + (cursor === null ? 0 : rows));
  }

  go(number) {
    const { columns, store } = this.reader;
    const time = columns.time(Math.min(columns.next - 1, Math.max(columns.first, number)));
    this.view.reach(time, store.now(), store.window);
    this.view.point(time);
    return "row";
  }

  zoom(factor) {
    const { store, stretch } = this.reader;
    const middle = this.view.cursor ?? (stretch.from + stretch.to) / 2;
    this.view.scale(factor, middle, store.now(), store.window);
    return "stretch";
  }

  escape() {
    if (this.brush) {
      this.drop();
      return undefined;
    }
    this.view.reset();
    this.view.point(null);
    return "stretch";
  }

  end() {
    this.ending.abort();
    if (this.frame) cancelAnimationFrame(this.frame);
    if (this.at !== null) this.view.point(null);
  }
}
