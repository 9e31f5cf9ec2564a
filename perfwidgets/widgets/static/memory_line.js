// The latest paging, swap and faults in words, beside the bandwidth chart; also its legend.

import { element, setAttribute, setText } from "./dom.js";
import { full, si } from "./format.js";
import { Pace } from "./pace.js";
import { Sight } from "./sight.js";
import { storeOf } from "./store.js";

const MEMORY_PACE = 240; // ms

class MemoryLine {
  constructor(model, el) {
    this.name = "memory line";
    this.parts = {};
    const part = (name, kind) => (this.parts[name] = element("span", { class: kind }));
    el.append(
      element(
        "div",
        { class: "pw-heading" },
        element("strong", {}, "Paging activity"),
        element("span", { class: "pw-dim" }, "from /proc/vmstat; not memory bandwidth"),
      ),
      element(
        "div",
        { class: "pw-keys" },
        part("in", "pw-key pw-in"),
        part("out", "pw-key pw-out"),
        part("swap", "pw-key pw-swapin"),
        part("swapout", "pw-key pw-swapout"),
        part("faults", "pw-dim"),
      ),
    );
    this.store = storeOf(model.get("feed"));
    this.sight = new Sight(() => this.store.request());
    this.sight.watch([el]);
    this.el = el;
    this.pace = new Pace(this, MEMORY_PACE);
    this.leave = this.store.add(this);
  }

  inSight() {
    return this.sight.inSight();
  }

  shown() {
    return this.sight.shown();
  }

  draw(store) {
    if (!this.pace.due()) return;
    const { memory } = store;
    const newest = memory.newest();
    const rate = (event) => {
      const column = memory.index.get(event);
      return newest < 0 || column === undefined ? NaN : memory.rate(column, newest);
    };
    this.say("in", `in ${kb(rate("pgpgin"))}`, "read from disks (pgpgin)", rate("pgpgin"));
    this.say("out", `out ${kb(rate("pgpgout"))}`, "written to disks (pgpgout)", rate("pgpgout"));
    const [swapIn, swapOut] = [rate("pswpin"), rate("pswpout")];
    const none = !(swapIn > 0 || swapOut > 0);
    setText(this.parts.swap, none ? `swap ${si(swapIn)}` : `swap in ${kb(swapIn)}`);
    setText(this.parts.swapout, none ? "" : `out ${kb(swapOut)}`);
    for (const part of ["swap", "swapout"]) this.parts[part].classList.toggle("pw-drawn", !none);
    this.el.classList.toggle("pw-stale", store.memoryOld() && newest >= 0);
    setText(this.parts.faults, `faults ${si(rate("pgfault"))}/s, major ${si(rate("pgmajfault"))}/s`);
  }

  say(part, words, meaning, value) {
    setText(this.parts[part], words);
    setAttribute(this.parts[part], "title", `${full(value)} KB/s ${meaning}; 1 KB is 1,024 bytes`);
  }

  end() {
    this.pace.end();
    this.sight.end();
    this.leave();
  }
}

function kb(value) {
  return Number.isFinite(value) ? `${Math.round(value).toLocaleString("en-US")} KB/s` : "– KB/s";
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-memory");
    const line = new MemoryLine(model, el);
    return () => line.end();
  },
});
