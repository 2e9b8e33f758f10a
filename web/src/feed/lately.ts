import type { Gazetteer } from "../places/gazetteer.ts";
import { type Frame, Kind } from "../receive/frame.ts";
import { type Area, isSame, type Tile } from "../receive/tiles.ts";
import { degreesOf, placeOf } from "../receive/world.ts";
import type { Around, Busiest, Sample } from "../state/store.ts";
import { isRough } from "../view/live/ring.ts";
import { Meter, SPARK_SECONDS } from "./meter.ts";
import type { Bounds, Summary } from "./protocol.ts";
import { rank } from "./ranking.ts";
import { Recent } from "./recent.ts";
import { type Picked, Sampler } from "./sampler.ts";
import { Tally } from "./tally.ts";
import { Trend } from "./trend.ts";
import { Finder } from "./whereabouts.ts";

/** There may be thousands of topics to sort: lists follow the total at half its pace. */
const SUMMARY_MS = 500;

/** What has been lately: rates, trend, busiest places, events to be read, what happened where. */
export class Lately {
  readonly meter = new Meter();
  readonly trend = new Trend();
  /** Slots whose last minute is drawn. */
  wanted: readonly number[] = [];
  /** Of which part of what is drawn the busiest are told of; null for all of it. */
  bounds: Bounds | null = null;
  readonly #tally = new Tally();
  readonly #sampler = new Sampler();
  readonly #recent = new Recent();
  #gazetteer: Gazetteer | null = null;
  #finder: Finder | null = null;
  #area: Area = null;
  #second = 0;
  #due = 0;
  #slots = 0;

  /** From now on it is known what is where. */
  set gazetteer(gazetteer: Gazetteer) {
    this.#gazetteer = gazetteer;
    this.#finder = new Finder({
      town: (lon, lat) => gazetteer.town(lon, lat),
      country: (lon, lat) => gazetteer.country(lon, lat),
    });
  }

  /** The account starts anew. */
  clear(): void {
    this.meter.clear();
    this.trend.clear();
    this.#tally.clear();
    this.#sampler.clear();
    this.#recent.clear();
    this.#due = 0;
  }

  /** This area is drawn from now on. Of what was not drawn nothing is known: the tally starts anew, unless it is only a part. */
  look(area: Area): void {
    if (isSame(area, this.#area)) return;
    if (!isPart(area, this.#area)) this.#tally.clear();
    this.#area = area;
  }

  /** A step up to this second (server time) is about to be told of. */
  step(second: number): void {
    this.#second = Math.max(this.#second, second);
    this.meter.advance(this.#second);
    this.trend.advance(this.#second);
    this.#tally.advance(this.#second);
    this.#recent.advance(this.#second);
    this.#finder?.refresh();
  }

  /** Takes in a frame that is drawn, with slots for topics. */
  drawn(frame: Frame): void {
    this.#recent.add(frame);
    if (frame.kind === Kind.picture || isRough(frame)) return;
    this.#sampler.offer(frame);
    this.#count(frame);
  }

  /** What the panels show; null while it was shown a moment ago. Times are the machine's, ms. */
  summary(now: number, names: readonly string[], total: (slot: number) => number): Summary | null {
    this.#sampler.close();
    if (now < this.#due && names.length === this.#slots) return null;
    this.#due = now + SUMMARY_MS;
    this.#slots = names.length;
    const slots = Array.from(names, (_, slot) => slot);
    const order = Uint32Array.from(slots.sort((a, b) => total(b) - total(a) || a - b));
    const rates = Float32Array.from(names, (_, slot) => this.meter.rate(slot));
    const sparks = new Float32Array(this.wanted.length * SPARK_SECONDS);
    this.wanted.forEach((slot, i) => {
      this.meter.spark(slot, sparks.subarray(i * SPARK_SECONDS, (i + 1) * SPARK_SECONDS));
    });
    const samples = this.#sampler.picked.map((picked) => this.#sample(picked, names));
    return { order, rates, sparks, sparkOf: this.wanted, trend: this.trend.value(), busiest: this.#busiest(), samples };
  }

  /** What happened around a place in the minute up to a second. */
  around(lon: number, lat: number, degrees: number, second: number, names: readonly string[]): Around {
    const { count, topics, seconds } = this.#recent.around(lon, lat, degrees, second);
    return {
      place: this.#gazetteer?.near(lon, lat)?.name ?? "",
      country: this.#gazetteer?.country(lon, lat) ?? "",
      count,
      topics: [...topics]
        .map(([slot, part]) => ({ name: names[slot] ?? "", slot, count: part }))
        .sort((a, b) => b.count - a.count),
      seconds,
    };
  }

  #count(frame: Frame): void {
    if (this.#finder === null) return;
    const second = Math.floor(frame.tick / 1000);
    for (let row = 0; row < frame.n; row++) {
      const found = this.#finder.find(...placeOf(frame, row));
      if (found) this.#tally.add(found, frame.count[row]!, second);
    }
  }

  #sample({ key, slot, x, y, count, at }: Picked, names: readonly string[]): Sample {
    const [lon, lat] = degreesOf(x, y);
    const place = this.#gazetteer?.near(lon, lat)?.name ?? "";
    const country = this.#gazetteer?.country(lon, lat) ?? "";
    return { key, topic: names[slot] ?? "", slot, place, country, lon, lat, count, at };
  }

  #busiest(): Busiest {
    const seconds = this.#tally.seconds(this.#second);
    const gazetteer = this.#gazetteer;
    if (gazetteer === null) return { seconds, countries: [], places: [] };
    return { seconds, ...rank(this.#tally, (town) => gazetteer.city(town), this.bounds) };
  }
}

/** Whether all of an area lies in another one. */
function isPart(area: Area, of: Area): boolean {
  if (of === null) return true;
  if (area === null) return false;
  return area.every((tile) => of.some((outer) => contains(outer, tile)));
}

function contains([z, x, y]: Tile, [innerZ, innerX, innerY]: Tile): boolean {
  return innerZ >= z && innerX >> (innerZ - z) === x && innerY >> (innerZ - z) === y;
}
