// The cells that were executed and the marks that were set, as the kernel has told of them.

const MOST_KEPT = 1000;

export class Timeline {
  constructor() {
    this.cells = new Map(); // number -> cell
    this.marks = new Map(); // number -> mark
  }

  /** Take over what a message's head tells; whether it told of anything. */
  take(head) {
    for (const [number, count, code, began, ended, error] of head.cells ?? []) {
      this.cells.set(number, { number, count, code, began, ended: ended ?? Infinity, error });
    }
    for (const [number, time, label] of head.marks ?? []) this.marks.set(number, { number, time, label });
    bound(this.cells);
    bound(this.marks);
    return Boolean(head.cells || head.marks);
  }

  /** Cells that ran at any time between `from` and `to`. */
  cellsBetween(from, to) {
    return [...this.cells.values()].filter((cell) => cell.ended >= from && cell.began <= to);
  }

  marksBetween(from, to) {
    return [...this.marks.values()].filter((mark) => mark.time >= from && mark.time <= to);
  }
}

/** Forget the oldest beyond so many; they came in the order of their numbers. */
function bound(map) {
  for (const key of map.keys()) {
    if (map.size <= MOST_KEPT) return;
    map.delete(key);
  }
}

/** What a cell is called: "In [5]", or "a cell" where it has no number. */
export function cellName(cell) {
  return cell.count === null ? "a cell" : `In [${cell.count}]`;
}

/** A cell in words: name, code, how long, how it ended. */
export function cellWords(cell, now) {
  const running = cell.ended === Infinity;
  const lasted = Math.max(0, (running ? now : cell.ended) - cell.began);
  const end = running ? "still running" : cell.error ? `failed: ${cell.error}` : "";
  return [`${cellName(cell)}: ${cell.code}`, duration(lasted), end].filter(Boolean).join("\n");
}

function duration(lasted) {
  if (lasted < 1) return `${Number((lasted * 1000).toPrecision(2))} ms`;
  if (lasted < 60) return `${lasted.toFixed(1)} s`;
  const minutes = Math.floor(lasted / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(lasted % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
