import { decode, type Frame } from "../../../web/src/receive/frame.ts";
import { chance, encode } from "../../../web/src/receive/testing.ts";

/** ms of a step, and how long a point is seen: so many steps are seen at a time. */
export const STEP_MS = 250;
export const STEPS_SEEN = 64;
export const TOPICS = 3;

/** A step's new points, in the forms that the contenders take them in. The same numbers in each run. */
export interface Step {
  frame: Frame;
  /** Longitudes and latitudes, in turn. */
  places: Float32Array;
}

/** Endless steps of `rows` points each, around a few hundred places; `tick` is when the first happens, ms. */
export function* steps(rows: number, tick: number): Generator<Step, never> {
  const random = chance(7);
  const towns = Array.from({ length: 400 }, () => [random(), 0.25 + 0.4 * random()] as const);
  for (let number = 0; ; number++) {
    const drawn = Array.from({ length: rows }, () => {
      const [x, y] = towns[Math.floor(random() ** 2 * towns.length)]!;
      const near = () => 0.02 * (random() - 0.5) * random();
      return { x: unit(x + near()), y: unit(y + near()), topic: Math.floor(random() * TOPICS), count: 1 };
    });
    const frame = decode(encode(drawn, { tick: tick + number * STEP_MS }));
    yield { frame, places: placesOf(frame) };
  }
}

/** In 1/65536 of the world. */
function unit(part: number): number {
  return Math.min(65_535, Math.floor((((part % 1) + 1) % 1) * 65_536));
}

function placesOf({ n, x, y }: Frame): Float32Array {
  const places = new Float32Array(2 * n);
  for (let row = 0; row < n; row++) {
    places[2 * row] = (x[row]! / 65_536) * 360 - 180;
    places[2 * row + 1] = (360 / Math.PI) * Math.atan(Math.exp(Math.PI * (1 - 2 * (y[row]! / 65_536)))) - 90;
  }
  return places;
}
