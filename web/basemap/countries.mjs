import { spansAt } from "./mask.mjs";
import { putVarint } from "./varints.mjs";

const WIDTH = 3600;
const HEIGHT = 1800;
const STEP = 360 / WIDTH;
/** Coasts reach this many cells out to sea (22 km at the equator), so that a harbour or a rough place isn't at sea. */
const DILATE = 2;
/** In the atlas without a number. What nobody governs alone, or lives on, belongs to nobody here. */
const UNNUMBERED = { Kosovo: "XK", Somaliland: "SO", "N. Cyprus": "CY" };

/**
 * Which country is where: a raster of 0.1 degree from the north-west corner, as bytes. Countries are numbered from 1 on, 0 is the sea.
 *
 * First the number of countries and their codes; then for each row of cells the stretches in which it differs from the row north
 * of it: their number, and for each the cells since the last one, its length in cells, its country.
 *
 * @param countries  `{ name, id, polygons }`, ISO 3166 numeric as id, polygons cut at the date line
 * @param towns      all that are known, to tell islands the atlas is too coarse for, and provinces with a code of their own
 * @param alpha2     from a numeric code to two letters
 */
export function encodeCountries(countries, towns, alpha2) {
  const codes = [""];
  const numberOf = (code) => {
    if (!codes.includes(code)) codes.push(code);
    return codes.indexOf(code);
  };
  const cells = new Uint8Array(WIDTH * HEIGHT);
  const areas = areasOf(countries, towns, alpha2);
  for (const { code, polygon } of areas) fill(cells, polygon, numberOf(code));
  for (const { code, polygon } of areas) trace(cells, polygon, numberOf(code));
  for (const { code, spot } of tiny(areas, cells, codes)) cells[spot] = numberOf(code);
  for (const { country, loc } of towns) cells[cellOf(...loc.coordinates)] ||= numberOf(country);
  for (let i = 0; i < DILATE; i++) dilate(cells);
  return encode(cells, codes);
}

/** Every polygon with its country's code; one that only has towns of another code (an overseas department) goes by that. */
function areasOf(countries, towns, alpha2) {
  const areas = countries.flatMap(({ name, id, polygons }) => {
    const code = id === undefined ? UNNUMBERED[name] : alpha2(id);
    return code ? polygons.map((polygon) => ({ code, polygon })) : [];
  });
  const known = new Set(areas.map(({ code }) => code));
  const strays = towns.filter(({ country }) => !known.has(country));
  return areas.map(({ code, polygon }) => {
    const stray = strays.find(({ loc }) => contains(polygon, loc.coordinates));
    const own = stray && towns.some(({ country, loc }) => country === code && contains(polygon, loc.coordinates));
    return { code: stray && !own ? stray.country : code, polygon };
  });
}

function contains(polygon, [lon, lat]) {
  return spansAt([polygon], lat).some(([west, east]) => lon >= west && lon <= east);
}

function fill(cells, polygon, number) {
  const [south, north] = reach(polygon[0].map(([, lat]) => lat));
  for (let row = rowOf(north); row <= rowOf(south); row++) {
    const lat = 90 - (row + 0.5) * STEP;
    for (const [west, east] of spansAt([polygon], lat)) {
      const first = Math.max(0, Math.ceil((west + 180) / STEP - 0.5));
      const last = Math.min(WIDTH - 1, Math.floor((east + 180) / STEP - 0.5));
      if (last >= first) cells.fill(number, row * WIDTH + first, row * WIDTH + last + 1);
    }
  }
}

/** Marks what lies along the outline and is nobody's yet: islands and capes that miss the middles of their cells. */
function trace(cells, polygon, number) {
  for (const [lon, lat] of polygon[0]) cells[cellOf(lon, lat)] ||= number;
}

/** Countries that are smaller than a cell and have none. The Vatican stays in Rome, which is most of that cell. */
function tiny(areas, cells, codes) {
  const seen = new Set(cells);
  return areas
    .filter(({ code }) => code !== "VA" && !seen.has(codes.indexOf(code)))
    .map(({ code, polygon }) => {
      const [west, east] = reach(polygon[0].map(([lon]) => lon));
      const [south, north] = reach(polygon[0].map(([, lat]) => lat));
      return { code, spot: cellOf((west + east) / 2, (south + north) / 2) };
    });
}

function dilate(cells) {
  const before = cells.slice();
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = 0; column < WIDTH; column++) {
      const cell = row * WIDTH + column;
      if (before[cell] !== 0) continue;
      const west = row * WIDTH + ((column + WIDTH - 1) % WIDTH);
      const east = row * WIDTH + ((column + 1) % WIDTH);
      cells[cell] = before[west] || before[east] || before[cell - WIDTH] || before[cell + WIDTH] || 0;
    }
  }
}

function encode(cells, codes) {
  const bytes = [];
  putVarint(bytes, codes.length - 1);
  for (const code of codes.slice(1)) bytes.push(code.charCodeAt(0), code.charCodeAt(1));
  let above = new Uint8Array(WIDTH);
  for (let row = 0; row < HEIGHT; row++) {
    const cellsOfRow = cells.subarray(row * WIDTH, (row + 1) * WIDTH);
    const changes = changesOf(cellsOfRow, above);
    putVarint(bytes, changes.length);
    let at = 0;
    for (const { start, end, number } of changes) {
      putVarint(bytes, start - at);
      putVarint(bytes, end - start);
      putVarint(bytes, number);
      at = end;
    }
    above = cellsOfRow;
  }
  return Buffer.from(bytes);
}

function changesOf(row, above) {
  const changes = [];
  for (let column = 0; column < WIDTH; column++) {
    if (row[column] === above[column]) continue;
    const last = changes.at(-1);
    if (last && last.end === column && last.number === row[column]) last.end = column + 1;
    else changes.push({ start: column, end: column + 1, number: row[column] });
  }
  return changes;
}

function reach(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

function rowOf(lat) {
  return Math.max(0, Math.min(HEIGHT - 1, Math.floor((90 - lat) / STEP)));
}

function cellOf(lon, lat) {
  return rowOf(lat) * WIDTH + Math.max(0, Math.min(WIDTH - 1, Math.floor((lon + 180) / STEP)));
}
