// What is not counted here, and why: in the counters' place if nothing is, below them if some are.

import { element, setText } from "./dom.js";
import { NOT_SUPPORTED } from "./columns.js";
import { Sight } from "./sight.js";
import { storeOf } from "./store.js";

class Notice {
  constructor(model, el) {
    this.name = "notice";
    this.el = el;
    this.title = element("strong", {});
    this.words = element("span", {});
    this.remedy = element("span", { class: "pw-remedy" });
    el.append(element("div", { class: "pw-notice", role: "status" }, this.title, this.words, this.remedy));
    this.store = storeOf(model.get("feed"));
    this.sight = new Sight(() => this.store.request());
    this.sight.watch([el.parentElement ?? el]);
    this.leave = this.store.add(this);
  }

  inSight() {
    return true; // an empty notice has no size that could be seen
  }

  draw(store) {
    const [title, words, remedy] = notice(store);
    this.el.hidden = !title;
    this.el.classList.toggle("pw-unavailable", title === UNAVAILABLE);
    setText(this.title, title);
    setText(this.words, words);
    setText(this.remedy, remedy);
    this.el.parentElement?.classList.toggle("pw-nothing", title === UNAVAILABLE);
  }

  end() {
    this.sight.end();
    this.leave();
  }
}

const UNAVAILABLE = "Not available on this system";

/** Title, reason and remedy; three empty texts where all is counted. */
export function notice(store) {
  const { status, counters } = store;
  if (status.error && (status.state === "failed" || counters.newest() < 0)) {
    return [UNAVAILABLE, sentence(status.error.reason), sentence(status.error.remedy)];
  }
  const newest = counters.newest();
  if (newest < 0 || !counters.events.length) return ["", "", ""];
  const at = newest % counters.size;
  const asked = store.layout.events.map((event) => event.key);
  const none = asked.filter((key) => counters.shares[counters.index.get(key)]?.[at] === NOT_SUPPORTED);
  if (!none.length) return ["", "", ""];
  if (none.length === asked.length) {
    return [UNAVAILABLE, "None of the events can be counted here.", whyHardware(store, none)];
  }
  const which = none.length === 1 ? "1 event is" : `${none.length} events are`;
  return [`${which} not counted here.`, whyHardware(store, none), ""];
}

/** A reason only where one is known: no hardware event counts, or perf refused a name. */
function whyHardware(store, none) {
  const { events } = store.layout;
  const refused = events.filter((event) => event.refused);
  const hardware = events.filter((event) => event.family !== "software" && !event.refused);
  const lacking = hardware.filter((event) => none.includes(event.key));
  const words = [];
  if (lacking.length && lacking.length === hardware.length) {
    words.push(store.status.no_pmu || "No hardware event counts on this system.");
  }
  for (const event of refused) words.push(`perf refused ${event.key}: ${event.refused}.`);
  return words.join(" ");
}

function sentence(text) {
  if (!text) return "";
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets");
    const shown = new Notice(model, el);
    return () => shown.end();
  },
});
