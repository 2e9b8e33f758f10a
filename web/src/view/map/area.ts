import type { Map as MapLibre } from "maplibre-gl";
import { type Area, follow, type View } from "../../receive/tiles.ts";
import { worldOf } from "../../receive/world.ts";

/** A map that has rested for so long is where somebody wants to look. */
const REST_MS = 250;
/** While it goes on moving, it is followed so often. */
const MOVING_MS = 1000;

/** Calls back with what the map shows, in tiles, whenever that is something else. It starts with the whole world. */
export function followMap(map: MapLibre, look: (area: Area) => void): void {
  let area: Area = null;
  let restTimer: ReturnType<typeof setTimeout> | undefined;
  let movingTimer: ReturnType<typeof setTimeout> | undefined;
  const ask = () => {
    clearTimeout(restTimer);
    clearTimeout(movingTimer);
    movingTimer = undefined;
    const next = follow(area, viewOf(map));
    if (next === area) return;
    area = next;
    look(area);
  };
  map.on("move", () => {
    clearTimeout(restTimer);
    restTimer = setTimeout(ask, REST_MS);
    movingTimer ??= setTimeout(ask, MOVING_MS);
  });
  ask();
}

function viewOf(map: MapLibre): View {
  const bounds = map.getBounds();
  const [west, south] = worldOf(bounds.getWest(), bounds.getSouth());
  const [east, north] = worldOf(bounds.getEast(), bounds.getNorth());
  return { west, east, north: Math.max(0, north), south: Math.min(1, south), zoom: map.getZoom() };
}
