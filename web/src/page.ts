import { ServerClock } from "./receive/clock.ts";
import { liveUrl, reaching } from "./receive/environment.ts";
import { type Frame, isRest } from "./receive/frame.ts";
import type { Stats } from "./receive/messages.ts";
import { type Listener, Session } from "./receive/session.ts";
import type { Refusal } from "./receive/socket.ts";
import type { Area } from "./receive/tiles.ts";
import { EVERYTHING } from "./receive/wish.ts";
import { Meter, SPARK_SECONDS } from "./state/meter.ts";
import { colourOf } from "./state/palette.ts";
import * as store from "./state/store.ts";
import { token } from "./state/token.ts";
import { hidden, isHidden } from "./state/view.ts";
import { LiveLayer } from "./view/live/layer.ts";
import { isRough } from "./view/live/ring.ts";

/** There may be thousands of topics to sort: the list follows the total at half its pace. */
const LIST_EVERY_MS = 500;

/** Where the browser is told to save data, the page asks for one step a second instead of four. */
const EVERY_MS = isSavingData() ? 1000 : null;

/** Joins the session, the live layer and the panels' state: the only place that knows all three. */
export class Page implements Listener {
  readonly clock = new ServerClock();
  readonly layer = new LiveLayer(this.clock);
  readonly session: Session;
  readonly meter = new Meter();
  /** Which colour a topic has, by slot: the busiest at the start come first. */
  readonly #colourOf: number[] = [];
  #coloured = 0;
  #tick = 0;
  #listedAt = 0;

  constructor(live: URL) {
    const environment = reaching(liveUrl(live), { token: () => token.peek() });
    this.session = new Session(environment, this.clock, this, { ...EVERYTHING, every: EVERY_MS });
    store.theme.subscribe(() => this.#paint());
    hidden.subscribe(() => this.#paint());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.session.retry();
      this.#publish();
    });
    addEventListener("online", () => this.session.retry());
  }

  /** A topic's events per second over the last minute, oldest first. */
  spark(slot: number): Float32Array {
    const values = new Float32Array(SPARK_SECONDS);
    this.meter.spark(slot, values);
    return values;
  }

  /** Connects at once instead of waiting. */
  retry(): void {
    this.session.retry();
  }

  /** The map shows this area from now on. What lies outside of it goes on being counted, not drawn. */
  look(area: Area): void {
    this.session.want({ tiles: area, rest: area !== null });
  }

  /** The colour of a topic, 0 to 255. */
  colour(slot: number): readonly [number, number, number] {
    return colourOf(this.#colourOf[slot] ?? 0, store.theme.value);
  }

  connection(state: (typeof store.connection)["value"]): void {
    store.connection.value = state;
    if (state.at !== "open") store.pace.value = null;
    if (state.at === "refused") store.trouble.value = wordsOf(state);
  }

  hello(started: number | null): void {
    store.started.value = started ?? store.started.value;
    store.trouble.value = null;
  }

  topics(): void {
    this.#giveColours();
    this.#paint();
  }

  opened(): void {
    this.meter.clear();
    this.#giveColours();
    this.#paint();
    this.#publish();
  }

  draw(frames: readonly Frame[], replaces: boolean): void {
    if (replaces) this.layer.replace(frames, this.session.area);
    else this.layer.draw(frames);
    if (frames.some((frame) => isRough(frame) && frame.n > 0)) store.hasRough.value = true;
  }

  committed(frame: Frame): void {
    if (isRest(frame)) this.layer.notice(frame);
    for (let row = 0; row < frame.n; row++) {
      this.meter.add(this.session.topics.slot(frame.topic[row]!), frame.count[row]!, frame.tick, frame.covers);
    }
  }

  mark(tick: number): void {
    this.#tick = Math.max(this.#tick, tick);
    this.meter.advance(Math.floor(this.#tick / 1000));
    store.marks.value = this.session.ledger.marks;
    this.#publish();
  }

  stats(stats: Stats): void {
    const { received, unlocated, rejected } = stats.events;
    store.tray.value = { received, unlocated, rejected };
    store.rate.value = stats.rate;
    store.viewers.value = stats.viewers;
    store.ingest.value = stats.ingest;
    store.sources.value = stats.sources;
    store.notices.value = stats.notices;
  }

  pace(every: number, reason: string): void {
    store.pace.value = every > (EVERY_MS ?? 250) ? { every, reason } : null;
  }

  trouble(message: string): void {
    store.trouble.value = message;
  }

  /** Brings the panels up to date; a page that nobody sees only keeps its account. */
  #publish(): void {
    if (document.hidden) return;
    const { ledger, topics } = this.session;
    store.located.value = ledger.located;
    const now = performance.now();
    if (now - this.#listedAt < LIST_EVERY_MS && store.topics.peek().length === topics.names.length) return;
    this.#listedAt = now;
    store.topics.value = topics.names
      .map((name, slot) => ({
        slot,
        name,
        count: ledger.total(slot),
        rate: this.meter.rate(slot),
        visible: !isHidden(name, hidden.peek()),
      }))
      .sort((a, b) => b.count - a.count || a.slot - b.slot);
  }

  #giveColours(): void {
    const { ledger, topics } = this.session;
    const fresh = topics.names.map((_, slot) => slot).filter((slot) => this.#colourOf[slot] === undefined);
    fresh.sort((a, b) => ledger.total(b) - ledger.total(a) || a - b);
    for (const slot of fresh) this.#colourOf[slot] = this.#coloured++;
  }

  #paint(): void {
    this.session.topics.eachNumber((number, slot) => {
      const [red, green, blue] = this.colour(slot);
      const isShown = !isHidden(this.session.topics.names[slot]!, hidden.peek());
      this.layer.colour(number, red, green, blue, isShown);
    });
  }
}

function isSavingData(): boolean {
  return "connection" in navigator && (navigator.connection as { saveData?: boolean }).saveData === true;
}

function wordsOf({ status, message }: Refusal): string {
  const advice =
    status === 401 ? "This map needs a token: add #token=... to the address." : "The server refuses this page.";
  return message === "" ? advice : `${advice} (${message})`;
}
