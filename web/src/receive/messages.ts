import type { Tile } from "./tiles.ts";

/** The JSON messages of `/api/live` (section 6 of the design). Each side ignores fields that it doesn't know. */

export interface Hello {
  type: "hello";
  protocol: number;
  tick_ms: number;
  /** Server time, ms since 1970. */
  now: number;
  epoch: string;
  /** When the server started, ms since 1970, where it says so. */
  started?: number;
}

export interface Subscribed {
  type: "subscribed";
  id: number;
  cursor: string;
  /** The server's total up to that cursor; only when the subscription starts anew. */
  located?: number;
  /** Counts by topic number, likewise. */
  topics?: Record<string, number>;
}

export interface Topics {
  type: "topics";
  topics: Record<string, string>;
}

export interface Mark {
  type: "mark";
  /** The subscription whose step it closes. */
  id?: number;
  cursor: string;
  tick: number;
}

/** The server sends this viewer fewer steps a second than it asked for, or as many again. */
export interface Pace {
  type: "pace";
  id: number;
  /** ms from step to step. */
  every: number;
  reason: string;
}

export interface Reset {
  type: "reset";
  id: number;
  reason: string;
}

export interface IngestState {
  state: "starting" | "compiling" | "ready" | "draining" | "down";
  detail?: string;
  progress?: number;
}

export interface SourceState {
  name: string;
  kind: string;
  state: string;
  detail?: string;
  received: number;
  rejected: number;
}

export interface Stats {
  type: "stats";
  events: { received: number; located: number; unlocated: number; rejected: number };
  /** Located events per second. */
  rate: number;
  viewers: number;
  ingest: IngestState;
  sources: SourceState[];
  notices: string[];
}

export interface ServerError {
  type: "error";
  /** The subscription that was refused, where the server says so. */
  id?: number;
  code: string;
  message: string;
}

export type ServerMessage = Hello | Subscribed | Topics | Mark | Pace | Reset | Stats | ServerError;

export interface Subscribe {
  type: "subscribe";
  id: number;
  topics: readonly string[];
  /** The whole world when left out. */
  tiles?: readonly Tile[];
  /** What lies outside the tiles is to be sent too, in one row a topic. */
  rest?: boolean;
  /** ms from step to step, a multiple of 250. */
  every?: number;
  since: string | null;
  /** Seconds of a warm picture. */
  window: number;
}

export interface Ack {
  type: "ack";
  cursor: string;
}

export type ClientMessage = Subscribe | Ack;

export class MessageError extends Error {
  override readonly name = "MessageError";
}

/** A JSON message of the server. Throws MessageError when it isn't an object with a `type`. */
export function parse(text: string): ServerMessage {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    throw new MessageError("the server sent text that is not JSON");
  }
  if (typeof message !== "object" || message === null || !("type" in message)) {
    throw new MessageError("the server sent a message without a type");
  }
  return message as ServerMessage;
}
