// Elements of SVG, and paths through points.

const NAMESPACE = "http://www.w3.org/2000/svg";

/** A new element with attributes, and children that are elements or text. */
export function svgElement(tag, attributes = {}, ...children) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** The data of a path through points; it is broken where `y` is no number. */
export function pathOf(x, y) {
  let words = "";
  const known = (i) => i >= 0 && i < y.length && Number.isFinite(y[i]);
  for (let i = 0; i < y.length; i++) {
    if (!known(i)) continue;
    words += `${known(i - 1) ? "L" : "M"}${x[i].toFixed(1)} ${y[i].toFixed(1)}`;
    if (!known(i - 1) && !known(i + 1)) words += "h0"; // a value between two gaps: a dot
  }
  return words;
}
