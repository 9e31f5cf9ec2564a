// What is running, how, and if something is wrong, what to do.

import { element, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { bytes, full, seconds } from "./format.js";

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
    this.state = element("span", { class: "pw-live", role: "status" }, this.sign, this.words);
    this.facts = element("span", { class: "pw-dim" });
    this.trouble = element("span", { class: "pw-trouble" });
    el.append(this.state, this.facts, this.trouble);
  }

  draw(store) {
    const { state } = store.status;
    const [sign, words] = wording(store);
    setText(this.sign, sign);
    setText(this.words, words);
    setAttribute(this.state, "data-state", store.stale() ? "stale" : state);
    setText(this.facts, facts(store).join(" · "));
    const [trouble, more] = troubles(store);
    setText(this.trouble, trouble);
    setAttribute(this.trouble, "title", more);
  }
}

function wording(store) {
  if (store.kernelGone) return ["■", "Kernel gone"];
  if (store.stale()) return ["○", `No samples for ${Math.floor(store.silence())} s`];
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
  if (target) said.push(target);
  if (cores || !target) said.push(cores ? `cores ${cores}` : "all cores");
  said.push(`${full(store.samples)} ${store.samples === 1 ? "sample" : "samples"}`);
  // from the beginning, so that the line does not grow when the cost is known
  const cost = store.cost >= 0 ? (store.cost * 100).toFixed(1) : "–";
  said.push(`collector ${cost} % of a core`);
  const { recording } = store.status;
  if (recording) said.push(`recording to ${recording} (${bytes(store.recorded ?? 0)})`);
  return said;
}

/** The reason and remedy of what is wrong, and what more there is to say on hover. */
export function troubles(store) {
  const { error, memory_error: memory, faults = [] } = store.status;
  const said = [error, memory].filter(Boolean).map((e) => [e.reason, e.remedy].filter(Boolean).join(". "));
  for (const fault of faults) {
    const times = fault.times > 1 ? ` (${fault.times} times)` : "";
    said.push(`${fault.where}: ${fault.message}${times}`);
  }
  return [said.join(" · "), faults.map((fault) => fault.traceback).filter(Boolean).join("\n")];
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-status");
    const bar = new StatusBar(model, el);
    return () => bar.end();
  },
});
