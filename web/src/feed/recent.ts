import { type Frame, Kind, TILE_BITS } from "../receive/frame.ts";
import { worldOf } from "../receive/world.ts";

export const RECENT_S = 60;
/** Rows that are kept: at 8,192 rows a step, four steps a second, about 45 s. The oldest give way. */
const MOST_ROWS = 1_500_000;

/** A frame's columns, packed closely: its message goes to the page. */
interface Kept {
  readonly frame: Frame;
  /** Second in which it began. */
  readonly second: number;
}

/** What was found around a place. */
export interface Found {
  count: number;
  /** Counts by slot. */
  readonly topics: Map<number, number>;
  /** Events in each of the last seconds, oldest first. */
  readonly seconds: Float32Array<ArrayBuffer>;
}

/** What was drawn in the last minute, to be asked about places. */
export class Recent {
  readonly #kept: Kept[] = [];
  #rows = 0;

  /** Keeps a copy of a frame whose topics are slots. */
  add(frame: Frame): void {
    if (frame.kind === Kind.picture || frame.kind === Kind.old || frame.n === 0) return;
    const copy = {
      ...frame,
      x: frame.x.slice(),
      y: frame.y.slice(),
      topic: frame.topic.slice(),
      count: frame.count.slice(),
    };
    this.#kept.push({ frame: copy, second: Math.floor(frame.tick / 1000) });
    this.#rows += frame.n;
  }

  /** Forgets what is over a minute old at `second`, and what is too much. */
  advance(second: number): void {
    let gone = 0;
    while (gone < this.#kept.length) {
      const { frame, second: then } = this.#kept[gone]!;
      if (then > second - RECENT_S && this.#rows <= MOST_ROWS) break;
      this.#rows -= frame.n;
      gone++;
    }
    if (gone > 0) this.#kept.splice(0, gone);
  }

  clear(): void {
    this.#kept.length = 0;
    this.#rows = 0;
  }

  /** What happened within so many degrees of a place, in the minute up to `second`. A place known roughly counts where its cell covers it. */
  around(lon: number, lat: number, degrees: number, second: number): Found {
    const [x, y] = worldOf(lon, lat);
    const found: Found = { count: 0, topics: new Map(), seconds: new Float32Array(RECENT_S) };
    for (const { frame, second: then } of this.#kept) {
      const at = then - (second - RECENT_S + 1);
      if (at >= 0 && at < RECENT_S) gather(frame, x, y, degrees / 360, at, found);
    }
    return found;
  }
}

function gather(frame: Frame, x: number, y: number, reach: number, at: number, into: Found): void {
  const side = 2 ** -frame.z;
  const unit = side / 2 ** TILE_BITS;
  const radius = Math.max(reach, 2 ** -(frame.z + frame.bits) / 2);
  const [west, north] = [frame.tileX * side, frame.tileY * side];
  // Most frames of a zoomed-in map are of other tiles.
  if (y < north - radius || y > north + side + radius) return;
  for (let row = 0; row < frame.n; row++) {
    let dx = Math.abs(west + frame.x[row]! * unit - x);
    if (dx > 0.5) dx = 1 - dx;
    if (dx > radius) continue;
    const dy = north + frame.y[row]! * unit - y;
    if (dx * dx + dy * dy > radius * radius) continue;
    const count = frame.count[row]!;
    const slot = frame.topic[row]!;
    into.count += count;
    into.topics.set(slot, (into.topics.get(slot) ?? 0) + count);
    into.seconds[at]! += count;
  }
}
