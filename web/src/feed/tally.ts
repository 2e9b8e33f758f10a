import type { Whereabouts } from "./whereabouts.ts";

/** Counts are kept in bins of so many seconds, for so many bins. */
const BIN_S = 10;
const BINS = 30;
export const TALLY_SECONDS = BIN_S * BINS;
/** Towns of a bin: what happens in more is in their countries' counts only. */
const MOST_TOWNS = 3000;

interface Bin {
  towns: Map<number, number>;
  countries: Map<string, number>;
}

/** How many events towns (by index) and countries had in the last five minutes, by the time they happened. */
export class Tally {
  readonly towns = new Map<number, number>();
  readonly countries = new Map<string, number>();
  readonly #bins: Bin[] = Array.from({ length: BINS }, () => ({ towns: new Map(), countries: new Map() }));
  #newest = 0;
  #since: number | null = null;

  /** Adds events of a time (s). */
  add({ town, country }: Whereabouts, count: number, second: number): void {
    const bin = this.#bin(second);
    if (bin === null) return;
    if (country !== "") this.#put(this.countries, bin.countries, country, count);
    if (town >= 0 && (bin.towns.has(town) || bin.towns.size < MOST_TOWNS))
      this.#put(this.towns, bin.towns, town, count);
  }

  /** Time has come to this second. */
  advance(second: number): void {
    this.#since ??= second;
    const number = Math.floor(second / BIN_S);
    if (number <= this.#newest) return;
    for (let each = Math.max(this.#newest + 1, number - BINS + 1); each <= number; each++) this.#empty(each);
    this.#newest = number;
  }

  /** Of how many seconds the counts are, up to `second`. */
  seconds(second: number): number {
    return this.#since === null ? 0 : Math.max(0, Math.min(TALLY_SECONDS, second - this.#since));
  }

  clear(): void {
    for (const bin of this.#bins) {
      bin.towns.clear();
      bin.countries.clear();
    }
    this.towns.clear();
    this.countries.clear();
    this.#since = null;
    this.#newest = 0;
  }

  #bin(second: number): Bin | null {
    this.advance(second);
    const number = Math.floor(second / BIN_S);
    return number > this.#newest - BINS ? this.#bins[number % BINS]! : null;
  }

  #put<Key>(total: Map<Key, number>, part: Map<Key, number>, key: Key, count: number): void {
    total.set(key, (total.get(key) ?? 0) + count);
    part.set(key, (part.get(key) ?? 0) + count);
  }

  /** What is older than the last bin goes from the totals. */
  #empty(number: number): void {
    const { towns, countries } = this.#bins[number % BINS]!;
    subtract(this.towns, towns);
    subtract(this.countries, countries);
    towns.clear();
    countries.clear();
  }
}

function subtract<Key>(total: Map<Key, number>, part: Map<Key, number>): void {
  for (const [key, count] of part) {
    const left = (total.get(key) ?? 0) - count;
    if (left > 0) total.set(key, left);
    else total.delete(key);
  }
}
