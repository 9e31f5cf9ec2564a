// A search for another event to be counted; it is tried, and what came of it said, before it is.

import { element, keepKeys, setAttribute, setText, uniqueId } from "./dom.js";
import { asTyped, prepared, search } from "./event_search.js";
import { EventSets } from "./event_sets.js";
import { storeOf } from "./store.js";

const WAITS = 1500; // ms, before an answer that does not come is explained
const VERDICTS = { fits: "✓", shares: "◐", "not counted": "✕", unknown: "?" };

class EventAdder {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    el.addEventListener("keydown", keepKeys);
    this.name = "event adder";
    this.store = storeOf(model.get("feed"));
    this.events = null; // of perf's list, once it was fetched
    this.chosen = null; // the event that is being tried, or was
    this.asked = null; // the kind of the last command: an earlier one's late answer is not said
    this.wanted = null; // selected when its first counts are there
    this.at = -1; // of the options, the one that keys point at
    this.build(uniqueId("pw-adder"));
    this.heard = (content) => this.take(content);
    this.changed = () => this.drawCounted();
    model.on("msg:custom", this.heard);
    model.on("change:counted", this.changed);
    this.leave = this.store.add(this);
    this.drawCounted();
  }

  build(id) {
    this.opener = element(
      "button",
      { type: "button", class: "pw-adder-opener", "aria-expanded": "false", "aria-controls": id, onclick: () => this.toggle() },
      "+ count another event",
    );
    this.input = element("input", {
      type: "text",
      role: "combobox",
      spellcheck: "false",
      autocomplete: "off",
      placeholder: "search perf's list, or type rNNN or cpu/event=…/",
      "aria-label": "Event to count",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": `${id}-list`,
      oninput: () => this.drawFound(),
      onkeydown: (event) => this.key(event),
    });
    this.options = element("div", { class: "pw-found", role: "listbox", id: `${id}-list`, "aria-label": "Events", hidden: true });
    this.told = element("div", { class: "pw-told", role: "status" });
    this.apply = element("button", { type: "button", class: "pw-apply", hidden: true, onclick: () => this.add() });
    this.counted = element("div", { class: "pw-counted", role: "group", "aria-label": "Events that are counted" });
    this.sets = new EventSets(
      (content, words) => this.ask(content, words),
      (words, sign) => this.say(words, sign),
    );
    this.panel = element(
      "div",
      { class: "pw-adder-panel", id, hidden: true },
      this.input,
      this.options,
      element("div", { class: "pw-verdict" }, this.told, this.apply),
      this.counted,
      this.sets.el,
    );
    this.id = id;
    this.el.append(this.opener, this.panel);
  }

  get followsRows() {
    return false;
  }

  inSight() {
    return this.el.isConnected;
  }

  shown() {
    return this.el.isConnected;
  }

  draw(store) {
    this.el.hidden = !this.model.get("offered") || store.status.live === false;
    this.opener.disabled = store.kernelGone;
    if (this.wanted !== null && store.layout.events.some(({ key }) => key === this.wanted)) {
      store.select(this.wanted);
      this.wanted = null;
    }
  }

  toggle() {
    const open = this.panel.hidden;
    this.panel.hidden = !open;
    setAttribute(this.opener, "aria-expanded", String(open));
    this.el.classList.toggle("pw-open", open);
    if (!open) return;
    this.input.focus();
    this.model.send({ kind: "sets" });
    if (this.events === null) this.ask({ kind: "list" }, "asking perf which events it knows …");
    else this.drawFound();
  }

  /** Send a command to the kernel; where it does not answer soon, say why. */
  ask(content, words) {
    this.say(words);
    this.asked = content.kind;
    this.model.send(content);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.say(`${words} (a cell that runs may have to end first)`), WAITS);
  }

  say(words, sign = "") {
    setText(this.told, sign ? `${sign} ${words}` : words);
  }

  take(content) {
    if (content.kind === "sets") {
      this.sets.take(content);
      return;
    }
    if (content.kind === "list") {
      this.takeList(content);
      return;
    }
    if (content.kind === "fit") {
      this.takeFit(content);
      return;
    }
    clearTimeout(this.timer);
    if (content.kind === "refused") {
      this.say(content.words, "✕");
      this.apply.hidden = true;
    } else if (content.kind === "added") {
      this.wanted = content.event;
      this.drawn = 0;
      this.store.request();
      this.chosen = null;
      this.apply.hidden = true;
      this.say(`${content.event} is counted from now on`, "✓");
    } else if (content.kind === "removed") this.say(`${content.event} is counted no longer`);
    else if (content.kind === "done") this.say(content.words, "✓");
  }

  takeList({ events, error, left_out: left }) {
    this.events = error ? null : prepared(events);
    if (this.asked === "list") {
      clearTimeout(this.timer);
      const more = left ? `, and ${left.toLocaleString("en-US")} more that are not shown` : "";
      if (error) this.say(error, "✕");
      else this.say(`perf knows ${events.length.toLocaleString("en-US")} events${more}`);
    }
    this.drawFound();
  }

  takeFit({ event, verdict, words }) {
    if (event !== this.chosen || this.asked !== "try") return; // something else was asked for meanwhile
    clearTimeout(this.timer);
    this.say(`${event}: ${words}`, VERDICTS[verdict] ?? "?");
    setText(this.apply, verdict === "fits" ? `Count ${event}` : "Count it all the same");
    this.apply.hidden = false;
  }

  drawFound() {
    const typed = this.input.value;
    const { found, more } = search(this.events ?? [], typed);
    const own = asTyped(this.events ?? [], typed);
    this.listed = own ? [...found, own] : found;
    this.at = -1;
    const counted = this.model.get("counted");
    this.options.replaceChildren(
      ...this.listed.map((event, i) => this.option(event, i, counted.includes(event.name))),
      ...(more ? [element("div", { class: "pw-rest", role: "presentation" }, `and ${more.toLocaleString("en-US")} more: type more of the name`)] : []),
    );
    this.options.hidden = this.listed.length === 0;
    setAttribute(this.input, "aria-expanded", String(!this.options.hidden));
    this.input.removeAttribute("aria-activedescendant");
  }

  option(event, i, counted) {
    const names = [event.name, ...event.aliases].join(" or ");
    return element(
      "div",
      {
        role: "option",
        id: `${this.id}-${i}`,
        "aria-selected": "false",
        "aria-disabled": counted ? "true" : null,
        title: event.description || null,
        // not on a click: the input would have lost the focus by then
        onmousedown: (press) => {
          press.preventDefault();
          this.choose(event);
        },
      },
      element("span", { class: "pw-option-name" }, names),
      element("span", { class: "pw-option-kind" }, counted ? "counted already" : event.kind),
      element("span", { class: "pw-option-words" }, event.description),
    );
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.listed?.length) {
      this.point((this.at + step + this.listed.length) % this.listed.length);
    } else if (event.key === "Enter") {
      const pointed = this.listed?.[this.at] ?? (this.listed?.length === 1 ? this.listed[0] : exact(this.listed, this.input.value));
      if (pointed) this.choose(pointed);
    } else if (event.key === "Escape") {
      if (this.options.hidden) this.toggle();
      else this.options.hidden = true;
    } else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
  }

  point(at) {
    this.options.hidden = false;
    this.options.children[this.at]?.setAttribute("aria-selected", "false");
    this.at = at;
    const option = this.options.children[at];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView?.({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  choose(event) {
    if (this.model.get("counted").includes(event.name)) {
      this.store.select(event.name);
      this.asked = null;
      this.say(`${event.name} is counted already`);
      return;
    }
    this.chosen = event.name;
    this.apply.hidden = true;
    this.options.hidden = true;
    setAttribute(this.input, "aria-expanded", "false");
    this.input.value = event.name;
    this.ask({ kind: "try", event: event.name }, `trying ${event.name} for a moment …`);
  }

  add() {
    if (this.chosen === null) return;
    this.apply.hidden = true;
    this.ask({ kind: "add", event: this.chosen }, `adding ${this.chosen} …`);
  }

  drawCounted() {
    const events = [...new Set(this.model.get("counted"))];
    this.counted.replaceChildren(
      element("span", { class: "pw-label" }, "counted now:"),
      ...events.map((event) => {
        const title = `Count ${event} no longer`;
        const onclick = () => this.ask({ kind: "remove", event }, `taking ${event} away …`);
        const remove = element("button", { type: "button", title, "aria-label": title, onclick }, "×");
        return element("span", { class: "pw-chip" }, event, ...(events.length > 1 ? [remove] : []));
      }),
    );
    if (!this.panel.hidden && !this.options.hidden) this.drawFound();
  }

  end() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.heard);
    this.model.off("change:counted", this.changed);
    this.leave();
  }
}

/** The option that is called exactly so. */
function exact(listed, typed) {
  return listed?.find(({ name, aliases }) => name === typed.trim() || aliases.includes(typed.trim()));
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-adder");
    const adder = new EventAdder(model, el);
    return () => adder.end();
  },
});
