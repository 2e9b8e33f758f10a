import type { Feature, MultiLineString, MultiPolygon, Position } from "geojson";
import { rowsOfLattice } from "../../../basemap/lattice.mjs";
import { type Cities, decodeCities } from "../../places/cities.ts";
import { bytesOf } from "../../receive/persist.ts";
import { worldOf } from "../../receive/world.ts";
import { decodePolylines } from "./polylines.ts";

/** The bundled base map: Natural Earth, built by `basemap/build.mjs`. */
export interface Base {
  land: Feature<MultiPolygon>;
  coast: Feature<MultiLineString>;
  borders: Feature<MultiLineString>;
  graticule: Feature<MultiLineString>;
  /** The dots on land, as pairs of world coordinates (Web Mercator, 0 to 1). */
  dots: Float32Array<ArrayBuffer>;
}

export async function loadBase(): Promise<Base> {
  const [land, borders, dots] = await Promise.all(["land.bin", "borders.bin", "dots.bin"].map(fileOf));
  const polygons = decodePolylines(land!);
  return {
    land: feature({ type: "MultiPolygon", coordinates: polygons }),
    coast: lines(coastOf(polygons.flat())),
    borders: lines(decodePolylines(borders!).flat()),
    graticule: lines(graticule(15)),
    dots: dotsOf(dots!),
  };
}

/** The towns that the map may name. */
export async function loadCities(): Promise<Cities> {
  return decodeCities(await fileOf("cities.bin"));
}

/** A file of the base map. */
function fileOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return bytesOf(new URL(`base/${name}`, document.baseURI));
}

function feature<G extends MultiPolygon | MultiLineString>(geometry: G): Feature<G> {
  return { type: "Feature", properties: {}, geometry };
}

function lines(coordinates: Position[][]): Feature<MultiLineString> {
  return feature({ type: "MultiLineString", coordinates });
}

/** The outlines of the land without the edges that were made by cutting it at the date line and at the pole. */
export function coastOf(rings: readonly Position[][]): Position[][] {
  const coast: Position[][] = [];
  for (const ring of rings) {
    let line: Position[] = [];
    for (const point of ring) {
      if (line.length > 0 && isCut(line.at(-1)!) && isCut(point)) {
        if (line.length > 1) coast.push(line);
        line = [];
      }
      line.push(point);
    }
    if (line.length > 1) coast.push(line);
  }
  return coast;
}

function isCut([lon, lat]: Position): boolean {
  return Math.abs(lon!) > 179.99 || lat! < -89.9;
}

function graticule(step: number): Position[][] {
  const made: Position[][] = [];
  const stretch = (n: number, at: (i: number) => Position) => made.push(Array.from({ length: n + 1 }, (_, i) => at(i)));
  for (let lon = -180; lon < 180; lon += step) stretch(2, (i) => [lon, -85 + 85 * i]);
  for (let lat = -75; lat <= 75; lat += step) stretch(24, (i) => [-180 + 15 * i, lat]);
  return made;
}

function dotsOf(mask: Uint8Array): Float32Array<ArrayBuffer> {
  const dots: number[] = [];
  let index = 0;
  for (const { lat, n, shift } of rowsOfLattice()) {
    const [, y] = worldOf(0, lat);
    for (let k = 0; k < n; k++, index++) {
      if ((mask[index >> 3]! >> (index & 7)) & 1) dots.push((k + shift) / n, y);
    }
  }
  return new Float32Array(dots);
}
