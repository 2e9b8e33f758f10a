// Made by `make types` from web/schema/http.json: change the server's classes instead.

export type HttpAnswer = Stats | Topics | Accepted | Health | Problem | PageSettings;

/**
 * The state of the server as of its last tick, or as much of it as a token for some topics lets see.
 */
export interface Stats {
  events: EventCounts;
  /**
   * located events a second, over the last two seconds
   */
  rate: number;
  topics: {
    [k: string]: TopicCounts;
  };
  /**
   * rejected weight by reason
   */
  reasons?: {
    [k: string]: number;
  };
  /**
   * the last rejected lines
   */
  examples?: Example[];
  sources: Source[];
  latency?: Latency | null;
  viewers: number;
  /**
   * different subscriptions that are watched
   */
  rooms?: number | null;
  /**
   * steps that clients of Socket.IO did without, since they were too slow for them
   */
  dropped?: number | null;
  ingest: Ingest;
  relay?: Relay | null;
  /**
   * there is no history yet
   */
  store?: null;
  geo: Geo;
  notices: string[];
  /**
   * names this life of the server
   */
  epoch: string;
  /**
   * ms since 1970
   */
  started: number;
  /**
   * bytes resident in the serving process
   */
  memory?: number | null;
}
/**
 * Sums of weights: received = located + unlocated + rejected, always.
 */
export interface EventCounts {
  received: number;
  located: number;
  unlocated: number;
  rejected: number;
}
/**
 * Sums of weights of a topic.
 */
export interface TopicCounts {
  located: number;
  unlocated: number;
}
/**
 * A rejected line, its addresses masked.
 */
export interface Example {
  reason: string;
  line: string;
}
/**
 * How a source does.
 */
export interface Source {
  name: string;
  kind: string;
  format: string;
  /**
   * waiting, open, down or ended
   */
  state: string;
  detail: string;
  received: number;
  rejected: number;
  /**
   * files or connections that it reads
   */
  producers: number;
  /**
   * how far it is behind, where that is known
   */
  lag_bytes: number | null;
}
/**
 * Milliseconds from an event's arrival to the frame that shows it, by weight, over the last batches.
 */
export interface Latency {
  p50: number | null;
  p90: number | null;
  p99: number | null;
}
/**
 * How the process that takes events in does.
 */
export interface Ingest {
  state: "starting" | "compiling" | "ready" | "draining" | "down";
  detail: string;
  /**
   * 0 to 1
   */
  progress: number;
}
/**
 * What came over the relay.
 */
export interface Relay {
  connected: boolean;
  batches: number;
  /**
   * batches sent twice, counted once
   */
  duplicates: number;
}
/**
 * The location table, once it is open: whom its places are owed to, and what it holds.
 */
export interface Geo {
  attribution?: string;
  link?: string;
  [k: string]: unknown;
}
/**
 * Topics with events, busiest first.
 */
export interface Topics {
  topics: Topic[];
}
/**
 * A topic and its sums of weights.
 */
export interface Topic {
  name: string;
  /**
   * its number on the WebSocket, while the server lives
   */
  number: number;
  located: number;
  unlocated: number;
}
/**
 * What became of posted events.
 */
export interface Accepted {
  received: number;
  located: number;
  unlocated: number;
  rejected: number;
  errors: RejectedLine[];
  /**
   * whether they would survive a crash of the whole machine
   */
  durable: boolean;
  [k: string]: unknown;
}
/**
 * A line that was not taken, and why.
 */
export interface RejectedLine {
  line: number;
  error: string;
  [k: string]: unknown;
}
/**
 * Whether the server runs, or is ready.
 */
export interface Health {
  status: string;
  detail?: string;
  /**
   * how far it is until it is ready, 0 to 1
   */
  progress: number;
}
/**
 * Why a request was not carried out.
 */
export interface Problem {
  code: string;
  message: string;
}
/**
 * `map.json`, beside the page: what it has to know before it draws.
 */
export interface PageSettings {
  home: Home | null;
  basemap: Basemap;
}
/**
 * The place that arcs lead to.
 */
export interface Home {
  name: string;
  /**
   * degrees
   */
  lat: number;
  lon: number;
}
/**
 * What is under the live picture.
 */
export interface Basemap {
  kind: "bundled" | "style" | "pmtiles" | "raster";
  /**
   * of the style, of the file, or a template of tiles; may be relative to the page
   */
  url?: string | null;
  /**
   * what is to be shown; else what the map says itself
   */
  attribution?: string | null;
  /**
   * whom the browser lets the page ask beside this server
   */
  origins?: string[];
}
