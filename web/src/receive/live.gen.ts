// Made by `make types` from web/schema/live.json: change the server's classes instead.

export type Message = Request | Answer;
export type Request = Subscribe | Ack | Play | Seek | Pause | StepOn | GoLive;
export type Answer = Hello | Subscribed | Topics | Mark | Pace | Reset | Stats | Error;

/**
 * What a viewer wants from now on, instead of what it wanted before.
 */
export interface Subscribe {
  type: "subscribe";
  id?: number;
  topics?: string[];
  tiles?: [number, number, number][] | null;
  rest?: boolean;
  since?: string | null;
  every?: number;
  window?: number;
}
/**
 * Up to where a viewer has committed.
 */
export interface Ack {
  type: "ack";
  cursor: string;
}
/**
 * Replay a stretch of the past.
 */
export interface Play {
  type: "play";
  from: number;
  to?: number | null;
  speed?: number;
  loop?: boolean;
}
/**
 * Go to a moment of the past.
 */
export interface Seek {
  type: "seek";
  to: number;
}
/**
 * Hold the replay.
 */
export interface Pause {
  type: "pause";
}
/**
 * One tick of a held replay.
 */
export interface StepOn {
  type: "step";
}
/**
 * End the replay.
 */
export interface GoLive {
  type: "live";
}
/**
 * First of all. `now` and `started` in ms since 1970.
 */
export interface Hello {
  type: "hello";
  now: number;
  epoch: string;
  started: number;
  protocol?: number;
  tick_ms?: number;
}
/**
 * A subscription that starts anew: the totals since the server started, up to its cursor.
 */
export interface Subscribed {
  type: "subscribed";
  id: number;
  cursor: string;
  located: number;
  topics: {
    [k: string]: number;
  };
}
/**
 * Names of numbers, before the numbers are used.
 */
export interface Topics {
  type: "topics";
  topics: {
    [k: string]: string;
  };
}
/**
 * Everything up to `cursor` has been sent to subscription `id`. `tick`: start of the last tick, ms since 1970.
 */
export interface Mark {
  type: "mark";
  cursor: string;
  tick: number;
  id?: number;
}
/**
 * From now on a step comes every so many ms, and why.
 */
export interface Pace {
  type: "pace";
  id: number;
  every: number;
  reason: string;
}
/**
 * `since` can't be honoured; `subscribed` follows.
 */
export interface Reset {
  type: "reset";
  id: number;
  reason: string;
}
/**
 * Once a second. `rate` is located events a second, `started` ms since 1970.
 */
export interface Stats {
  type: "stats";
  events: EventCounts;
  rate: number;
  viewers: number;
  started: number;
  ingest: Ingest;
  sources: Source[];
  notices: string[];
}
/**
 * received = located + unlocated + rejected, always.
 */
export interface EventCounts {
  received: number;
  located: number;
  unlocated: number;
  rejected: number;
}
/**
 * How the ingest process does. `progress` is 0 to 1.
 */
export interface Ingest {
  state: "compiling" | "down" | "draining" | "ready" | "starting";
  detail?: string;
  progress?: number;
}
/**
 * How a source does.
 */
export interface Source {
  name: string;
  kind: string;
  format: string;
  state: string;
  detail: string;
  received: number;
  rejected: number;
  producers?: number;
  lag_bytes?: number | null;
}
/**
 * A request that was not carried out; the connection goes on. `id` is that of a subscription that was refused.
 */
export interface Error {
  type: "error";
  code: string;
  message: string;
  id?: number | null;
}
