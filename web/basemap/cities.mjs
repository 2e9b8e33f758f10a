import { putVarint } from "./varints.mjs";

/** Towns from this size on are in the gazetteer; smaller ones only where they are all there is, and capitals. */
const POPULATION = 15_000;
const LONELY_KM = 100;
/** Parts of towns, and towns that are no more. */
const NOT_TOWNS = new Set(["PPLX", "PPLH", "PPLQ", "PPLW"]);
/** A metropolis is named instead of the districts that GeoNames lists as towns: those of its province, this near, this much smaller. */
const METROPOLIS = 1_000_000;
const DISTRICT = { kmPerRoot: 0.2, smaller: 3 };
/** Units to a degree: 1.1 km. */
const UNITS = 100;
const KM_PER_DEGREE = 111.2;

/** The towns that the map knows, of all those of GeoNames. */
export function townsOf(all) {
  const towns = all.filter((city) => !NOT_TOWNS.has(city.featureCode) && city.population > 0);
  towns.sort((a, b) => b.population - a.population);
  const metropolises = towns.filter((city) => city.population >= METROPOLIS);
  const kept = new Near();
  for (const town of towns) {
    const isCapital = town.featureCode === "PPLC";
    const isBig = town.population >= POPULATION && !metropolises.some((metropolis) => isDistrict(town, metropolis));
    if (isCapital || isBig || (town.population < POPULATION && !kept.within(town, LONELY_KM))) kept.add(town);
  }
  return kept.towns;
}

function isDistrict(town, metropolis) {
  return (
    town.adminCode === metropolis.adminCode &&
    town.country === metropolis.country &&
    town.population * DISTRICT.smaller < metropolis.population &&
    km(town, metropolis) < DISTRICT.kmPerRoot * Math.sqrt(metropolis.population / 1000)
  );
}

function km(a, b) {
  const [[x, y], [u, v]] = [a.loc.coordinates, b.loc.coordinates];
  const east = (((x - u + 540) % 360) - 180) * Math.cos(((y + v) * Math.PI) / 360);
  return KM_PER_DEGREE * Math.hypot(east, y - v);
}

/** Towns by parallels, to look for neighbours among few. */
class Near {
  towns = [];
  #rows = new Map();

  add(town) {
    this.towns.push(town);
    const row = Math.floor(town.loc.coordinates[1]);
    if (!this.#rows.has(row)) this.#rows.set(row, []);
    this.#rows.get(row).push(town);
  }

  within(town, distance) {
    const row = Math.floor(town.loc.coordinates[1]);
    return [row - 1, row, row + 1].some((r) => this.#rows.get(r)?.some((other) => km(town, other) < distance));
  }
}

/**
 * Towns as bytes: the number of countries; for each its code and the number of its towns; then for all towns, country by
 * country from west to east in narrow strips, differences of longitude and of latitude (1/100 degree), sizes (one byte,
 * twelve to a doubling, from 64 on), names (UTF-8, one a line).
 */
export function encodeCities(towns) {
  const sorted = [...towns].sort((a, b) =>
    a.country < b.country ? -1 : a.country > b.country ? 1 : along(a) - along(b),
  );
  const bytes = [];
  const counts = new Map();
  for (const { country } of sorted) counts.set(country, (counts.get(country) ?? 0) + 1);
  putVarint(bytes, counts.size);
  for (const [code, count] of counts) {
    bytes.push(code.charCodeAt(0), code.charCodeAt(1));
    putVarint(bytes, count);
  }
  for (const axis of [0, 1]) {
    let last = 0;
    for (const town of sorted) {
      const value = Math.round(town.loc.coordinates[axis] * UNITS);
      putVarint(bytes, value - last);
      last = value;
    }
  }
  for (const { population } of sorted) bytes.push(sizeOf(population));
  return Buffer.concat([Buffer.from(bytes), Buffer.from(sorted.map((town) => town.name).join("\n"))]);
}

function sizeOf(population) {
  return Math.max(0, Math.min(255, Math.round(12 * Math.log2(population / 64))));
}

/** Where a town comes on a way through strips one degree wide, up one and down the next: neighbours differ little. */
function along({ loc: { coordinates } }) {
  const strip = Math.floor(coordinates[0]);
  return strip * 1000 + (strip % 2 === 0 ? coordinates[1] : -coordinates[1]);
}
