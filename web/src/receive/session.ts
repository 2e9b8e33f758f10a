import { Acks } from "./acks.ts";
import type { ServerClock } from "./clock.ts";
import { decode, type Frame, FrameError, isDrawn, Kind } from "./frame.ts";
import { Ledger } from "./ledger.ts";
import {
  type ClientMessage,
  type Mark,
  MessageError,
  parse,
  type ServerError,
  type ServerMessage,
  type Stats,
} from "./messages.ts";
import { Connection, type ConnectionState, type Environment } from "./socket.ts";
import type { Area } from "./tiles.ts";
import { TopicTable } from "./topics.ts";
import { countsAlike, EVERYTHING, requestOf, showsAlike, type Wish } from "./wish.ts";

export const PROTOCOL = 1;
/** Errors that say that a subscription was refused, and the one before it goes on. */
const REFUSALS: ReadonlySet<string> = new Set(["bad_message", "bad_topics", "bad_tiles", "unsupported", "forbidden"]);

/** What a session tells the rest of the page, or program. */
export interface Listener {
  connection(state: ConnectionState): void;
  /** The server introduced itself; `started` (ms since 1970) where it says so. */
  hello(started: number | null): void;
  /** Topics were named (or numbered anew). */
  topics(): void;
  /** The account was opened anew: totals are the server's. */
  opened(): void;
  /** To be drawn, oldest first; `replaces`: what is drawn goes, to be replaced by these in one and the same picture. */
  draw(frames: readonly Frame[], replaces: boolean): void;
  committed(frame: Frame): void;
  /** A step is complete; `tick` is server time, ms. */
  mark(tick: number, cursor: string): void;
  stats(stats: Stats): void;
  /** The server sends a step every so many ms, since this viewer's line is thin, or wide again. */
  pace(every: number, reason: string): void;
  trouble(message: string): void;
}

/** A conversation with `/api/live`: subscribes, draws, keeps the account, and takes up again after a loss. */
export class Session {
  readonly topics = new TopicTable();
  readonly ledger: Ledger;
  /** Marks are acknowledged as they come; else by `acknowledge`. */
  acknowledgesMarks = true;
  readonly #connection: Connection;
  readonly #clock: ServerClock;
  readonly #listener: Listener;
  readonly #acks: Acks;
  #wish: Wish;
  /** The wish that the last mark fulfilled. */
  #fulfilled: Wish | null = null;
  #subscription = 0;
  /** Frames that are drawn together at the next mark, since they replace what is drawn: a picture comes in many. */
  readonly #held: Frame[] = [];
  #isHolding = false;
  #hasPicture = false;

  constructor(environment: Environment, clock: ServerClock, listener: Listener, wish: Wish = EVERYTHING) {
    this.#clock = clock;
    this.#listener = listener;
    this.#wish = wish;
    this.ledger = new Ledger(this.topics, (frame) => listener.committed(frame));
    this.#acks = new Acks(environment, (cursor) => this.#send({ type: "ack", cursor }));
    this.#connection = new Connection(environment, {
      opened: () => {
        this.topics.forgetNumbers();
        this.#subscribe();
      },
      text: (message) => this.#guard(() => this.#take(parse(message))),
      binary: (message) => this.#guard(() => this.#frame(decode(message))),
      lost: () => {
        this.#acks.stop();
        this.#forget();
      },
      changed: (state) => listener.connection(state),
    });
  }

  /** What is drawn and counted is of these tiles: of the last mark's. */
  get area(): Area {
    return this.#fulfilled?.tiles ?? null;
  }

  start(): void {
    this.#connection.start();
  }

  /** Ends it for good. */
  stop(): void {
    this.#connection.stop();
  }

  retry(): void {
    this.#connection.retry();
  }

  /** Connects anew as somebody else: another token may let other topics through, so totals start anew. */
  startAnew(): void {
    this.ledger.reset();
    this.#connection.start();
  }

  /** Asks for something else from now on. The account goes on where what is counted stays the same, and starts anew where not. */
  want(change: Partial<Wish>): void {
    const wish = { ...this.#wish, ...change };
    if (!countsAlike(wish, this.#wish)) this.ledger.reset();
    this.#wish = wish;
    if (this.#connection.isOpen) this.#subscribe();
  }

  /** Everything up to this cursor is done with. */
  acknowledge(cursor: string): void {
    this.#acks.reached(cursor);
  }

  #subscribe(): void {
    this.#forget();
    this.#isHolding = true;
    this.#subscription = (this.#subscription + 1) % 256;
    this.#send(requestOf(this.#wish, this.#subscription, this.ledger.cursor));
  }

  /** What came after the last mark will come again. */
  #forget(): void {
    this.ledger.forgetWaiting();
    this.#held.length = 0;
    this.#hasPicture = false;
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
        this.#forget();
        this.ledger.open(message);
        this.#listener.opened();
        return;
      case "reset":
        if (message.id === this.#subscription) this.ledger.reset();
        return;
      case "mark":
        if (message.id === undefined || message.id === this.#subscription) this.#mark(message);
        return;
      case "pace":
        // Of whichever subscription: the line is the same, and goes on at that pace.
        this.#listener.pace(message.every, message.reason);
        return;
      case "stats":
        this.#listener.stats(message);
        return;
      case "error":
        this.#refused(message);
        return;
    }
  }

  #mark({ cursor, tick }: Mark): void {
    this.ledger.commit(cursor);
    this.#connection.isWell();
    const replaces = this.#hasPicture || this.#fulfilled === null || !showsAlike(this.#wish, this.#fulfilled);
    this.#fulfilled = this.#wish;
    if (replaces || this.#held.length > 0) this.#listener.draw(this.#held.splice(0), replaces);
    this.#isHolding = this.#hasPicture = false;
    this.#listener.mark(tick, cursor);
    if (this.acknowledgesMarks) this.#acks.reached(cursor);
  }

  #frame(frame: Frame): void {
    if (frame.subscription !== this.#subscription) return;
    this.ledger.receive(frame);
    if (!isDrawn(frame)) return;
    if (frame.kind === Kind.picture) this.#isHolding = this.#hasPicture = true;
    if (this.#isHolding) this.#held.push(frame);
    else this.#listener.draw([frame], false);
  }

  /** The subscription before a refused one goes on at the server, but its frames were passed by: it is asked for again. */
  #refused({ id, code, message }: ServerError): void {
    if ((id ?? this.#subscription) !== this.#subscription) return;
    const goesBack = this.#isHolding && this.#fulfilled && this.#fulfilled !== this.#wish && REFUSALS.has(code);
    if (goesBack) this.want(this.#fulfilled!);
    this.#listener.trouble(message);
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
