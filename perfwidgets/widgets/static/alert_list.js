// What is watched, in a line: what has crossed its limit first, then the last that had, then how
// many are within theirs.

import { alertInWords } from "./alerts.js";
import { element, setText } from "./dom.js";
import { DomView } from "./dom_view.js";

class AlertList extends DomView {
  constructor(model, el) {
    super(model, el, "alerts");
    this.list = element("ul", {});
    el.append(element("div", { role: "status" }, this.list));
  }

  get followsRows() {
    return false;
  }

  inSight() {
    return this.el.isConnected; // it is hidden while nothing is watched
  }

  draw(store) {
    const lines = alertLines(store.alerts);
    const words = JSON.stringify(lines);
    if (words === this.words) return;
    this.words = words;
    this.el.hidden = lines.length === 0;
    // lines stay where they are: what is read aloud is what has changed
    while (this.list.children.length > lines.length) this.list.lastChild.remove();
    while (this.list.children.length < lines.length) {
      this.list.append(element("li", {}, element("span", { class: "pw-sign", "aria-hidden": "true" }), element("span")));
    }
    lines.forEach(({ sign, words: said, kind }, i) => {
      const item = this.list.children[i];
      item.className = `pw-${kind}`;
      setText(item.firstChild, sign);
      setText(item.lastChild, said);
    });
  }
}

const MOST_NAMED = 3;

/** Lines of what is watched: `{ kind, sign, words }`. */
export function alertLines(alerts) {
  if (!alerts.watches.length && !alerts.all.length) return [];
  const on = alerts.on().map((alert) => ({ kind: "crossed", sign: "⚠", words: alertInWords(alert) }));
  const waiting = alerts.watches.filter(({ state }) => state === "not counted").map((w) => w.condition);
  const within = alerts.watches.filter(({ state }) => state === "within").map((w) => w.condition);
  const lines = [...on];
  const past = alerts.all.filter(({ ended }) => ended !== null).at(-1);
  if (within.length) lines.push({ kind: "within", sign: "✓", words: `not crossed: ${some(within)}` });
  if (waiting.length) lines.push({ kind: "unknown", sign: "○", words: `not counted now: ${some(waiting)}` });
  if (past) lines.push({ kind: "past", sign: "◷", words: `last: ${alertInWords(past)}` });
  return lines;
}

function some(conditions) {
  const more = conditions.length - MOST_NAMED;
  const named = conditions.slice(0, MOST_NAMED).join(" · ");
  return more > 0 ? `${named} and ${more} more` : named;
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-alerts");
    const shown = new AlertList(model, el);
    return () => shown.end();
  },
});
