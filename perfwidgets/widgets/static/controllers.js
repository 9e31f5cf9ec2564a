// The rows of memory controllers among what is counted: what they read and wrote, all together.

const CONTROLLER = /^uncore_imc\w*\/(?:cas_count|data)_(read|write)s?\//;
const DIRECTIONS = ["read", "write"];

/**
 * A sum for each direction that is counted, with what `valuesOf` of metrics.js needs: perf gives
 * one row for all controllers, or (with --no-merge) one for each. Only rows of one unit are added.
 */
export function controllerSums(layout) {
  return DIRECTIONS.flatMap((direction) => {
    const rows = layout.events.filter(({ key }) => CONTROLLER.exec(key)?.[1] === direction);
    const { unit } = rows[0] ?? {};
    if (!unit || rows.some((row) => row.unit !== unit)) return [];
    const events = rows.map(({ key }) => key);
    const added = events.slice(1).flatMap((key) => [key, "+"]);
    return [
      {
        name: `memory controllers, ${direction}`,
        direction,
        unit,
        events,
        program: [events[0], ...added, "seconds", "/"],
      },
    ];
  });
}
