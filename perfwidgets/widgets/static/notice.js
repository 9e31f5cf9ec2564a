// What is not counted here, and why: in the counters' place if nothing is, below them if some are.

import { element, keepKeys, setText } from "./dom.js";
import { NOT_SUPPORTED } from "./columns.js";
import { fit } from "./fit.js";
import { percent, si } from "./format.js";
import { HostList } from "./host_list.js";
import { storeOf } from "./store.js";

const NOTICE_PACE = 1000; // ms between two for new rows alone, which seldom change its words

class Notice {
  constructor(model, el) {
    this.name = "notice";
    this.el = el;
    this.title = element("strong", {});
    this.words = element("span", {});
    this.remedy = element("span", { class: "pw-remedy" });
    this.sharing = element("span", {});
    this.choices = element("span", { class: "pw-choices" });
    this.turns = element("span", {});
    this.hosts = new HostList(() => {
      this.drawn = 0;
      this.store.request();
    });
    el.append(
      element(
        "div",
        { class: "pw-notice" },
        ...[this.title, this.words, this.remedy, this.sharing, this.choices, this.turns, this.hosts.el],
      ),
    );
    el.addEventListener("keydown", keepKeys);
    this.store = storeOf(model.get("feed"));
    this.last = -Infinity;
    this.newest = -1;
    this.leave = this.store.add(this);
  }

  inSight() {
    return this.el.isConnected && this.isDue(); // an empty notice has no size that could be seen
  }

  isDue() {
    if (this.drawn === 0 || this.newest < 0 || this.said !== this.store.said) return true;
    return performance.now() - this.last >= NOTICE_PACE;
  }

  shown() {
    return this.el.isConnected;
  }

  draw(store) {
    this.said = store.said;
    this.last = performance.now();
    this.newest = store.counters.newest();
    const [title, words, remedy] = notice(store);
    const shared = store.status.state === "running" ? fit(store) : null;
    this.drawSharing(store, shared);
    const turns = turnsInWords(store.status.turns);
    setText(this.turns, turns);
    this.hosts.draw(store);
    this.el.hidden = !title && !shared && !turns && !store.hosts.length;
    const isNothing = [UNAVAILABLE, NOWHERE].includes(title);
    this.el.classList.toggle("pw-unavailable", isNothing);
    setText(this.title, title);
    setText(this.words, words);
    setText(this.remedy, remedy);
    this.el.parentElement?.classList.toggle("pw-nothing", isNothing);
  }

  /** That events share counters, and what would not: one click each. */
  drawSharing(store, shared) {
    setText(this.sharing, shared ? sharingInWords(shared) : "");
    const fitting = shared ? shared.families.filter((f) => f.fits && shared.families.length > 1) : [];
    const words = JSON.stringify([fitting.map((f) => f.family), Boolean(shared), store.kernelGone]);
    if (words === this.choicesDrawn) return;
    this.choicesDrawn = words;
    const button = (text, title, press) =>
      element("button", { type: "button", title, disabled: store.kernelGone, onclick: press }, text);
    const buttons = fitting.map(({ family }) =>
      button(`Only ${FAMILY[family]}`, "Count this family and the software events, unscaled", () =>
        store.command("configure", { families: [family, "software"] }),
      ),
    );
    if (shared) {
      const help = "Count a few events at a time, each unscaled, then go on as now";
      const turns = (families) => () =>
        store.command("turns", { counters: shared.counters, families });
      const crowded = shared.families.filter((f) => !f.fits && shared.families.length > 1);
      for (const { family } of crowded) {
        buttons.push(button(`${FAMILY[family]} in turn`, help, turns([family])));
      }
      const all = shared.families.map((f) => f.family);
      buttons.push(button(crowded.length ? "All in turn" : "Count in turn", help, turns(all)));
    }
    this.choices.replaceChildren(...buttons);
  }

  end() {
    this.leave();
  }
}

const FAMILY = { cpu: "CPU", cache: "cache", tlb: "TLB", other: "other" };
const UNAVAILABLE = "Not available on this system";
const NOWHERE = "Not available on any host";

/** Title, reason and remedy; three empty texts where all is counted. */
export function notice(store) {
  const { status, counters } = store;
  const newest = counters.newest();
  if (status.error && (status.state === "failed" || newest < 0)) {
    const several = store.hosts.length > 0; // each with its own reason
    const title = newest >= 0 ? "Counting has ended" : several ? NOWHERE : UNAVAILABLE;
    if (several) return [title, "", ""];
    return [title, sentence(status.error.reason), sentence(status.error.remedy)];
  }
  if (newest < 0 || !counters.events.length) return ["", "", ""];
  const at = newest % counters.size;
  const asked = store.layout.events.map((event) => event.key);
  const none = asked.filter((key) => counters.shares[counters.index.get(key)]?.[at] === NOT_SUPPORTED);
  if (!none.length) return ["", "", ""];
  if (none.length === asked.length) {
    const title = store.hosts.length ? NOWHERE : UNAVAILABLE;
    return [title, "None of the events can be counted here.", whyHardware(store, none)];
  }
  return [`${which(none)} not supported ${store.status.live === false || store.hosts.length ? where(store) : "here"}.`, whyHardware(store, none), ""];
}

/** A few events by name, more by number. */
function which(events) {
  if (events.length > 3) return `${events.length} events are`;
  const last = events.at(-1);
  return events.length === 1 ? `${last} is` : `${events.slice(0, -1).join(", ")} and ${last} are`;
}

function where(store) {
  if (store.status.live === false) return "in this recording";
  return store.hosts.length ? "on any host" : "on this system";
}

/** A reason only where one is known: no hardware event counts, or perf refused a name. */
function whyHardware(store, none) {
  const { events } = store.layout;
  const refused = events.filter((event) => event.refused);
  const hardware = events.filter((event) => event.family !== "software" && !event.free && !event.refused);
  const lacking = hardware.filter((event) => none.includes(event.key));
  const words = [];
  if (lacking.length && lacking.length === hardware.length) {
    words.push(store.status.no_pmu || `No hardware event counts ${where(store)}.`);
  }
  else if (lacking.length) words.push("This CPU, or its virtual machine, has no such event.");
  for (const event of refused) words.push(`perf refused ${event.key}: ${event.refused}.`);
  return words.join(" ");
}

function sharingInWords({ events, counters, share }) {
  const have = counters === 1 ? "1 counter" : `${counters} counters`;
  return `${events} hardware events share ${have}: each was counted about ${percent(share)} of the time and scaled by perf.`;
}

/** What the last pass of counting in turn has found, or how far it is. */
export function turnsInWords(turns) {
  if (!turns) return "";
  if (turns.running) return `Counting in turn, ${turns.done + 1} of ${turns.of} …`;
  const found = turns.results.map(([event, rate]) => `${event} ${si(rate ?? NaN)}/s`);
  return found.length ? `Counted in turn, unscaled: ${found.join(" · ")}.` : "";
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
