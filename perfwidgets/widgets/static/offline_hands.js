// Pointer and keys on a plot: a cursor that tells values, zoom by dragging, back by double click.

const DRAGGED = 5; // px, less is a click
const FASTER = 10; // rows at a time with Shift
const CLOSER = 0.5;

/** Let a person read and zoom `plot`; `tell(spoken)` is called when the cursor has moved. */
export function handle(plot, tell) {
  const { svg, view } = plot;
  let began = null;
  const place = (event) => event.clientX - svg.getBoundingClientRect().left;
  const moveTo = (number, spoken) => {
    plot.at = number;
    plot.drawCursor();
    tell(spoken);
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    began = place(event);
    svg.setPointerCapture(event.pointerId);
  });
  svg.addEventListener("pointermove", (event) => {
    moveTo(nearest(plot.columns, plot.timeAt(place(event))), false);
    if (began !== null && Math.abs(place(event) - began) >= DRAGGED) plot.select(began, place(event));
  });
  const release = (event) => {
    const end = place(event);
    if (began !== null && event.type === "pointerup" && Math.abs(end - began) >= DRAGGED) {
      view.show(plot.timeAt(began), plot.timeAt(end));
    }
    began = null;
    plot.select(null, null);
  };
  svg.addEventListener("pointerup", release);
  svg.addEventListener("pointercancel", release);
  svg.addEventListener("pointerleave", () => {
    if (began === null && document.activeElement !== svg) moveTo(null, false);
  });
  svg.addEventListener("dblclick", () => view.reset());
  svg.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !plot.columns?.length) return;
    const done = keys(plot, event);
    if (done === undefined) return;
    event.preventDefault();
    if (done !== null) {
      view.reach(plot.columns.time(done));
      moveTo(done, true);
    }
  });
}

/** The row that a key leads to; `null` where it only zooms, `undefined` where it means nothing. */
function keys(plot, { key, shiftKey }) {
  const { view, columns } = plot;
  const step = shiftKey ? FASTER : 1;
  const bounded = (number) => Math.min(columns.next - 1, Math.max(columns.first, number));
  const at = plot.at ?? nearest(columns, view.to);
  const focus = plot.at === null ? (view.from + view.to) / 2 : columns.time(at);
  const zoom = (factor) => {
    view.scale(factor, focus);
    return null;
  };
  switch (key) {
    case "ArrowLeft": return bounded(plot.at === null ? at : at - step);
    case "ArrowRight": return bounded(plot.at === null ? at : at + step);
    case "Home": return nearest(columns, view.from);
    case "End": return nearest(columns, view.to);
    case "+":
    case "=": return zoom(CLOSER);
    case "-": return zoom(1 / CLOSER);
    case "0":
    case "Escape":
      view.reset();
      return null;
    default: return undefined;
  }
}

/** The number of the row whose time is nearest to `time`; `null` where there is none. */
export function nearest(columns, time) {
  if (!columns?.length) return null;
  const after = Math.min(columns.since(time), columns.next - 1);
  const before = Math.max(after - 1, columns.first);
  return time - columns.time(before) < columns.time(after) - time ? before : after;
}
