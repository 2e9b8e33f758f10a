import type { FeatureCollection, Point } from "geojson";
import type { Map as MapLibre, SymbolLayerSpecification } from "maplibre-gl";
import type { Cities } from "../../places/gazetteer.ts";
import { MAP_COLOURS, type Theme } from "../theme.ts";
import { firstName } from "./style.ts";

/** Names of towns: few from far away, more from nearby. MapLibre draws them with the page's own font, as the style names none to fetch. */

export const LABELS = "labels";
const FONT = "Inter Variable";
/** How many towns may be named at each zoom, biggest first; how many find room is another matter. */
const NAMED = [90, 160, 420, 1000, 2400, 5500, 12_000] as const;
/** Towns beyond these are named nowhere. */
const MOST = 24_000;
/** The biggest town of a country counts as if it stood so much higher in the list: a map of the world is to name many countries. */
const FIRST_OF_COUNTRY = 0.3;

interface Named {
  name: string;
  /** The smallest goes first. */
  rank: number;
  /** Zoom from which on it may be named. */
  from: number;
}

/** Adds the labels to the map, now and whenever its style is built anew. Not on a base map that has names, or brings fonts, of its own. */
export async function addLabels(map: MapLibre, cities: Promise<Cities>, theme: () => Theme): Promise<void> {
  const data = featuresOf(await cities);
  await document.fonts.load(`16px "${FONT}"`);
  const add = () => {
    if (map.getLayer(LABELS) || map.getGlyphs() != null || firstName(map)) return;
    if (!map.getSource(LABELS)) map.addSource(LABELS, { type: "geojson", data, maxzoom: 8, buffer: 64 });
    map.addLayer(layerOf(theme()));
  };
  map.on("style.load", add);
  add();
}

export function paintLabels(map: MapLibre, theme: Theme): void {
  if (!map.getLayer(LABELS)) return;
  const { label, labelHalo } = MAP_COLOURS[theme];
  map.setPaintProperty(LABELS, "text-color", label);
  map.setPaintProperty(LABELS, "text-halo-color", labelHalo);
}

export function featuresOf({ n, names, country, lon, lat, population }: Cities): FeatureCollection<Point, Named> {
  const seen = new Set<string>();
  const ranked = Array.from({ length: Math.min(n, MOST) }, (_, i) => {
    const isFirst = !seen.has(country[i]!);
    seen.add(country[i]!);
    // A village that happens to be an island's capital is not to stand among the world's cities.
    const counts = isFirst && population[i]! > 150_000;
    return { i, rank: (i + 1) * (counts ? FIRST_OF_COUNTRY : 1) };
  }).sort((a, b) => a.rank - b.rank);
  return {
    type: "FeatureCollection",
    features: ranked.map(({ i }, rank) => ({
      type: "Feature",
      properties: { name: names[i]!, rank, from: zoomOf(rank) },
      geometry: { type: "Point", coordinates: [lon[i]!, lat[i]!] },
    })),
  };
}

function zoomOf(rank: number): number {
  const zoom = NAMED.findIndex((most) => rank < most);
  return zoom < 0 ? NAMED.length : zoom;
}

function layerOf(theme: Theme): SymbolLayerSpecification {
  const { label, labelHalo } = MAP_COLOURS[theme];
  return {
    id: LABELS,
    type: "symbol",
    source: LABELS,
    filter: [">=", ["zoom"], ["get", "from"]],
    layout: {
      "text-field": ["get", "name"],
      "text-font": [FONT],
      "text-size": ["interpolate", ["linear"], ["zoom"], 1, 10.5, 5, 13],
      "text-padding": ["interpolate", ["linear"], ["zoom"], 1, 30, 4, 24, 9, 12],
      "text-anchor": "left",
      "text-offset": [0.7, 0],
      "text-max-width": 100,
      "symbol-sort-key": ["get", "rank"],
    },
    paint: {
      "text-color": label,
      "text-halo-color": labelHalo,
      "text-halo-width": 1.1,
    },
  };
}
