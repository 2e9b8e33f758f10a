import type * as live from "./live.gen.ts";

/**
 * The JSON messages of `/api/live` (section 6 of the design), as the server's own classes have them. Each side ignores
 * fields that it doesn't know, and does without those that an older other side leaves out.
 */

export type { Ack, Ingest as IngestState, Mark, Pace, Reset, Source as SourceState, Topics } from "./live.gen.ts";
export type Hello = WithoutSome<live.Hello, "started">;
/** Its totals are there only when the subscription starts anew. */
export type Subscribed = WithoutSome<live.Subscribed, "located" | "topics">;
export type Stats = WithoutSome<live.Stats, "started">;
export type ServerError = live.Error;
export type ServerMessage = Hello | Subscribed | live.Topics | live.Mark | live.Pace | live.Reset | Stats | ServerError;

export type Subscribe = Kept<live.Subscribe>;
export type ClientMessage = Subscribe | live.Ack;

type WithoutSome<T, Keys extends keyof T> = Omit<T, Keys> & Partial<Pick<T, Keys>>;
/** What is sent is not changed. */
type Kept<T> = { readonly [Key in keyof T]: Kept<T[Key]> };

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
