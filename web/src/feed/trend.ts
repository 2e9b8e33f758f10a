/** The rate of the last seconds is compared with that of the last minutes. */
const RECENT_S = 10;
const LONG_S = 300;
/** Before so many seconds are known there is nothing to compare with. */
const LEAST_S = 60;

/** Whether it gets busier: events per second over time, by the time they happened. */
export class Trend {
  readonly #bins = new Float64Array(LONG_S + RECENT_S);
  #first: number | null = null;
  #newest = 0;

  /** Adds what happened in the second of `tick` (ms). */
  add(count: number, tick: number): void {
    const second = Math.floor(tick / 1000);
    this.advance(second);
    if (second > this.#newest - this.#bins.length) this.#bins[second % this.#bins.length]! += count;
  }

  /** Time has come to this second, whether anything happened or not. */
  advance(second: number): void {
    this.#first ??= second;
    if (second <= this.#newest) return;
    const from = Math.max(this.#newest + 1, second - this.#bins.length + 1);
    for (let each = from; each <= second; each++) this.#bins[each % this.#bins.length] = 0;
    this.#newest = second;
  }

  /** By how much the rate of the last ten seconds differs from that of the five minutes before: 0.1 is a tenth more. */
  value(): number | null {
    if (this.#first === null) return null;
    // The last second is not over, and the first was not whole.
    const known = Math.min(LONG_S, this.#newest - this.#first - 1);
    if (known < LEAST_S) return null;
    const recent = this.#mean(1, RECENT_S);
    const before = this.#mean(1 + RECENT_S, Math.max(RECENT_S, known - RECENT_S));
    return before > 0 ? recent / before - 1 : null;
  }

  clear(): void {
    this.#bins.fill(0);
    this.#first = null;
    this.#newest = 0;
  }

  #mean(back: number, seconds: number): number {
    let sum = 0;
    for (let i = 0; i < seconds; i++) sum += this.#bins[(this.#newest - back - i) % this.#bins.length] ?? 0;
    return sum / seconds;
  }
}
