import { effect } from "@preact/signals";
import { SPARK_SECONDS } from "./feed/meter.ts";
import {
  type Account,
  type Bounds,
  machineTime,
  type News,
  type Order,
  type Part,
  type Summary,
} from "./feed/protocol.ts";
import { ServerClock } from "./receive/clock.ts";
import type { Stats } from "./receive/messages.ts";
import type { ConnectionState, Refusal } from "./receive/socket.ts";
import type { Area } from "./receive/tiles.ts";
import { Latency } from "./state/latency.ts";
import { colourOf } from "./state/palette.ts";
import * as store from "./state/store.ts";
import { token } from "./state/token.ts";
import { hidden, isHidden, solo } from "./state/view.ts";
import { LiveLayer } from "./view/live/layer.ts";
import { APPEAR_MS, isRough } from "./view/live/ring.ts";

/** Where the browser is told to save data, the page asks for one step a second instead of four. */
const EVERY_MS = isSavingData() ? 1000 : null;
/** Topics whose last minute is kept at hand: the busiest. */
const SPARKS = 64;
const NO_SPARK = new Float32Array(SPARK_SECONDS);
const NOTHING: Account = { located: 0, cursor: null, marks: 0, totals: new Float64Array(0), area: null };

/** Joins the worker that receives, the live layer and the panels' state: the only place that knows all three. */
export class Page {
  readonly clock = new ServerClock();
  readonly layer = new LiveLayer(this.clock);
  /** As of the last mark. */
  account: Account = NOTHING;
  /** Names of topics, by slot. */
  readonly names: string[] = [];
  readonly #worker: Worker | null;
  readonly #latency = new Latency();
  /** Which colour a topic has, by slot: the busiest at the start come first. */
  readonly #colourOf: number[] = [];
  #coloured = 0;
  #summary: Summary | null = null;
  readonly #sparks = new Map<number, Float32Array>();
  readonly #asked = new Map<number, (around: store.Around) => void>();
  #key = 0;

  /** `live` is the address of the connection. Connects with `begin`. */
  constructor(live: URL) {
    this.#worker = this.#employ();
    this.#order({ type: "open", live: live.href, base: document.baseURI, every: EVERY_MS });
    effect(() => this.#order({ type: "solo", topic: solo.value }));
    store.theme.subscribe(() => this.#paint());
    hidden.subscribe(() => this.#paint());
    this.#followWindow();
  }

  /** Connects, as whoever the token is; totals start anew. */
  begin(): void {
    this.#order({ type: "begin", token: token.peek() });
  }

  /** Connects at once instead of waiting. */
  retry(): void {
    this.#order({ type: "retry" });
  }

  /** The map shows this area from now on. What lies outside of it goes on being counted, not drawn. */
  look(area: Area): void {
    this.#order({ type: "look", area });
  }

  /** These bounds are seen; null for the whole world. */
  see(bounds: Bounds | null): void {
    this.#order({ type: "see", bounds });
  }

  /** What happened within so many degrees of a place in the last minute. */
  around(lon: number, lat: number, degrees: number): Promise<store.Around> {
    const key = this.#key++;
    this.#order({ type: "around", key, lon, lat, degrees });
    return new Promise((resolve) => this.#asked.set(key, resolve));
  }

  /** A topic's events per second over the last minute, oldest first: of those that are busiest. */
  spark(slot: number): Float32Array {
    return this.#sparks.get(slot) ?? NO_SPARK;
  }

  /** The colour of a topic, 0 to 255. */
  colour(slot: number): readonly [number, number, number] {
    return colourOf(this.#colourOf[slot] ?? 0, store.theme.value);
  }

  #employ(): Worker | null {
    const failed = ({ message }: { message?: string }) => {
      const why = message ? ` (${message})` : "";
      store.trouble.value = `The part of this page that receives events stopped${why}: allow workers, and reload.`;
    };
    try {
      const worker = new Worker(new URL("./feed/worker.ts", import.meta.url), { type: "module", name: "feed" });
      worker.addEventListener("message", ({ data }: MessageEvent<News>) => this.#hear(data));
      worker.addEventListener("error", failed);
      return worker;
    } catch (error) {
      failed({ message: String(error) });
      return null;
    }
  }

  #order(order: Order): void {
    this.#worker?.postMessage(order);
  }

  #hear(news: News): void {
    switch (news.type) {
      case "connection":
        this.#connection(news.state);
        return;
      case "hello":
        this.clock.set(machineTime() + news.ahead);
        store.started.value = news.started ?? store.started.value;
        store.trouble.value = null;
        return;
      case "names":
        this.names.push(...news.names);
        return;
      case "opened":
        this.account = news.account;
        this.#latency.clear();
        this.#giveColours();
        this.#publish();
        return;
      case "step":
        this.#step(news);
        return;
      case "summary":
        this.#summarise(news.summary);
        return;
      case "stats":
        this.#stats(news.stats);
        return;
      case "pace":
        store.pace.value = news.every > 0 ? { every: news.every, reason: news.reason } : null;
        return;
      case "trouble":
        store.trouble.value = news.message;
        return;
      case "around":
        this.#asked.get(news.key)?.(news.around);
        this.#asked.delete(news.key);
    }
  }

  #connection(state: ConnectionState): void {
    store.connection.value = state;
    if (state.at !== "open") store.pace.value = store.latency.value = null;
    if (state.at === "refused") store.trouble.value = wordsOf(state);
  }

  #step({ parts, replaces, rest, middle, account }: Extract<News, { type: "step" }>): void {
    this.account = account;
    this.#giveColours();
    if (rest > 0) this.layer.notice(rest);
    if (replaces) this.layer.replace(parts);
    else if (parts.length > 0) this.layer.draw(parts);
    if (parts.some(isRoughPlace)) store.hasRough.value = true;
    if (middle !== null) this.#measure(middle);
    this.#publish();
  }

  /**
   * From the middle of a tick to its first picture. The server's clock is the one that its `hello` told, which is late by the way of
   * that message: by so much what is said here is too little. What comes in time waits for its turn to appear.
   */
  #measure(middle: number): void {
    requestAnimationFrame(() => this.#latency.add(Math.max(APPEAR_MS, this.clock.now() - middle)));
  }

  #summarise(summary: Summary): void {
    this.#summary = summary;
    summary.sparkOf.forEach((slot, i) => {
      this.#sparks.set(slot, summary.sparks.subarray(i * SPARK_SECONDS, (i + 1) * SPARK_SECONDS));
    });
    store.trend.value = summary.trend;
    store.busiest.value = summary.busiest;
    store.samples.value = summary.samples;
    store.latency.value = this.#latency.median;
    this.#list();
    this.#order({ type: "sparks", slots: [...summary.order.subarray(0, SPARKS)] });
  }

  #stats(stats: Stats): void {
    const { received, unlocated, rejected } = stats.events;
    store.tray.value = { received, unlocated, rejected };
    store.rate.value = stats.rate;
    store.viewers.value = stats.viewers;
    store.ingest.value = stats.ingest;
    store.sources.value = stats.sources;
    store.notices.value = stats.notices;
  }

  /** Brings the total up to date; a page that nobody sees only keeps its account. */
  #publish(): void {
    store.marks.value = this.account.marks;
    if (!document.hidden) store.located.value = this.account.located;
  }

  #list(): void {
    const summary = this.#summary;
    if (summary === null || document.hidden) return;
    store.topics.value = Array.from(summary.order, (slot) => ({
      slot,
      name: this.names[slot]!,
      count: this.account.totals[slot] ?? 0,
      rate: summary.rates[slot]!,
    }));
  }

  #followWindow(): void {
    document.addEventListener("visibilitychange", () => {
      this.#order({ type: "shown", shown: !document.hidden });
      if (!document.hidden) this.#publish();
    });
    addEventListener("online", () => this.retry());
  }

  /** Colours for the topics that have none, the busiest first. */
  #giveColours(): void {
    if (this.#coloured === this.names.length) return;
    const { totals } = this.account;
    const fresh = this.names.map((_, slot) => slot).filter((slot) => this.#colourOf[slot] === undefined);
    fresh.sort((a, b) => (totals[b] ?? 0) - (totals[a] ?? 0) || a - b);
    for (const slot of fresh) this.#colourOf[slot] = this.#coloured++;
    this.#paint();
  }

  #paint(): void {
    this.names.forEach((name, slot) => {
      const [red, green, blue] = this.colour(slot);
      this.layer.colour(slot, red, green, blue, !isHidden(name, hidden.peek()));
    });
  }
}

function isRoughPlace({ frame }: Part): boolean {
  return isRough(frame) && frame.n > 0;
}

function isSavingData(): boolean {
  return "connection" in navigator && (navigator.connection as { saveData?: boolean }).saveData === true;
}

function wordsOf({ status, message }: Refusal): string {
  const advice =
    status === 401 ? "This map needs a token: add #token=... to the address." : "The server refuses this page.";
  return message === "" ? advice : `${advice} (${message})`;
}
