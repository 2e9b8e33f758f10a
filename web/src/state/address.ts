import type { Theme } from "../view/theme.ts";
import { MODES, type Mode, PROJECTIONS, type Projection } from "./view.ts";

/** The whole view, as the query of the page's address says it: `?center=13.4,52.5&zoom=6&projection=flat&hide=web.bot`. */
export interface View {
  /** Longitude and latitude, degrees; null where nobody chose. */
  center: readonly [number, number] | null;
  /** Null where nobody chose. */
  zoom: number | null;
  /** Degrees. */
  bearing: number;
  pitch: number;
  projection: Projection;
  /** Null for the system's. */
  theme: Theme | null;
  mode: Mode;
  hidden: readonly string[];
  solo: string | null;
  arcs: boolean;
  follow: boolean;
  kiosk: boolean;
  embed: boolean;
}

/** What an address without a query says. */
export const PLAIN: Readonly<View> = {
  center: null,
  zoom: null,
  bearing: 0,
  pitch: 0,
  projection: "globe",
  theme: null,
  mode: "both",
  hidden: [],
  solo: null,
  arcs: false,
  follow: false,
  kiosk: false,
  embed: false,
};

/** One parameter of the query. */
interface Parameter {
  name: string;
  /** In words, what it takes. */
  takes: string;
  /** Into the view; false for a value that is none. */
  read(value: string, view: View): boolean;
  /** Null where it says nothing but the usual. */
  write(view: Readonly<View>): string | null;
}

/** Every parameter, in the order in which they are written. Another may presuppose what one before it set. */
export const PARAMETERS: readonly Parameter[] = [
  {
    name: "center",
    takes: "longitude,latitude in degrees",
    read: (value, view) => set(view, "center", placeOf(value)),
    write: ({ center, zoom }) => center?.map((degrees) => rounded(degrees, decimalsAt(zoom ?? 4))).join(",") ?? null,
  },
  number("zoom", -2, 24, null, 2),
  number("bearing", -180, 180, 0, 1),
  number("pitch", 0, 60, 0, 1),
  choice("projection", PROJECTIONS, PLAIN.projection),
  choice<"theme", Theme | null>("theme", ["dark", "light"], null),
  choice("mode", MODES, PLAIN.mode),
  {
    name: "hide",
    takes: "names of topics, separated by commas",
    read(value, view) {
      const names = value.split(",").filter((name) => name !== "");
      return set(view, "hidden", names.every(isTopic) ? [...new Set(names)].sort() : null);
    },
    write: ({ hidden }) => (hidden.length > 0 ? hidden.join(",") : null),
  },
  {
    name: "solo",
    takes: "the name of a topic",
    read: (value, view) => set(view, "solo", isTopic(value) ? value : null),
    write: ({ solo }) => solo,
  },
  flag("arcs", () => false),
  {
    // So far the map shows no other time: a moment of the past will be one, and so will a replay.
    name: "time",
    takes: "live",
    read: (value) => value === "live",
    write: () => null,
  },
  flag("kiosk", () => false),
  flag("embed", () => false),
  flag("follow", ({ kiosk }) => kiosk),
];

export interface Reading {
  view: View;
  /** What is not ours, as it stands there. */
  rest: readonly string[];
  /** What can't be understood, in words. */
  bad: readonly string[];
}

/** Understands a query, with or without its question mark. */
export function readAddress(query: string): Reading {
  const view: View = { ...PLAIN };
  const given = new Map<string, string>();
  const rest: string[] = [];
  for (const part of query.replace(/^\?/, "").split("&")) {
    if (part === "") continue;
    const [name, value] = halves(part);
    if (name !== null && value !== null && NAMES.has(name)) given.set(name, value);
    else rest.push(part);
  }
  const bad: string[] = [];
  for (const { name, takes, read } of PARAMETERS) {
    const value = given.get(name);
    if (value === undefined) {
      if (name === "follow") view.follow = view.kiosk;
    } else if (!read(value, view)) bad.push(`${name}=${value.slice(0, 40)} (it takes ${takes})`);
  }
  return { view, rest, bad };
}

/** The query that says a view: empty for the plain one. What isn't ours comes first, as it was. */
export function writeAddress(view: Readonly<View>, rest: readonly string[] = []): string {
  const parts = [...rest];
  for (const { name, write } of PARAMETERS) {
    const value = write(view);
    if (value !== null) parts.push(value === "" ? name : `${name}=${encoded(value)}`);
  }
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

const NAMES: ReadonlySet<string> = new Set(PARAMETERS.map(({ name }) => name));

/** Name and value of a part; null for what is no text. */
function halves(part: string): [string | null, string | null] {
  const at = part.indexOf("=");
  return at < 0 ? [decoded(part), ""] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))];
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

/** Commas may stand in a query as they are, and are easier to read. */
function encoded(value: string): string {
  return encodeURIComponent(value).replaceAll("%2C", ",");
}

function set<K extends keyof View>(view: View, key: K, value: View[K] | null): boolean {
  if (value === null) return false;
  view[key] = value as View[K];
  return true;
}

type NumberKey = "zoom" | "bearing" | "pitch";

function number(name: NumberKey, least: number, most: number, usual: number | null, decimals: number): Parameter {
  return {
    name,
    takes: `a number from ${least} to ${most}`,
    read: (value, view) => set(view, name, numberIn(value, least, most)),
    write(view) {
      const value = view[name];
      if (value === null || Math.abs(value - (usual ?? Number.NaN)) < 0.5 * 10 ** -decimals) return null;
      return rounded(value, decimals);
    },
  };
}

function choice<K extends "projection" | "theme" | "mode", T extends View[K]>(
  name: K,
  among: readonly (T & string)[],
  usual: T,
): Parameter {
  return {
    name,
    takes: among.join(" or "),
    read: (value, view) => set(view, name, among.find((one) => one === value) ?? null),
    write: (view) => (view[name] === usual ? null : view[name]),
  };
}

type FlagKey = "arcs" | "follow" | "kiosk" | "embed";
const SWITCHES: Readonly<Record<string, boolean>> = { "": true, 1: true, true: true, 0: false, false: false };

function flag(name: FlagKey, usual: (view: Readonly<View>) => boolean): Parameter {
  return {
    name,
    takes: "nothing, 1 or 0",
    read: (value, view) => set(view, name, Object.hasOwn(SWITCHES, value) ? SWITCHES[value]! : null),
    write(view) {
      if (view[name] === usual(view)) return null;
      return view[name] ? "" : "0";
    },
  };
}

function placeOf(value: string): [number, number] | null {
  const [lon, lat, ...more] = value.split(",");
  const [x, y] = [numberIn(lon, -180, 180), numberIn(lat, -90, 90)];
  return x === null || y === null || more.length > 0 ? null : [x, y];
}

function numberIn(text: string | undefined, least: number, most: number): number | null {
  if (text === undefined || !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text.trim())) return null;
  const value = Number(text);
  return value >= least && value <= most ? value : null;
}

/** As topics are named: tokens, joined by dots. */
export function isTopic(name: string): boolean {
  return name.length <= 128 && /^[\w-]+(\.[\w-]+)*$/.test(name);
}

/** As many decimals of a degree as a quarter of a pixel needs. */
function decimalsAt(zoom: number): number {
  return Math.max(1, Math.ceil(zoom * Math.LOG10E * Math.LN2 + 0.8));
}

/** Without zeros at the end, and never -0. */
function rounded(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)) + 0);
}
