import type { Map as MapLibre, PaddingOptions } from "maplibre-gl";
import * as store from "../state/store.ts";
import * as view from "../state/view.ts";
import { canDrawHalfFloats } from "./live/gl.ts";
import { GroundLayer } from "./live/ground.ts";
import type { LiveLayer } from "./live/layer.ts";
import { loadBase } from "./map/base.ts";
import { createMap, fitInhabited, keepLayers, paint } from "./map/map.ts";

/** Builds the map with its layers and keeps it in step with theme, window and feed. Rejects where there is no WebGL2. */
export async function startScene(live: LiveLayer, container: HTMLElement): Promise<MapLibre> {
  requireWebGl();
  const base = await loadBase();
  const map = createMap(container, base, store.theme.peek());
  const ground = new GroundLayer(live, base.dots);
  keepLayers(map, [ground, live]);
  fitInhabited(map, clearOfPanels());
  followWindow(map);
  followMotion(live);
  store.theme.subscribe((theme) => {
    ground.theme = live.theme = theme;
    if (map.isStyleLoaded()) paint(map, theme);
  });
  // A lost context rebuilds the style with the colours that it had then.
  map.on("style.load", () => paint(map, store.theme.peek()));
  await map.once("load");
  store.mapLoaded.value = true;
  return map;
}

function requireWebGl(): void {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl || !canDrawHalfFloats(gl)) throw new Error("WebGL2 with half-float targets is not to be had in this browser");
  gl.getExtension("WEBGL_lose_context")?.loseContext();
}

/** What the panels cover, in CSS pixels; the numbers go with panels.css. */
function clearOfPanels(): PaddingOptions {
  if (view.kiosk.peek() || view.embedded.peek()) return { top: 8, bottom: 8, left: 8, right: 8 };
  if (store.isSmall.peek()) return { top: 120, bottom: 150, left: 0, right: 0 };
  return { top: 56, bottom: 44, left: innerWidth < 1280 ? 262 : 330, right: 24 };
}

/** What the panels cover changes with the window; what is in the middle stays there. */
function followWindow(map: MapLibre): void {
  map.on("resize", () => map.setPadding(clearOfPanels()));
}

function followMotion(live: LiveLayer): void {
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  const follow = () => {
    live.still = reduced.matches;
  };
  reduced.addEventListener("change", follow);
  follow();
}
