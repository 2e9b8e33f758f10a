import type { ServerClock } from "../receive/clock.ts";
import { type Frame, isRest, Kind } from "../receive/frame.ts";
import type { Stats } from "../receive/messages.ts";
import { type Listener, Session } from "../receive/session.ts";
import type { ConnectionState, Environment } from "../receive/socket.ts";
import { EVERYTHING, type Wish } from "../receive/wish.ts";
import { isRough } from "../view/live/ring.ts";
import { Lately } from "./lately.ts";
import { type Account, machineTime, type News, type Order, type Part } from "./protocol.ts";
import { Watched } from "./watched.ts";

/** While nobody sees the page, a step every so many ms keeps the account. */
const HIDDEN_MS = 4000;
/** Colours are known for so many slots. */
const MOST_SLOTS = 65_536;

/** Sends news to the page; what is listed is given away. */
export type Tell = (news: News, given?: readonly ArrayBuffer[]) => void;

/** The receiving side of the page: keeps the account, prepares what is drawn, and tells of both once a step. No I/O of its own. */
export class Feed implements Listener {
  readonly session: Session;
  readonly lately = new Lately();
  readonly #tell: Tell;
  readonly #clock: ServerClock;
  readonly #watched = new Watched();
  readonly #every: number | null;
  #named = 0;
  #isShown = true;
  /** What is to be drawn when the step is complete: should the connection be lost before, it will come again. */
  #frames: Frame[] = [];
  #replaces = false;
  #rest = 0;
  #counted: Frame[] = [];
  #tick = 0;

  constructor(environment: Environment, clock: ServerClock, every: number | null, tell: Tell) {
    this.#tell = tell;
    this.#clock = clock;
    this.#every = every;
    this.session = new Session(environment, clock, this, { ...EVERYTHING, every });
  }

  /** Does what the page wants, but for what needs I/O. */
  obey(order: Order): void {
    switch (order.type) {
      case "begin":
        this.session.startAnew();
        return;
      case "look":
        this.session.want({ tiles: order.area, rest: order.area !== null });
        return;
      case "see":
        this.lately.bounds = order.bounds;
        return;
      case "solo":
        this.session.want({ topics: order.topic === null ? [">"] : [order.topic, `${order.topic}.>`] });
        return;
      case "shown":
        this.#show(order.shown);
        return;
      case "retry":
        this.session.retry();
        return;
      case "sparks":
        this.lately.wanted = order.slots;
        return;
      case "around": {
        const { key, lon, lat, degrees } = order;
        const around = this.lately.around(lon, lat, degrees, Math.floor(this.#tick / 1000), this.session.topics.names);
        this.#tell({ type: "around", key, around });
        return;
      }
    }
  }

  connection(state: ConnectionState): void {
    if (state.at !== "open") this.#drop();
    this.#tell({ type: "connection", state });
  }

  hello(started: number | null): void {
    this.#tell({ type: "hello", started, ahead: this.#clock.now() - machineTime() });
  }

  topics(): void {
    this.#tellNames();
  }

  opened(): void {
    this.#drop();
    this.lately.clear();
    this.#tellNames();
    this.#tell({ type: "opened", account: this.#account() });
  }

  draw(frames: readonly Frame[], replaces: boolean): void {
    if (replaces) this.#frames.length = 0;
    this.#replaces ||= replaces;
    this.#frames.push(...frames);
  }

  committed(frame: Frame): void {
    this.#counted.push(frame);
  }

  mark(tick: number): void {
    this.#tick = Math.max(this.#tick, tick);
    this.#tellNames();
    const area = this.session.area;
    if (this.#replaces) {
      this.#watched.look(area, this.#clock.now());
      this.lately.look(area);
    }
    this.#count();
    const middle = this.#frames.reduce<number | null>((latest, frame) => middleOf(frame) ?? latest, null);
    const parts = this.#isShown ? this.#parts() : [];
    const given = new Set(parts.flatMap(({ frame }) => [frame.x.buffer, frame.count.buffer]));
    const account = this.#account();
    given.add(account.totals.buffer);
    const replaces = this.#replaces;
    this.#tell({ type: "step", parts, replaces, rest: this.#rest, middle, account }, [...given]);
    this.#drop();
    if (this.#isShown) this.#summarise();
  }

  stats(stats: Stats): void {
    this.#tell({ type: "stats", stats });
  }

  pace(every: number, reason: string): void {
    const isOurs = !this.#isShown && every <= HIDDEN_MS;
    this.#tell({ type: "pace", every: isOurs || every <= (this.#every ?? 250) ? 0 : every, reason });
  }

  trouble(message: string): void {
    this.#tell({ type: "trouble", message });
  }

  /** A page that nobody sees asks for little, and gets a picture of the last seconds when it is seen again. */
  #show(shown: boolean): void {
    if (shown === this.#isShown) return;
    this.#isShown = shown;
    // What happens until the page is seen again, the picture that it then gets is to make up for.
    if (!shown) this.#watched.look([], this.#clock.now());
    const wish: Partial<Wish> = shown
      ? { every: this.#every, window: EVERYTHING.window }
      : { every: Math.max(HIDDEN_MS, this.#every ?? 0), window: 0 };
    this.session.want(wish);
    if (shown) this.session.retry();
  }

  /** Takes what was committed into the rates, and, where it is, into what has been lately. */
  #count(): void {
    const { topics } = this.session;
    this.lately.step(Math.floor(this.#tick / 1000));
    for (const frame of this.#counted) {
      let sum = 0;
      for (let row = 0; row < frame.n; row++) {
        this.lately.meter.add(topics.slot(frame.topic[row]!), frame.count[row]!, frame.tick, frame.covers);
        sum += frame.count[row]!;
      }
      this.lately.trend.add(sum, frame.tick);
      if (isRest(frame)) this.#rest += sum;
    }
    for (const frame of this.#frames) {
      this.#toSlots(frame);
      this.lately.drawn(frame);
    }
  }

  /** Numbers hold for a connection, slots as long as the page is open: what is drawn keeps its colour over a new connection. */
  #toSlots({ topic, n }: Frame): void {
    const { topics } = this.session;
    for (let row = 0; row < n; row++) topic[row] = Math.min(MOST_SLOTS - 1, topics.slot(topic[row]!));
  }

  #parts(): Part[] {
    const now = this.#clock.now();
    const parts: Part[] = [];
    for (const frame of this.#frames) {
      const warmed =
        frame.kind === Kind.picture && !isRough(frame) ? this.#watched.warming(frame, now) : [{ frame, heat: 1 }];
      for (const part of warmed) parts.push({ ...part, sum: sumOf(part.frame.count) });
    }
    return parts;
  }

  #summarise(): void {
    const { ledger, topics } = this.session;
    const summary = this.lately.summary(performance.now(), topics.names, (slot) => ledger.total(slot));
    if (summary)
      this.#tell({ type: "summary", summary }, [summary.order.buffer, summary.rates.buffer, summary.sparks.buffer]);
  }

  #tellNames(): void {
    const { names } = this.session.topics;
    if (names.length === this.#named) return;
    this.#tell({ type: "names", names: names.slice(this.#named) });
    this.#named = names.length;
  }

  #account(): Account {
    const { ledger, topics, area } = this.session;
    const totals = Float64Array.from(topics.names, (_, slot) => ledger.total(slot));
    return { located: ledger.located, cursor: ledger.cursor, marks: ledger.marks, totals, area };
  }

  #drop(): void {
    this.#frames = [];
    this.#counted = [];
    this.#replaces = false;
    this.#rest = 0;
  }
}

function middleOf({ kind, tick, covers, n }: Frame): number | null {
  return kind === Kind.live && n > 0 ? tick + covers / 2 : null;
}

function sumOf(column: Uint32Array): number {
  let total = 0;
  for (let row = 0; row < column.length; row++) total += column[row]!;
  return total;
}
