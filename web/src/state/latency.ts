/** The last so many steps are looked at: ten seconds, where each tick comes as a step. */
const KEPT = 40;

/** The median of the last measurements, ms. */
export class Latency {
  readonly #last: number[] = [];

  add(ms: number): void {
    this.#last.push(ms);
    if (this.#last.length > KEPT) this.#last.shift();
  }

  /** Null while nothing was measured. */
  get median(): number | null {
    if (this.#last.length === 0) return null;
    return [...this.#last].sort((a, b) => a - b)[this.#last.length >> 1]!;
  }

  clear(): void {
    this.#last.length = 0;
  }
}
