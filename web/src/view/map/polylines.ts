import type { Position } from "geojson";
import { Varints } from "../../places/varints.ts";

/** Units to a degree, as in `basemap/encode.mjs`. */
const UNITS = 200;

/** Groups of polylines (degrees), from what `basemap/encode.mjs` wrote: zigzag varints of counts and differences. */
export function decodePolylines(bytes: Uint8Array): Position[][][] {
  const read = new Varints(bytes);
  const next = () => read.next();
  const times = <T>(make: () => T) => Array.from({ length: next() }, make);
  return times(() =>
    times(() => {
      let [x, y] = [0, 0];
      return times(() => {
        x += next();
        y += next();
        return [x / UNITS, y / UNITS];
      });
    }),
  );
}
