// Whether the hardware events that are asked for have a counter each, as told by their shares.

const ROWS = 8; // the newest samples that are looked at

/**
 * How many counters the hardware events share, found out by counting: each is on a counter for a
 * share of the time, and the shares add up to the counters. `null` where all were counted all of
 * the time. `families` are those with hardware events, and whether each would fit alone.
 */
export function fit(store) {
  const hardware = store.layout.events.filter((event) => event.family !== "software" && !event.free);
  const shares = hardware.map((event) => meanShare(store, event.key));
  const counted = hardware.filter((_, i) => shares[i] >= 0);
  if (!shares.some((share) => share >= 0 && share < 0.995)) return null;
  const sum = shares.reduce((total, share) => total + Math.max(share, 0), 0);
  const counters = Math.max(1, Math.round(sum));
  const names = [...new Set(counted.map((event) => event.family))];
  const families = names.map((family) => {
    const events = counted.filter((event) => event.family === family).length;
    return { family, events, fits: events <= counters };
  });
  return { events: counted.length, counters, share: sum / counted.length, families };
}

/** The mean share over the newest samples; below 0 where there is no count. */
function meanShare(store, key) {
  const { counters } = store;
  const column = counters.index.get(key);
  const newest = counters.newest();
  if (newest < 0 || column === undefined) return -1;
  let sum = 0;
  let rows = 0;
  for (let n = newest; n >= counters.first && rows < ROWS; n--) {
    const share = counters.shares[column][n % counters.size];
    if (!(counters.durations[n % counters.size] > 0) || share < 0) break;
    sum += share;
    rows += 1;
  }
  return rows ? sum / rows : -1;
}
