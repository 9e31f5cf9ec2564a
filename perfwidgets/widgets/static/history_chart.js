// The history of one event: the one chosen in the store, or one that is fixed.

import { Chart } from "./chart.js";
import { NOT_SUPPORTED } from "./columns.js";

class HistoryChart extends Chart {
  constructor(model) {
    super(model, "history chart", ["line"]);
    model.on("change:event", () => this.store.changed());
  }

  draw(store) {
    const key = this.model.get("event") || store.selected;
    const event = store.layout.events.find((each) => each.key === key);
    const points = this.points(store.counters, store.counters.index.get(key), store.now());
    this.line("line", points);
    this.frame([points]);
    const unit = event?.unit ? `${event.unit} per second` : "per second";
    const shown = points.y.some((value) => !Number.isNaN(value));
    const why = shown ? "" : `: ${whyNothing(store, key)}`;
    this.set("figure", { title: key ? `${key}, ${unit}${why}` : "no event chosen" });
  }
}

function whyNothing(store, key) {
  if (!store.layout.events.some((event) => event.key === key)) return "not among the events counted";
  if (store.status.state === "failed") return "not available";
  return store.shareOf(key) === NOT_SUPPORTED ? "not supported here" : "no counts yet";
}

export default () => ({
  initialize({ model }) {
    const chart = new HistoryChart(model);
    return () => chart.end();
  },
});
