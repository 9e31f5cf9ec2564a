// Metrics, computed from columns of counts by the programs that the kernel sends with the layout:
// postfix lists of numbers, names of events, and operators (perfwidgets/formula.py). Both
// evaluators are held to the same results by tests/data/metric_cases.json.

import { MISSING, NOT_SUPPORTED } from "./columns.js";

const SECONDS = "seconds";
const COMPUTE = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => (right === 0 ? NaN : left / right),
  "<": (left, right) => Math.min(left, right),
  ">": (left, right) => Math.max(left, right),
};

/** The metric called `name` that these events give, unless an event is called so. */
export function metricOf(layout, name) {
  if (layout.events.some((event) => event.key === name)) return undefined;
  return layout.metrics?.find((metric) => metric.name === name);
}

/** A function from a row's number to the value there; NaN where there is none. */
export function valuesOf(metric, columns) {
  if (metric.reason) return () => NaN;
  const stack = [];
  return (number) => run(metric.program, (name) => inputOf(columns, name, number), stack);
}

/** Columns whose rates are the values of `metric`, for whom draws columns. */
export function asColumns(metric, columns) {
  const valueAt = valuesOf(metric, columns);
  return Object.create(columns, { rate: { value: (_event, number) => valueAt(number) } });
}

/** Value, share of its weakest input, and reason where there is no value, of row `number`. */
export function readMetric(metric, columns, number) {
  const nothing = (reason) => ({ value: NaN, share: MISSING, reason });
  if (metric.reason) return nothing(metric.reason);
  const shares = metric.events.map((event) => shareAt(columns, event, number));
  if (shares.some((share) => !(share >= 0))) return nothing(lacking(metric.events, shares));
  const valueOf = (name) => inputOf(columns, name, number);
  if (metric.program.includes(SECONDS) && Number.isNaN(valueOf(SECONDS))) {
    return nothing("not available: the measured time is not known");
  }
  const value = run(metric.program, valueOf, []);
  if (Number.isFinite(value)) return { value, share: Math.min(...shares), reason: "" };
  return nothing(`not available: ${undefinedResult(metric.program, valueOf)}`);
}

/** The unit, unless the name says it. */
export function unitOf(metric) {
  return metric.name.includes(metric.unit) ? "" : metric.unit;
}

/** Those of its events that are not supported here. */
export function unsupportedOf(metric, columns, number) {
  return metric.events.filter((event) => shareAt(columns, event, number) === NOT_SUPPORTED);
}

function inputOf(columns, name, number) {
  const row = number % columns.size;
  if (name === SECONDS) return columns.durations[row];
  const column = columns.index.get(name);
  return column === undefined ? NaN : columns.counts[column][row];
}

function shareAt(columns, name, number) {
  const column = columns.index.get(name);
  return column === undefined ? MISSING : columns.shares[column][number % columns.size];
}

function run(program, valueOf, stack) {
  stack.length = 0;
  for (const item of program) {
    if (typeof item === "number") stack.push(item);
    else if (item === "~") stack.push(-stack.pop());
    else if (item in COMPUTE) {
      const right = stack.pop();
      stack.push(COMPUTE[item](stack.pop(), right));
    } else stack.push(valueOf(item));
  }
  // what is divided by zero has no value, nor has what is too large for one
  return Number.isFinite(stack[0]) ? stack[0] : NaN;
}

function lacking(events, shares) {
  const why = new Map();
  events.forEach((event, i) => {
    if (shares[i] >= 0) return;
    const words = shares[i] === NOT_SUPPORTED ? "not supported here" : "not counted this time";
    why.set(words, [...(why.get(words) ?? []), event]);
  });
  const words = [...why].map(([reason, those]) => `${those.join(", ")} (${reason})`);
  return `not available: needs ${words.join(" and ")}`;
}

/** Which part of the program was divided by while it was 0. */
function undefinedResult(program, valueOf) {
  for (let at = 0; at < program.length; at++) {
    if (program[at] !== "/") continue;
    const [words, value] = lastOperand(program.slice(0, at), valueOf);
    if (value === 0) return `${words} is 0`;
  }
  return "the result is no finite number";
}

function lastOperand(program, valueOf) {
  const words = [];
  const values = [];
  for (const item of program) {
    if (typeof item === "number") {
      words.push(String(item));
      values.push(item);
    } else if (item === "~") {
      words.push(`-${words.pop()}`);
      values.push(-values.pop());
    } else if (item in COMPUTE) {
      const [right, rightValue] = [words.pop(), values.pop()];
      const left = words.pop();
      words.push(both(item, left, right));
      values.push(COMPUTE[item](values.pop(), rightValue));
    } else {
      words.push(item);
      values.push(valueOf(item));
    }
  }
  const last = words.at(-1);
  return [last.startsWith("(") ? last.slice(1, -1) : last, values.at(-1)];
}

function both(operator, left, right) {
  const name = { "<": "min", ">": "max" }[operator];
  return name ? `${name}(${left}, ${right})` : `(${left} ${operator} ${right})`;
}
