import type { ServerClock } from "./clock.ts";
import { decode, type Frame, FrameError, isDrawn, Kind } from "./frame.ts";
import { Ledger } from "./ledger.ts";
import { type ClientMessage, MessageError, parse, type ServerMessage, type Stats } from "./messages.ts";
import { Connection, type ConnectionState, type Environment } from "./socket.ts";
import { TopicTable } from "./topics.ts";

export const PROTOCOL = 1;
/** Seconds of a warm picture, asked for in case that the server starts the subscription anew. */
const WINDOW_S = 10;
const ACK_EVERY_MS = 1000;

/** What a session tells the rest of the page. */
export interface Listener {
  connection(state: ConnectionState): void;
  /** The server introduced itself; `started` (ms since 1970) where it says so. */
  hello(started: number | null): void;
  /** Topics were named (or numbered anew). */
  topics(): void;
  /** The account was opened anew: totals are the server's. */
  opened(): void;
  /** To be drawn; `replaces`: the map is to be emptied first. */
  draw(frame: Frame, replaces: boolean): void;
  committed(frame: Frame): void;
  /** A step is complete; `tick` is server time, ms. */
  mark(tick: number): void;
  stats(stats: Stats): void;
  trouble(message: string): void;
}

/** One page's conversation with `/api/live`: subscribes, draws, keeps the account, and takes up again after a loss. */
export class Session {
  readonly topics = new TopicTable();
  readonly ledger: Ledger;
  readonly #connection: Connection;
  readonly #environment: Environment;
  readonly #clock: ServerClock;
  readonly #listener: Listener;
  #subscription = 0;
  #hasPicture = false;
  #ackedAt = 0;
  #acked: string | null = null;

  constructor(environment: Environment, clock: ServerClock, listener: Listener) {
    this.#environment = environment;
    this.#clock = clock;
    this.#listener = listener;
    this.ledger = new Ledger(this.topics, (frame) => listener.committed(frame));
    this.#connection = new Connection(environment, {
      opened: () => this.#subscribe(),
      text: (message) => this.#guard(() => this.#take(parse(message))),
      binary: (message) => this.#guard(() => this.#frame(decode(message))),
      lost: () => this.ledger.forgetWaiting(),
      changed: (state) => listener.connection(state),
    });
  }

  start(): void {
    this.#connection.start();
  }

  retry(): void {
    this.#connection.retry();
  }

  #subscribe(): void {
    this.topics.forgetNumbers();
    this.#hasPicture = false;
    this.#acked = null;
    this.#subscription = (this.#subscription + 1) % 256;
    this.#send({
      type: "subscribe",
      id: this.#subscription,
      topics: [">"],
      since: this.ledger.cursor,
      window: WINDOW_S,
    });
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "hello":
        this.#clock.set(message.now);
        if (message.protocol !== PROTOCOL) {
          this.#listener.trouble("The server has been updated: reload this page.");
        }
        this.#listener.hello(message.started ?? null);
        return;
      case "topics":
        this.topics.name(message.topics);
        this.#listener.topics();
        return;
      case "subscribed":
        if (message.id !== this.#subscription) return;
        this.#hasPicture = false;
        this.ledger.open(message);
        this.#listener.opened();
        return;
      case "reset":
        if (message.id === this.#subscription) this.ledger.reset();
        return;
      case "mark":
        this.#mark(message.cursor, message.tick);
        return;
      case "stats":
        this.#listener.stats(message);
        return;
      case "error":
        this.#listener.trouble(message.message);
        return;
    }
  }

  #mark(cursor: string, tick: number): void {
    this.ledger.commit(cursor);
    this.#connection.isWell();
    this.#hasPicture = false;
    this.#listener.mark(tick);
    const now = this.#environment.now();
    if (now - this.#ackedAt < ACK_EVERY_MS || cursor === this.#acked) return;
    this.#ackedAt = now;
    this.#acked = cursor;
    this.#send({ type: "ack", cursor });
  }

  #frame(frame: Frame): void {
    if (frame.subscription !== this.#subscription) return;
    this.ledger.receive(frame);
    if (!isDrawn(frame.kind)) return;
    // A picture may come as several frames (tiles, sizes of cells): only the first empties the map.
    const replaces = frame.kind === Kind.picture && !this.#hasPicture;
    this.#hasPicture ||= replaces;
    this.#listener.draw(frame, replaces);
  }

  /** Data that can't be understood means that nothing after it can be trusted: take up again from the last mark. */
  #guard(take: () => void): void {
    try {
      take();
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof MessageError)) throw error;
      this.#listener.trouble(`The connection was dropped: ${error.message}.`);
      this.#connection.drop();
    }
  }

  #send(message: ClientMessage): void {
    this.#connection.send(JSON.stringify(message));
  }
}
