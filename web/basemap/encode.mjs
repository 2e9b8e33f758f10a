import { putVarint } from "./varints.mjs";

/** Units to a degree: 0.005 degrees is 550 m, finer than the 1:50 million source is drawn. */
const UNITS = 200;

/**
 * Groups of polylines (a polygon's rings, or one group of lines) as bytes: for each group the number of its lines, for each
 * line the number of its points and their differences, in units of 1/200 degree; all are zigzag varints.
 */
export function encodePolylines(groups) {
  const bytes = [];
  const put = (value) => putVarint(bytes, value);
  const kept = groups.map((lines) => lines.map(rounded).filter((line) => line.length > 1));
  put(kept.length);
  for (const lines of kept) {
    put(lines.length);
    for (const line of lines) {
      put(line.length);
      let [lastX, lastY] = [0, 0];
      for (const [x, y] of line) {
        put(x - lastX);
        put(y - lastY);
        [lastX, lastY] = [x, y];
      }
    }
  }
  return Buffer.from(bytes);
}

/** The line in whole units, without points that fall together. */
function rounded(line) {
  const points = line.map(([lon, lat]) => [Math.round(lon * UNITS), Math.round(lat * UNITS)]);
  return points.filter(([x, y], i) => i === 0 || x !== points[i - 1][0] || y !== points[i - 1][1]);
}
