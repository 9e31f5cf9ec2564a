// Mouse and keys on the strip of parts: pointing at a cell, and choosing a range of time.

const DRAGGED = 4; // px, less is a click
const PAGE = 10; // moments

export class StripHands {
  constructor(strip) {
    this.strip = strip;
    this.pointer = null; // where the mouse is, in px
    this.key = null; // { part, time }: the cell that keys have chosen
    this.began = null; // where a range begins, in Unix seconds
    this.pressed = null; // where a button was pressed, in px
    const { plot } = strip;
    const on = (name, listener) => plot.addEventListener(name, listener);
    on("pointermove", (event) => this.moved(event));
    on("pointerdown", (event) => this.down(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", () => this.dropRange());
    on("pointerleave", () => this.left());
    on("dblclick", () => strip.store.view.reset());
    on("keydown", (event) => this.keyed(event));
    on("blur", () => this.leaveKeys());
  }

  placeOf(event) {
    const { left, top } = this.strip.plot.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  moved(event) {
    if (!this.strip.grid) return;
    this.pointer = this.placeOf(event);
    this.key = null;
    this.follow();
  }

  down(event) {
    if (event.button !== 0 || !this.strip.grid) return;
    this.pointer = this.placeOf(event);
    this.pressed = this.pointer[0];
    this.began = this.strip.timeAt(this.pressed);
    this.strip.plot.setPointerCapture(event.pointerId);
  }

  up(event) {
    if (this.pressed === null) return;
    const [x] = this.placeOf(event);
    const [began, far] = [this.began, Math.abs(x - this.pressed) >= DRAGGED];
    this.dropRange();
    if (far) this.strip.store.view.show(began, this.strip.timeAt(this.within(x)));
  }

  within(x) {
    return Math.max(0, Math.min(this.strip.grid.columns, x));
  }

  left() {
    this.pointer = null;
    this.follow();
  }

  dropRange() {
    this.pressed = this.began = null;
    this.strip.brush.hidden = true;
  }

  /** Show what is pointed at: the picture may have moved on below the mouse. */
  follow() {
    const { strip } = this;
    if (!strip.grid) return;
    const cell = this.pointer ? strip.cellAt(...this.pointer) : this.key ? this.keyCell() : null;
    strip.showCell(cell);
    if (cell) strip.store.view.point(this.pointer ? strip.timeAt(this.pointer[0]) : cell.end);
    else if (this.pointing) strip.store.view.point(null);
    this.pointing = Boolean(cell);
    this.showRange(cell);
  }

  showRange(cell) {
    const { strip } = this;
    if (this.began === null || !cell) return;
    const here = this.pointer ? this.within(this.pointer[0]) : strip.place(cell.end);
    const there = this.within(strip.place(this.began));
    strip.brush.hidden = Math.abs(here - there) < (this.pressed === null ? 1 : DRAGGED);
    strip.brush.style.left = `${Math.min(here, there)}px`;
    strip.brush.style.width = `${Math.abs(here - there)}px`;
  }

  // ------------------------------------------------------------------- keys

  /** All rows that are shown, oldest first. */
  rows() {
    const { grid, store } = this.strip;
    const found = [];
    store.partRows.each(grid.from, grid.from + grid.step * grid.columns, (block, r, begin, end) =>
      found.push({ block, r, begin, end, number: block.numbers[r] }),
    );
    return found;
  }

  /** The row that keys have chosen, or the oldest that is shown where that has left. */
  rowIn(rows) {
    const at = rows.findIndex((row) => row.end >= this.key.time);
    return at < 0 ? rows.length - 1 : at;
  }

  keyCell() {
    const rows = this.rows();
    if (!rows.length) return null;
    const row = rows[this.rowIn(rows)];
    const { part } = this.key;
    return { ...row, part, label: this.strip.parts[part], value: this.strip.read(row.block)(row.r, part) };
  }

  keyed(event) {
    if (!this.strip.grid || event.ctrlKey || event.altKey || event.metaKey) return;
    const rows = this.rows();
    const moves = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageDown: [0, -PAGE],
      PageUp: [0, PAGE],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Home: [0, -Infinity],
      End: [0, Infinity],
    };
    const move = moves[event.key];
    if (move && rows.length) this.move(rows, ...move);
    else if (event.key === "Enter" || event.key === " ") this.range();
    else if (event.key !== "Escape" || !this.escape()) return;
    event.preventDefault();
    event.stopPropagation();
    this.pointer = null;
    this.follow();
    this.say();
  }

  move(rows, parts, moments) {
    if (!this.key) {
      this.key = { part: 0, time: rows.at(-1).end };
      return;
    }
    const last = this.strip.parts.length - 1;
    const part = Math.max(0, Math.min(last, this.key.part + parts));
    const at = Math.max(0, Math.min(rows.length - 1, this.rowIn(rows) + moments));
    this.key = { part, time: rows[at].end };
  }

  /** Begin a range where the keys are, or end it there. */
  range() {
    const cell = this.key && this.keyCell();
    if (!cell) return;
    if (this.began === null) {
      this.began = cell.begin;
      return;
    }
    const began = this.began;
    this.dropRange();
    this.strip.store.view.show(began, cell.end > began ? cell.end : cell.begin);
  }

  /** Back, a step at a time: from a range that has begun, from a zoom, from the cell. */
  escape() {
    const { view } = this.strip.store;
    if (this.began !== null) this.dropRange();
    else if (!view.live) view.reset();
    else if (this.key) this.key = null;
    else return false;
    return true;
  }

  say() {
    const cell = this.key && this.keyCell();
    const range = this.began === null ? "" : "; a range begins here, Enter ends it";
    this.strip.said.textContent = cell ? this.strip.tell(cell) + range : "";
  }

  leaveKeys() {
    if (!this.key) return;
    this.key = null;
    this.dropRange();
    this.follow();
  }

  end() {
    if (this.pointing) this.strip.store.view.point(null);
  }
}
