import { type Frame, Kind } from "../receive/frame.ts";
import { placeOf } from "../receive/world.ts";

/** One event is shown in so many ms: as fast as one can read along. */
const EVERY_MS = 800;
const KEPT = 10;
/** Rows of a frame that are looked at. */
const LOOKED_AT = 8;

/** A row that was picked. */
export interface Picked {
  readonly key: number;
  /** Slot of its topic. */
  readonly slot: number;
  /** In the world, 0 to 1. */
  readonly x: number;
  readonly y: number;
  readonly count: number;
  /** ms, server time. */
  readonly at: number;
}

/** Picks events to be read, one now and then: by chance, but the topic that was not shown for longest comes first. */
export class Sampler {
  /** Newest first. */
  readonly picked: Picked[] = [];
  readonly #random: () => number;
  readonly #shown = new Map<number, number>();
  #candidate: Picked | null = null;
  #key = 0;
  #due = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Looks at a frame whose topics are slots. */
  offer(frame: Frame): void {
    if (frame.kind !== Kind.live || frame.tick < this.#due) return;
    for (let i = 0; i < Math.min(LOOKED_AT, frame.n); i++) {
      const row = Math.floor(this.#random() * frame.n);
      const slot = frame.topic[row]!;
      if (this.#candidate && this.#lastShown(slot) >= this.#lastShown(this.#candidate.slot)) continue;
      const [x, y] = placeOf(frame, row);
      this.#candidate = {
        key: 0,
        slot,
        x,
        y,
        count: frame.count[row]!,
        at: frame.tick + frame.covers * this.#random(),
      };
    }
  }

  /** A step is over: whether another one was picked. */
  close(): boolean {
    const chosen = this.#candidate;
    this.#candidate = null;
    if (!chosen) return false;
    this.#due = chosen.at + EVERY_MS;
    this.#shown.set(chosen.slot, this.#key);
    this.picked.unshift({ ...chosen, key: this.#key++ });
    this.picked.length = Math.min(KEPT, this.picked.length);
    return true;
  }

  clear(): void {
    this.picked.length = 0;
    this.#candidate = null;
    this.#due = 0;
  }

  #lastShown(slot: number): number {
    return this.#shown.get(slot) ?? -1;
  }
}
