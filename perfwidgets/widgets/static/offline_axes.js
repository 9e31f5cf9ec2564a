// Where an axis has its ticks, and their words; perfwidgets/snapshot/scales.py does the same.

import { seconds, si } from "./format.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];
STEPS.push(3600, 7200, 14400, 21600, 43200, 86400); // s between ticks that read well
const ABOUT = 1e-9;

/** Five places between the ends of an axis; 0 is one of them. */
export function valueTicks(bottom, top) {
  if (bottom < 0) return [bottom, bottom / 2, 0, top / 2, top];
  return [0, 0.25, 0.5, 0.75, 1].map((part) => top * part);
}

/** Places between `from` and `to`, each a round time before `end`, and their words. */
export function timeTicks(from, to, end, most) {
  const step = tickStep((to - from) / most);
  const ticks = [];
  for (let n = Math.floor((end - from) / step + ABOUT); n >= 0; n--) {
    if (end - n * step > to + step * ABOUT) break;
    ticks.push([end - n * step, n ? `−${seconds(n * step)}` : "end"]);
  }
  return ticks;
}

function tickStep(least) {
  const longest = STEPS.at(-1);
  if (least >= 1 && least <= longest) return STEPS.find((step) => step >= least * (1 - ABOUT));
  const unit = least < 1 ? 1 : longest;
  const power = 10 ** Math.floor(Math.log10(Math.max(least / unit, ABOUT)));
  const sizes = [1, 2, 5, 10].map((factor) => factor * power * unit);
  return sizes.find((size) => size >= least * (1 - ABOUT)) ?? sizes.at(-1);
}

/** A round number at an axis: 250000 as "250 k", 0.05 as "0.05". */
export function tickWords(value) {
  if (value !== 0 && Math.abs(value) < 0.1) return String(Number(value.toPrecision(3))).replace("-", "−");
  return si(value).replace(/(\.\d*?)0+(?=\D|$)/, "$1").replace(/\.(?=\D|$)/, "");
}
