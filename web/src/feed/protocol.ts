import type { Frame } from "../receive/frame.ts";
import type { Stats } from "../receive/messages.ts";
import type { ConnectionState } from "../receive/socket.ts";
import type { Area } from "../receive/tiles.ts";
import type { Around, Busiest, Sample } from "../state/store.ts";

/** What the page and its worker say to each other. */

/** From the page. */
export type Order =
  /** Before all else: where the live connection is, where the page's own files are, and how often a step is wanted (ms; null: each). */
  | { type: "open"; live: string; base: string; every: number | null }
  /** Connects, as whoever this token is; totals start anew. */
  | { type: "begin"; token: string | null }
  /** Draw what is in these tiles; count the rest of the world. */
  | { type: "look"; area: Area }
  /** These bounds are seen: of what is drawn, the busiest in them are told of; null for all that is drawn. */
  | { type: "see"; bounds: Bounds | null }
  /** Ask for this topic and all below it only; null for all. */
  | { type: "solo"; topic: string | null }
  /** Somebody can see the page, or nobody. */
  | { type: "shown"; shown: boolean }
  /** Tell the last minute of these topics, by slot. */
  | { type: "sparks"; slots: readonly number[] }
  | { type: "around"; key: number; lon: number; lat: number; degrees: number }
  | { type: "retry" };

/** Degrees; `east` is over 180 beyond the date line, as `west` is under -180. */
export interface Bounds {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Rows to be drawn: a frame whose topics are slots, not the wire's numbers. */
export interface Part {
  readonly frame: Frame;
  /** Sum of its counts. */
  readonly sum: number;
  /** How many times over it warms the ground. */
  readonly heat: number;
}

/** The account as of a mark. */
export interface Account {
  readonly located: number;
  readonly cursor: string | null;
  /** Marks since the page opened. */
  readonly marks: number;
  /** By slot. */
  readonly totals: Float64Array<ArrayBuffer>;
  /** What is drawn is of these tiles. */
  readonly area: Area;
}

/** How it has been lately; half a second apart at the least. */
export interface Summary {
  /** Slots, busiest first. */
  readonly order: Uint32Array<ArrayBuffer>;
  /** Events a second, by slot. */
  readonly rates: Float32Array<ArrayBuffer>;
  /** The last minute of those that were asked for, one after the other. */
  readonly sparks: Float32Array<ArrayBuffer>;
  readonly sparkOf: readonly number[];
  readonly trend: number | null;
  readonly busiest: Busiest;
  readonly samples: readonly Sample[];
}

/** To the page. */
export type News =
  | { type: "connection"; state: ConnectionState }
  /** The server introduced itself. `ahead`: its clock's time less this machine's `timeOrigin + performance.now()`, ms. */
  | { type: "hello"; started: number | null; ahead: number }
  /** Names of the next slots. */
  | { type: "names"; names: readonly string[] }
  /** The account was opened anew: totals are the server's. */
  | { type: "opened"; account: Account }
  /** A step is complete. `replaces`: what is drawn goes. `rest`: how many events were elsewhere. `middle`: of the last live tick, server time. */
  | { type: "step"; parts: readonly Part[]; replaces: boolean; rest: number; middle: number | null; account: Account }
  | { type: "summary"; summary: Summary }
  | { type: "stats"; stats: Stats }
  | { type: "pace"; every: number; reason: string }
  | { type: "trouble"; message: string }
  | { type: "around"; key: number; around: Around };

/** This machine's steady time that worker and page have in common, ms. */
export function machineTime(): number {
  return performance.timeOrigin + performance.now();
}
