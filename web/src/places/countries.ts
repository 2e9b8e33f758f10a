import { Varints } from "./varints.ts";

/** The raster of `basemap/countries.mjs`. */
const WIDTH = 3600;
const HEIGHT = 1800;
const PER_DEGREE = WIDTH / 360;
/** How much of a country's area is left out of its box on each side: islands far off, mostly. */
const LEFT_OUT = 0.02;

/** A box of a country, degrees. East of `west` by `width`, which may lead past the date line. */
export interface Extent {
  west: number;
  width: number;
  south: number;
  north: number;
}

/** Which country is where, in stretches along the parallels: a tenth of a degree fine, a little of the sea included. */
export class Countries {
  readonly #codes: readonly string[];
  /** Where the stretches of each row begin in the other two. */
  readonly #rows: Uint32Array;
  /** Each stretch's first column, and the country that it is. */
  readonly #columns: Uint16Array;
  readonly #numbers: Uint8Array;

  constructor(bytes: Uint8Array) {
    const read = new Varints(bytes);
    this.#codes = ["", ...Array.from({ length: read.next() }, () => read.code())];
    this.#rows = new Uint32Array(HEIGHT + 1);
    const columns: number[] = [];
    const numbers: number[] = [];
    const row = new Uint8Array(WIDTH);
    for (let y = 0; y < HEIGHT; y++) {
      change(row, read);
      for (let x = 0; x < WIDTH; x++) {
        if (x > 0 && row[x] === row[x - 1]) continue;
        columns.push(x);
        numbers.push(row[x]!);
      }
      this.#rows[y + 1] = columns.length;
    }
    this.#columns = Uint16Array.from(columns);
    this.#numbers = Uint8Array.from(numbers);
  }

  /** ISO 3166, two letters; "" at sea. Any longitude, also past the date line. */
  at(lon: number, lat: number): string {
    const x = Math.floor((((lon % 360) + 540) % 360) * PER_DEGREE);
    const y = Math.max(0, Math.min(HEIGHT - 1, Math.floor((90 - lat) * PER_DEGREE)));
    let low = this.#rows[y]!;
    let high = this.#rows[y + 1]!;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#columns[middle]! <= x) low = middle;
      else high = middle;
    }
    return this.#codes[this.#numbers[low]!]!;
  }

  /** All that are known. */
  get codes(): readonly string[] {
    return this.#codes.slice(1);
  }

  /** Where a country's land is, without far-off islands; null for one that is not known, or too small to have a cell. */
  extent(code: string): Extent | null {
    const number = this.#codes.indexOf(code, 1);
    return number < 0 ? null : this.#extent(number);
  }

  #extent(number: number): Extent | null {
    const columns = new Float64Array(WIDTH);
    const rows = new Float64Array(HEIGHT);
    for (let y = 0; y < HEIGHT; y++) {
      const area = Math.cos(((90 - (y + 0.5) / PER_DEGREE) * Math.PI) / 180);
      for (let k = this.#rows[y]!; k < this.#rows[y + 1]!; k++) {
        if (this.#numbers[k] !== number) continue;
        const end = k + 1 < this.#rows[y + 1]! ? this.#columns[k + 1]! : WIDTH;
        rows[y]! += area * (end - this.#columns[k]!);
        for (let x = this.#columns[k]!; x < end; x++) columns[x]! += area;
      }
    }
    const seam = seamOf(columns);
    const across = middleOf(WIDTH, (i) => columns[(seam + i) % WIDTH]!);
    const down = middleOf(HEIGHT, (i) => rows[i]!);
    if (!across || !down) return null;
    const west = (seam + across[0]) / PER_DEGREE - 180;
    return {
      west: west >= 180 ? west - 360 : west,
      width: (across[1] - across[0]) / PER_DEGREE,
      south: 90 - down[1] / PER_DEGREE,
      north: 90 - down[0] / PER_DEGREE,
    };
  }
}

/** Makes of a row of cells the one south of it. */
function change(row: Uint8Array, read: Varints): void {
  let at = 0;
  for (let changes = read.next(); changes > 0; changes--) {
    const start = at + read.next();
    at = start + read.next();
    row.fill(read.next(), start, at);
  }
}

/** The column after the widest stretch without any: where to cut the world so that a country stays whole. */
function seamOf(columns: Float64Array): number {
  let [seam, widest, empty] = [0, 0, 0];
  for (let i = 0; i < 2 * WIDTH; i++) {
    empty = columns[i % WIDTH] === 0 ? empty + 1 : 0;
    if (empty > widest) [widest, seam] = [empty, (i + 1) % WIDTH];
  }
  return seam;
}

/** First and last of a row of numbers, leaving out a little of their sum on either side. */
function middleOf(n: number, at: (i: number) => number): [number, number] | null {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += at(i);
  if (sum === 0) return null;
  let [first, last] = [0, n];
  for (let rest = sum * LEFT_OUT; rest >= at(first); first++) rest -= at(first);
  for (let rest = sum * LEFT_OUT; rest >= at(last - 1); last--) rest -= at(last - 1);
  return [first, last];
}
