// What views made of elements have in common: a store, and whether anybody can see them.

import { keepKeys } from "./dom.js";
import { Sight } from "./sight.js";
import { storeOf } from "./store.js";

/** A view in `el`. Subclasses build their elements in the constructor and fill them in `draw`. */
export class DomView {
  constructor(model, el, name) {
    this.name = name;
    this.el = el;
    el.addEventListener("keydown", keepKeys);
    this.store = storeOf(model.get("feed"));
    this.sight = new Sight(() => this.store.request());
    this.sight.watch([el]);
    this.leave = this.store.add(this); // drawn on a later frame, when it is built
  }

  inSight() {
    return this.sight.inSight();
  }

  shown() {
    return this.sight.shown();
  }

  end() {
    this.sight.end();
    this.leave();
  }
}
