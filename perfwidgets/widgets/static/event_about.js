// One quiet line on the event or metric that is chosen; opened, all that is known of it.

import { element, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { countedOn, whereCounted } from "./host_words.js";
import { metricOf } from "./metrics.js";

class EventAbout extends DomView {
  constructor(model, el) {
    super(model, el, "about the event");
    this.help = element("span", {});
    this.warning = element("span", { class: "pw-misleads" });
    this.facts = element("dl", {});
    this.line = element("span", { class: "pw-one-line" }, this.help, this.warning);
    this.details = element("details", {}, element("summary", {}, this.line), this.facts);
    el.append(this.details);
  }

  get followsRows() {
    return this.store.hosts.length > 0; // on how many of them something counts
  }

  inSight() {
    return this.el.isConnected; // it is hidden until something is chosen
  }

  draw(store) {
    const known = aboutChosen(store);
    const words = JSON.stringify(known);
    if (words === this.words) return;
    this.words = words;
    this.el.hidden = known === null;
    if (known === null) return;
    setText(this.help, known.help);
    this.line.title = [known.help, known.warning].filter(Boolean).join("\n");
    setText(this.warning, known.warning);
    this.facts.replaceChildren(
      ...known.facts.flatMap(([name, ...said]) => [
        element("dt", {}, name),
        ...said.map(([text, source]) =>
          element("dd", {}, text, ...(source ? [element("span", { class: "pw-source" }, ` ${source}`)] : [])),
        ),
      ]),
    );
  }
}

/** Sentence, warning and facts of what is chosen; null where nothing is known of it. */
export function aboutChosen(store) {
  const event = store.layout.events.find(({ key }) => key === store.selected);
  if (event) return withHosts(aboutEvent(event), store);
  const metric = metricOf(store.layout, store.selected);
  if (!metric) return null;
  const facts = [["formula", [metric.formula]]];
  if (metric.unit) facts.push(["unit", [metric.unit]]);
  if (metric.source) facts.push(["as in", [metric.source]]);
  return { help: metric.help || metric.formula, warning: "", facts };
}

/** The same with the hosts that count it: in the line that is always seen how many, below which. */
function withHosts(known, store) {
  const few = countedOn(store, store.selected);
  if (!few) return known;
  const facts = [["counted on", [whereCounted(store, store.selected)]], ...known.facts];
  return { ...known, help: `Counted on ${few}. ${known.help}`, facts };
}

function aboutEvent(event) {
  const { help, notes = [], aliases = [] } = event;
  const facts = [["unit", [unitInWords(event)]]];
  if (aliases.length) facts.push(["also called", [aliases.join(", ")]]);
  if (notes.length) {
    const said = notes.map(([where, text, source]) => [`${where ? `${where}: ` : ""}${text}`, `(${source})`]);
    facts.push(["mind", ...said]);
  }
  if (event.refused) facts.push(["refused", [`perf: ${event.refused}`]]);
  if (event.note) facts.push(["here", [event.note]]);
  return { help, warning: warningOf(notes), facts };
}

/** Only of what depends on the CPU: the rest is no surprise. */
function warningOf(notes) {
  const bound = notes.filter(([where]) => where);
  if (!bound.length) return "";
  if (bound.length === 1) return `⚠ on ${bound[0][0]} it ${bound[0][1]}`;
  return `⚠ differs on ${[...new Set(bound.map(([where]) => where))].join(", ")}`;
}

function unitInWords({ unit, counts }) {
  const called = unit || counts;
  return called && called !== "count" ? called : "a plain count: how often it happened";
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-about");
    const shown = new EventAbout(model, el);
    return () => shown.end();
  },
});
