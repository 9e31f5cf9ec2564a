// Where a recording is, and how fast it is played.

import { element, setAttribute, setText } from "./dom.js";

const SPEEDS = [0.25, 0.5, 1, 2, 5, 10, 100];

export class ReplayControls {
  constructor(store) {
    this.store = store;
    this.moving = false;
    this.place = element("input", {
      type: "range",
      min: "0",
      step: "any",
      class: "pw-place",
      "aria-label": "Place in the recording",
      oninput: () => this.move(),
      onchange: () => this.seek(),
    });
    this.at = element("span", { class: "pw-dim pw-at" });
    this.speed = element("select", {
      "aria-label": "Speed",
      onchange: () => this.store.command("speed", { speed: Number(this.speed.value) }),
    });
    this.elements = [
      element("label", { title: "Where the recording is" }, this.place, this.at),
      element("label", {}, "Speed ", this.speed),
    ];
  }

  /** Somebody moves the place: it is theirs until they let go. */
  move() {
    this.moving = true;
    this.say(Number(this.place.value));
  }

  /** The place in words, for the eye and for the ear. */
  say(position) {
    const words = clock(position, this.duration);
    setText(this.at, words);
    setAttribute(this.place, "aria-valuetext", words);
  }

  seek() {
    this.moving = false;
    this.store.position = Number(this.place.value); // paused, nothing else would tell
    this.store.command("seek", { seconds: this.store.position });
  }

  draw(store) {
    const { replay } = store.status;
    const [place, speed] = this.elements;
    place.hidden = !replay?.duration; // perf's own text does not tell how long it is
    speed.hidden = !replay;
    if (!replay) return;
    this.duration = replay.duration ?? 0;
    for (const control of [this.place, this.speed]) control.disabled = store.kernelGone;
    this.drawSpeed(replay.speed);
    this.place.max = String(this.duration);
    if (this.moving || store.pending?.name === "seek") return;
    const position = Math.min(store.position ?? 0, this.duration);
    this.place.value = String(position);
    this.say(position);
  }

  drawSpeed(speed) {
    const speeds = speed === null || SPEEDS.includes(speed) ? SPEEDS : [...SPEEDS, speed].sort((a, b) => a - b);
    const words = `${speeds.join()} ${speed === null}`;
    if (this.words !== words) {
      this.words = words;
      const options = speeds.map((each) => element("option", { value: String(each) }, `×${each}`));
      if (speed === null) options.push(element("option", { value: "", disabled: true }, "at once"));
      this.speed.replaceChildren(...options);
    }
    if (document.activeElement !== this.speed || this.speed.value === "") this.speed.value = speed === null ? "" : String(speed);
  }
}

/** "1:05 / 10:00" */
function clock(position, duration) {
  return `${minutes(position)} / ${minutes(duration)}`;
}

function minutes(value) {
  const whole = Math.floor(value);
  const rest = String(whole % 60).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const middle = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${String(middle).padStart(2, "0")}:${rest}` : `${middle}:${rest}`;
}
