/**
 * The server's time, told by this machine's steady clock from the server's `hello` on. The way of the message is not taken
 * off, so it runs late by that: events look a few milliseconds younger than they are, never older.
 */
export class ServerClock {
  #offset = Date.now() - performance.now();
  #held: number | null = null;

  /** The server said that it is `now` (ms since 1970), just now. */
  set(now: number): void {
    this.#offset = now - performance.now();
  }

  /** Stands still at this time (ms since 1970), or goes on (null). */
  hold(at: number | null): void {
    this.#held = at;
  }

  get isHeld(): boolean {
    return this.#held !== null;
  }

  /** ms since 1970. */
  now(): number {
    return this.#held ?? this.#offset + performance.now();
  }
}
