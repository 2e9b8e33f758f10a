import { signal } from "@preact/signals";

/** How the map is looked at. Set by panels, keys, the address and pages that embed this one; followed by the scene. */

export type Projection = "globe" | "flat";
export type Mode = "both" | "points" | "heat";
/** What lies over the page and takes the keyboard. */
export type Overlay = "help" | "search";

export const PROJECTIONS: readonly Projection[] = ["globe", "flat"];
export const MODES: readonly Mode[] = ["both", "points", "heat"];

/** Where the map looks. */
export interface Place {
  /** Degrees. */
  lon: number;
  lat: number;
  /** MapLibre's: the world is 512 * 2^zoom CSS pixels wide. */
  zoom: number;
  /** Degrees: what is up, clockwise from north, and how far the map is tilted. */
  bearing: number;
  pitch: number;
}

export const projection = signal<Projection>("globe");
export const mode = signal<Mode>("both");
/** Lines run from events to the configured home. */
export const arcs = signal(false);
/** The camera drifts to where it is busy, and turns the globe when nothing happens. */
export const following = signal(false);
/** Topics that are not drawn: each stands for itself and for all below it. They are counted all the same. */
export const hidden = signal<ReadonlySet<string>>(new Set());
/** The only topic (with all below it) that is asked for; null for all. */
export const solo = signal<string | null>(null);
export const overlay = signal<Overlay | null>(null);
/** A clip is being recorded. */
export const recording = signal(false);

/** What the address asks the map to open at, as far as it says; the camera takes it from here. */
export const wanted = signal<Partial<Place>>({});
/** Somebody chose where the map looks (by the address, by hand, by a search): it is not to be fitted to anything by itself. */
export const placed = signal(false);
/** The camera has its opening view: nothing but the feed moves the picture from now on. */
export const settled = signal(false);
/** On a wall: no panels but the total, no cursor, no sleep. */
export const kiosk = signal(false);
/** In a frame of another page. */
export const embedded = signal(false);

/** Whether a topic is drawn, by its name. */
export function isHidden(name: string, among: ReadonlySet<string>): boolean {
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) {
    if (among.has(name.slice(0, end))) return true;
  }
  return false;
}
