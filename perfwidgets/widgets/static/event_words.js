// What is known of an event, in words: for tooltips, and beside the selector.

/** Where it is known to mislead, a sentence each. */
export function misleading(event) {
  return (event.notes ?? []).map(([where, text]) => `${where ? `On ${where} it` : "It"} ${text}.`);
}

/** All of it in lines. */
export function eventInWords(event) {
  const unit = event.unit || event.counts;
  const also = event.aliases?.length ? `Also called ${event.aliases.join(", ")}.` : "";
  return [event.help, also, unit && unit !== "count" ? `Counted in ${unit}.` : "", ...misleading(event)]
    .filter(Boolean)
    .join("\n");
}
