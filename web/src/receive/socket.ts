import { backoff } from "./backoff.ts";

/** Where the connection stands. */
export type ConnectionState =
  | { readonly at: "connecting" }
  | { readonly at: "open" }
  /** Waiting to try again, until `retryAt` (ms, the environment's clock). */
  | { readonly at: "waiting"; readonly retryAt: number; readonly failures: number }
  /** The server doesn't let us in, and will not as long as nothing changes: another token is needed. */
  | ({ readonly at: "refused" } & Refusal)
  | { readonly at: "closed" };

/** Why a server doesn't let us in: 401 (no valid token) or 403, and its own words, which may be none. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** The part of a WebSocket that is used; binary messages arrive as ArrayBuffer. */
export interface Wire {
  onopen: (() => void) | null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(): void;
}

/** What the state machine needs of the world, so that tests can be the world. */
export interface Environment {
  open(): Wire;
  /**
   * Finds out why a handshake failed, which a WebSocket doesn't tell: calls back with the refusal, or with null when it was none or
   * that can't be known.
   */
  askWhy(answer: (refusal: Refusal | null) => void): void;
  now(): number;
  random(): number;
  /** Calls back after so many ms; returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
}

export interface Handlers {
  opened(): void;
  text(message: string): void;
  binary(message: ArrayBuffer): void;
  /** The connection is gone, or never came to be. */
  lost(): void;
  changed(state: ConnectionState): void;
}

/** The server says something every second (`stats`); after so long a silence the connection counts as dead. */
export const SILENCE_MS = 12_000;
/** The server closes with this code when the token has expired. */
const TOKEN_EXPIRED = 4401;

/** A connection that comes back by itself: connecting -> open -> waiting -> connecting -> ... */
export class Connection {
  #state: ConnectionState = { at: "closed" };
  #wire: Wire | null = null;
  #failures = 0;
  #cancelTimer: () => void = () => {};
  readonly #environment: Environment;
  readonly #handlers: Handlers;

  constructor(environment: Environment, handlers: Handlers) {
    this.#environment = environment;
    this.#handlers = handlers;
  }

  get isOpen(): boolean {
    return this.#state.at === "open";
  }

  /** Connects; one that is there is given up, and a refusal forgotten: there is another token. */
  start(): void {
    this.#letGo();
    this.#failures = 0;
    this.#connect();
  }

  /** Ends it for good. */
  stop(): void {
    this.#letGo();
    this.#move({ at: "closed" });
  }

  send(text: string): void {
    if (this.isOpen) this.#wire?.send(text);
  }

  /** The server proved to be well (a mark came): the next loss starts from a short wait again. */
  isWell(): void {
    this.#failures = 0;
  }

  /** Tries now instead of waiting on: the network is back, or somebody pressed the button. */
  retry(): void {
    if (this.#state.at === "waiting") this.#connect();
  }

  /** Gives the connection up as broken (bad data); another is tried after a wait. */
  drop(): void {
    this.#lose();
  }

  #connect(): void {
    this.#cancelTimer();
    this.#move({ at: "connecting" });
    const wire = this.#environment.open();
    this.#wire = wire;
    this.#watch();
    wire.onopen = () => {
      this.#move({ at: "open" });
      this.#watch();
      this.#handlers.opened();
    };
    wire.onmessage = ({ data }) => {
      this.#watch();
      if (typeof data === "string") this.#handlers.text(data);
      else this.#handlers.binary(data);
    };
    wire.onclose = ({ code, reason }) => this.#closed(code, reason);
  }

  #closed(code: number, reason: string): void {
    if (code === TOKEN_EXPIRED) {
      this.#letGo();
      this.#move({ at: "refused", status: 401, message: reason });
      return;
    }
    const hadOpened = this.isOpen;
    this.#lose();
    if (!hadOpened) this.#askWhy();
  }

  /** Whether it was refused is asked while the wait for the next attempt runs already: mostly it was not. */
  #askWhy(): void {
    const waiting = this.#state;
    this.#environment.askWhy((refusal) => {
      if (refusal === null || this.#state !== waiting) return;
      this.#cancelTimer();
      this.#move({ at: "refused", status: refusal.status, message: refusal.message });
    });
  }

  /** Starts the wait for the next message (or for the opening) over. */
  #watch(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#environment.after(SILENCE_MS, () => this.#lose());
  }

  #lose(): void {
    if (!this.#wire) return;
    this.#letGo();
    this.#failures++;
    const wait = backoff(this.#failures, this.#environment.random());
    this.#move({ at: "waiting", retryAt: this.#environment.now() + wait, failures: this.#failures });
    this.#cancelTimer = this.#environment.after(wait, () => this.#connect());
  }

  /** Hears no more of the wire that is there. */
  #letGo(): void {
    this.#cancelTimer();
    const wire = this.#wire;
    if (!wire) return;
    this.#wire = null;
    wire.onopen = wire.onmessage = wire.onclose = null;
    wire.close();
    this.#handlers.lost();
  }

  #move(state: ConnectionState): void {
    this.#state = state;
    this.#handlers.changed(state);
  }
}
