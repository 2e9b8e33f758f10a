import { ServerClock } from "./clock.ts";
import { isToken, liveUrl, reaching, type WebSocketClass } from "./environment.ts";
import type { Frame } from "./frame.ts";
import type { Stats } from "./messages.ts";
import { Session } from "./session.ts";
import type { ConnectionState, Refusal } from "./socket.ts";
import type { Tile } from "./tiles.ts";
import { EVERYTHING, type Wish } from "./wish.ts";

/** What to ask for, and what to be told; everything may be left out. */
export interface Options extends Wanted, Told {
  /** A viewer token. As a function it is called for each attempt to connect. */
  token?: string | null | (() => string | null);
  /** The WebSocket to connect with, where there is none (Node before 22): that of the `ws` package. */
  WebSocket?: WebSocketClass;
}

export interface Wanted {
  /** Patterns: `*` is one token, a last `>` is one or more. All topics when left out. */
  topics?: string | readonly string[];
  /** XYZ tiles, none within another; `tilesFor` gives those of a view. The whole world when left out, or null. */
  tiles?: readonly Tile[] | null;
  /** With tiles: count what lies outside of them as well. */
  rest?: boolean;
  /** ms from step to step, a multiple of 250 up to 10,000. 250 when left out. */
  every?: number | null;
  /** Seconds of what happened last, to start with a warm picture. 10 when left out. */
  window?: number;
}

export interface Told {
  /** Something to draw. `lonLat(frame, row)` is where a row of it is, `receiver.topicOf(frame, row)` what, `frame.count[row]` how many. */
  onFrame?(frame: Frame): void;
  /** What is drawn goes: the frames that come next, at once, replace it. */
  onClear?(): void;
  /** A step is complete, and counted. */
  onMark?(mark: { tick: number; cursor: string }): void;
  /** Topics were named; all that are known, in an order that only ever grows. */
  onTopics?(names: readonly string[]): void;
  /** About once a second. */
  onStats?(stats: Stats): void;
  onState?(state: ConnectionState): void;
  /** The server sends a step every so many ms only, or as many as before again. */
  onPace?(every: number, reason: string): void;
  /** Something went wrong that somebody should read. */
  onTrouble?(message: string): void;
}

/** A step, complete and counted. */
export interface Step {
  /** Start of the server's last tick, ms since 1970. */
  readonly tick: number;
  readonly cursor: string;
  /** What is to be drawn; `clears`: in place of everything drawn before. */
  readonly frames: readonly Frame[];
  readonly clears: boolean;
}

/** The server lets this viewer not in. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: number;

  constructor({ status, message }: Refusal) {
    super(message || `the server refuses this viewer (${status})`);
    this.status = status;
  }
}

/**
 * Connects to the DynMap server at `url` (http, https, ws or wss), comes back by itself whenever the connection is lost, and keeps totals
 * that are equal to the server's. Throws TypeError when the URL or the token is none, or there is no WebSocket to connect with.
 */
export function connect(url: string | URL, options: Options = {}): Receiver {
  return new Receiver(url, options);
}

/** A live connection that comes back by itself. Also an async iterable of steps: `for await (const step of receiver) ...` */
export class Receiver implements AsyncIterable<Step> {
  readonly #session: Session;
  #state: ConnectionState = { at: "connecting" };
  #frames: Frame[] = [];
  #clears = false;
  #steps: Steps | null = null;

  constructor(url: string | URL, options: Options) {
    const { token = null } = options;
    if (typeof token === "string" && !isToken(token))
      throw new TypeError("the token is none: it has characters that no token has");
    const environment = reaching(liveUrl(url), {
      token: typeof token === "function" ? token : () => token,
      ...(options.WebSocket ? { WebSocket: options.WebSocket } : {}),
    });
    this.#session = new Session(environment, new ServerClock(), this.#listener(options), {
      ...EVERYTHING,
      ...wishOf(options),
    });
    // Whoever is told of something shall have this receiver in hand by then.
    queueMicrotask(() => {
      if (this.#state.at !== "closed") this.#session.start();
    });
  }

  /** Events counted up to the last mark: the server's total of the topics that were asked for. */
  get located(): number {
    return this.#session.ledger.located;
  }

  /** Up to where; null until the first subscription is answered. */
  get cursor(): string | null {
    return this.#session.ledger.cursor;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Events of one topic, counted up to the last mark. */
  total(topic: string): number {
    return this.#session.ledger.total(this.#session.topics.names.indexOf(topic));
  }

  /** Likewise, of each topic that is known. */
  totals(): Record<string, number> {
    return Object.fromEntries(this.#session.topics.names.map((name, slot) => [name, this.#session.ledger.total(slot)]));
  }

  /** The topic of a row of a frame that has just come: numbers may mean something else after the connection was lost. */
  topicOf(frame: Frame, row: number): string {
    const { topics } = this.#session;
    return topics.names[topics.slot(frame.topic[row]!)]!;
  }

  /** Asks for something else from now on: what isn't named stays. Totals go on if they are of the same events, else start anew. */
  want(change: Wanted): void {
    this.#forgetStep();
    this.#session.want(wishOf(change));
  }

  /** Tries to connect now instead of waiting on, also after a refusal. */
  retry(): void {
    if (this.#state.at === "refused") this.#session.startAnew();
    else this.#session.retry();
  }

  close(): void {
    this.#session.stop();
    // Where it was not started yet.
    this.#state = { at: "closed" };
    this.#steps?.end(null);
  }

  /**
   * Steps as they are complete. A loop that is slow is no loss: a step is acknowledged when the loop comes back from it, so the server sends
   * fewer, merged ones. Throws RefusedError when the server refuses this viewer.
   */
  [Symbol.asyncIterator](): AsyncIterator<Step> {
    if (this.#steps) throw new Error("the steps of this receiver are being iterated over already");
    this.#session.acknowledgesMarks = false;
    const steps = new Steps(
      (cursor) => this.#session.acknowledge(cursor),
      () => {
        this.#session.acknowledgesMarks = true;
        this.#steps = null;
      },
    );
    this.#steps = steps;
    if (this.#state.at === "closed") steps.end(null);
    if (this.#state.at === "refused") steps.end(new RefusedError(this.#state));
    return steps;
  }

  #listener(told: Told) {
    return {
      connection: (state: ConnectionState) => {
        this.#state = state;
        if (state.at !== "open") this.#forgetStep();
        if (state.at === "refused") this.#steps?.end(new RefusedError(state));
        told.onState?.(state);
      },
      hello: () => {},
      topics: () => told.onTopics?.(this.#session.topics.names),
      opened: () => {},
      draw: (frames: readonly Frame[], replaces: boolean) => {
        if (this.#steps) this.#keep(frames, replaces);
        if (replaces) told.onClear?.();
        for (const frame of frames) told.onFrame?.(frame);
      },
      committed: () => {},
      mark: (tick: number, cursor: string) => {
        this.#steps?.add({ tick, cursor, frames: this.#frames, clears: this.#clears });
        this.#forgetStep();
        told.onMark?.({ tick, cursor });
      },
      stats: (stats: Stats) => told.onStats?.(stats),
      pace: (every: number, reason: string) => told.onPace?.(every, reason),
      trouble: (message: string) => told.onTrouble?.(message),
    };
  }

  #keep(frames: readonly Frame[], replaces: boolean): void {
    if (replaces) this.#forgetStep();
    this.#clears ||= replaces;
    this.#frames.push(...frames);
  }

  #forgetStep(): void {
    this.#frames = [];
    this.#clears = false;
  }
}

/** Steps that wait to be taken, or somebody who waits for a step. */
class Steps implements AsyncIterator<Step> {
  readonly #done: (cursor: string) => void;
  readonly #left: () => void;
  readonly #waiting: Step[] = [];
  #waiter: { resolve(result: IteratorResult<Step>): void; reject(error: Error): void } | null = null;
  #end: { error: Error | null } | null = null;
  /** Of the last step that was added, and of the last that was given out. */
  #added = "";
  #given = "";

  /** Calls `done` with the cursor of a step that its taker has come back from, and `left` when there will be no more. */
  constructor(done: (cursor: string) => void, left: () => void) {
    this.#done = done;
    this.#left = left;
  }

  add(step: Step): void {
    // A mark that repeats the one before brings nothing: the server waits for us to be done with what there is.
    if (step.cursor === this.#added && step.frames.length === 0 && !step.clears) {
      if (this.#waiter) this.#done(step.cursor);
      return;
    }
    this.#added = step.cursor;
    if (this.#waiter) this.#waiter.resolve(this.#give(step));
    else this.#waiting.push(step);
    this.#waiter = null;
  }

  end(error: Error | null): void {
    if (this.#end) return;
    this.#end = { error };
    this.#left();
    if (error) this.#waiter?.reject(error);
    else this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = null;
  }

  async next(): Promise<IteratorResult<Step>> {
    if (this.#given !== "") this.#done(this.#given);
    const step = this.#waiting.shift();
    if (step) return this.#give(step);
    if (this.#end?.error) throw this.#end.error;
    if (this.#end) return { done: true, value: undefined };
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  async return(): Promise<IteratorResult<Step>> {
    this.end(null);
    return { done: true, value: undefined };
  }

  #give(step: Step): IteratorResult<Step> {
    this.#given = step.cursor;
    return { done: false, value: step };
  }
}

function wishOf({ topics, tiles, rest, every, window }: Wanted): Partial<Wish> {
  return {
    ...(topics === undefined ? {} : { topics: typeof topics === "string" ? [topics] : topics }),
    ...(tiles === undefined ? {} : { tiles }),
    ...(rest === undefined ? {} : { rest }),
    ...(every === undefined ? {} : { every }),
    ...(window === undefined ? {} : { window }),
  };
}
