import type { Map as MapLibre, ProjectionSpecification, StyleSpecification } from "maplibre-gl";
import type { Projection } from "../../state/view.ts";

/** From the globe to the flat map, or back, ms. */
export const MORPH_MS = 1400;
/** Zooms between which the globe turns into the flat map by itself: among streets there is nothing to be seen of it. */
const FLATTENS_FROM = 11;
const FLATTENS_TO = 12;
/** The style's variable that says how much of a globe the map is, 0 to 1. */
const VARIABLE = "globe";

/**
 * MapLibre bends the map by the zoom. Here it does so by a variable of the style, so that the one can turn into the other wherever the
 * camera is; setting another projection instead would cut all tiles anew and jump.
 */
const PROJECTION = {
  type: ["interpolate", ["linear"], ["global-state", VARIABLE], 0, "mercator", 1, "vertical-perspective"],
} as unknown as ProjectionSpecification;

/** What a style needs to be seen as this from its first picture on. */
export function projectionOf(projection: Projection): Pick<StyleSpecification, "projection" | "state"> {
  return { projection: PROJECTION, state: { [VARIABLE]: { default: projection === "globe" ? 1 : 0 } } };
}

/** How much of a globe there is at a zoom, of what was asked for. */
export function bending(asked: number, zoom: number): number {
  return asked * Math.min(1, Math.max(0, (FLATTENS_TO - zoom) / (FLATTENS_TO - FLATTENS_FROM)));
}

/** Slow at both ends. */
export function eased(t: number): number {
  return t < 0.5 ? 4 * t * t * t : 1 - (2 - 2 * t) ** 3 / 2;
}

/** Bends a map into a globe and back. */
export class Bender {
  readonly #map: MapLibre;
  #asked: number;
  #shown = Number.NaN;
  #morph = 0;

  constructor(map: MapLibre, projection: Projection) {
    this.#map = map;
    this.#asked = projection === "globe" ? 1 : 0;
    map.on("zoom", () => this.#show());
    // Another style, and one that was built anew after a lost context, knows nothing of it.
    map.on("style.load", () => {
      map.setProjection(PROJECTION);
      this.#shown = Number.NaN;
      this.#show();
    });
  }

  /** Turns the map into this, at once or in a while. */
  become(projection: Projection, at: "once" | "length"): void {
    const to = projection === "globe" ? 1 : 0;
    const from = this.#asked;
    cancelAnimationFrame(this.#morph);
    if (from === to || at === "once") {
      this.#asked = to;
      this.#show();
      return;
    }
    const started = performance.now();
    const step = () => {
      const t = Math.min(1, (performance.now() - started) / MORPH_MS);
      this.#asked = from + (to - from) * eased(t);
      if (t < 1) this.#morph = requestAnimationFrame(step);
      this.#show();
    };
    step();
  }

  #show(): void {
    const bent = bending(this.#asked, this.#map.getZoom());
    if (bent === this.#shown || !this.#map.style?._loaded) return;
    this.#shown = bent;
    this.#map.setGlobalStateProperty(VARIABLE, bent);
  }
}
