import { computed, signal } from "@preact/signals";
import type { IngestState, SourceState } from "../receive/messages.ts";
import type { ConnectionState } from "../receive/socket.ts";
import type { Theme } from "../view/theme.ts";

/** What the panels show. Written by `page.ts`, read by the panels; nothing here knows the wire or the map. */

export interface TopicRow {
  slot: number;
  name: string;
  count: number;
  rate: number;
  visible: boolean;
}

export interface Attribution {
  text: string;
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
