/** Degrees between rows of dots, and (at the equator's scale) between dots of a row. */
const STEP = 0.9;
const SOUTH = -58.5;
const NORTH = 83.7;

/**
 * The lattice of dots that the land is drawn with: rows of equal spacing on the ground, every other one shifted by half.
 * Dot k of a row is at longitude -180 + (k + shift) * 360 / n. Used when building (which dots are on land) and in the page.
 *
 * @returns {Generator<{lat: number, n: number, shift: number}>}
 */
export function* rowsOfLattice() {
  const rows = Math.floor((NORTH - SOUTH) / STEP);
  for (let row = 0; row <= rows; row++) {
    const lat = SOUTH + row * STEP;
    yield { lat, n: Math.round((360 * Math.cos((lat * Math.PI) / 180)) / STEP), shift: (row % 2) / 2 };
  }
}
