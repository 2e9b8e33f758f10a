import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { inCallbacks, inMessages } from "./callbacks.ts";
import { type Contender, emptyMap, finish, microtasks } from "./contender.ts";
import type { Step } from "./points.ts";

type Feature = GeoJSON.Feature<GeoJSON.Point>;

/**
 * MapLibre's GeoJSON source. Its own: the call, with what it puts off within the same task (the serialisation for its worker), and
 * taking in what comes back from it. Drawing is in the whole only. Making the features is not counted, nor is the worker's time.
 */
async function geojson(
  container: HTMLElement,
  call: (source: GeoJSONSource, seen: Feature[], added: Feature[], removed: Feature[]) => Promise<void>,
): Promise<Contender> {
  const map = await emptyMap(container);
  const seen: Feature[] = [];
  let number = 0;
  const features = ({ places }: Step): Feature[] =>
    Array.from({ length: places.length / 2 }, (_, row) => ({
      type: "Feature",
      id: ++number,
      properties: {},
      geometry: { type: "Point", coordinates: [places[2 * row]!, places[2 * row + 1]!] },
    }));
  return {
    fill(steps) {
      for (const step of steps) for (const feature of features(step)) seen.push(feature);
      map.addSource("points", { type: "geojson", data: collection(seen), tolerance: 0, buffer: 0, maxzoom: 4 });
      map.addLayer({
        id: "points",
        type: "circle",
        source: "points",
        paint: { "circle-radius": 2, "circle-color": "#40c8ff", "circle-opacity": 0.8 },
      });
    },
    async update(step) {
      const source = await loaded(map);
      const added = features(step);
      const removed = seen.splice(0, added.length);
      for (const feature of added) seen.push(feature);
      const idle = map.once("idle");
      const [before, messagesBefore] = [inCallbacks(), inMessages()];
      const start = performance.now();
      const done = call(source, seen, added, removed);
      await microtasks();
      const called = performance.now() - start;
      await done;
      await idle;
      return {
        own: called + inMessages() - messagesBefore,
        picture: 0,
        whole: called + inCallbacks() - before,
      };
    },
    settle: () => finish(map.getCanvas()),
  };
}

/** All points anew. */
export const setData = (container: HTMLElement) =>
  geojson(container, (source, seen) => source.setData(collection(seen)));

/** The new points, and those that are gone. */
export const updateData = (container: HTMLElement) =>
  geojson(container, (source, _, add, removed) => source.updateData({ add, remove: removed.map(({ id }) => id!) }));

function collection(features: Feature[]): GeoJSON.FeatureCollection {
  return { type: "FeatureCollection", features };
}

async function loaded(map: MapLibre): Promise<GeoJSONSource> {
  while (!map.isSourceLoaded("points")) await map.once("idle");
  return map.getSource("points") as GeoJSONSource;
}
