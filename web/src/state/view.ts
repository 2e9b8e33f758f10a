import { signal } from "@preact/signals";

/** How the map is looked at. Set by panels, keys, the address and pages that embed this one; followed by the scene. */

export type Projection = "globe" | "flat";
export type Mode = "both" | "points" | "heat";
/** What lies over the page and takes the keyboard. */
export type Overlay = "help" | "search";

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

/** Whether a topic is drawn, by its name. */
export function isHidden(name: string, among: ReadonlySet<string>): boolean {
  for (let end = name.length; end > 0; end = name.lastIndexOf(".", end - 1)) {
    if (among.has(name.slice(0, end))) return true;
  }
  return false;
}
