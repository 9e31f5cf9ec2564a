// A line of the last minute, as small as a word.

import { decimate, greatest } from "./decimate.js";

const SVG = "http://www.w3.org/2000/svg";
const SPAN = 60; // s
const WIDTH = 80;
const HEIGHT = 16;

/** An SVG element and how to draw the rates of event number `e` of a store into it. */
export function sparkline() {
  const el = document.createElementNS(SVG, "svg");
  el.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  el.setAttribute("preserveAspectRatio", "none");
  el.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  el.append(path);
  return {
    el,
    draw(store, e) {
      const { counters } = store;
      const now = store.now();
      const from = counters.since(now - SPAN);
      const points = decimate(
        from,
        counters.next,
        WIDTH / 2,
        (n) => counters.time(n) - now,
        (n) => counters.rate(e, n),
      );
      path.setAttribute("d", outline(points));
    },
  };
}

/** An SVG path through the points, broken at gaps; the greatest value touches the top. */
export function outline({ x, y }) {
  const top = greatest(y) || 1;
  let words = "";
  let pen = "M";
  for (let i = 0; i < x.length; i++) {
    if (Number.isNaN(y[i])) {
      pen = "M";
      continue;
    }
    const across = (1 + x[i] / SPAN) * WIDTH;
    const up = HEIGHT - 1 - (y[i] / top) * (HEIGHT - 2);
    words += `${pen}${across.toFixed(1)} ${up.toFixed(1)}`;
    pen = "L";
  }
  return words;
}
