// Widgets that a script draws into, as the front end's own models: anywidget's stand-in for a
// model has no set_state, which changes what is shown without sending anything to the kernel.

const TRIES = 1200;
const PAUSE = 50; // ms

/** The model with this id, waited for up to 60 s since models come in any order; else null. */
export async function rawModel(model, id) {
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await lookUp(model.widget_manager, id);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return null;
}

async function lookUp(manager, id) {
  if (manager.has_model && !manager.has_model(id)) return null;
  try {
    return await manager.get_model(id);
  } catch {
    return null; // not there yet
  }
}

/** The models that `names` of `model` hold the ids of, by name; null where one never comes. */
export async function rawModels(model, names) {
  const ids = names.map((name) => model.get(name));
  const found = await Promise.all(ids.map((id) => (id ? rawModel(model, id) : null)));
  return Object.fromEntries(names.map((name, i) => [name, found[i]]));
}

/**
 * Hand messages of the kernel to this model directly. anywidget 0.11 hands on none, for good, where
 * the model's script began over 2 s after the model, as it may in a busy page.
 */
export function hear(raw) {
  const given = Object.getPrototypeOf(raw?.constructor?.prototype ?? {})?._handle_comm_msg;
  if (given && raw.comm?.on_msg) raw.comm.on_msg(given.bind(raw));
}
