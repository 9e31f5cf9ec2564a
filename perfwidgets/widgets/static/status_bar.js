// What is running, how, and if something is wrong, what to do.

import { element, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { bytes, full, seconds } from "./format.js";
import { HELD_HELP } from "./holds.js";
import { hostsInFew } from "./host_words.js";
import { Pace } from "./pace.js";

const STATUS_PACE = 240; // ms, as in the counter grid
const FIGURE_SPACE = "\u2007"; // as wide as a digit
const COST_HELP =
  "What this display costs: the share of a core that our thread in the kernel takes, the size of " +
  "the last message to this page, and how often this page draws something of it";

const STATES = {
  idle: ["○", "Not started"],
  starting: ["◌", "Starting"],
  running: ["●", "Live"],
  paused: ["❚❚", "Paused"],
  stopped: ["■", "Stopped"],
  failed: ["✕", "Failed"],
};
const PLAYED = { running: ["▶", "Playing"], stopped: ["■", "Played"] };

class StatusBar extends DomView {
  constructor(model, el) {
    super(model, el, "status bar");
    this.sign = element("span", { class: "pw-sign", "aria-hidden": "true" });
    this.words = element("span", {});
    // what is read aloud as it changes holds no number that does so each second
    this.state = element("span", { class: "pw-live", role: "status" }, this.sign, this.words);
    this.since = element("span", { class: "pw-since" });
    this.facts = element("span", { class: "pw-dim" });
    this.cost = element("span", { class: "pw-dim pw-cost", title: COST_HELP });
    this.held = element("span", { class: "pw-held", role: "status", title: HELD_HELP });
    this.error = element("span", { class: "pw-error", role: "alert" });
    this.faults = element("span", {}); // which are counted, and so change all the time
    this.trouble = element("span", { class: "pw-trouble" }, this.error, this.faults);
    el.append(this.state, this.since, this.facts, this.cost, this.held, this.trouble);
    this.pace = new Pace(this, STATUS_PACE);
  }

  draw(store) {
    const held = store.holds.told(performance.now());
    const news = `${held} ${store.stale()} ${store.kernelGone}`;
    // numbers wait until they can be read; what has happened does not
    if (news !== this.news || store.status !== this.status) this.pace.reset();
    if (!this.pace.due()) return;
    [this.news, this.status] = [news, store.status];
    const { state } = store.status;
    const [sign, words] = wording(store);
    setText(this.sign, sign);
    setText(this.words, words);
    setAttribute(this.state, "data-state", store.stale() ? "stale" : state);
    setText(this.since, store.stale() && !store.kernelGone ? `for ${Math.floor(store.silence())} s` : "");
    setText(this.facts, facts(store).join(" · "));
    setText(this.cost, cost(store, performance.now()));
    setText(this.held, held);
    const error = errorsInWords(store);
    const [faults, more] = faultsInWords(store);
    setText(this.error, error);
    setText(this.faults, (error && faults ? " · " : "") + faults);
    setAttribute(this.trouble, "title", more);
  }

  end() {
    this.pace.end();
    super.end();
  }
}

function wording(store) {
  if (store.kernelGone) return ["■", "Kernel gone"];
  if (store.stale()) return ["○", "No samples"];
  const played = store.status.live === false ? PLAYED[store.status.state] : undefined;
  const [sign, words] = played ?? STATES[store.status.state] ?? ["?", store.status.state];
  if (store.status.state === "starting" && store.status.error) return [sign, "Starting again"];
  return [sign, words];
}

/** perf's version, interval, cores, samples. */
export function facts(store) {
  const { perf, interval, cores, target } = store.status;
  const said = [];
  if (perf) said.push(`perf ${perf}`);
  if (interval) said.push(`every ${seconds(interval)}`);
  said.push(...hostsInFew(store));
  if (target) said.push(target);
  if (cores || !target) said.push(cores ? `cores ${cores}` : "all cores");
  said.push(`${full(store.samples)} ${store.samples === 1 ? "sample" : "samples"}`);
  const { recording } = store.status;
  if (recording) said.push(`recording to ${recording} (${bytes(store.recorded ?? 0)})`);
  return said;
}

/** What showing all this costs; from the beginning, and as long with any digits. */
export function cost(store, now) {
  const share = store.cost >= 0 ? (store.cost * 100).toFixed(1) : "–";
  const size = Number.isNaN(store.bytes) ? "–" : (store.bytes / 1000).toFixed(1);
  const rate = store.redraws.at(now);
  const redraws = Number.isNaN(rate) ? "–" : String(Math.round(rate));
  const wide = (words, length) => words.padStart(length, FIGURE_SPACE);
  return `own cost ${wide(share, 3)} % of a core, ${wide(size, 3)} kB a tick, ${wide(redraws, 2)} redraws/s`;
}

/** The reason and remedy of what is wrong with the sources. */
export function errorsInWords(store) {
  const { error, memory_error: memory } = store.status;
  const said = [error, memory].filter(Boolean).map((e) => [e.reason, e.remedy].filter(Boolean).join(". "));
  return said.join(" · ");
}

/** What failed beside them, in users' callbacks or in a view; and what to say of it on hover. */
export function faultsInWords(store) {
  const { faults = [] } = store.status;
  const said = faults.map((fault) => {
    const times = fault.times > 1 ? ` (${fault.times} times)` : "";
    return `${fault.where}: ${fault.message}${times}`;
  });
  return [said.join(" · "), faults.map((fault) => fault.traceback).filter(Boolean).join("\n")];
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-status");
    const bar = new StatusBar(model, el);
    return () => bar.end();
  },
});
