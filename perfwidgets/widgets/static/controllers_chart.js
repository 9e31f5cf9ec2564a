// What memory controllers read and wrote, per second, where perf counts them.

import { Chart } from "./chart.js";
import { controllerSums } from "./controllers.js";
import { asColumns } from "./metrics.js";

const CONTROLLER_LINES = ["read", "write"];

class ControllersChart extends Chart {
  constructor(model) {
    super(model, "memory controllers chart", CONTROLLER_LINES);
  }

  draw(store) {
    const sums = controllerSums(store.layout);
    this.sums = Object.fromEntries(sums.map((sum) => [sum.direction, sum]));
    this.unit = ` ${sums[0]?.unit ?? ""}/s`;
    const all = CONTROLLER_LINES.map((line) => this.drawSum(line, store.counters));
    this.frame(all);
    this.set("figure", { title: `${this.unit.trim()}, by the memory controllers` });
  }

  drawSum(line, counters) {
    const sum = this.sums[line];
    const points = sum ? this.points(asColumns(sum, counters), sum) : { x: [], y: [] };
    this.line(line, points);
    return points;
  }

  /** What the cursor tells of: a sum has no column of its own, and is read as a metric is. */
  told() {
    return super.told().map((line) => ({
      ...line,
      label: this.sums[line.name]?.name ?? line.name,
      metric: this.sums[line.name],
    }));
  }
}

export default () => ({
  initialize({ model }) {
    const chart = new ControllersChart(model);
    return () => chart.end();
  },
});
