// Paging and swap in KB/s. Swap is drawn only where there was any.

import { Chart } from "./chart.js";

const LINES = ["pgpgin", "pgpgout", "pswpin", "pswpout"];

class BandwidthChart extends Chart {
  constructor(model) {
    super(model, "bandwidth chart", LINES);
    this.unit = " KB/s";
  }

  draw(store) {
    const all = LINES.map((line) => {
      const points = this.points(store.memory, store.memory.index.get(line));
      const swap = line.startsWith("pswp");
      const drawn = swap && !points.y.some((value) => value > 0) ? { x: [], y: [] } : points;
      this.swapped ??= {};
      if (drawn.x.length || this.swapped[line]) this.line(line, drawn);
      this.swapped[line] = drawn.x.length > 0;
      return drawn;
    });
    this.frame(all);
    this.set("figure", { title: store.memory.length ? "KB/s" : "no paging activity counted" });
  }
}

export default () => ({
  initialize({ model }) {
    const chart = new BandwidthChart(model);
    return () => chart.end();
  },
});
