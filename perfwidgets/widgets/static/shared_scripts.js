// The scripts of all views come once in a page, with a feed; a view's own text only waits for them.
// They are held by the version of their text, since a page may show widgets of two of our releases.

const PATIENCE = 60_000; // ms, as for models
const LATE =
  "perfwidgets: the script of this view did not come within a minute. Run its cell again, or load the page anew.";
const held = (globalThis[Symbol.for("perfwidgets.scripts")] ??= new Map());

function scriptsOf(version) {
  if (!held.has(version)) {
    const scripts = {};
    scripts.come = new Promise((resolve) => (scripts.bring = resolve));
    held.set(version, scripts);
  }
  return held.get(version);
}

/** Bring the scripts of `version`, which `make` gives to the first feed that has them; these. */
export function bringScripts(version, make) {
  const scripts = scriptsOf(version);
  scripts.made ??= make();
  scripts.bring(scripts.made);
  return scripts.made;
}

/** The view called `name`, as anywidget wants it: at once, though its script may come later. */
export function widgetOf(version, name) {
  const come = scriptsOf(version).come.then((made) => made[name]());
  return {
    initialize: (context) => whenCome(come, (widget) => widget.initialize?.(context), console.error),
    render: (context) => {
      const { el } = context;
      const draw = (widget) => {
        el.replaceChildren();
        return widget.render?.(context);
      };
      return whenCome(come, draw, (words) => (el.textContent = words));
    },
  };
}

/** anywidget gives up a model that takes two seconds to begin: begin at once, do `work` later. */
function whenCome(come, work, tell) {
  let [ended, end] = [false, null];
  const timer = setTimeout(() => tell(LATE), PATIENCE);
  come.then((widget) => {
    clearTimeout(timer);
    if (!ended) end = work(widget);
  });
  return () => {
    ended = true;
    clearTimeout(timer);
    end?.();
  };
}
