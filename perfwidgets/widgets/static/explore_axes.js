// Moments in the words of an axis.

const CLOCK = 1e8; // s: times before are those of a recording that knows no clock

/** Whether `time` is one of the clock, in Unix seconds, and not of a recording that knows none. */
export function isClock(time) {
  return time > CLOCK;
}

/** A moment by the clock, as finely as `step` seconds asks for; by a recording's own seconds. */
export function clockWords(time, step = 0.001) {
  const digits = Math.min(3, Math.max(0, Math.ceil(-Math.log10(step) - 1e-6)));
  if (!isClock(time)) return `${time.toFixed(digits)} s`;
  const power = 10 ** digits;
  const date = new Date(Math.round((Math.round(time * power) / power) * 1000));
  if (Number.isNaN(date.getTime())) return "–";
  const two = (number) => String(number).padStart(2, "0");
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step >= 60) return minutes;
  const parts = (date.getSeconds() + date.getMilliseconds() / 1000).toFixed(digits);
  return `${minutes}:${parts.padStart(digits ? digits + 3 : 2, "0")}`;
}
