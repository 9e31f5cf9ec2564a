import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

globalThis.requestAnimationFrame = () => 1;
globalThis.setInterval = () => 1;
globalThis.clearInterval = () => {};
const STATIC = "../../perfwidgets/widgets/static";
const { PartRows, readRun } = await import(`${STATIC}/strip_rows.js`);
const { columnsOf, gridOf, linesOf, readers, rowAt } = await import(`${STATIC}/strip_grid.js`);
const { labelled, lineHeight, paint } = await import(`${STATIC}/strip_paint.js`);
const { channels, pixelOf, rampOf, scaleFor, stepOf } = await import(`${STATIC}/strip_scale.js`);
const { partCellWords, partKind, partName, summaryWords } = await import(`${STATIC}/strip_words.js`);
const { readHistory, readPartRows } = await import(`${STATIC}/message.js`);
const { Lost, Store } = await import(`${STATIC}/store.js`);

const EVENTS = ["a", "b"];
const CORES = ["CPU0", "CPU1", "CPU2"];

/** Rows one second apart, the first of which ends at `begin` + 1; event a counts 100 n + core. */
function runOf(numbers, { events = EVENTS, labels = CORES, begin = 0, value } = {}) {
  const width = events.length * labels.length;
  const rates = new Float32Array(numbers.length * width);
  numbers.forEach((number, r) => {
    for (let e = 0; e < events.length; e++) {
      labels.forEach((label, p) => {
        const own = 100 * number + p + (e ? 0.5 : 0);
        rates[r * width + e * labels.length + p] = value ? value(number, e, p) : own;
      });
    }
  });
  return {
    events,
    labels,
    length: numbers.length,
    numbers: Float64Array.from(numbers),
    times: Float64Array.from(numbers, (number) => begin + number + 1),
    durations: new Float64Array(numbers.length).fill(1),
    rates,
  };
}

function range(from, to) {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function held(rows) {
  return rows.blocks.flatMap((block) => [...block.numbers.subarray(0, block.length)]);
}

/** Values of event `key` in a column a second. */
function grid(rows, from, to, { key = "a", labels = CORES, columns = to - from, metric } = {}) {
  const read = readers(key, metric, labels);
  return [gridOf(rows, read, labels, columnsOf({ from, to }, columns)), read];
}

function line({ values, columns }, p) {
  return [...values.subarray(p * columns, (p + 1) * columns)];
}

test("rows are held by number, each once", () => {
  const rows = new PartRows();
  rows.add(runOf([0, 1, 2]));
  rows.add(runOf([1, 2, 3]));
  assert.deepEqual(held(rows), [0, 1, 2, 3]);
  assert.deepEqual(line(grid(rows, 0, 4)[0], 2), [2, 102, 202, 302]);
  assert.deepEqual(line(grid(rows, 0, 4, { key: "b" })[0], 0), [0.5, 100.5, 200.5, 300.5]);
  assert.equal(rows.oldest, 0);
});

test("memory stays below the bound, and the newest are what is kept", () => {
  const most = 20_000;
  const rows = new PartRows(most);
  for (let n = 0; n < 3000; n += 7) {
    rows.add(runOf(range(n, n + 7)));
    const bytes = rows.blocks.reduce((sum, block) => sum + block.rates.byteLength + 24 * block.size, 0);
    assert.equal(bytes, rows.bytes);
    assert.ok(bytes <= most, `${bytes}`);
  }
  const numbers = held(rows);
  assert.equal(numbers.at(-1), 3002);
  assert.ok(numbers.length * 48 > 0.8 * most, `${numbers.length} rows of 48 bytes`);
  assert.deepEqual(numbers, range(numbers[0], 3003));
  assert.equal(rows.cut, true);
});

test("a row that is too large for the bound is not held", () => {
  const rows = new PartRows(500);
  rows.add(runOf([0, 1]));
  assert.deepEqual(held(rows), []);
});

test("what is older than the window goes", () => {
  const rows = new PartRows();
  rows.add(runOf(range(0, 1000)), 100);
  const numbers = held(rows);
  assert.ok(numbers[0] <= 899 && numbers[0] > 600, `${numbers[0]}`);
  assert.equal(rows.cut, false);
});

test("another layout: parts are found by their labels, what they lack is not counted", () => {
  const rows = new PartRows();
  rows.add(runOf([0, 1]));
  rows.add(runOf([2, 3], { labels: ["CPU2", "CPU0"], events: ["a"] }));
  const [found] = grid(rows, 0, 4);
  assert.deepEqual(line(found, 0), [0, 100, 201, 301]);
  assert.deepEqual(line(found, 1), [1, 101, NaN, NaN]);
  assert.deepEqual(line(found, 2), [2, 102, 200, 300]);
  assert.deepEqual([...found.covered], [1, 1, 1, 1]);
  assert.deepEqual(line(grid(rows, 0, 4, { key: "b" })[0], 0), [0.5, 100.5, NaN, NaN]);
});

test("a gap is no row and not covered; not counted is covered", () => {
  const rows = new PartRows();
  rows.add(runOf([0, 1, 4], { value: (number, e, p) => (number === 1 ? NaN : p) }));
  const [found] = grid(rows, 0, 6);
  assert.deepEqual([...found.covered], [1, 1, 0, 0, 1, 0]);
  assert.deepEqual(line(found, 1), [1, NaN, NaN, NaN, 1, NaN]);
});

test("a replay that goes back begins anew", () => {
  const rows = new PartRows();
  rows.add(runOf([5, 6]));
  rows.add(runOf([7], { begin: -8 }));
  assert.deepEqual(held(rows), [7]);
});

test("a lost message is noticed once; the kernel's rows fill the hole, newer ones stay", () => {
  const rows = new PartRows();
  assert.equal(rows.lost(-1, 1), false);
  rows.add(runOf([0, 1]));
  assert.equal(rows.lost(1, 2), false);
  rows.add(runOf([2]));
  assert.equal(rows.lost(4, 5), true);
  rows.add(runOf([5]));
  assert.equal(rows.lost(5, 6), false);
  rows.merge([runOf([1, 2]), runOf([3, 4], { labels: ["CPU0", "CPU1"] })]);
  assert.deepEqual(held(rows), [0, 1, 2, 3, 4, 5]);
  assert.equal(rows.heard, 6);
  rows.merge([]);
  assert.deepEqual(held(rows), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(line(grid(rows, 0, 6)[0], 1), [1, 101, 201, 301, 401, 501]);
  assert.deepEqual(line(grid(rows, 0, 6)[0], 2), [2, 102, 202, NaN, NaN, 502]);
});

test("many rows in a column: the greatest is shown, and pointing finds that row", () => {
  const rows = new PartRows();
  rows.add(runOf(range(0, 40), { value: (number, e, p) => (number === 17 && p === 1 ? 9999 : number) }));
  const [found, read] = grid(rows, 0, 40, { columns: 4 });
  assert.deepEqual(line(found, 0), [9, 19, 29, 39]);
  assert.deepEqual(line(found, 1), [9, 9999, 29, 39]);
  assert.deepEqual([found.least, found.greatest], [0, 9999]);
  const { number, begin, end, value } = rowAt(rows, read, found, 1, 1);
  assert.deepEqual([number, begin, end, value], [17, 17, 18, 9999]);
  assert.equal(rowAt(rows, read, found, 0, 2).number, 9);
});

test("one row over many columns, seen from inside too", () => {
  const rows = new PartRows();
  rows.add(runOf([0, 1, 2]));
  const [found, read] = grid(rows, 1.25, 1.75, { columns: 50 });
  assert.deepEqual(new Set(line(found, 0)), new Set([100]));
  assert.equal(rowAt(rows, read, found, 25, 2).value, 102);
});

test("pointing at a gap finds no row, at what was not counted it does", () => {
  const rows = new PartRows();
  rows.add(runOf([0, 5], { value: (_n, _e, p) => (p === 1 ? NaN : 3) }));
  const [found, read] = grid(rows, 0, 6);
  assert.equal(rowAt(rows, read, found, 3, 0), null);
  const cell = rowAt(rows, read, found, 5, 1);
  assert.equal(cell.number, 5);
  assert.ok(Number.isNaN(cell.value));
});

test("columns stay where they are as the window moves on", () => {
  const [one, two] = [0.1, 0.3].map((now) => columnsOf({ from: now, to: now + 60 }, 600));
  assert.ok(Math.abs((two.from - one.from) / one.step - Math.round((two.from - one.from) / one.step)) < 1e-6);
  assert.ok(Math.abs(one.from - 0.1) <= one.step);
});

test("a small jitter of clocks is no gap", () => {
  const rows = new PartRows();
  const run = runOf([0, 1, 2]);
  run.durations.fill(0.97);
  rows.add(run);
  assert.deepEqual([...grid(rows, 0, 3, { columns: 300 })[0].covered.subarray(10)].includes(0), false);
});

test("a metric is computed of each part", () => {
  const rows = new PartRows();
  rows.add(runOf([1, 2, 3]));
  const metric = { name: "a / b", events: ["a", "b"], program: ["a", "b", "/"], reason: "" };
  const [found] = grid(rows, 1, 4, { key: "a / b", metric });
  for (let p = 0; p < 3; p++) {
    const expected = [1, 2, 3].map((n) => Math.fround((100 * n + p) / (100 * n + p + 0.5)));
    assert.deepEqual(line(found, p), expected);
  }
  const rate = { name: "a /s", events: ["a"], program: ["a", "seconds", "/"], reason: "" };
  assert.deepEqual(line(grid(rows, 1, 4, { metric: rate })[0], 2), [102, 202, 302]);
  const lacking = { name: "no", events: [], program: [], reason: "needs c" };
  assert.deepEqual(line(grid(rows, 1, 4, { metric: lacking })[0], 0), [NaN, NaN, NaN]);
});

test("more parts than lines: a line shows the greatest of its parts, and says which", () => {
  const labels = range(0, 10).map((n) => `CPU${n}`);
  const rows = new PartRows();
  const value = (number, e, p) => (number ? NaN : p === 4 ? 77 : p);
  rows.add(runOf([0, 1], { labels, value }));
  const lines = linesOf(grid(rows, 0, 2, { labels })[0], 4);
  assert.deepEqual([lines.group, lines.lines], [3, 4]);
  assert.deepEqual([...lines.values], [2, NaN, 77, NaN, 8, NaN, 9, NaN]);
  assert.deepEqual([lines.partAt(1, 0), lines.partAt(2, 0), lines.partAt(1, 1)], [4, 8, 3]);
  const few = linesOf(grid(rows, 0, 2, { labels })[0], 10);
  assert.deepEqual([few.group, few.partAt(7, 1)], [1, 7]);
});

test("colours: evenly between the stops, ends are the stops", () => {
  const ramp = rampOf(["#000", " #804020", "#ffffff"]);
  assert.equal(ramp.length, 256);
  assert.equal(ramp[0], 0xff000000);
  assert.equal(ramp[255], 0xffffffff);
  assert.deepEqual(channels("#0b69c7"), [11, 105, 199]);
  assert.equal(pixelOf([1, 2, 3], 0), 0x00030201);
  assert.deepEqual([-1, 0, 5, 9.99, 10, 99].map((v) => stepOf(v, { low: 0, high: 10 })), [0, 0, 128, 255, 255, 255]);
});

const SHEET = readFileSync(new URL(`${STATIC}/strip.css`, import.meta.url), "utf-8");
const THEMES = [...SHEET.matchAll(/\{([^}]*--pw-strip-0[^}]*)\}/g)]
  .map((match) => Object.fromEntries([...match[1].matchAll(/--pw-strip-(\w+): (#\w+)/g)].map((m) => [m[1], m[2]])))
  .filter((theme) => theme[0]);

function lightness(color) {
  const [r, g, b] = color.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 116 * Math.cbrt(luminance) - 16;
}

test("the scale goes one way in lightness, in both themes, and is told from the page and the hatch", () => {
  assert.equal(THEMES.length, 2);
  const pages = [[255, 255, 255], [17, 17, 17]];
  THEMES.forEach((theme, t) => {
    const colors = [...rampOf([0, 1, 2, 3, 4].map((i) => theme[i]))].map((p) => [p & 255, (p >> 8) & 255, (p >> 16) & 255]);
    const steps = colors.slice(4).map((color, i) => lightness(color) - lightness(colors[i]));
    const sign = Math.sign(lightness(colors[255]) - lightness(colors[0]));
    assert.ok(steps.every((step) => step * sign > 0), "each colour is told from the fourth before it");
    assert.ok(Math.abs(lightness(colors[255]) - lightness(colors[0])) > 60);
    assert.ok(Math.abs(lightness(colors[0]) - lightness(pages[t])) > 6, "zero is not the page");
    assert.ok(colors.every((color) => Math.max(...color) === color[2] || Math.min(...color) > 200), "one hue");
    assert.notEqual(theme.hatch, theme[0]);
  });
});

test("the scale's ends are round, and stay while they fit", () => {
  assert.deepEqual(scaleFor({ least: 3, greatest: 1234 }), { low: 0, high: 1600 });
  assert.deepEqual(scaleFor({ least: 3, greatest: 900 }, { low: 0, high: 1600 }), { low: 0, high: 1600 });
  assert.deepEqual(scaleFor({ least: 3, greatest: 600 }, { low: 0, high: 1600 }), { low: 0, high: 600 });
  assert.deepEqual(scaleFor({ least: 3, greatest: 1700 }, { low: 0, high: 1600 }), { low: 0, high: 2000 });
  assert.deepEqual(scaleFor({ least: -3, greatest: 7 }), { low: -3.2, high: 8 });
  assert.deepEqual(scaleFor({ least: -3, greatest: -1 }), { low: -3.2, high: 0 });
  assert.deepEqual(scaleFor({ least: Infinity, greatest: -Infinity }), { low: 0, high: 1 });
});

test("zero, not counted and no sample look different", () => {
  const rows = new PartRows();
  rows.add(runOf(range(0, 10), { value: (number, e, p) => (p === 0 ? 0 : NaN) }));
  const [found] = grid(rows, 0, 20, { labels: ["CPU0", "CPU1"] });
  const [height, hatch] = [8, 0xff123456];
  const pixels = new Uint32Array(20 * 2 * height);
  const ramp = rampOf(["#102030", "#ffffff"]);
  paint(pixels, found, linesOf(found, 512), height, { ramp, hatch, scale: { low: 0, high: 1 } });
  const colors = (line, from, to) => {
    const seen = new Set();
    for (let y = line * height; y < (line + 1) * height; y++) {
      for (let c = from; c < to; c++) seen.add(pixels[y * 20 + c]);
    }
    return seen;
  };
  assert.deepEqual(colors(0, 0, 10), new Set([ramp[0], 0]), "zero has the first colour; lines stand apart");
  assert.deepEqual(colors(1, 0, 10), new Set([hatch, 0]));
  assert.deepEqual(colors(0, 10, 20), new Set([0]));
  assert.deepEqual(colors(1, 10, 20), new Set([0]));
});

test("lines are as high as there is room, and labelled as often", () => {
  assert.deepEqual([1, 2, 16, 64, 192, 256, 512].map(lineHeight), [14, 14, 12, 3, 1, 1, 1]);
  assert.deepEqual(labelled(3, 14), [0, 1, 2]);
  assert.deepEqual(labelled(256, 1), range(0, 16).map((n) => n * 16));
});

test("cells in words", () => {
  assert.equal(partName("CPU13"), "core 13");
  assert.equal(partName("node7"), "node7");
  assert.equal(partKind({ parts: CORES }), "core");
  assert.equal(partKind({ parts: ["node7", "CPU1"] }), "part");
  assert.equal(partKind({ parts: ["node7"], part_kind: "host" }), "host");
  const cell = { label: "CPU3", begin: 12.25, end: 12.5, value: 1234 };
  assert.equal(partCellWords(cell, "per second"), "core 3 · 12.500 s · 1.23\u202fk per second");
  assert.equal(partCellWords(cell, ""), "core 3 · 12.500 s · 1.23\u202fk");
  assert.match(partCellWords(cell, "per second", 0.37), /scaled, counted 37/);
  assert.equal(partCellWords({ ...cell, value: NaN }, "per second"), "core 3 · 12.500 s · not counted");
  assert.equal(partCellWords({ label: "CPU3", begin: 12.25, value: NaN }, ""), "core 3 · 12.250 s · no sample");
  const words = summaryWords("a by core", CORES, [5, NaN, 7], "per second");
  assert.equal(words, "a by core, newest: most 7 per second in core 2, least 5 per second in core 0. 1 of 3 not counted.");
  assert.equal(summaryWords("a by core", CORES, [NaN, NaN, NaN], ""), "a by core: not counted.");
});

/** A run as the kernel packs it. */
function packed(run) {
  const size = run.length * 24 + run.rates.byteLength;
  const bytes = new Uint8Array(size + (-size & 7));
  [run.numbers, run.times, run.durations, run.rates].reduce((at, column) => {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
    return at + column.byteLength;
  }, 0);
  return bytes;
}

const LAYOUT = {
  id: 1,
  events: EVENTS.map((key) => ({ key, family: "cpu", help: "", unit: null })),
  columns: EVENTS,
  memory: [],
  parts: CORES,
  suggested: [],
  window: 300,
  rows: 100,
};

test("rows come out of a tick's buffer, and a lost one is noticed", () => {
  const store = new Store("strip");
  store.setLayout(LAYOUT);
  assert.equal(readPartRows(store, [-1, 2, 3], packed(runOf([0, 1, 2]))), false);
  assert.deepEqual(held(store.partRows), [0, 1, 2]);
  assert.equal(readPartRows(store, [4, 5, 1], packed(runOf([5]))), true);
  // sent once more: what is held stays, what was missed is filled in
  assert.equal(readPartRows(store, [5, 6, 4], packed(runOf([3, 4, 5, 6]))), false);
  assert.deepEqual(held(store.partRows), [0, 1, 2, 3, 4, 5, 6]);
  // what was counted in another layout is told of, and not sent
  assert.equal(readPartRows(store, [6, 9, 0], new Uint8Array(0)), false);
  assert.equal(store.partRows.heard, 9);
});

test("a packed history brings runs of several layouts", () => {
  const store = new Store("packed");
  const runs = [runOf([3, 4], { labels: ["CPU0"], events: ["a"] }), runOf([5, 6, 7])];
  const data = runs.map(packed);
  const size = data.reduce((sum, bytes) => sum + bytes.length, 0);
  const told = { runs: runs.map((run) => [run.events, run.labels, run.length]), size, cut: true };
  const words = { layout: LAYOUT, samples: 8, counters: [0, 0, 2], memory: [0, 0, 0], rows_size: 0, part_rows: told };
  const head = new TextEncoder().encode(JSON.stringify(words).padEnd(8 * Math.ceil(JSON.stringify(words).length / 8)));
  const all = new Uint8Array(8 + head.length + size);
  new DataView(all.buffer).setUint32(0, head.length, true);
  let at = 8;
  for (const bytes of [head, ...data]) {
    all.set(bytes, at);
    at += bytes.length;
  }
  readHistory(store, new DataView(all.buffer));
  assert.deepEqual(held(store.partRows), [3, 4, 5, 6, 7]);
  assert.deepEqual(line(grid(store.partRows, 3, 8)[0], 0), [300, 400, 500, 600, 700]);
  assert.deepEqual([store.partRows.cut, store.partRows.heard], [true, 7]);
  assert.equal(readRun(data[0].buffer, 0, ["a"], ["CPU0"], 2).next, data[0].length);
});

test("lost rows are asked for until they come, ever less often", () => {
  const asked = [];
  let now = 0;
  const lost = new Lost(() => asked.push(now));
  for (now = 0; now <= 60_000; now += 100) lost.tell(now === 500, now);
  assert.deepEqual(asked, [500, 2500, 6500, 14500, 30500]);
  lost.answered();
  for (; now <= 200_000; now += 100) lost.tell(now === 100_000, now);
  assert.deepEqual(asked.slice(5, 7), [100_000, 102_000]);
});
