import { type Frame, Kind, TILE_BITS } from "../../receive/frame.ts";

/** Frames that a ring remembers: four a second for 16 s, each of 16 tiles and two sizes of cells, and some that are late. */
export const FRAME_ROWS = 4096;
/** Floats in a frame's row of the table: two RGBA texels. */
export const ROW_FLOATS = 8;

/**
 * A tick's events are let appear over the length of a tick, this long after it happened, so that the map sparkles steadily
 * instead of beating four times a second. It is about what a frame needs to get here.
 */
export const APPEAR_MS = 300;
/** What a picture shows has flashed before, and is not to do so again: it is drawn as at least this old. */
const SETTLED_MS = 1600;
/** Frames that are looked through for young points: two seconds of 16 tiles and two sizes of cells, twice over. */
const YOUNG_FRAMES = 512;
/** Stamps further ahead than this are a server's wrong clock; they appear at once. */
export const AHEAD_MS = 1_500;
/** Times on the GPU are 32-bit seconds from a base that moves along, to stay good to a millisecond. */
const REBASE_MS = 3_600_000;

/** Cells of fewer bits, counted from the whole world, are places known only roughly. */
const ROUGH_BELOW_BITS = 10;
/** How large those are that don't fit into a tile, so that the wire can't say it: 313 km at the equator. */
const ROUGH_BITS = 7;

/** Whether a frame's places are known only roughly. */
export function isRough({ z, bits }: Pick<Frame, "z" | "bits">): boolean {
  return bits === 0 || z + bits < ROUGH_BELOW_BITS;
}

/** Side of a frame's cells, as a part of the world. */
function sideOf({ z, bits }: Frame): number {
  return 2 ** -(bits === 0 ? Math.min(z, ROUGH_BITS) : z + bits);
}

/**
 * The points that are drawn, as columns: the wire's own, plus for each point the row of its frame in a small table.
 *
 * A ring of fixed size; the newest push the oldest out. It is also what the GPU's copy is made from, after a lost context or
 * when a hidden page is shown again. Points are numbered from 0 on as they come; point p lives at p % capacity.
 */
export class PointRing {
  readonly capacity: number;
  readonly x: Uint16Array<ArrayBuffer>;
  readonly y: Uint16Array<ArrayBuffer>;
  readonly topic: Uint16Array<ArrayBuffer>;
  readonly count: Uint32Array<ArrayBuffer>;
  /** Row of the point's frame in `table`. */
  readonly row: Uint16Array<ArrayBuffer>;
  /**
   * For each frame: tile's west, north, the wire's unit and the cell's side (all as parts of the world), when it starts to
   * appear and over how long (s, from the base), half a unit where the wire rounded it off (as part of a unit), how many times over it warms
   * the ground.
   */
  readonly table = new Float32Array(FRAME_ROWS * ROW_FLOATS);
  /** Number of the next point. */
  head = 0;
  /** Counts changes of the table. */
  tableVersion = 0;

  #base = 0;
  #frames = 0;
  #oldestFrame = 0;
  readonly #firstPoint = new Float64Array(FRAME_ROWS);
  readonly #appears = new Float64Array(FRAME_ROWS);
  readonly #ends = new Float64Array(FRAME_ROWS);
  readonly #gone = new Float64Array(FRAME_ROWS);

  constructor(capacity: number) {
    this.capacity = capacity;
    this.x = new Uint16Array(capacity);
    this.y = new Uint16Array(capacity);
    this.topic = new Uint16Array(capacity);
    this.count = new Uint32Array(capacity);
    this.row = new Uint16Array(capacity);
  }

  /**
   * Takes a frame in. `now` is the server's time (ms), `life` how long a point is to be seen (ms), `heat` how many times over it warms the
   * ground.
   */
  push(frame: Frame, now: number, life: number, heat = 1): void {
    if (now - this.#base > REBASE_MS) this.#rebase(now);
    const row = this.#frames % FRAME_ROWS;
    const appears = appearance(frame, now);
    this.#appears[row] = appears;
    this.#ends[row] = appears + frame.covers;
    this.#gone[row] = appears + frame.covers + life;
    this.#firstPoint[row] = this.head;
    this.#writeRow(row, frame, heat);
    this.#frames++;
    this.#oldestFrame = Math.max(this.#oldestFrame, this.#frames - FRAME_ROWS);

    const skip = Math.max(0, frame.n - this.capacity);
    this.#copy(this.x, frame.x, skip);
    this.#copy(this.y, frame.y, skip);
    this.#copy(this.topic, frame.topic, skip);
    this.#copy(this.count, frame.count, skip);
    this.#fillRow(row, frame.n - skip);
    this.head += frame.n - skip;
  }

  /** Number of the oldest point that may still be seen; those before it are not drawn. */
  oldest(now: number): number {
    while (this.#oldestFrame < this.#frames && this.#gone[this.#oldestFrame % FRAME_ROWS]! <= now) this.#oldestFrame++;
    if (this.#oldestFrame === this.#frames) return this.head;
    return Math.max(this.#firstPoint[this.#oldestFrame % FRAME_ROWS]!, this.head - this.capacity);
  }

  /** Number of the oldest point of which it is still known where it is and when it was, drawn or not. */
  known(): number {
    const oldest = Math.max(0, this.#frames - FRAME_ROWS);
    const first = this.#frames === 0 ? 0 : this.#firstPoint[oldest % FRAME_ROWS]!;
    return Math.max(first, this.head - this.capacity, 0);
  }

  /**
   * Number of the oldest point among the last few frames of which something appeared after `then` (ms): where the young ones
   * begin, if frames come about in order.
   */
  since(then: number): number {
    let oldest = this.head;
    for (let frame = this.#frames - 1; frame >= Math.max(this.#oldestFrame, this.#frames - YOUNG_FRAMES); frame--) {
      const row = frame % FRAME_ROWS;
      if (this.#ends[row]! > then) oldest = this.#firstPoint[row]!;
    }
    return Math.max(oldest, this.head - this.capacity);
  }

  /** Tells of points from one number on, evenly chosen, at most `most`: where in the world each is (0 to 1), its topic's number, its count. */
  survey(from: number, most: number, tell: (x: number, y: number, topic: number, count: number) => void): void {
    const step = Math.max(1, Math.ceil((this.head - from) / most));
    for (let point = from; point < this.head; point += step) {
      const at = point % this.capacity;
      const row = this.row[at]! * ROW_FLOATS;
      const [unit, half] = [this.table[row + 2]!, this.table[row + 6]!];
      const x = this.table[row]! + (this.x[at]! + half) * unit;
      const y = this.table[row + 1]! + (this.y[at]! + half) * unit;
      tell(x, y, this.topic[at]!, this.count[at]!);
    }
  }

  /** Nothing that is in the ring is drawn any more. */
  clear(): void {
    this.#oldestFrame = this.#frames;
  }

  /** Server time (ms) as the table counts it (s). */
  seconds(now: number): number {
    return (now - this.#base) / 1000;
  }

  #copy<Column extends Uint16Array | Uint32Array>(to: Column, from: Column, skip: number): void {
    const start = this.head % this.capacity;
    const n = from.length - skip;
    if (skip === 0 && start + n <= this.capacity) {
      to.set(from, start);
      return;
    }
    const untilEnd = Math.min(n, this.capacity - start);
    to.set(from.subarray(skip, skip + untilEnd), start);
    to.set(from.subarray(skip + untilEnd), 0);
  }

  #fillRow(row: number, n: number): void {
    const start = this.head % this.capacity;
    this.row.fill(row, start, Math.min(start + n, this.capacity));
    if (start + n > this.capacity) this.row.fill(row, 0, start + n - this.capacity);
  }

  #writeRow(row: number, frame: Frame, heat: number): void {
    const side = 2 ** -frame.z;
    const at = row * ROW_FLOATS;
    this.table[at] = frame.tileX * side;
    this.table[at + 1] = frame.tileY * side;
    this.table[at + 2] = side / 2 ** TILE_BITS;
    this.table[at + 3] = sideOf(frame);
    this.table[at + 4] = this.seconds(this.#appears[row]!);
    this.table[at + 5] = frame.covers / 1000;
    this.table[at + 6] = frame.bits === TILE_BITS ? 0.5 : 0;
    this.table[at + 7] = heat;
    this.tableVersion++;
  }

  #rebase(now: number): void {
    this.#base = now;
    const kept = Math.min(this.#frames, FRAME_ROWS);
    for (let row = 0; row < kept; row++) this.table[row * ROW_FLOATS + 4] = this.seconds(this.#appears[row]!);
    this.tableVersion++;
  }
}

/** When a frame's first points appear, ms. */
function appearance({ kind, tick, covers }: Frame, now: number): number {
  if (kind === Kind.replay || tick + covers - now >= AHEAD_MS) return now;
  if (kind === Kind.picture) return Math.min(tick + APPEAR_MS, now - covers - SETTLED_MS);
  return tick + APPEAR_MS;
}
