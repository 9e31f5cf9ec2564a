// Connects the dropdown of events with the store, both ways, without the kernel.

import { keepKeys } from "./dom.js";
import { rawModels } from "./models.js";
import { storeOf } from "./store.js";

export default () => ({
  initialize({ model }) {
    const store = storeOf(model.get("feed"));
    let dropdown = null;
    const keys = () => {
      const byLabel = model.get("labels");
      return dropdown.get("_options_labels").map((label) => byLabel[label]);
    };
    let labels = null;
    let following = false;
    let waiting = false;
    /** Once for all that has changed together: new options choose nothing, a person does. */
    const changed = () => {
      if (following || waiting) return;
      waiting = true;
      queueMicrotask(() => {
        waiting = false;
        const same = labels === dropdown.get("_options_labels");
        labels = dropdown.get("_options_labels");
        if (same) store.select(keys()[dropdown.get("index")]);
        else reconsider();
      });
    };
    const reconsider = () => {
      view.drawn = 0;
      store.request();
    };
    /** Another list of options, or another view's choice: point the dropdown at it. */
    const follow = () => {
      const index = keys().indexOf(store.selected);
      if (store.chosen && model.get("choice") !== store.selected) {
        model.set("choice", store.selected); // kept for a page that is loaded anew
        model.save_changes();
      }
      if (index < 0 || index === dropdown.get("index")) return;
      following = true;
      if (store.chosen) {
        dropdown.set("index", index);
        dropdown.save_changes();
      } else {
        dropdown.set_state({ index }); // a suggestion is no choice, and nobody's but this page's
      }
      following = false;
    };
    let heard = ""; // of which of the dropdown's views keys are kept
    const shownViews = () => Object.keys(dropdown?.views ?? {}).join();
    const view = {
      name: "event selector",
      drawn: 0,
      get followsRows() {
        return shownViews() !== heard;
      },
      inSight: () => dropdown !== null,
      shown: () => shownViews() !== "",
      draw: () => {
        heard = shownViews();
        for (const each of Object.values(dropdown.views ?? {})) each.then(({ el }) => el.addEventListener("keydown", keepKeys));
        follow();
      },
    };
    const leave = store.add(view);
    const chooseAgain = () => store.select(model.get("choice"));
    model.on("change:choice", chooseAgain);
    chooseAgain();
    (async () => {
      ({ dropdown } = await rawModels(model, ["dropdown"]));
      if (!dropdown) {
        store.fault(view, new Error("the dropdown did not come within a minute"));
        return;
      }
      labels = dropdown.get("_options_labels");
      dropdown.on("change:index", changed);
      dropdown.on("change:_options_labels", changed);
      store.request();
    })();
    return () => {
      leave();
      model.off("change:choice", chooseAgain);
      dropdown?.off("change:index", changed);
      dropdown?.off("change:_options_labels", changed);
    };
  },
});
