import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import type { Basemap } from "../../../state/settings.ts";
import type { Theme } from "../../theme.ts";

/** A base map of somebody else's, as MapLibre takes it. */
export interface Look {
  style: Omit<StyleSpecification, "layers">;
  /** The same layers for both themes, in other colours. */
  layers(theme: Theme): LayerSpecification[];
}

/** Where the map looks when it begins: degrees, and the map's zoom. */
export interface Spot {
  lng: number;
  lat: number;
  zoom: number;
}

/** Fetches what is needed to know how the map looks. Rejects, with a line that says why, when that can't be had. */
export async function lookOf(basemap: Basemap, at: Spot): Promise<Look> {
  const url = absolute(basemap.url ?? "", document.baseURI);
  switch (basemap.kind) {
    case "style":
      return (await import("./style.ts")).styleLook(url);
    case "pmtiles":
      return (await import("./pmtiles.ts")).pmtilesLook(url);
    default:
      return (await import("./raster.ts")).templateLook(url, at);
  }
}

/** A URL from a base, its {placeholders} left as they are. */
export function absolute(url: string, base: string): string {
  return new URL(url, base).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
}
