import type { Position } from "geojson";

/** Units to a degree, as in `basemap/encode.mjs`. */
const UNITS = 200;

/** Groups of polylines (degrees), from what `basemap/encode.mjs` wrote: zigzag varints of counts and differences. */
export function decodePolylines(bytes: Uint8Array): Position[][][] {
  let at = 0;
  const next = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("the base map's file is cut short");
      value |= (byte & 127) << shift;
      if (byte < 128) return value & 1 ? -((value + 1) >>> 1) : value >>> 1;
    }
  };
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
