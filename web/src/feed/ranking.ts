import type { Ranked } from "../state/store.ts";
import type { Bounds } from "./protocol.ts";
import type { Tally } from "./tally.ts";

const LONGEST = 8;

interface Town {
  readonly name: string;
  readonly country: string;
  readonly lon: number;
  readonly lat: number;
}

/** The busiest towns and countries of those within bounds, by falling count. */
export function rank(
  tally: Tally,
  town: (index: number) => Town,
  bounds: Bounds | null,
): { places: Ranked[]; countries: Ranked[] } {
  const towns = [...tally.towns].sort((a, b) => b[1] - a[1]).map(([index, count]) => ({ ...town(index), count }));
  const inView = bounds === null ? towns : towns.filter(({ lon, lat }) => isWithin(bounds, lon, lat));
  const places = inView
    .slice(0, LONGEST)
    .map(({ name, country, lon, lat, count }) => ({ name, country, lon, lat, count }));
  return { places, countries: bounds === null ? countries(tally, towns) : countriesOf(inView) };
}

/** A country is shown where its busiest town is; one without a town isn't. */
function countries(tally: Tally, towns: readonly Ranked[]): Ranked[] {
  const first = new Map<string, Ranked>();
  for (const town of towns) if (!first.has(town.country)) first.set(town.country, town);
  return [...tally.countries]
    .filter(([code]) => first.has(code))
    .sort((a, b) => b[1] - a[1])
    .slice(0, LONGEST)
    .map(([code, count]) => ranked(code, count, first.get(code)!));
}

/** What of a country is in view is what its towns in view have. */
function countriesOf(towns: readonly Ranked[]): Ranked[] {
  const sums = new Map<string, Ranked>();
  for (const town of towns) {
    const known = sums.get(town.country);
    sums.set(town.country, ranked(town.country, (known?.count ?? 0) + town.count, known ?? town));
  }
  return [...sums.values()].sort((a, b) => b.count - a.count).slice(0, LONGEST);
}

function ranked(country: string, count: number, { lon, lat }: Town): Ranked {
  return { name: "", country, count, lon, lat };
}

function isWithin({ west, south, east, north }: Bounds, lon: number, lat: number): boolean {
  const eastwards = (((lon - west) % 360) + 360) % 360;
  return lat >= south && lat <= north && eastwards <= east - west;
}
