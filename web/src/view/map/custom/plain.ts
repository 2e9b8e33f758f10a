import type { LayerSpecification } from "maplibre-gl";
import { MAP_COLOURS, type Theme } from "../../theme.ts";

/** A layer of vector tiles, as the metadata of their file tells of it. */
export interface VectorLayer {
  id: string;
  fields?: Readonly<Record<string, unknown>>;
}

/** Layers whose areas are not land. */
const WATER = /water|ocean|sea|lake|river|marine/i;

/** Any vector tiles in the colours of the bundled map: areas, lines, and names where there are some. */
export function plainLayers(source: string, layers: readonly VectorLayer[], theme: Theme): LayerSpecification[] {
  const colours = MAP_COLOURS[theme];
  const hasWater = layers.some(({ id }) => WATER.test(id));
  const areas = layers.map(
    ({ id }): LayerSpecification => ({
      id: `${id}-areas`,
      type: "fill",
      source,
      "source-layer": id,
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": WATER.test(id) ? colours.sea : colours.land, "fill-outline-color": colours.border },
    }),
  );
  const lines = layers.map(
    ({ id }): LayerSpecification => ({
      id: `${id}-lines`,
      type: "line",
      source,
      "source-layer": id,
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": colours.coast, "line-width": ["interpolate", ["linear"], ["zoom"], 4, 0.5, 14, 1.6] },
    }),
  );
  const names = layers
    .filter(({ fields }) => fields && "name" in fields)
    .map(
      ({ id }): LayerSpecification => ({
        id: `${id}-names`,
        type: "symbol",
        source,
        "source-layer": id,
        filter: ["==", ["geometry-type"], "Point"],
        layout: { "text-field": ["get", "name"], "text-size": 12 },
        paint: { "text-color": colours.label, "text-halo-color": colours.labelHalo, "text-halo-width": 1.2 },
      }),
    );
  return [
    { id: "under", type: "background", paint: { "background-color": hasWater ? colours.land : colours.sea } },
    ...areas,
    ...lines,
    ...names,
  ];
}
