import type { RasterSourceSpecification } from "maplibre-gl";
import { worldOf } from "../../../receive/world.ts";
import { MAP_COLOURS, type Theme } from "../../theme.ts";
import { fetched } from "./fetched.ts";
import type { Look, Spot } from "./look.ts";

/** Pixels that tiles by template have a side. */
const TILE_SIZE = 256;

/** Pictures as they come in the light; darkened and paled in the dark, so that the light of events is the brightest. */
const PAINT = {
  light: { "raster-brightness-max": 1, "raster-saturation": -0.25, "raster-contrast": 0, "raster-opacity": 0.9 },
  dark: { "raster-brightness-max": 0.42, "raster-saturation": -0.65, "raster-contrast": 0.15, "raster-opacity": 0.9 },
} as const;

/**
 * Tiles by a template. MapLibre takes a 404 for a tile that is not there, as most of a city's are not, and says nothing; where
 * neither the whole world nor what the map looks at has one, the template is wrong.
 */
export async function templateLook(template: string, at: Spot): Promise<Look> {
  if (template.includes("{z}")) {
    const whole = await fetch(tileAt(template, 0, 0, 0)).catch(() => null);
    if (!whole?.ok) await fetched(tileBelow(template, at));
  }
  return rasterLook({ tiles: [template] });
}

function tileBelow(template: string, { lng, lat, zoom }: Spot): string {
  const z = Math.max(0, Math.round(zoom + 1)); // tiles are half as wide as MapLibre's own
  const [x, y] = worldOf(lng, lat).map((part) => Math.floor(part * 2 ** z));
  return tileAt(template, z, x!, y!);
}

function tileAt(template: string, z: number, x: number, y: number): string {
  const parts: Record<string, string | number> = { z, x, y, ratio: "", prefix: "00" };
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(parts[name] ?? whole));
}

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
