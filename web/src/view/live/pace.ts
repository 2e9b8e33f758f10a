import type { Map as MapLibre } from "maplibre-gl";

/** A machine that needs longer than this for a picture is given rest in between, ms. */
const SLOW_MS = 45;
/** One that is faster than this again is not slow any more. */
const FAST_MS = 20;
const LONGEST_REST_MS = 250;

/**
 * When to draw the next picture: at once on a machine with a GPU; where drawing is slow (in software), only after a rest as
 * long as a picture takes, so that half of the time is left for everything else.
 */
export class Pace {
  #last = 0;
  #usual = 16;
  #isSlow = false;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** A picture was drawn, and what it shows is moving. */
  next(map: MapLibre): void {
    if (this.#timer !== null) return;
    const now = performance.now();
    this.#usual += 0.2 * (Math.min(500, now - this.#last) - this.#usual);
    this.#last = now;
    this.#isSlow = this.#usual > (this.#isSlow ? FAST_MS : SLOW_MS);
    if (this.#isSlow) this.later(map, Math.min(LONGEST_REST_MS, this.#usual));
    else map.triggerRepaint();
  }

  /** This machine needs help: less is to be drawn. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** Draws again in so many ms. */
  later(map: MapLibre, ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#last = performance.now();
      map.triggerRepaint();
    }, ms);
  }

  /** Draws no more by itself. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
