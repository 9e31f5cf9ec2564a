// Draws one plot of a saved page: lines, axes, executed cells, marks, and a cursor.

import { decimate, greatest } from "./decimate.js";
import { element } from "./dom.js";
import { roundUp } from "./format.js";
import { timeTicks, tickWords, valueTicks } from "./offline_axes.js";
import { pathOf, svgElement } from "./offline_svg.js";
import { cellName, cellWords } from "./timeline.js";

const EDGE = { left: 52, right: 14, top: 22, bottom: 24 }; // px around the plot
const PLOT_BANDS = 200;
const WIDE_TICK = 90; // px that a tick's words need
const LETTER = 6; // px
let clips = 0;

export class OfflinePlot {
  /** `linesOf()` gives `{columns, values, color, dash}`, `values` a function of a row's number. */
  constructor(holder, { view, height, linesOf, timeline }) {
    Object.assign(this, { holder, view, height, linesOf, timeline });
    this.title = element("strong", {});
    this.note = element("span", { class: "pw-dim" });
    this.svg = svgElement("svg", { class: "pw-plot", tabindex: 0, role: "group" });
    this.cursor = svgElement("g", { class: "pw-cursor", "pointer-events": "none" });
    this.selection = svgElement("rect", { class: "pw-selection", y: EDGE.top, "pointer-events": "none" });
    this.picture = svgElement("g");
    this.inside = svgElement("rect", { y: 0 }); // lines enter and leave at the edges of the plot
    this.clip = svgElement("clipPath", { id: `pw-clip-${(clips += 1)}` }, this.inside);
    this.svg.append(this.clip, this.picture, this.selection, this.cursor);
    this.at = null; // the number of the row under the cursor
    holder.replaceChildren(element("div", { class: "pw-heading" }, this.title, this.note), this.svg);
    view.listeners.push(() => this.request());
    new ResizeObserver(() => this.request()).observe(holder);
    this.draw();
  }

  request() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  get width() {
    return Math.max(240, this.holder.clientWidth);
  }

  get columns() {
    return this.lines[0]?.columns;
  }

  x(time) {
    const { from, to } = this.view;
    return EDGE.left + ((time - from) / (to - from)) * (this.width - EDGE.left - EDGE.right);
  }

  y(value) {
    const tall = this.height - EDGE.top - EDGE.bottom;
    return EDGE.top + (tall * (this.top - value)) / (this.top - this.bottom);
  }

  timeAt(x) {
    const { from, to } = this.view;
    const part = (x - EDGE.left) / (this.width - EDGE.left - EDGE.right);
    return from + Math.min(1, Math.max(0, part)) * (to - from);
  }

  draw() {
    this.frame = 0;
    const { width, height } = this;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("height", height);
    const size = { x: EDGE.left, width: width - EDGE.left - EDGE.right, height };
    for (const [name, value] of Object.entries(size)) this.inside.setAttribute(name, value);
    this.lines = this.linesOf();
    const points = this.lines.map((line) => this.points(line));
    this.top = roundUp(Math.max(0, ...points.map(({ y }) => greatest(y))));
    const least = Math.min(0, ...points.map(({ y }) => -greatest(y.map((value) => -value))));
    this.bottom = least < 0 ? -roundUp(-least) : 0;
    this.picture.replaceChildren(
      ...this.axes(),
      ...this.bands(),
      ...points.map((each, i) => this.line(this.lines[i], each)),
      ...this.marks(),
    );
    this.drawCursor();
  }

  /** Rows of the view, and one more at each side, so that the line enters from the edge. */
  points({ columns, values }) {
    const from = Math.max(columns.first, columns.since(this.view.from) - 1);
    const to = Math.min(columns.next, columns.since(this.view.to) + 1);
    return decimate(from, to, this.width, (n) => columns.time(n), values);
  }

  line({ color, dash }, { x, y }) {
    const d = pathOf(
      x.map((time) => this.x(time)),
      y.map((value) => this.y(value)),
    );
    const look = { fill: "none", stroke: color, "stroke-width": 1.5, "stroke-dasharray": dash };
    const round = { "stroke-linejoin": "round", "stroke-linecap": "round" };
    return svgElement("path", { class: "pw-line", d, ...look, ...round, "clip-path": `url(#${this.clip.id})` });
  }

  *axes() {
    const right = this.width - EDGE.right;
    const foot = this.height - EDGE.bottom;
    for (const value of valueTicks(this.bottom, this.top)) {
      const y = this.y(value);
      yield svgElement("line", { class: value ? "pw-rule" : "pw-axis", x1: EDGE.left, x2: right, y1: y, y2: y });
      yield svgElement("text", { x: EDGE.left - 6, y: y + 4, "text-anchor": "end" }, tickWords(value));
    }
    const { from, to, last } = this.view;
    for (const [time, words] of timeTicks(from, to, last, Math.max(2, (right - EDGE.left) / WIDE_TICK))) {
      const x = this.x(time);
      yield svgElement("line", { class: "pw-axis", x1: x, x2: x, y1: foot, y2: foot + 4 });
      const anchor = x > this.width - 30 ? "end" : "middle";
      yield svgElement("text", { x, y: foot + 17, "text-anchor": anchor }, words);
    }
  }

  *bands() {
    const { from, to, last } = this.view;
    let labelled = -Infinity; // where the last label ends
    const cells = this.timeline?.cellsBetween(from, to).slice(-PLOT_BANDS) ?? [];
    for (const [i, cell] of cells.entries()) {
      const left = this.x(Math.max(cell.began, from));
      const right = this.x(Math.min(cell.ended, to));
      const label = (cell.error ? "✕ " : "") + cellName(cell).replace("In ", "");
      const needed = label.length * LETTER + 4;
      // a cell that failed is often short: its label may reach to the next cell
      const next = cell.error ? this.x(Math.min(cells[i + 1]?.began ?? to, to)) : right;
      const fits = Math.max(right, next) - left >= needed && left >= labelled;
      if (fits) labelled = left + needed;
      const kind = cell.error ? "pw-failed" : cell.number % 2 ? "pw-odd" : "";
      const size = { x: left, y: EDGE.top, width: Math.max(2, right - left) };
      const area = { ...size, height: this.height - EDGE.top - EDGE.bottom };
      yield svgElement(
        "g",
        { class: `pw-band ${kind}` },
        svgElement("title", {}, cellWords(cell, last)),
        svgElement("rect", area),
        svgElement("text", { x: left + 3, y: EDGE.top + 10 }, fits ? label : ""),
      );
    }
  }

  *marks() {
    const marks = this.timeline?.marksBetween(this.view.from, this.view.to).slice(-PLOT_BANDS) ?? [];
    for (const [i, mark] of marks.entries()) {
      const x = this.x(mark.time);
      const room = (i + 1 < marks.length ? this.x(marks[i + 1].time) : this.width) - x;
      const fitting = Math.floor((room - 5) / LETTER);
      const label = mark.label.length <= fitting ? mark.label : `${mark.label.slice(0, fitting - 1)}…`;
      yield svgElement(
        "g",
        { class: "pw-mark" },
        svgElement("title", {}, mark.label),
        svgElement("line", { x1: x, x2: x, y1: EDGE.top, y2: this.height - EDGE.bottom }),
        svgElement("text", { x: x + 3, y: EDGE.top + 22 }, fitting >= 5 ? label : ""),
      );
    }
  }

  /** A line at the row under the cursor, and a dot where it has a value. */
  drawCursor() {
    this.cursor.replaceChildren();
    if (this.at === null || !this.columns) return;
    const time = this.columns.time(this.at);
    if (!(time >= this.view.from && time <= this.view.to)) return;
    const x = this.x(time);
    const rod = { x1: x, x2: x, y1: EDGE.top, y2: this.height - EDGE.bottom };
    this.cursor.append(svgElement("line", rod));
    for (const { values, color } of this.lines) {
      const y = this.y(values(this.at));
      if (Number.isFinite(y)) this.cursor.append(svgElement("circle", { cx: x, cy: y, r: 3.5, fill: color }));
    }
  }

  /** Mark the time between two places as that to be zoomed into; `null` for none. */
  select(a, b) {
    const some = a !== null;
    const [left, right] = [Math.min(a, b), Math.max(a, b)].map((x) => this.x(this.timeAt(x)));
    this.selection.setAttribute("x", some ? left : 0);
    this.selection.setAttribute("width", some ? right - left : 0);
    this.selection.setAttribute("height", some ? this.height - EDGE.top - EDGE.bottom : 0);
  }
}
