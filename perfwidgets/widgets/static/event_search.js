// Search through what `perf list` has told.

const SHOWN = 60;
const RAW = /^r[0-9a-f]+(:[a-z]+)?$/i;
const TERMS = /^[\w-]+\/[^/\s]*\/[a-z]*$/i;

/** The events as searched: `[name, aliases, kind, description]` each. */
export function prepared(events) {
  return events.map(([name, aliases, kind, description]) => ({
    name,
    aliases,
    kind,
    description,
    names: [name, ...aliases].join(" ").toLowerCase(),
    text: [name, ...aliases, kind, description].join(" ").toLowerCase(),
  }));
}

/**
 * Those that hold every word of what was typed: first whose name begins with it, then whose name
 * holds all words, then the others. `{ found, more }`: the first few, and how many more there are.
 */
export function search(events, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = words.join(" ");
  const ranked = [[], [], []];
  for (const event of events) {
    if (!words.every((word) => event.text.includes(word))) continue;
    if (event.names.startsWith(whole) || event.aliases.some((alias) => alias.toLowerCase().startsWith(whole))) {
      ranked[0].push(event);
    } else ranked[words.every((word) => event.names.includes(word)) ? 1 : 2].push(event);
  }
  const all = ranked.flat();
  return { found: all.slice(0, SHOWN), more: Math.max(0, all.length - SHOWN) };
}

/** What was typed as an event of its own, where it has the form of one and no name is like it. */
export function asTyped(events, typed) {
  const name = typed.trim();
  if (!name || /\s/.test(name) || name.startsWith("-")) return null;
  if (events.some((event) => event.name === name || event.aliases.includes(name))) return null;
  const kind = RAW.test(name) || TERMS.test(name) ? "raw event, as typed" : "as typed";
  return { name, aliases: [], kind, description: "" };
}
