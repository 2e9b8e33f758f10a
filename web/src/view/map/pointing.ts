import type { Map as MapLibre, MapMouseEvent } from "maplibre-gl";

/** A place that somebody points at, degrees, and how. */
export interface Spot {
  lon: number;
  lat: number;
  by: "mouse" | "touch" | "keys";
}

/** What somebody points at on the map, and where places are in the window. */
export interface Pointing {
  /** Calls back with the place that somebody points at, and with null when they no longer do. Returns how to stop. */
  onRest(call: (spot: Spot | null) => void): () => void;
  /** Calls back whenever places move in the window. */
  onMove(call: () => void): () => void;
  /** Calls back with whether the keyboard is at the map, whose middle it then points at. */
  onAim(call: (aiming: boolean) => void): () => void;
  /** Where a place is, CSS pixels; null on the far side of the globe. */
  project(place: { lon: number; lat: number }): readonly [x: number, y: number] | null;
  /** How many degrees so many pixels are at the zoom that the map has. */
  degrees(pixels: number): number;
  /** Where the keyboard points. */
  middle(): { lon: number; lat: number };
}

/** A mouse that stays for so long points at something. */
const REST_MS = 180;
/** Within so many pixels it is still at the same place. */
const SAME_PLACE = 14;
const TILE = 512;
/** Degrees by which the place at a pixel differs from the one looked for when that one is behind the globe: many, near the limb some. */
const FAR = 4;
const FAR_SINE = Math.sin((FAR * Math.PI) / 360);

/** How many degrees so many pixels are at the zoom that a map has. */
export function degreesAcross(map: MapLibre, pixels: number): number {
  return (pixels * 360) / (TILE * 2 ** map.getZoom());
}

export function pointAt(map: MapLibre): Pointing {
  const middle = () => {
    const { lng: lon, lat } = map.getCenter();
    return { lon, lat };
  };
  return {
    onRest: (call) => watch(map, call, middle),
    onMove(call) {
      const moves = map.on("move", call);
      return () => moves.unsubscribe();
    },
    onAim(call) {
      const canvas = map.getCanvas();
      const focus = () => call(canvas.matches(":focus-visible"));
      const blur = () => call(false);
      canvas.addEventListener("focus", focus);
      canvas.addEventListener("blur", blur);
      return () => {
        canvas.removeEventListener("focus", focus);
        canvas.removeEventListener("blur", blur);
      };
    },
    project({ lon, lat }) {
      const at = map.project([lon, lat]);
      const there = map.unproject(at);
      // What is behind the globe lies under another place.
      const isHidden =
        Math.abs(there.lat - lat) > FAR ||
        Math.abs(Math.sin(((there.lng - lon) * Math.PI) / 360)) * Math.cos((lat * Math.PI) / 180) > FAR_SINE;
      return isHidden ? null : [at.x, at.y];
    },
    degrees: (pixels) => degreesAcross(map, pixels),
    middle,
  };
}

function watch(map: MapLibre, call: (spot: Spot | null) => void, middle: Pointing["middle"]): () => void {
  const canvas = map.getCanvas();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What is pointed at, and where in the window it was then. */
  let spot: Spot | null = null;
  let [x, y] = [0, 0];
  const leave = () => {
    clearTimeout(timer);
    if (spot) call(null);
    spot = null;
  };
  const point = (next: Spot) => {
    leave();
    spot = next;
    ({ x, y } = map.project([spot.lon, spot.lat]));
    call(spot);
  };
  const isSame = (at: { x: number; y: number }) => Math.hypot(at.x - x, at.y - y) <= SAME_PLACE;
  const moved = ({ point: at, lngLat }: MapMouseEvent) => {
    // A finger's touch is followed by mouse events of the browser's own making: `click` tells of it.
    if (!matchMedia("(hover: hover)").matches || (spot && isSame(at))) return;
    leave();
    timer = setTimeout(() => point({ lon: lngLat.lng, lat: lngLat.lat, by: "mouse" }), REST_MS);
  };
  const clicked = ({ lngLat, originalEvent }: MapMouseEvent) => {
    const by = (originalEvent as PointerEvent).pointerType === "touch" ? "touch" : "mouse";
    point({ lon: lngLat.lng, lat: lngLat.lat, by });
  };
  // The map has moved on beneath the mouse, or the place away from the middle.
  const drifted = () => {
    if (spot && !isSame(map.project([spot.lon, spot.lat]))) leave();
  };
  const pressed = ({ key }: KeyboardEvent) => {
    if (key === "Enter") point({ ...middle(), by: "keys" });
  };
  const followed = [
    map.on("mousemove", moved),
    map.on("mouseout", leave),
    map.on("click", clicked),
    map.on("move", drifted),
  ];
  canvas.addEventListener("keydown", pressed);
  canvas.addEventListener("blur", leave);
  return () => {
    clearTimeout(timer);
    for (const one of followed) one.unsubscribe();
    canvas.removeEventListener("keydown", pressed);
    canvas.removeEventListener("blur", leave);
  };
}
