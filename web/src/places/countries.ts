import { Varints } from "./varints.ts";

/** The raster of `basemap/countries.mjs`. */
const WIDTH = 3600;
const HEIGHT = 1800;
const PER_DEGREE = WIDTH / 360;

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
