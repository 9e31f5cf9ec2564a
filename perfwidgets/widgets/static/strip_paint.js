// Pixels of the strip: one for each column of time, some for each line.

import { stepOf } from "./strip_scale.js";

export const MOST_LINES = 512;
const TALL = 14; // px of a line where there are few
const HEIGHT = 192; // px that the lines share where there are many
const GAP_FROM = 6; // px of a line from which on lines stand apart
const HATCH = 5; // px from one stroke to the next

/** How high a line is for so many of them. */
export function lineHeight(lines) {
  return Math.max(1, Math.min(TALL, Math.floor(HEIGHT / lines)));
}

/**
 * Paint lines into `pixels`, a Uint32Array of `grid.columns` by lines times `height`. What was not
 * counted is hatched with `hatch`; where there is no sample nothing is painted.
 */
export function paint(pixels, grid, { lines, values }, height, { ramp, hatch, scale }) {
  const { columns, covered } = grid;
  const tall = height >= GAP_FROM ? height - 1 : height;
  pixels.fill(0);
  for (let line = 0; line < lines; line++) {
    const top = line * height * columns;
    let some = false;
    for (let c = 0; c < columns; c++) {
      const value = values[line * columns + c];
      if (!Number.isNaN(value)) pixels[top + c] = ramp[stepOf(value, scale)];
      else if (covered[c]) some = true;
    }
    for (let y = 1; y < tall; y++) pixels.copyWithin(top + y * columns, top, top + columns);
    if (some) hatchLine(pixels, grid, values, { line, height, tall, hatch });
  }
}

function hatchLine(pixels, { columns, covered }, values, { line, height, tall, hatch }) {
  for (let c = 0; c < columns; c++) {
    if (!covered[c] || !Number.isNaN(values[line * columns + c])) continue;
    for (let y = line * height; y < line * height + tall; y++) {
      if ((c + y) % HATCH === 0) pixels[y * columns + c] = hatch;
    }
  }
}

/** Which lines have a label: as many as there is room for, at round numbers. */
export function labelled(lines, height, least = 12) {
  const apart = Math.ceil(least / height);
  const step = apart <= 1 ? 1 : 2 ** Math.ceil(Math.log2(apart));
  return Array.from({ length: Math.ceil(lines / step) }, (_, i) => i * step);
}
