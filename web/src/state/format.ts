const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 1,234,567 */
export function full(value: number): string {
  return whole.format(value);
}

/** Whole below ten thousand, then at most three figures and a letter: 9,999, 12.3k, 345k, 5.6M. */
export function short(value: number): string {
  for (const [size, letter] of SIZES) {
    if (value >= size * (letter === "k" ? 10 : 0.9995)) return trimmed(value / size) + letter;
  }
  return full(value);
}

/** Events per second, with a decimal where there are few. */
export function rate(value: number): string {
  if (value >= 10_000) return short(value);
  if (value >= 10 || value === 0) return full(value);
  return value < 0.05 ? "<0.1" : trimmed(value);
}

function trimmed(value: number): string {
  return value >= 99.5 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

const SIZES: readonly [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** 20:05:47 */
export function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** When something began, as short as it is clear: 20:05 today, else 23 Nov 20:05 (UTC). */
export function since(ms: number, now: number): string {
  const [then, today] = [new Date(ms).toISOString(), new Date(now).toISOString()];
  const time = then.slice(11, 16);
  if (then.slice(0, 10) === today.slice(0, 10)) return `${time} UTC`;
  const month = new Date(ms).toLocaleString("en-GB", { month: "short", timeZone: "UTC" });
  return `${Number(then.slice(8, 10))} ${month} ${time} UTC`;
}
