import type { Map as MapLibre, StyleSpecification } from "maplibre-gl";
import type { Basemap } from "../../../state/settings.ts";
import type { Theme } from "../../theme.ts";
import { CUSTOM, type Surroundings } from "../style.ts";
import { attributionsOf } from "./attribution.ts";
import { Faults } from "./faults.ts";
import { type Look, lookOf } from "./look.ts";
import { watchOrigins } from "./origins.ts";

/** Replaces the bundled map by the one that is set, and has it back when that can't be shown. */
export async function lay(map: MapLibre, basemap: Basemap, around: Surroundings): Promise<void> {
  watchOrigins(map, basemap.origins ?? [], around.say);
  const sorry = (why: string) => around.say(`The base map can't be shown, so this is the bundled one: ${why}.`);
  let look: Look;
  try {
    look = await lookOf(basemap, { ...map.getCenter(), zoom: map.getZoom() });
  } catch (error) {
    sorry((error as Error).message);
    return;
  }
  const bundled = map.getStyle();
  show(map, look, basemap, bundled, around);
  const faults = new Faults(Object.keys(look.style.sources), (why) => {
    sorry(why);
    around.owe([]);
    around.isBundled(true);
    map.setStyle(bundled, { diff: false });
  });
  faults.watch(map);
}

function show(map: MapLibre, look: Look, basemap: Basemap, bundled: StyleSpecification, around: Surroundings): void {
  around.isBundled(false);
  const { projection, sky, state } = bundled;
  map.setStyle(
    {
      ...look.style,
      ...(projection ? { projection } : {}),
      ...(sky ? { sky } : {}),
      state: { ...state, ...look.style.state },
      metadata: { [CUSTOM]: basemap.kind },
      layers: look.layers(around.theme.peek()),
    },
    { diff: false },
  );
  around.theme.subscribe((theme) => repaint(map, look, theme));
  // A lost context rebuilds the style with the colours that it had then.
  map.on("style.load", () => repaint(map, look, around.theme.peek()));
  owe(map, look, basemap, around);
}

function repaint(map: MapLibre, look: Look, theme: Theme): void {
  const [before, now] = [look.layers(theme === "dark" ? "light" : "dark"), look.layers(theme)];
  now.forEach(({ id, paint }, i) => {
    if (!paint || paint === before[i]?.paint || !map.getLayer(id)) return;
    for (const [name, value] of Object.entries(paint)) map.setPaintProperty(id, name as never, value as never);
  });
}

/** Names those whom the map is owed to: as the settings say, else as it says itself, once that is known. */
function owe(map: MapLibre, look: Look, basemap: Basemap, around: Surroundings): void {
  if (basemap.attribution) {
    around.owe(attributionsOf(basemap.attribution));
    return;
  }
  map.on("sourcedata", ({ sourceDataType }) => {
    if (sourceDataType !== "metadata") return;
    const said = Object.keys(look.style.sources).map((id) => map.getSource(id)?.attribution ?? "");
    around.owe(attributionsOf([...new Set(said)].join(" ")));
  });
}
