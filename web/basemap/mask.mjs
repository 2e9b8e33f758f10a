import { rowsOfLattice } from "./lattice.mjs";

/** One bit for each point of the lattice, row by row, lowest bit first: 1 on land. */
export function maskOf(polygons) {
  const rows = [...rowsOfLattice()];
  const total = rows.reduce((sum, row) => sum + row.n, 0);
  const bits = new Uint8Array(Math.ceil(total / 8));
  let first = 0;
  for (const { lat, n, shift } of rows) {
    for (const [west, east] of spansAt(polygons, lat)) {
      for (let k = 0; k < n; k++) {
        const lon = -180 + ((k + shift) * 360) / n;
        if (lon >= west && lon <= east) bits[(first + k) >> 3] |= 1 << ((first + k) & 7);
      }
    }
    first += n;
  }
  return Buffer.from(bits);
}

/** The stretches of land along a parallel, as pairs of longitudes (even-odd rule over all rings). */
export function spansAt(polygons, lat) {
  const crossings = [];
  for (const rings of polygons) {
    for (const ring of rings) {
      for (let i = 1; i < ring.length; i++) {
        const [a, b] = [ring[i - 1], ring[i]];
        if (a[1] > lat !== b[1] > lat) crossings.push(a[0] + ((lat - a[1]) / (b[1] - a[1])) * (b[0] - a[0]));
      }
    }
  }
  crossings.sort((a, b) => a - b);
  const spans = [];
  for (let i = 0; i + 1 < crossings.length; i += 2) spans.push([crossings[i], crossings[i + 1]]);
  return spans;
}
