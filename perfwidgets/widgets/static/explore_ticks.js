// Ticks of a stretch that stands still, and of a log scale.

import { clockWords, isClock } from "./explore_axes.js";
import { tickWords, timeTicks } from "./offline_axes.js";

const DAY = 86400; // s
const EDGE = 12; // px that a tick at the right needs beside it
const TICK_ROOM = 76; // px for the words of one

/** Ticks at round times of the clock: `[time, words]` of those that a plot `pixels` wide has room for. */
export function clockTicks(from, to, pixels) {
  const offset = isClock(to) ? new Date(to * 1000).getTimezoneOffset() * 60 : 0;
  const midnight = (Math.ceil(to / DAY) + 1) * DAY + offset;
  const most = Math.min(6, Math.max(1, pixels / TICK_ROOM));
  const times = timeTicks(from, to, midnight, most).map(([time]) => time);
  const step = times.length > 1 ? times[1] - times[0] : to - from;
  const edge = (EDGE / pixels) * (to - from);
  return times.filter((time) => to - time >= edge).map((time) => [time, clockWords(time, step)]);
}

/** The ends of a log scale, as powers of ten, around the powers in `lists`; some where there are none. */
export function powersAround(lists) {
  let [least, most] = [Infinity, -Infinity];
  for (const powers of lists) {
    for (const power of powers) {
      if (power < least) least = power;
      if (power > most) most = power;
    }
  }
  if (most < least) return { bottom: 0, top: 1 };
  const bottom = Math.floor(least + 1e-9);
  return { bottom, top: Math.max(bottom + 1, Math.ceil(most - 1e-9)) };
}

/** Ticks of a log scale: `[power, words]`; `wordsOf` words a value. */
export function logTicks({ bottom, top }, wordsOf = tickWords) {
  const every = Math.ceil((top - bottom) / 6);
  const within = top - bottom === 1 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = bottom; power <= top; power += every) {
    for (const factor of power < top ? within : [1]) {
      ticks.push([power + Math.log10(factor), wordsOf(factor * 10 ** power)]);
    }
  }
  return ticks;
}
