// The latest paging, swap and faults in words, beside the bandwidth chart; also its legend.

import { element, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { full, si } from "./format.js";
import { Pace } from "./pace.js";

const MEMORY_PACE = 240; // ms

class MemoryLine extends DomView {
  constructor(model, el) {
    super(model, el, "memory line");
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
    this.pace = new Pace(this, MEMORY_PACE);
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
    super.end();
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
