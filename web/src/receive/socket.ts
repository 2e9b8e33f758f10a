import { backoff } from "./backoff.ts";

/** Where the connection stands. */
export type ConnectionState =
  | { readonly at: "connecting" }
  | { readonly at: "open" }
  /** Waiting to try again, until `retryAt` (ms, the environment's clock). */
  | { readonly at: "waiting"; readonly retryAt: number; readonly failures: number };

/** The part of a WebSocket that is used; binary messages arrive as ArrayBuffer. */
export interface Wire {
  onopen: (() => void) | null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

/** What the state machine needs of the world, so that tests can be the world. */
export interface Environment {
  open(): Wire;
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

/** A connection that comes back by itself: connecting -> open -> waiting -> connecting -> ... */
export class Connection {
  #state: ConnectionState = { at: "connecting" };
  #wire: Wire | null = null;
  #failures = 0;
  #cancelTimer: () => void = () => {};
  readonly #environment: Environment;
  readonly #handlers: Handlers;

  constructor(environment: Environment, handlers: Handlers) {
    this.#environment = environment;
    this.#handlers = handlers;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  start(): void {
    this.#connect();
  }

  send(text: string): void {
    if (this.#state.at === "open") this.#wire?.send(text);
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
    wire.onclose = () => this.#lose();
  }

  /** Starts the wait for the next message (or for the opening) over. */
  #watch(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#environment.after(SILENCE_MS, () => this.#lose());
  }

  #lose(): void {
    const wire = this.#wire;
    if (!wire) return;
    this.#wire = null;
    this.#cancelTimer();
    wire.onopen = wire.onmessage = wire.onclose = null;
    wire.close();
    this.#failures++;
    const wait = backoff(this.#failures, this.#environment.random());
    this.#handlers.lost();
    this.#move({ at: "waiting", retryAt: this.#environment.now() + wait, failures: this.#failures });
    this.#cancelTimer = this.#environment.after(wait, () => this.#connect());
  }

  #move(state: ConnectionState): void {
    this.#state = state;
    this.#handlers.changed(state);
  }
}

/** The browser as the environment of a connection to `url`. */
export function browser(url: string): Environment {
  return {
    open() {
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      return socket as Wire;
    },
    now: () => Date.now(),
    random: () => Math.random(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}
