import type { Map as MapLibre } from "maplibre-gl";
import type { Bounds } from "../../feed/protocol.ts";
import { type Area, follow, type View } from "../../receive/tiles.ts";
import { worldOf } from "../../receive/world.ts";

/** A map that has rested for so long is where somebody wants to look. */
const REST_MS = 250;
/** While it goes on moving, it is followed so often. */
const MOVING_MS = 1000;

/** Hears what the map shows. */
export interface Onlooker {
  /** In tiles, whenever that is something else. It starts with the whole world. */
  look(area: Area): void;
  /** In bounds, where that is less than about half of the world; else null. */
  see(bounds: Bounds | null): void;
}

export function followMap(map: MapLibre, { look, see }: Onlooker): void {
  let area: Area = null;
  let restTimer: ReturnType<typeof setTimeout> | undefined;
  let movingTimer: ReturnType<typeof setTimeout> | undefined;
  const ask = () => {
    clearTimeout(restTimer);
    clearTimeout(movingTimer);
    movingTimer = undefined;
    const next = follow(area, viewOf(map));
    if (next !== area) look(next);
    if (next !== null || area !== null) see(next && boundsOf(map));
    area = next;
  };
  map.on("move", () => {
    clearTimeout(restTimer);
    restTimer = setTimeout(ask, REST_MS);
    movingTimer ??= setTimeout(ask, MOVING_MS);
  });
  ask();
}

function boundsOf(map: MapLibre): Bounds {
  const seen = map.getBounds();
  return { west: seen.getWest(), south: seen.getSouth(), east: seen.getEast(), north: seen.getNorth() };
}

function viewOf(map: MapLibre): View {
  const bounds = map.getBounds();
  const [west, south] = worldOf(bounds.getWest(), bounds.getSouth());
  const [east, north] = worldOf(bounds.getEast(), bounds.getNorth());
  return { west, east, north: Math.max(0, north), south: Math.min(1, south), zoom: map.getZoom() };
}
