import type { ReadonlySignal } from "@preact/signals";
import type { Map as MapLibre } from "maplibre-gl";
import type { Basemap } from "../../state/settings.ts";
import type { Attribution } from "../../state/store.ts";
import type { Theme } from "../theme.ts";

/** What a base map of somebody else's has to do with the rest of the page. */
export interface Surroundings {
  theme: ReadonlySignal<Theme>;
  /** Tells whoever looks what is wrong. */
  say(text: string): void;
  /** Whom the picture is owed to, beside those who are always named. */
  owe(attributions: readonly Attribution[]): void;
  /** Whether the bundled map is shown, so that its dots and names go with it. */
  isBundled(bundled: boolean): void;
}

/** In the metadata of a style that took the bundled one's place. */
export const CUSTOM = "dynmap:basemap";

/**
 * Lays the base map of the settings under the live picture. The bundled one stays until it is there, and comes back, with a
 * notice, when it can't be had. What it takes is loaded only for those who have set one.
 */
export async function useBasemap(map: MapLibre, basemap: Basemap, around: Surroundings): Promise<void> {
  if (basemap.kind === "bundled" || !basemap.url) return;
  const { lay } = await import("./custom/lay.ts");
  await lay(map, basemap, around);
}

/** The layer that the live picture goes under: the first of the names that lie on top of a base map of somebody else's. */
export function firstName(map: MapLibre): string | undefined {
  const { metadata, layers } = map.getStyle();
  if ((metadata as Record<string, unknown> | undefined)?.[CUSTOM] === undefined) return undefined;
  const last = layers.findLastIndex((layer) => layer.type !== "symbol");
  return layers[last + 1]?.id;
}
