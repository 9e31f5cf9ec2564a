// Tools beside a history chart: what of it is shown, and how. All of it acts in the browser.

import { element, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { MOST_LINES } from "./explore_series.js";

const FEW = "drag to zoom";

export class ExploreBar extends DomView {
  /** Tools in `el`, of the chart that `chartOf()` gives once it is there. */
  constructor(model, el, chartOf) {
    const tools = element("div", { class: "pw-tools", role: "group", "aria-label": "Explore the history" });
    super(model, tools, "tools of the history");
    Object.assign(this, { model, chartOf, tools });
    this.legend = element("div", { class: "pw-legend", role: "list", "aria-label": "Lines" });
    this.per = element(
      "select",
      {
        "aria-label": "What is drawn of each interval",
        title: "Counts per second of measured time, or of each interval as counted",
        onchange: () => this.choose("per", this.per.value),
      },
      element("option", { value: "second" }, "per second"),
      element("option", { value: "interval" }, "per interval"),
    );
    this.more = element("select", { class: "pw-more", "aria-label": "Add an event or metric", onchange: () => this.add() });
    this.log = toggle("log", "Powers of ten on the axis; 0 has no place on it", () =>
      this.choose("scale", this.model.get("scale") === "log" ? "linear" : "log"),
    );
    this.normal = toggle("normalise", "", () => this.choose("normalised", !this.model.get("normalised")));
    this.freeze = toggle("Freeze", "Hold the picture; counting goes on", () => this.pressFreeze());
    this.reset = element("button", { type: "button", class: "pw-reset", onclick: () => this.pressReset() }, "Reset zoom");
    this.hint = element("span", { class: "pw-dim pw-hint" });
    tools.append(this.per, this.more, this.log, this.normal, this.freeze, this.reset, this.hint);
    el.classList.add("perfwidgets", "pw-explore");
    el.append(tools, this.legend);
  }

  choose(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  add() {
    const key = this.more.value;
    this.more.value = "";
    if (key) this.choose("events", [...this.model.get("events"), key]);
  }

  remove(key) {
    this.choose("events", this.model.get("events").filter((each) => each !== key));
    this.more.focus(); // what was pressed is gone
  }

  pressFreeze() {
    const { store } = this;
    if (store.view.frozen) store.view.follow();
    else store.view.freeze(store.now(), store.window);
  }

  pressReset() {
    this.store.view.reset();
    this.freeze.focus(); // the button itself goes
  }

  draw(store) {
    const { model, chartOf } = this;
    const lines = chartOf()?.legend() ?? [];
    const { view } = store;
    if (document.activeElement !== this.per) this.per.value = model.get("per");
    this.drawMore(store, lines);
    pressed(this.log, model.get("scale") === "log");
    this.normal.hidden = lines.length < 2;
    const forced = Boolean(chartOf()?.normalised) && !model.get("normalised");
    pressed(this.normal, forced || model.get("normalised"));
    this.normal.disabled = forced;
    const why = forced ? ": these have different units" : "";
    setAttribute(this.normal, "title", `Each line as share of its own greatest value${why}`);
    pressed(this.freeze, view.frozen);
    this.reset.hidden = !view.zoomed;
    setText(this.hint, view.live ? FEW : view.zoomed ? "" : "frozen");
    this.drawLegend(lines);
  }

  /** What may be added: events and metrics that are not drawn yet. */
  drawMore({ layout }, lines) {
    const drawn = new Set(lines.map(({ key }) => key));
    const events = layout.events.map(({ key }) => key).filter((key) => !drawn.has(key));
    const known = new Set(layout.events.map(({ key }) => key));
    const metrics = (layout.metrics ?? [])
      .filter(({ name, reason }) => !reason && !drawn.has(name) && !known.has(name))
      .map(({ name }) => name);
    const words = JSON.stringify([events, metrics]);
    if (words === this.offered || document.activeElement === this.more && this.more.matches(":open")) return;
    this.offered = words;
    const options = (names) => names.map((name) => element("option", { value: name }, name));
    const groups = [["Events", events], ["Metrics", metrics]].filter(([, names]) => names.length);
    this.more.replaceChildren(
      element("option", { value: "" }, "+ event"),
      ...groups.map(([label, names]) => element("optgroup", { label }, ...options(names))),
    );
    this.more.disabled = lines.length >= MOST_LINES;
    setAttribute(this.more, "title", this.more.disabled ? `${MOST_LINES} lines at most` : "Draw another event or metric beside it");
  }

  drawLegend(lines) {
    this.legend.hidden = lines.length < 2;
    const words = JSON.stringify(lines.map(({ key, name }) => [key, name]));
    if (words !== this.named) {
      this.named = words;
      this.legend.replaceChildren(...lines.map((line, i) => this.entry(line, i > 0)));
    }
    lines.forEach(({ scale }, i) => setText(this.legend.children[i].children[1], scale));
  }

  entry({ key, name }, removable) {
    const remove = { type: "button", class: "pw-remove", "aria-label": `Take ${key} away`, onclick: () => this.remove(key) };
    return element(
      "span",
      { class: "pw-entry", role: "listitem" },
      element("span", { class: "pw-line-key", "data-line": name }, key),
      element("span", { class: "pw-dim" }),
      ...(removable ? [element("button", remove, "×")] : []),
    );
  }
}

function toggle(words, title, onclick) {
  return element("button", { type: "button", class: "pw-toggle", title, onclick }, words);
}

function pressed(button, is) {
  setAttribute(button, "aria-pressed", String(Boolean(is)));
}
