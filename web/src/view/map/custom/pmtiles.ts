import { addProtocol, type LayerSpecification } from "maplibre-gl";
import { PMTiles, Protocol, TileType } from "pmtiles";
import type { Theme } from "../../theme.ts";
import { whyNot } from "./fetched.ts";
import type { Look } from "./look.ts";
import { plainLayers, type VectorLayer } from "./plain.ts";
import { rasterLook } from "./raster.ts";

/** Layers that tell Protomaps' own schema from others. */
const PROTOMAPS = ["earth", "water", "roads", "places"];

/** A PMTiles file: pictures as they are; vector tiles in Protomaps' own design where they are of its schema, else a plain one. */
export async function pmtilesLook(url: string): Promise<Look> {
  const file = new PMTiles(url);
  const { tileType, maxZoom } = await file.getHeader().catch((error: unknown) => {
    throw new Error(whyNot(error, url));
  });
  const protocol = new Protocol({ metadata: true });
  protocol.add(file);
  addProtocol("pmtiles", protocol.tile);
  if (tileType !== TileType.Mvt) return rasterLook({ url: `pmtiles://${url}`, maxzoom: maxZoom });
  const design = await designOf(layersIn(await file.getMetadata()));
  return {
    style: { version: 8, sources: { basemap: { type: "vector", url: `pmtiles://${url}` } } },
    layers: design,
  };
}

async function designOf(layers: readonly VectorLayer[]): Promise<(theme: Theme) => LayerSpecification[]> {
  const names = new Set(layers.map(({ id }) => id));
  if (!PROTOMAPS.every((name) => names.has(name))) return (theme) => plainLayers("basemap", layers, theme);
  const { protomapsLayers } = await import("./protomaps.ts");
  return (theme) => protomapsLayers("basemap", names, theme);
}

function layersIn(metadata: unknown): VectorLayer[] {
  const { vector_layers: layers } = (metadata ?? {}) as { vector_layers?: unknown };
  return Array.isArray(layers) ? layers.filter((layer) => typeof (layer as VectorLayer)?.id === "string") : [];
}
