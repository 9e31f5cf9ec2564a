// Numbers as people read them.

const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];
const DIGITS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 }); // slow to make
const SPACE = "\u202f"; // narrow and no-break: a number and its prefix stay together

/** Three digits and an SI prefix: 3290000 as "3.29 M"; whole numbers below 1000 stay whole. */
export function si(value) {
  if (!Number.isFinite(value)) return "–";
  let size = Math.abs(value);
  let step = 0;
  while (size >= 999.5 && step < PREFIXES.length - 1) {
    size /= 1000;
    step += 1;
  }
  const sign = value < 0 ? "−" : "";
  const digits = step === 0 && Number.isInteger(value) ? String(size) : significant(size);
  return sign + digits + (step ? SPACE + PREFIXES[step] : "");
}

function significant(size) {
  if (size >= 99.95) return size.toFixed(0);
  if (size >= 9.995) return size.toFixed(1);
  if (size > 0 && size < 0.005) return "<0.01";
  return size === 0 ? "0" : size.toFixed(2);
}

/** The number with all its digits: 3290012 as "3,290,012". */
export function full(value) {
  return Number.isFinite(value) ? DIGITS.format(value) : "–";
}

/** The share of time that was counted, in whole percent; below 100 it never reads 100. */
export function percent(share) {
  const rounded = Math.round(share * 100);
  return `${share < 1 ? Math.min(rounded, 99) : 100}${SPACE}%`;
}

/** A round number at or a little above `value`, for the end of an axis. */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10]) {
    if (value <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

/** Seconds in words: 0.25 as "0.25 s", 300 as "5 min". */
export function seconds(value) {
  if (!Number.isFinite(value)) return "–";
  if (value >= 3600 && value % 3600 === 0) return `${value / 3600} h`;
  if (value >= 60 && value % 60 === 0) return `${value / 60} min`;
  return `${Number(value.toPrecision(4))} s`;
}

/** A size in words: 1234567 as "1.23 MB". */
export function bytes(value) {
  return value < 1000 ? `${value} B` : `${si(value)}B`;
}
