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
        Math.abs(there.lat - lat) > FAR || Math.abs(Math.sin(((there.lng - lon) * Math.PI) / 360)) * Math.cos((lat * Math.PI) / 180) > FAR_SINE;
      return isHidden ? null : [at.x, at.y];
    },
    degrees: (pixels) => (pixels * 360) / (TILE * 2 ** map.getZoom()),
    middle,
  };
}

function watch(map: MapLibre, call: (spot: Spot | null) => void, middle: Pointing["middle"]): () => void {
  const canvas = map.getCanvas();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Where the mouse rests, once it does. */
  let rests: { x: number; y: number } | null = null;
  const leave = () => {
    clearTimeout(timer);
    if (rests) call(null);
    rests = null;
  };
  const point = ({ point: at, lngLat }: MapMouseEvent, by: Spot["by"]) => {
    clearTimeout(timer);
    rests = at;
    call({ lon: lngLat.lng, lat: lngLat.lat, by });
  };
  const moved = (event: MapMouseEvent) => {
    // A finger's touch is followed by mouse events of the browser's own making: `click` has told of it already.
    if (!matchMedia("(hover: hover)").matches) return;
    if (rests && Math.hypot(event.point.x - rests.x, event.point.y - rests.y) <= SAME_PLACE) return;
    leave();
    timer = setTimeout(() => point(event, "mouse"), REST_MS);
  };
  const clicked = (event: MapMouseEvent) =>
    point(event, (event.originalEvent as PointerEvent).pointerType === "touch" ? "touch" : "mouse");
  const dragged = ({ originalEvent }: { originalEvent?: unknown }) => {
    if (originalEvent) leave();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      rests = map.project(map.getCenter());
      call({ ...middle(), by: "keys" });
    } else if (event.key === "Escape" || event.key.startsWith("Arrow")) leave();
  };
  const followed = [
    map.on("mousemove", moved),
    map.on("mouseout", leave),
    map.on("click", clicked),
    map.on("movestart", dragged),
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
