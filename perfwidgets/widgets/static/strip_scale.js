// Colours of a scale: from the style sheet's stops, as light as the theme wants them.

import { roundUp } from "./format.js";

const STEPS = 256;

/** Colours such as "#0b69c7" as 256 pixels (RGBA, as an ImageData holds them), evenly between. */
export function rampOf(stops) {
  const colors = stops.map(channels);
  return Uint32Array.from({ length: STEPS }, (_, i) => {
    const place = (i / (STEPS - 1)) * (colors.length - 1);
    const left = Math.min(Math.floor(place), colors.length - 2);
    const mixed = colors[left].map((c, k) => c + (colors[left + 1][k] - c) * (place - left));
    return pixelOf(mixed);
  });
}

/** A colour as one pixel of an ImageData; bytes stand in it as R, G, B, A. */
export function pixelOf([red, green, blue], opacity = 1) {
  const bytes = [red, green, blue, opacity * 255].map(Math.round);
  return ((bytes[3] << 24) | (bytes[2] << 16) | (bytes[1] << 8) | bytes[0]) >>> 0;
}

/** "#0b69c7" as [11, 105, 199]. */
export function channels(color) {
  const digits = color.trim().replace("#", "");
  const long = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16));
}

/** Which of the ramp's colours a value has. */
export function stepOf(value, { low, high }) {
  const place = Math.floor(((value - low) / (high - low)) * STEPS);
  return Math.max(0, Math.min(STEPS - 1, place));
}

/**
 * Ends of the scale: 0, or a round number below the least value, to one above the greatest. They
 * stay as they were before until values outgrow them, or use less than half.
 */
export function scaleFor({ least, greatest }, before) {
  const high = greatest > 0 ? roundUp(greatest) : least < 0 ? 0 : 1;
  const low = least < 0 ? -roundUp(-least) : 0;
  const keep = (wanted, was) => Math.abs(wanted) <= Math.abs(was) && Math.abs(wanted) >= Math.abs(was) / 2;
  if (!before) return { low, high };
  return {
    low: low && keep(low, before.low) ? before.low : low,
    high: high && keep(high, before.high) ? before.high : high,
  };
}
