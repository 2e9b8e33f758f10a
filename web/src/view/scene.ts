import { effect } from "@preact/signals";
import type { Map as MapLibre, PaddingOptions } from "maplibre-gl";
import * as store from "../state/store.ts";
import * as view from "../state/view.ts";
import { isRoomy, mayMove, REDUCED_MOTION } from "../state/window.ts";
import { AtmosphereLayer } from "./live/atmosphere.ts";
import { canDrawHalfFloats } from "./live/gl.ts";
import { GroundLayer } from "./live/ground.ts";
import type { LiveLayer } from "./live/layer.ts";
import { loadBase, loadCities } from "./map/base.ts";
import { addLabels, paintLabels } from "./map/labels.ts";
import { createMap, fitInhabited, keepLayers, paint } from "./map/map.ts";
import { Bender } from "./map/projection.ts";
import type { Theme } from "./theme.ts";
import { layBasemap } from "./underlay.ts";

/** Builds the map with its layers and keeps it in step with theme, window and feed. Rejects where there is no WebGL2. */
export async function startScene(live: LiveLayer, container: HTMLElement): Promise<MapLibre> {
  requireWebGl();
  const base = await loadBase();
  const map = createMap(container, base, store.theme.peek(), view.projection.peek());
  followProjection(map);
  const ground = new GroundLayer(live, base.dots);
  const atmosphere = new AtmosphereLayer(live.camera);
  keepLayers(map, [ground, atmosphere, live]);
  fitInhabited(map, clearOfPanels());
  followWindow(map);
  followMotion(live);
  store.theme.subscribe((theme) => {
    ground.theme = atmosphere.theme = live.theme = theme;
    if (map.isStyleLoaded()) repaint(map, theme);
  });
  view.mode.subscribe((to) => {
    live.mode = to;
  });
  effect(() => {
    live.home = view.arcs.value ? store.home.value : null;
  });
  // A lost context rebuilds the style with the colours that it had then.
  map.on("style.load", () => repaint(map, store.theme.peek()));
  void addLabels(map, loadCities(), () => store.theme.peek());
  await map.once("load");
  store.mapLoaded.value = true;
  void layBasemap(map, ground);
  return map;
}

function repaint(map: MapLibre, theme: Theme): void {
  paint(map, theme);
  paintLabels(map, theme);
}

function requireWebGl(): void {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl || !canDrawHalfFloats(gl)) throw new Error("WebGL2 with half-float targets is not to be had in this browser");
  gl.getExtension("WEBGL_lose_context")?.loseContext();
}

/** What the panels cover, in CSS pixels; the numbers go with panels.css. */
function clearOfPanels(): PaddingOptions {
  if (view.kiosk.peek() || view.embedded.peek()) return { top: 8, bottom: 8, left: 8, right: 8 };
  if (store.isSmall.peek()) {
    const isOnItsSide = innerWidth > innerHeight;
    return isOnItsSide ? { top: 8, bottom: 32, left: 316, right: 64 } : { top: 120, bottom: 150, left: 0, right: 0 };
  }
  if (!isRoomy.peek()) return { top: 116, bottom: 76, left: 16, right: 16 };
  return { top: 34, bottom: 34, left: 280, right: 300 };
}

/** What the panels cover changes with the window; what is in the middle stays there. */
function followWindow(map: MapLibre): void {
  map.on("resize", () => map.setPadding(clearOfPanels()));
}

function followProjection(map: MapLibre): void {
  const bender = new Bender(map, view.projection.peek());
  view.projection.subscribe((to) => bender.become(to, mayMove() ? "length" : "once"));
}

function followMotion(live: LiveLayer): void {
  const follow = () => {
    live.still = !mayMove();
  };
  REDUCED_MOTION.addEventListener("change", follow);
  follow();
}
