/** Seconds that are remembered: a minute for the sparkline, and some for what is late. */
const SECONDS = 72;
export const SPARK_SECONDS = 60;
/** A rate is the mean of so many whole seconds. */
const RATE_SECONDS = 5;
/** The last second that counts as whole: ticks come up to about a second after they began. */
const SETTLE_SECONDS = 1;

/** Events per second by topic over the last minute, by the time they happened and not when word of them came. */
export class Meter {
  #bins = new Float32Array(0);
  #slots = 0;
  #newest = 0;

  /** Adds what happened in `covers` ms from `tick` (ms) on. */
  add(slot: number, count: number, tick: number, covers: number): void {
    const first = Math.floor(tick / 1000);
    const last = Math.max(first, Math.ceil((tick + covers) / 1000) - 1);
    if (slot >= this.#slots) this.#grow(slot + 1);
    this.advance(last);
    const share = count / (last - first + 1);
    for (let second = Math.max(first, this.#newest - SECONDS + 1); second <= last; second++) {
      this.#bins[slot * SECONDS + (second % SECONDS)]! += share;
    }
  }

  /** Time has come to this second, whether anything happened or not. */
  advance(second: number): void {
    if (second <= this.#newest) return;
    const steps = Math.min(SECONDS, second - this.#newest);
    for (let step = 0; step < steps; step++) {
      const bin = (second - step) % SECONDS;
      for (let slot = 0; slot < this.#slots; slot++) this.#bins[slot * SECONDS + bin] = 0;
    }
    this.#newest = second;
  }

  /** Events per second of a topic. */
  rate(slot: number): number {
    if (slot >= this.#slots) return 0;
    let sum = 0;
    for (let back = 0; back < RATE_SECONDS; back++) sum += this.#at(slot, SETTLE_SECONDS + back);
    return sum / RATE_SECONDS;
  }

  /** Writes a topic's events per second over the last minute into `into`, oldest first. */
  spark(slot: number, into: Float32Array): void {
    for (let i = 0; i < SPARK_SECONDS; i++) {
      into[i] = slot < this.#slots ? this.#at(slot, SETTLE_SECONDS + SPARK_SECONDS - 1 - i) : 0;
    }
  }

  clear(): void {
    this.#bins.fill(0);
  }

  #at(slot: number, back: number): number {
    const second = this.#newest - back;
    return second < 0 ? 0 : this.#bins[slot * SECONDS + (second % SECONDS)]!;
  }

  #grow(slots: number): void {
    const room = Math.max(slots, 2 * this.#slots, 16);
    const bins = new Float32Array(room * SECONDS);
    bins.set(this.#bins);
    this.#bins = bins;
    this.#slots = room;
  }
}
