import type { Around } from "../../state/store.ts";

/** What the panels ask of the page. */
export interface Page {
  /** Server time, ms. */
  readonly clock: { now(): number };
  /** The colour of a topic, 0 to 255. */
  colour(slot: number): readonly [number, number, number];
  /** A topic's events per second over the last minute, oldest first. */
  spark(slot: number): Float32Array;
  /** What happened within so many degrees of a place in the last minute. */
  around(lon: number, lat: number, degrees: number): Promise<Around>;
  /** Connects at once instead of waiting. */
  retry(): void;
}
