import { computed, signal } from "@preact/signals";
import type { IngestState, SourceState } from "../receive/messages.ts";
import type { ConnectionState } from "../receive/socket.ts";
import type { Theme } from "../view/theme.ts";
import type { Home } from "./settings.ts";

/** What the panels show. Written by `page.ts`, read by the panels; nothing here knows the wire or the map. */

export interface TopicRow {
  slot: number;
  name: string;
  count: number;
  rate: number;
}

/** An event that was drawn, for the ticker: one of many. */
export interface Sample {
  /** Never the same twice. */
  key: number;
  topic: string;
  slot: number;
  /** The nearest town, or as much as is known of the place; empty for none. */
  place: string;
  /** ISO 3166 code of two letters; empty over the sea. */
  country: string;
  /** Degrees. */
  lon: number;
  lat: number;
  count: number;
  /** When it happened, ms since 1970, server time. */
  at: number;
}

/** A country or a place, and how many events it had in the last minutes. */
export interface Ranked {
  /** Of a place; a country goes by its code. */
  name: string;
  country: string;
  count: number;
  /** Where it was busiest, degrees. */
  lon: number;
  lat: number;
}

export interface Busiest {
  /** Of how many seconds, up to now. */
  seconds: number;
  countries: readonly Ranked[];
  places: readonly Ranked[];
}

/** What happened around a place in the last minute. */
export interface Around {
  place: string;
  country: string;
  count: number;
  /** Busiest first. */
  topics: readonly { name: string; slot: number; count: number }[];
  /** Events in each of the last 60 seconds, oldest first. */
  seconds: Float32Array;
}

export interface Attribution {
  text: string;
  /** More of it, for who points at it. */
  title?: string;
  /** Null for a location table that says of nobody to link to. */
  url: string | null;
}

export const connection = signal<ConnectionState>({ at: "connecting" });
/** The server sends this page a step every so many ms only, and why; null while it sends all. */
export const pace = signal<{ every: number; reason: string } | null>(null);
export const located = signal(0);
export const rate = signal(0);
/** Steps committed since the page opened. */
export const marks = signal(0);
/** When the server started, ms; null while unknown. */
export const started = signal<number | null>(null);
/** Busiest first. */
export const topics = signal<readonly TopicRow[]>([]);
export const tray = signal({ received: 0, unlocated: 0, rejected: 0 });
/** Newest first. */
export const samples = signal<readonly Sample[]>([]);
export const busiest = signal<Busiest>({ seconds: 0, countries: [], places: [] });
/** Only a part of the world is in view, and only that part is ranked. */
export const partly = signal(false);
/** From an event's arrival at the server to its drawing here, ms, the median of the last seconds; null while unknown. */
export const latency = signal<number | null>(null);
/** By how much the rate differs from that of the last minutes: 0.1 is a tenth more; null while there is nothing to compare with. */
export const trend = signal<number | null>(null);
/** The place that events may be drawn to from. */
export const home = signal<Home | null>(null);
export const viewers = signal(0);
export const ingest = signal<IngestState>({ state: "ready" });
export const sources = signal<readonly SourceState[]>([]);
export const notices = signal<readonly string[]>([]);
/** What went wrong on this page's own side. */
export const trouble = signal<string | null>(null);
export const theme = signal<Theme>("dark");
export const hasMap = signal(true);
/** A place known only roughly has been drawn: the legend explains it. */
export const hasRough = signal(false);
export const attribution = signal<Attribution>({ text: "IP geolocation by DB-IP", url: "https://db-ip.com" });

/** Whom a base map of somebody else's is owed to; empty for the bundled one. */
export const basemapAttribution = signal<readonly Attribution[]>([]);
/** All whom the map is owed to, wherever it is shown or taken to. */
export const credits = computed<readonly Attribution[]>(() => [
  { text: "MapLibre", url: "https://maplibre.org" },
  { text: "Natural Earth", url: "https://www.naturalearthdata.com" },
  { text: "GeoNames", url: "https://www.geonames.org", title: "Names of places, CC BY 4.0" },
  attribution.value,
  ...basemapAttribution.value,
]);
/** What is wrong with the base map. */
export const basemapTrouble = signal<readonly string[]>([]);

/** What the badge says. */
export const health = computed(() => {
  const { at } = connection.value;
  if (at !== "open") return at;
  return ingest.value.state === "ready" ? "live" : ingest.value.state;
});
/** Windows in which panels take little room; panels.css has the same condition. */
const SMALL = matchMedia("(max-width: 759px), (max-height: 519px)");
export const isSmall = signal(SMALL.matches);
SMALL.addEventListener("change", () => {
  isSmall.value = SMALL.matches;
});
/** Height of the window, CSS pixels. */
export const windowHeight = signal(innerHeight);
addEventListener("resize", () => {
  windowHeight.value = innerHeight;
});
/** The map has drawn its first picture. */
export const mapLoaded = signal(false);
