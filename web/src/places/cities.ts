import { Varints } from "./varints.ts";

/** A town of the gazetteer. */
export interface City {
  name: string;
  /** ISO 3166, two letters. */
  country: string;
  /** Degrees. */
  lon: number;
  lat: number;
  /** To within a few per cent. */
  population: number;
}

/** Towns as columns, the biggest first. */
export interface Cities {
  readonly n: number;
  readonly names: readonly string[];
  readonly country: readonly string[];
  /** Degrees. */
  readonly lon: Float64Array;
  readonly lat: Float64Array;
  readonly population: Uint32Array;
}

/** Units to a degree, as in `basemap/cities.mjs`. */
const UNITS = 100;

export function decodeCities(bytes: Uint8Array): Cities {
  const read = new Varints(bytes);
  const country: string[] = [];
  for (let left = read.next(); left > 0; left--) {
    const code = read.code();
    for (let towns = read.next(); towns > 0; towns--) country.push(code);
  }
  const n = country.length;
  const lon = differences(read, n);
  const lat = differences(read, n);
  const population = Uint32Array.from({ length: n }, () => 64 * 2 ** (read.byte() / 12));
  const names = read.text().split("\n");
  if (names.length !== n) throw new Error("a file of the base map is cut short");
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => population[b]! - population[a]!);
  return {
    n,
    names: order.map((i) => names[i]!),
    country: order.map((i) => country[i]!),
    lon: Float64Array.from(order, (i) => lon[i]!),
    lat: Float64Array.from(order, (i) => lat[i]!),
    population: Uint32Array.from(order, (i) => population[i]!),
  };
}

function differences(read: Varints, n: number): Float64Array {
  let last = 0;
  return Float64Array.from({ length: n }, () => {
    last += read.next();
    return last / UNITS;
  });
}
