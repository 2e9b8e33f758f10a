import * as maplibre from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import "maplibre-gl/dist/maplibre-gl.css";
import type {
  CustomLayerInterface,
  ExpressionSpecification,
  LayerSpecification,
  Map as MapLibre,
  PaddingOptions,
} from "maplibre-gl";
import type { Projection } from "../../state/view.ts";
import { INHABITED } from "../camera/fit.ts";
import { MAP_COLOURS, type Theme } from "../theme.ts";
import type { Base } from "./base.ts";
import { LABELS } from "./labels.ts";
import { projectionOf } from "./projection.ts";
import { firstName } from "./style.ts";

/** Where a cell of the default precision (38 m) is 32 pixels wide. */
const MAX_ZOOM = 16;
/** The base map's outlines are good to about a kilometre: where that gets many pixels they give way, as do sea and land. */
const OUTLINES_UNTIL = 10;
const OUTLINES_GONE = 12;

export function createMap(container: HTMLElement, base: Base, theme: Theme, projection: Projection): MapLibre {
  maplibre.setWorkerUrl(workerUrl);
  const source = (data: Base[keyof Base & ("land" | "coast" | "borders" | "graticule")]) =>
    ({ type: "geojson", data, tolerance: 0.3 }) as const;
  const map = new maplibre.Map({
    container,
    style: {
      version: 8,
      ...projectionOf(projection),
      sources: {
        land: source(base.land),
        coast: source(base.coast),
        // A wide soft line costs by its corners, and shows none of them.
        "coast-soft": { type: "geojson", data: base.coast, tolerance: 3 },
        borders: source(base.borders),
        graticule: source(base.graticule),
      },
      layers: layersOf(theme),
    },
    center: [20, 22],
    zoom: 1.4,
    maxZoom: MAX_ZOOM,
    maxPitch: 60,
    attributionControl: false,
    fadeDuration: 0,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
  });
  map.touchZoomRotate.disableRotation();
  map.getCanvas().setAttribute("aria-label", "World map of live events. Arrow keys move it, plus and minus zoom.");
  return map;
}

/** Puts our own layers on top of the base map, under the labels, and back again whenever MapLibre builds its style anew (a lost context). */
export function keepLayers(map: MapLibre, layers: readonly CustomLayerInterface[]): void {
  const add = () => {
    const above = map.getLayer(LABELS) ? LABELS : firstName(map);
    for (const layer of layers) if (!map.getLayer(layer.id)) map.addLayer(layer, above);
  };
  map.on("style.load", add);
  if (map.isStyleLoaded()) add();
}

/** Shows the inhabited world in what the panels leave free. */
export function fitInhabited(map: MapLibre, padding: PaddingOptions): void {
  map.setPadding(padding);
  map.fitBounds(INHABITED, { animate: false });
}

export function paint(map: MapLibre, theme: Theme): void {
  for (const { id, paint: properties } of layersOf(theme) as { id: string; paint: Record<string, unknown> }[]) {
    if (!map.getLayer(id)) continue; // another base map is shown
    for (const [name, value] of Object.entries(properties)) map.setPaintProperty(id, name as never, value as never);
  }
}

function layersOf(theme: Theme): LayerSpecification[] {
  const c = MAP_COLOURS[theme];
  const opacity = ["interpolate", ["linear"], ["zoom"], OUTLINES_UNTIL, 1, OUTLINES_GONE, 0] as ExpressionSpecification;
  return [
    {
      id: "sea",
      type: "background",
      paint: {
        "background-color": ["interpolate", ["linear"], ["zoom"], OUTLINES_UNTIL, c.sea, OUTLINES_GONE, c.land],
      },
    },
    {
      id: "graticule",
      type: "line",
      source: "graticule",
      paint: { "line-color": c.graticule, "line-width": 0.8 },
    },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": c.land, "fill-antialias": false } },
    {
      id: "coast-glow",
      type: "line",
      source: "coast-soft",
      paint: { "line-color": c.coastGlow, "line-width": 7, "line-blur": 7, "line-opacity": opacity },
    },
    {
      id: "borders",
      type: "line",
      source: "borders",
      paint: { "line-color": c.border, "line-width": 0.7, "line-opacity": opacity },
    },
    {
      id: "coast",
      type: "line",
      source: "coast",
      paint: {
        "line-color": c.coast,
        "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.6, 5, 1.1],
        "line-opacity": opacity,
      },
    },
  ];
}
