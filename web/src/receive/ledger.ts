import { type Frame, isCounted, Kind } from "./frame.ts";
import type { Subscribed } from "./messages.ts";
import type { TopicTable } from "./topics.ts";

/** Told of each counted frame as it is committed; rates and sparklines are kept this way. */
export type OnCommitted = (frame: Frame) => void;

/**
 * Totals that stay equal to the server's.
 *
 * Frames wait until the mark that closes their step, which commits them and moves the cursor. When the connection is lost,
 * what still waits is forgotten: asking again with `since` = the cursor brings it once more.
 */
export class Ledger {
  /** Everything committed, for all topics together. */
  located = 0;
  /** Up to where; null until the first subscription is answered. */
  cursor: string | null = null;
  /** Marks committed since the page opened. */
  marks = 0;

  readonly #topics: TopicTable;
  readonly #onCommitted: OnCommitted;
  #totals = new Float64Array(64);
  #waiting: Frame[] = [];

  constructor(topics: TopicTable, onCommitted: OnCommitted = () => {}) {
    this.#topics = topics;
    this.#onCommitted = onCommitted;
  }

  /** What is committed for a topic, by its slot in the page's table. */
  total(slot: number): number {
    return this.#totals[slot] ?? 0;
  }

  /** Takes the server's answer to a subscription; totals in it start the account anew. */
  open(answer: Subscribed): void {
    this.#waiting.length = 0;
    this.cursor = answer.cursor;
    if (answer.located === undefined) return;
    this.located = answer.located;
    this.#totals.fill(0);
    for (const [number, count] of Object.entries(answer.topics ?? {})) this.#add(Number(number), count);
  }

  /** Keeps a frame for the mark that follows it; frames that are only drawn pass by. */
  receive(frame: Frame): void {
    if (isCounted(frame.kind)) this.#waiting.push(frame);
  }

  /** A mark: everything that waits has happened, and the account stands at its cursor. */
  commit(cursor: string): void {
    for (const frame of this.#waiting) {
      for (let row = 0; row < frame.n; row++) {
        const count = frame.count[row]!;
        this.located += count;
        this.#add(frame.topic[row]!, count);
      }
      if (frame.kind !== Kind.old) this.#onCommitted(frame);
    }
    this.#waiting.length = 0;
    this.cursor = cursor;
    this.marks++;
  }

  /** The connection is lost: what came after the last mark will come again. */
  forgetWaiting(): void {
    this.#waiting.length = 0;
  }

  /** The server can't go on from the cursor: the next subscription starts from nothing. */
  reset(): void {
    this.#waiting.length = 0;
    this.cursor = null;
  }

  #add(number: number, count: number): void {
    const slot = this.#topics.slot(number);
    if (slot >= this.#totals.length) {
      const longer = new Float64Array(Math.max(slot + 1, 2 * this.#totals.length));
      longer.set(this.#totals);
      this.#totals = longer;
    }
    this.#totals[slot]! += count;
  }
}
