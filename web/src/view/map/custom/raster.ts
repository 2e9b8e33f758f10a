import type { RasterSourceSpecification } from "maplibre-gl";
import { MAP_COLOURS, type Theme } from "../../theme.ts";
import type { Look } from "./look.ts";

/** Pixels that tiles by template have a side. */
const TILE_SIZE = 256;

/** Pictures as they come in the light; darkened and paled in the dark, so that the light of events is the brightest. */
const PAINT = {
  light: { "raster-brightness-max": 1, "raster-saturation": -0.25, "raster-contrast": 0, "raster-opacity": 0.9 },
  dark: { "raster-brightness-max": 0.42, "raster-saturation": -0.65, "raster-contrast": 0.15, "raster-opacity": 0.9 },
} as const;

/** Pictures, from a template or from what else a raster source is made of. */
export function rasterLook(from: Pick<RasterSourceSpecification, "tiles" | "url" | "maxzoom">): Look {
  return {
    style: {
      version: 8,
      sources: { basemap: { type: "raster", tileSize: TILE_SIZE, ...from } },
    },
    layers: (theme: Theme) => [
      { id: "under", type: "background", paint: { "background-color": MAP_COLOURS[theme].sea } },
      { id: "tiles", type: "raster", source: "basemap", paint: { ...PAINT[theme], "raster-fade-duration": 0 } },
    ],
  };
}
