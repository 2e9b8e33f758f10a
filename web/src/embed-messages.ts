import { isTopic, type View } from "./state/address.ts";
import { MODES, PROJECTIONS } from "./state/view.ts";

/** What a page and the map in its frame say to each other. No I/O. Each message is an object with `dynmap`, which says what it is. */

/** The view, as pages know it: of what the address holds, that which may change while the map is shown. */
export type Shown = Pick<
  View,
  "center" | "zoom" | "projection" | "theme" | "mode" | "hidden" | "solo" | "arcs" | "follow"
>;

export type Incoming =
  | { dynmap: "get" }
  | { dynmap: "set"; view: Partial<Shown> }
  | { dynmap: "fly"; lon: number; lat: number; zoom?: number }
  | { dynmap: "subscribe" }
  | { dynmap: "unsubscribe" };

export type Outgoing =
  | { dynmap: "ready" }
  | { dynmap: "view"; view: Shown }
  | { dynmap: "state"; located: number; rate: number; topics: Record<string, number> }
  | {
      dynmap: "picked";
      lon: number;
      lat: number;
      place: string;
      country: string;
      count: number;
      topics: Record<string, number>;
    }
  | { dynmap: "error"; message: string };

/** Checks each field of a view. */
const CHECKS: Readonly<{ [K in keyof Shown]: (value: unknown) => boolean }> = {
  center: (value) => value === null || (Array.isArray(value) && value.length === 2 && isLonLat(value[0], value[1])),
  zoom: (value) => value === null || isZoom(value),
  projection: (value) => PROJECTIONS.some((one) => one === value),
  theme: (value) => value === null || value === "dark" || value === "light",
  mode: (value) => MODES.some((one) => one === value),
  hidden: (value) => Array.isArray(value) && value.every((name) => typeof name === "string" && isTopic(name)),
  solo: (value) => value === null || (typeof value === "string" && isTopic(value)),
  arcs: (value) => typeof value === "boolean",
  follow: (value) => typeof value === "boolean",
};

/** Understands a message; a text says why it can't be, null that it isn't meant for the map at all. */
export function incoming(data: unknown): Incoming | string | null {
  if (!isObject(data) || !Object.hasOwn(data, "dynmap")) return null;
  switch (data.dynmap) {
    case "get":
    case "subscribe":
    case "unsubscribe":
      return only(data, []) ?? { dynmap: data.dynmap };
    case "fly":
      return only(data, ["lon", "lat", "zoom"]) ?? flight(data);
    case "set":
      return only(data, ["view"]) ?? change(data.view);
    default:
      return "dynmap is none of get, set, fly, subscribe and unsubscribe";
  }
}

function flight({ lon, lat, zoom }: Record<string, unknown>): Incoming | string {
  if (!isLonLat(lon, lat)) return "fly takes lon (-180 to 180) and lat (-90 to 90)";
  if (zoom === undefined) return { dynmap: "fly", lon: lon as number, lat: lat as number };
  if (!isZoom(zoom)) return "zoom is a number from -2 to 24";
  return { dynmap: "fly", lon: lon as number, lat: lat as number, zoom };
}

function change(view: unknown): Incoming | string {
  if (!isObject(view)) return "set takes a view: an object";
  for (const [name, value] of Object.entries(view)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof Shown] : null;
    if (!check) return `a view has no ${name.slice(0, 40)}: it has ${Object.keys(CHECKS).join(", ")}`;
    if (!check(value)) return `that is no ${name}`;
  }
  return { dynmap: "set", view: view as Partial<Shown> };
}

/** A text when there are other fields than these. */
function only(data: Record<string, unknown>, names: readonly string[]): string | null {
  const other = Object.keys(data).find((name) => name !== "dynmap" && !names.includes(name));
  return other === undefined ? null : `${String(data.dynmap)} takes no ${other.slice(0, 40)}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLonLat(lon: unknown, lat: unknown): boolean {
  return isWithin(lon, -180, 180) && isWithin(lat, -90, 90);
}

function isZoom(value: unknown): value is number {
  return isWithin(value, -2, 24);
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}
