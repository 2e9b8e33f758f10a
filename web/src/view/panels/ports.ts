import type { Around } from "../../state/store.ts";

/** What the panels ask of the page. */
export interface Page {
  /** Server time, ms. */
  readonly clock: { now(): number };
  /** The colour of a topic, 0 to 255. */
  colour(slot: number): readonly [number, number, number];
  /** A topic's events per second over the last minute, oldest first. */
  spark(slot: number): Float32Array;
  around(lon: number, lat: number, degrees: number): Promise<Around>;
  /** Connects at once instead of waiting. */
  retry(): void;
}

/** What buttons do to the map. */
export interface Actions {
  flyTo(lon: number, lat: number, zoom?: number): void;
  toggleFullScreen(): void;
  copyLink(): Promise<void>;
  savePicture(): Promise<void>;
  toggleClip(): Promise<void>;
}
