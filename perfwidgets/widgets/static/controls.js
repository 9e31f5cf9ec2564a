// What a person can change. The window changes here; the rest are commands to the kernel, shown
// as pending until it has answered: a kernel that runs a cell may hear of them only at its end.

import { element, setAttribute, setText } from "./dom.js";
import { DomView } from "./dom_view.js";
import { ReplayControls } from "./replay_controls.js";
import { seconds } from "./format.js";

const WINDOWS = [15, 30, 60, 120, 300, 600, 1800, 3600];
const INTERVALS = [0.1, 0.25, 0.5, 1, 2, 5, 10];
const PATIENCE = 1000; // ms, before a command that waits says why
const BUTTON = {
  running: ["Pause", "pause"],
  starting: ["Pause", "pause"],
  paused: ["Resume", "resume"],
  idle: ["Start", "start"],
  stopped: ["Start", "start"],
  failed: ["Try again", "start"],
};

class Controls extends DomView {
  constructor(model, el) {
    super(model, el, "controls");
    this.button = element("button", { type: "button", class: "pw-start", onclick: () => this.press() });
    this.record = element("button", {
      type: "button",
      class: "pw-record",
      onclick: () => this.store.command(this.store.status.recording ? "stop_recording" : "record"),
    });
    this.window = element("select", {
      onchange: () => this.store.setWindow(Number(this.window.value)),
    });
    this.interval = element("select", {
      onchange: () => this.configure({ interval: Number(this.interval.value) }),
    });
    this.cores = element("input", {
      type: "text",
      size: "6",
      placeholder: "all",
      spellcheck: "false",
      title: "Cores to count: all, or a list such as 0-3,8",
      onchange: () => this.configure({ cores: this.cores.value.trim() }),
    });
    this.families = element("span", { class: "pw-families", role: "group", "aria-label": "Families" });
    this.perCore = element("input", {
      type: "checkbox",
      onchange: () => this.configure({ per_core: this.perCore.checked }),
    });
    this.note = element("span", { class: "pw-note", role: "status" });
    this.replay = new ReplayControls(this.store);
    this.live = [
      this.record,
      element("label", {}, "Interval ", this.interval),
      element("label", {}, "Cores ", this.cores),
      element("label", { title: "Count each core apart; rows open into cores" }, this.perCore, "per core"),
      this.families,
    ];
    const window = element("label", {}, "Window ", this.window);
    el.append(this.button, this.live[0], window, ...this.live.slice(1), ...this.replay.elements, this.note);
  }

  press() {
    this.store.command(BUTTON[this.store.status.state]?.[1] ?? "start");
  }

  configure(values) {
    this.store.command("configure", values);
  }

  draw(store) {
    const { status, pending } = store;
    setText(this.button, BUTTON[status.state]?.[0] ?? "Start");
    const gone = store.kernelGone;
    this.drawRecord(store);
    this.replay.draw(store);
    // a recording holds what was asked for when it was made
    for (const each of this.live) each.hidden = !(status.live ?? true);
    for (const control of [this.button, this.record, this.interval, this.cores, this.perCore]) control.disabled = gone;
    if (!pending) this.perCore.checked = Boolean(status.per_core);
    options(this.window, windows(store), store.window);
    options(this.interval, withValue(INTERVALS, status.interval), status.interval);
    if (document.activeElement !== this.cores) this.cores.value = status.cores ?? "";
    this.drawFamilies(store);
    const waits = pending !== null && performance.now() - pending.since > PATIENCE;
    const recorded = status.recorded && !status.recording ? `recorded to ${status.recorded}` : "";
    setText(this.note, waits ? "waits for the running cell" : status.refusal || recorded);
    this.note.classList.toggle("pw-bad", !waits && Boolean(status.refusal));
  }

  drawRecord(store) {
    const { recording } = store.status;
    setText(this.record, recording ? "■ End recording" : "● Record");
    const title = recording
      ? `End the recording to ${recording}`
      : "Record counts, cells and marks to a file in the notebook's folder";
    setAttribute(this.record, "title", title);
    this.record.classList.toggle("pw-recording", Boolean(recording));
  }

  drawFamilies(store) {
    const { families = [] } = store.status;
    if (store.pending) return; // what was clicked stands until it is answered
    const words = JSON.stringify([families, store.kernelGone, store.status.answer]);
    if (words === this.familiesDrawn) return;
    this.familiesDrawn = words;
    this.boxes = families.map(({ family, title, chosen }) => {
      const choose = () => this.configure({ families: this.chosenFamilies() });
      const box = element("input", { type: "checkbox", onchange: choose });
      box.checked = chosen;
      box.disabled = store.kernelGone;
      return { family, box, title };
    });
    this.families.replaceChildren(
      ...this.boxes.map(({ box, title }) =>
        element("label", { title: "Count the events of this family" }, box, title),
      ),
    );
  }

  chosenFamilies() {
    return this.boxes.filter(({ box }) => box.checked).map(({ family }) => family);
  }
}

/** Windows up to what the history holds. */
function windows(store) {
  const most = store.layout.window ?? 300;
  return withValue(
    WINDOWS.filter((window) => window <= most),
    store.window,
  );
}

function withValue(values, value) {
  if (!value || values.includes(value)) return values;
  return [...values, value].sort((a, b) => a - b);
}

function options(select, values, chosen) {
  const words = values.join();
  if (select.dataset.words !== words) {
    select.dataset.words = words;
    select.replaceChildren(
      ...values.map((value) => element("option", { value: String(value) }, seconds(value))),
    );
  }
  if (document.activeElement !== select || select.value === "") select.value = String(chosen);
  setAttribute(select, "data-value", String(chosen));
}

export default () => ({
  render({ model, el }) {
    el.classList.add("perfwidgets", "pw-controls");
    const controls = new Controls(model, el);
    return () => controls.end();
  },
});
