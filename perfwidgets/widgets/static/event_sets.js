// Sets of events under a name: one is counted with a click, what is counted now kept as one.

import { element } from "./dom.js";

const SET_LENGTH = 40; // characters of a name

export class EventSets {
  /** `ask(content, words)` sends a command, `say(words, sign)` tells what is wrong. */
  constructor(ask, say) {
    this.ask = ask;
    this.say = say;
    this.list = element("span", { class: "pw-counted", role: "group", "aria-label": "Sets of events" });
    this.input = element("input", {
      type: "text",
      maxlength: String(SET_LENGTH),
      spellcheck: "false",
      autocomplete: "off",
      placeholder: "name",
      "aria-label": "Name under which the events that are counted are kept",
      onkeydown: (event) => {
        if (event.key === "Enter") this.save();
        event.stopPropagation(); // JupyterLab has keys of its own
      },
    });
    const title = "Keep the events that are counted now as a set, also for other notebooks";
    const button = element("button", { type: "button", title, onclick: () => this.save() }, "Save as set");
    this.el = element("div", { class: "pw-sets", hidden: true }, this.list, this.input, button);
  }

  take({ sets }) {
    this.el.hidden = false;
    this.list.replaceChildren(
      element("span", { class: "pw-label" }, "sets:"),
      ...sets.map(([name, events, own]) => this.chip(name, events, own)),
    );
  }

  chip(name, events, own) {
    const use = element(
      "button",
      {
        type: "button",
        title: `Count instead: ${events.join(", ")}`,
        onclick: () => this.ask({ kind: "use set", name }, `counting the set ${name} …`),
      },
      name,
    );
    const title = `Delete the set ${name}`;
    const onclick = () => this.ask({ kind: "delete set", name }, `deleting the set ${name} …`);
    const remove = own ? [element("button", { type: "button", title, "aria-label": title, onclick }, "×")] : [];
    return element("span", { class: own ? "pw-set pw-own" : "pw-set" }, use, ...remove);
  }

  save() {
    const name = this.input.value.trim();
    if (name) this.ask({ kind: "save set", name }, `saving the set ${name} …`);
    else this.say("give the set a name", "✕");
  }
}
