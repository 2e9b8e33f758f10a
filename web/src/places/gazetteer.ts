import { bytesOf } from "../receive/persist.ts";
import { type Cities, type City, decodeCities } from "./cities.ts";
import { Countries } from "./countries.ts";
import { NearestTown } from "./near.ts";

export type { Cities, City } from "./cities.ts";

/** What is where: towns of GeoNames, countries of Natural Earth. Knows no page: works in workers, too. */
export class Gazetteer {
  readonly cities: Cities;
  readonly countries: Countries;
  readonly #nearest: NearestTown;

  constructor(cities: Uint8Array, countries: Uint8Array) {
    this.cities = decodeCities(cities);
    this.countries = new Countries(countries);
    this.#nearest = new NearestTown(this.cities);
  }

  /** The town that people at a place (degrees) would name, big ones from farther away; null for none within 150 km. */
  near(lon: number, lat: number): City | null {
    const town = this.town(lon, lat);
    return town < 0 ? null : this.city(town);
  }

  /** The same town by its index; -1 for none. */
  town(lon: number, lat: number): number {
    return this.#nearest.at(lon, lat);
  }

  /** Which country a place (degrees) is in: ISO 3166, two letters; "" at sea. */
  country(lon: number, lat: number): string {
    return this.countries.at(lon, lat);
  }

  city(i: number): City {
    const { names, country, lon, lat, population } = this.cities;
    return { name: names[i]!, country: country[i]!, lon: lon[i]!, lat: lat[i]!, population: population[i]! };
  }
}

/** Loads the gazetteer from `base/` under a URL, the page's; tries again until it comes, as the base map does. */
export async function loadGazetteer(base: string | URL): Promise<Gazetteer> {
  const [cities, countries] = await Promise.all(
    ["base/cities.bin", "base/countries.bin"].map((path) => bytesOf(new URL(path, base))),
  );
  return new Gazetteer(cities!, countries!);
}
