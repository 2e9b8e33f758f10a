import { go, type Prepared, prepare } from "fuzzysort";
import { country as nameOfCountry } from "../state/format.ts";
import type { Gazetteer } from "./gazetteer.ts";

/** A place that a search came upon. */
export interface Found {
  kind: "city" | "country";
  name: string;
  /** ISO 3166, two letters. */
  country: string;
  /** Where to look, degrees. */
  lon: number;
  lat: number;
  /** From how near: the map's zoom. */
  zoom: number;
}

const MOST = 8;
const CITY_ZOOM = 9;
/** Pixels that a country fills, on a map whose world is 512 wide at zoom 0. */
const COUNTRY_WIDTH = 700;
const COUNTRY_ZOOM = { least: 2, most: 8 };
/** How much better a place matches for being known to everybody, where a whole match is 1. */
const FAME = 0.5;
/** Which matches are good, where a whole one is 1, and which will do when there is none: a letter or two are missing. */
const GOOD = 0.5;
const FAIR = 0.3;

interface Candidate {
  name: Prepared;
  /** Which of the gazetteer's cities; -1 for a country. */
  city: number;
  country: string;
  /** 0 to 1. */
  fame: number;
}

const prepared = new WeakMap<Gazetteer, readonly Candidate[]>();
/** "US", "UK". */
const shortNames = new Intl.DisplayNames(["en"], { type: "region", style: "short" });

/**
 * Cities and countries by a name, or a part of one, or one with slips; accents don't matter. After a comma, a country's
 * name or code: "Paris, US". What is better known comes first, at most eight.
 *
 * This module is to be loaded when somebody searches: it makes an index of all names then.
 */
export function search(gazetteer: Gazetteer, text: string): Found[] {
  const [wanted = "", within = ""] = text.split(",").map((part) => part.trim());
  if (wanted === "") return [];
  const all = candidatesOf(gazetteer);
  const candidates = within ? all.filter(({ country }) => isCountry(country, within)) : all;
  const good = best(wanted, candidates, GOOD);
  const found = (good.length > 0 ? good : best(wanted, candidates, FAIR)).map((place) => foundOf(gazetteer, place));
  return found.filter(({ kind, country }, i) => {
    return kind === "city" || found.findIndex((other) => other.kind === kind && other.country === country) === i;
  });
}

function best(wanted: string, candidates: readonly Candidate[], threshold: number): Candidate[] {
  const results = go(wanted, candidates, {
    key: "name",
    limit: MOST,
    threshold,
    scoreFn: ({ score, obj }) => score + FAME * obj.fame * score,
  });
  return results.map(({ obj }) => obj);
}

function candidatesOf(gazetteer: Gazetteer): readonly Candidate[] {
  const known = prepared.get(gazetteer);
  if (known) return known;
  const { names, country, population } = gazetteer.cities;
  const most = Math.log(population[0] ?? 1);
  const countries = gazetteer.countries.codes.flatMap((code) => {
    const names = new Set([nameOfCountry(code), shortNames.of(code) ?? code]);
    return [...names].map((name) => ({ name: prepare(name), city: -1, country: code, fame: 1 }));
  });
  const cities = names.map((name, city) => ({
    name: prepare(name),
    city,
    country: country[city]!,
    fame: (Math.log(population[city]!) / most) ** 2,
  }));
  const made = [...countries, ...cities];
  prepared.set(gazetteer, made);
  return made;
}

function isCountry(code: string, text: string): boolean {
  return code === text.toUpperCase() || folded(nameOfCountry(code)).startsWith(folded(text));
}

function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase();
}

function foundOf(gazetteer: Gazetteer, { city, country }: Candidate): Found {
  if (city >= 0) {
    const { name, lon, lat } = gazetteer.city(city);
    return { kind: "city", name, country, lon, lat, zoom: CITY_ZOOM };
  }
  return { kind: "country", name: nameOfCountry(country), country, ...viewOf(gazetteer, country) };
}

function viewOf(gazetteer: Gazetteer, code: string): { lon: number; lat: number; zoom: number } {
  const extent = gazetteer.countries.extent(code);
  if (!extent) {
    // Less than a cell of the raster: its capital is all of it.
    const { lon, lat } = gazetteer.city(gazetteer.cities.country.indexOf(code));
    return { lon, lat, zoom: COUNTRY_ZOOM.most };
  }
  const { west, width, south, north } = extent;
  const lat = (south + north) / 2;
  const lon = ((west + width / 2 + 540) % 360) - 180;
  const span = Math.max(width, (north - south) / Math.cos((lat * Math.PI) / 180));
  const zoom = Math.log2((COUNTRY_WIDTH / 512) * (360 / span));
  return { lon, lat, zoom: Math.max(COUNTRY_ZOOM.least, Math.min(COUNTRY_ZOOM.most, zoom)) };
}
