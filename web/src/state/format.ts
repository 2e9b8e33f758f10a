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

/** How long ago, as short as it goes: now, 1s, 59s, 3m, 2h. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds}s`;
  return seconds < 3600 ? `${Math.floor(seconds / 60)}m` : `${Math.floor(seconds / 3600)}h`;
}

/** A time that something takes: 310 ms, 1.2 s. */
export function lasting(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${trimmed(ms / 1000)} s`;
}

/** By how much something differs, without its sign: 0.4%, 6.4%, 25%; from ten times on ×11. */
export function change(part: number): string {
  const size = Math.abs(part);
  if (size >= 9.995) return `×${short(Math.round(part) + 1)}`;
  return `${size >= 0.0995 ? (100 * size).toFixed(0) : trimmed(100 * size)}%`;
}

/** A span of time in words that follow "last": 30 seconds, minute, 5 minutes. */
export function span(seconds: number): string {
  if (seconds < 45) return `${Math.round(seconds)} seconds`;
  return seconds < 90 ? "minute" : `${Math.round(seconds / 60)} minutes`;
}

/** 52.5° N, 13.4° E */
export function position(lon: number, lat: number): string {
  const degrees = (value: number) => `${Math.abs(value).toFixed(1)}°`;
  return `${degrees(lat)} ${lat < 0 ? "S" : "N"}, ${degrees(lon)} ${lon < 0 ? "W" : "E"}`;
}

const countries = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

/** The name of a country by its code of two letters; empty for none. */
export function country(code: string): string {
  return /^[A-Z]{2}$/.test(code) ? countries.of(code)! : code;
}
