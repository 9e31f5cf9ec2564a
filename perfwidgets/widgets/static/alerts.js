// Conditions that the kernel watches, and the times in which they held, as it has told of them.

import { seconds, si } from "./format.js";

const ABOVE = "▲";
const BELOW = "▼";

export class Alerts {
  constructor() {
    this.watches = []; // { condition, sign, hold, state }
    this.all = []; // { number, condition, began, ended, worst, unit, names }, oldest first
    this.crossing = new Map(); // name of a row -> alerts that are on, of it
  }

  /** Take over what the kernel tells: all that is watched, and the newest alerts. */
  take(told) {
    this.watches = told?.watches ?? [];
    this.all = told?.alerts ?? [];
    this.crossing = new Map();
    for (const alert of this.on()) {
      for (const name of alert.names) {
        this.crossing.set(name, [...(this.crossing.get(name) ?? []), alert]);
      }
    }
  }

  /** Those that hold now. */
  on() {
    return this.all.filter((alert) => alert.ended === null);
  }

  /** Those that held at any time between two moments; one that is on has no end yet. */
  between(from, to) {
    return this.all
      .map(({ number, condition, began, ended }) => ({
        number,
        began,
        ended: ended ?? Infinity,
        label: `${signOf(condition)} ${condition}`,
      }))
      .filter(({ began, ended }) => ended >= from && began <= to);
  }

  /** What a row says of alerts on it: sign, a few words, and all of them; null without any. */
  wordsOf(name) {
    const those = this.crossing.get(name);
    if (!those) return null;
    return {
      sign: signOf(those[0].condition),
      words: limitOf(those[0].condition),
      help: those.map((alert) => alertInWords(alert)).join("\n"),
    };
  }
}

/** Up where the limit is one that values rose above, else down. */
function signOf(condition) {
  return condition.lastIndexOf(">") > condition.lastIndexOf("<") ? ABOVE : BELOW;
}

/** The limit of a condition: "> 50k/s". */
function limitOf(condition) {
  const at = Math.max(condition.lastIndexOf(">"), condition.lastIndexOf("<"));
  return condition.slice(at).replace(/ for .*$/, "");
}

/** An alert in a sentence: the condition, since when or how long, and the worst value. */
export function alertInWords({ condition, began, ended, worst, unit }) {
  const value = `worst ${si(worst)}${unit && !unit.startsWith("/") ? " " : ""}${unit}`;
  if (ended === null) return `${condition}: since ${timeOfDay(began)}, ${value}`;
  const lasted = Number((ended - began).toPrecision(2));
  return `${condition}: ${timeOfDay(began)} for ${seconds(lasted)}, ${value}`;
}

/** A moment as a clock shows it; seconds from the beginning where there is no clock. */
function timeOfDay(time) {
  if (time < 1e8) return seconds(Number(time.toFixed(1)));
  return new Date(time * 1000).toLocaleTimeString("en-GB");
}
