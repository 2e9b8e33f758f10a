import type { Environment } from "./socket.ts";

const EVERY_MS = 1000;

/**
 * Tells the server up to where we are: about once a second, and the last mark within one. By that the server knows who is slow, since
 * proxies and kernels hide how much has really arrived.
 */
export class Acks {
  readonly #environment: Pick<Environment, "now" | "after">;
  readonly #send: (cursor: string) => void;
  #cursor = "";
  #sentAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;

  constructor(environment: Pick<Environment, "now" | "after">, send: (cursor: string) => void) {
    this.#environment = environment;
    this.#send = send;
  }

  /** We have come to this mark. A cursor may come again: then the server waits to hear of it again. */
  reached(cursor: string): void {
    this.#cursor = cursor;
    if (this.#cancel) return;
    const wait = this.#sentAt + EVERY_MS - this.#environment.now();
    if (wait <= 0) this.#tell();
    else this.#cancel = this.#environment.after(wait, () => this.#tell());
  }

  /** The connection is gone. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #tell(): void {
    this.#cancel = null;
    this.#sentAt = this.#environment.now();
    this.#send(this.#cursor);
  }
}
