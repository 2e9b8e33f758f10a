import type { Cities } from "./cities.ts";

const KM_PER_DEGREE = 111.2;
/** Nobody names a town that is farther than this. */
const FARTHEST_KM = 150;
/**
 * How far a town's name reaches grows as this power of its people: a city of millions reaches about eight times as far as a town
 * of fifteen thousand.
 */
const POWER = 1 / 3;
const ROWS = 180;
const COLUMNS = 360;

/** Finds the town that people at a place would name. */
export class NearestTown {
  readonly #cities: Cities;
  /** One over the square of each town's reach. */
  readonly #weight: Float64Array;
  /** Towns by squares of one degree, row by row; `#first` says where each square's begin. */
  readonly #first: Uint32Array;
  readonly #towns: Uint32Array;

  constructor(cities: Cities) {
    this.#cities = cities;
    this.#weight = Float64Array.from(cities.population, (people) => people ** (-2 * POWER));
    this.#first = new Uint32Array(ROWS * COLUMNS + 1);
    this.#towns = new Uint32Array(cities.n);
    const squares = Uint32Array.from({ length: cities.n }, (_, i) => squareOf(cities.lon[i]!, cities.lat[i]!));
    for (const square of squares) this.#first[square + 1]! += 1;
    for (let square = 0; square < ROWS * COLUMNS; square++) this.#first[square + 1]! += this.#first[square]!;
    const free = this.#first.slice();
    for (let i = 0; i < cities.n; i++) this.#towns[free[squares[i]!]!++] = i;
  }

  /** The town's index; -1 for none. */
  at(lon: number, lat: number): number {
    const squeeze = Math.cos((lat * Math.PI) / 180);
    const up = FARTHEST_KM / KM_PER_DEGREE;
    const aside = Math.min(179, up / Math.max(squeeze, 0.01));
    const [west, east] = [Math.floor(lon - aside + 180), Math.floor(lon + aside + 180)];
    const south = Math.max(0, Math.floor(lat - up + 90));
    const north = Math.min(ROWS - 1, Math.floor(lat + up + 90));
    const best = { town: -1, score: Infinity };
    for (let row = south; row <= north; row++) {
      const start = row * COLUMNS;
      this.#scan(start + Math.max(0, west), start + Math.min(COLUMNS - 1, east), lon, lat, squeeze, best);
      // Past the date line.
      if (west < 0) this.#scan(start + west + COLUMNS, start + COLUMNS - 1, lon, lat, squeeze, best);
      if (east >= COLUMNS) this.#scan(start, start + east - COLUMNS, lon, lat, squeeze, best);
    }
    return best.town;
  }

  #scan(from: number, to: number, lon: number, lat: number, squeeze: number, best: { town: number; score: number }) {
    const { lon: lons, lat: lats } = this.#cities;
    for (let k = this.#first[from]!; k < this.#first[to + 1]!; k++) {
      const town = this.#towns[k]!;
      let east = lons[town]! - lon;
      if (east > 180) east -= 360;
      else if (east < -180) east += 360;
      const [x, y] = [east * squeeze, lats[town]! - lat];
      const square = (x * x + y * y) * KM_PER_DEGREE * KM_PER_DEGREE;
      const score = square * this.#weight[town]!;
      if (score < best.score && square <= FARTHEST_KM * FARTHEST_KM) {
        best.town = town;
        best.score = score;
      }
    }
  }
}

function squareOf(lon: number, lat: number): number {
  const row = Math.max(0, Math.min(ROWS - 1, Math.floor(lat + 90)));
  return row * COLUMNS + Math.max(0, Math.min(COLUMNS - 1, Math.floor(lon + 180)));
}
