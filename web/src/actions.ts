import type { Map as MapLibre } from "maplibre-gl";
import { linkTo } from "./state/addressbar.ts";
import { say, sayBriefly } from "./state/notice.ts";
import * as view from "./state/view.ts";
import type { Camera } from "./view/camera/camera.ts";

/** What buttons, keys and other pages can have the map do. View changes are made by setting the signals of `state/view.ts` instead. */
export interface Actions {
  /** Nearer by so many steps, of which each doubles. */
  zoomBy(steps: number): void;
  /** Moves what is seen, CSS pixels. */
  panBy(x: number, y: number): void;
  /** Shows where it is busy. */
  fit(): void;
  flyTo(lon: number, lat: number, zoom?: number): void;
  toggleFullScreen(): void;
  copyLink(): Promise<void>;
  /** Saves what the map shows as a PNG file. */
  savePicture(): Promise<void>;
  /** Starts recording a clip, or ends it and saves it. */
  toggleClip(): Promise<void>;
}

/** Pictures and clips are seldom made: what makes them is loaded when it is needed. */
export function actionsOf(camera: Camera, clock: { now(): number }): Actions {
  const withMap = async (run: (map: MapLibre) => Promise<void>) => {
    if (camera.map === null) return say("There is no map to take a picture of: this browser offers no WebGL2.");
    await run(camera.map);
  };
  return {
    zoomBy: (steps) => camera.zoomBy(steps),
    panBy: (x, y) => camera.panBy(x, y),
    fit: () => camera.fit(),
    flyTo: (lon, lat, zoom) => camera.flyTo(lon, lat, zoom),
    toggleFullScreen,
    copyLink: () => copy(linkTo(camera.map)),
    savePicture: () => withMap(async (map) => (await import("./capture/picture.ts")).savePicture(map, clock)),
    toggleClip: () => withMap(async (map) => (await import("./capture/clip.ts")).toggleClip(map, clock)),
  };
}

/** Leaves the wall: panels and cursor are back. */
export function toggleKiosk(): void {
  view.kiosk.value = !view.kiosk.value;
  view.following.value = view.kiosk.value;
}

function toggleFullScreen(): void {
  const change = document.fullscreenElement
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen?.();
  change?.catch(() => say("The browser does not let this page fill the screen."));
}

async function copy(link: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(link);
    sayBriefly("The link is copied.");
  } catch {
    // Without HTTPS, or in a frame, browsers keep the clipboard to themselves.
    say(`Copy this link: ${link}`);
  }
}
