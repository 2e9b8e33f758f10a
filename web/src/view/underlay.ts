import type { Map as MapLibre } from "maplibre-gl";
import { pageSettings } from "../state/settings.ts";
import * as store from "../state/store.ts";
import type { GroundLayer } from "./live/ground.ts";
import { useBasemap } from "./map/style.ts";

/** Has the base map of the server's settings under the picture, and the panels say whom it is owed to or what is wrong with it. */
export async function layBasemap(map: MapLibre, ground: GroundLayer): Promise<void> {
  const { basemap } = await pageSettings();
  await useBasemap(map, basemap, {
    theme: store.theme,
    say(text) {
      store.basemapTrouble.value = [...store.basemapTrouble.peek(), text];
    },
    owe(attributions) {
      store.basemapAttribution.value = attributions;
    },
    isBundled(bundled) {
      ground.dotted = bundled;
    },
  });
}
