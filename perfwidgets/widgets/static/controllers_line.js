// What memory controllers read and wrote in the last interval, in words; also the chart's legend.
// The kernel shows it, and the chart below it, only where perf counts the controllers.

import { controllerSums } from "./controllers.js";
import { element, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { full, percent, si } from "./format.js";
import { readMetric } from "./metrics.js";
import { Pace } from "./pace.js";

const CONTROLLER_PACE = 240; // ms, as in the counter grid

class ControllersLine extends DomView {
  constructor(model, el) {
    super(model, el, "memory controllers");
    this.values = {
      read: element("span", { class: "pw-key pw-in" }),
      write: element("span", { class: "pw-key pw-out" }),
    };
    el.append(
      element(
        "div",
        { class: "pw-heading" },
        element("strong", {}, "Memory controllers"),
        element("span", { class: "pw-dim" }, "counted by perf (uncore_imc): all that went to memory and came from it"),
      ),
      element("div", { class: "pw-keys" }, this.values.read, this.values.write),
    );
    this.pace = new Pace(this, CONTROLLER_PACE);
  }

  draw(store) {
    const sums = controllerSums(store.layout);
    if (!this.pace.due()) return;
    const newest = store.counters.newest();
    for (const [direction, target] of Object.entries(this.values)) {
      const sum = sums.find((each) => each.direction === direction);
      target.hidden = !sum;
      if (sum) this.say(target, sum, newest);
    }
    this.el.classList.toggle("pw-stale", store.old() && newest >= 0);
  }

  say(target, sum, newest) {
    const nothing = { value: NaN, share: NaN, reason: "no counts yet" };
    const { value, share, reason } = newest < 0 ? nothing : readMetric(sum, this.store.counters, newest);
    const scaled = share >= 0 && share < 1 ? ` (scaled, ${percent(share)})` : "";
    setText(target, `${sum.direction} ${si(value)} ${sum.unit}/s${scaled}`);
    const words = `${full(value)} ${sum.unit}/s: ${sum.events.join(" + ")}`;
    setAttribute(target, "title", reason || words);
  }

  end() {
    this.pace.end();
    super.end();
  }
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-memory", "pw-controllers-line");
    const line = new ControllersLine(model, el);
    return () => line.end();
  },
});
