// Small helpers for pages made of text: data never becomes markup.

/** A new element with attributes, and children that are elements or text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/** Change an element's text, only where it differs, so that selections survive. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Change an attribute, only where it differs. */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** Give an element these children; those that stay are not moved, so that focus and clicks survive. */
export function keepChildren(target, children) {
  const kept = new Set(children);
  for (const child of [...target.children]) if (!kept.has(child)) child.remove();
  children.forEach((child, i) => {
    if (target.children[i] !== child) target.insertBefore(child, target.children[i] ?? null);
  });
}

/** An id that no other script of the page gives: each widget's script counts for itself alone. */
export function uniqueId(prefix) {
  return `${prefix}-${Math.random().toString(36).slice(2)}`;
}

/** A listener of keys: those without a modifier are the control's, and no command of JupyterLab's. */
export function keepKeys(event) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (ctrlKey || metaKey || altKey || key === "Escape" || (key === "Enter" && shiftKey)) return;
  event.stopPropagation();
}
